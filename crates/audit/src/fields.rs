//! The fields of a record on their way into its line.

use std::time::Duration;

use crate::digest::Sha256Digest;
use crate::escape::escape_into;
use crate::text::Text;

/// Takes the fields of a record, in order, and encodes them. Keys are plain words; `v`, `seq`, `time`, `run`, `kind` and `prev` are taken.
///
/// A value that does not fit is cut, or an array left short; then a field `<key>_whole` beside it has its length and SHA-256.
#[derive(Debug)]
pub struct Fields<'b> {
    out: &'b mut Vec<u8>,
    /// How many bytes one value may take.
    room: usize,
    comma: bool,
}

impl<'b> Fields<'b> {
    /// Encodes behind what `out` holds; `comma` if a field stands there already.
    pub(crate) const fn new(out: &'b mut Vec<u8>, room: usize, comma: bool) -> Fields<'b> {
        Fields { out, room, comma }
    }

    fn key(&mut self, key: &str, suffix: &str) {
        if self.comma {
            self.out.push(b',');
        }
        self.comma = true;
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(suffix.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// Text. Bytes that are no UTF-8 become U+FFFD; then, and when it is cut, `<key>_whole` has its length in bytes and SHA-256.
    pub fn text<'a>(&mut self, key: &'static str, value: impl Into<Text<'a>>) {
        let Text(value) = value.into();
        self.key(key, "");
        self.out.push(b'"');
        let exact = escape_into(self.out, value, self.room);
        self.out.push(b'"');
        if !exact {
            self.whole(key, "bytes", value.len(), Sha256Digest::of(value));
        }
    }

    /// Text, if there is some.
    pub fn maybe_text<'a>(&mut self, key: &'static str, value: Option<impl Into<Text<'a>>>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    /// A number.
    pub fn number(&mut self, key: &'static str, value: u64) {
        self.key(key, "");
        push_number(self.out, value);
    }

    /// A number that may be negative.
    pub fn signed(&mut self, key: &'static str, value: i64) {
        self.key(key, "");
        if value < 0 {
            self.out.push(b'-');
        }
        push_number(self.out, value.unsigned_abs());
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str, value: bool) {
        self.key(key, "");
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// A time span in milliseconds, with three decimals.
    pub fn milliseconds(&mut self, key: &'static str, value: Duration) {
        self.key(key, "");
        let micros = u64::try_from(value.as_micros()).unwrap_or(u64::MAX);
        push_number(self.out, micros / 1_000);
        self.out.push(b'.');
        for unit in [100, 10, 1] {
            self.out.push(b'0' + u8::try_from(micros / unit % 10).unwrap_or(0));
        }
    }

    /// A SHA-256 in hex.
    pub fn digest(&mut self, key: &'static str, value: &Sha256Digest) {
        self.key(key, "");
        self.out.push(b'"');
        self.out.extend_from_slice(&value.hex());
        self.out.push(b'"');
    }

    /// An array of texts.
    pub fn texts<'a, T: Copy + Into<Text<'a>>>(&mut self, key: &'static str, items: &[T]) {
        self.array(key, items, |out, item, room| {
            out.push(b'"');
            let exact = escape_into(out, (*item).into().0, room);
            out.push(b'"');
            exact
        });
    }

    /// An array of objects, each with the fields that `each` gives it.
    pub fn objects<T>(&mut self, key: &'static str, items: &[T], each: impl Fn(&T, &mut Fields<'_>)) {
        self.array(key, items, |out, item, room| {
            out.push(b'{');
            each(item, &mut Fields::new(out, room, false));
            out.push(b'}');
            true
        });
    }

    /// An array; `put` appends one item and says whether the item stands for exactly what it is made from.
    fn array<T>(&mut self, key: &'static str, items: &[T], put: impl Fn(&mut Vec<u8>, &T, usize) -> bool) {
        self.key(key, "");
        let end = self.out.len().saturating_add(self.room);
        self.out.push(b'[');
        let mut exact = true;
        for (i, item) in items.iter().enumerate() {
            let before = self.out.len();
            if i > 0 {
                self.out.push(b',');
            }
            exact &= put(self.out, item, self.room);
            if self.out.len() > end {
                self.out.truncate(before);
                exact = false;
                break;
            }
        }
        self.out.push(b']');
        if !exact {
            // The hash is taken over the items as they would have stood, without any cut.
            let mut text = Vec::new();
            for (i, item) in items.iter().enumerate() {
                text.push(if i == 0 { b'[' } else { b',' });
                put(&mut text, item, usize::MAX);
            }
            text.extend_from_slice(if items.is_empty() { b"[]" } else { b"]" });
            self.whole(key, "items", items.len(), Sha256Digest::of(&text));
        }
    }

    fn whole(&mut self, key: &str, unit: &str, count: usize, digest: Sha256Digest) {
        self.key(key, "_whole");
        self.out.extend_from_slice(b"{\"");
        self.out.extend_from_slice(unit.as_bytes());
        self.out.extend_from_slice(b"\":");
        push_number(self.out, u64::try_from(count).unwrap_or(u64::MAX));
        self.out.extend_from_slice(b",\"sha256\":\"");
        self.out.extend_from_slice(&digest.hex());
        self.out.extend_from_slice(b"\"}");
    }
}

/// Decimal digits.
pub(crate) fn push_number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut unused = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
        unused -= 1;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(unused..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(room: usize, put: impl Fn(&mut Fields<'_>)) -> serde_json::Value {
        let mut out = vec![b'{'];
        put(&mut Fields::new(&mut out, room, false));
        out.push(b'}');
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn values() {
        let value = encoded(100, |f| {
            f.number("zero", 0);
            f.number("most", u64::MAX);
            f.signed("least", i64::MIN);
            f.flag("yes", true);
            f.milliseconds("ms", Duration::from_micros(1_234_056));
            f.texts("texts", &["a", "b\n"]);
            f.objects("objects", &[1u64, 2], |n, f| f.number("n", *n));
            f.maybe_text("none", None::<&str>);
        });
        let text = value.to_string();
        for part in [
            "\"zero\":0",
            "18446744073709551615",
            "-9223372036854775808",
            "1234.056",
            r#"["a","b\n"]"#,
            r#"[{"n":1},{"n":2}]"#,
            "\"yes\":true",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(value.get("none").is_none());
    }

    #[test]
    fn what_is_cut_carries_its_hash() {
        let value = encoded(4, |f| {
            f.text("text", "abcdef");
            f.text("fits", "abcd");
            f.texts("list", &["a", "b", "c"]);
            f.text("raw", &b"\xff"[..]);
        });
        assert_eq!(value["text"], "abcd");
        assert_eq!(value["text_whole"]["bytes"], 6);
        assert_eq!(value["text_whole"]["sha256"], Sha256Digest::of(b"abcdef").to_string());
        assert!(value.get("fits_whole").is_none());
        assert_eq!(value["list"], serde_json::json!(["a"]));
        assert_eq!(value["list_whole"]["items"], 3);
        assert_eq!(value["list_whole"]["sha256"], Sha256Digest::of(br#"["a","b","c"]"#).to_string());
        assert_eq!(value["raw_whole"]["sha256"], Sha256Digest::of(b"\xff").to_string());
    }
}
