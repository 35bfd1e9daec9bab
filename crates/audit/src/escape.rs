//! Text inside JSON strings. What a terminal, an editor or a line splitter could take for more than text is written as an escape.

use crate::digest::digit;

/// Appends the inside of a JSON string, at most `room` bytes long. Says whether it stands for exactly the bytes of `value`:
/// not if it was cut, or if bytes that are no UTF-8 became U+FFFD.
pub(crate) fn escape_into(out: &mut Vec<u8>, value: &[u8], room: usize) -> bool {
    if value.len() <= room && is_plain(value) {
        out.extend_from_slice(value);
        return true;
    }
    let end = out.len().saturating_add(room);
    let mut exact = true;
    for chunk in value.utf8_chunks() {
        for c in chunk.valid().chars() {
            if !push(out, c, end) {
                return false;
            }
        }
        if !chunk.invalid().is_empty() {
            exact = false;
            if !push(out, char::REPLACEMENT_CHARACTER, end) {
                return false;
            }
        }
    }
    exact
}

/// Whether no byte needs thought. Without an early exit, so that it is done many bytes at a time.
fn is_plain(value: &[u8]) -> bool {
    value.iter().fold(true, |plain, b| plain & (*b >= 0x20) & (*b < 0x7f) & (*b != b'"') & (*b != b'\\'))
}

/// Appends one character unless the result would end behind `end`.
fn push(out: &mut Vec<u8>, c: char, end: usize) -> bool {
    let before = out.len();
    match c {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        c if is_unsafe_to_show(c) => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let [high, low] = unit.to_be_bytes();
                out.extend_from_slice(&[b'\\', b'u', digit(high >> 4), digit(high & 15), digit(low >> 4), digit(low & 15)]);
            }
        }
        c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
    }
    if out.len() > end {
        out.truncate(before);
        return false;
    }
    true
}

/// Characters that move the cursor, reorder text, break lines or hide: controls, line separators, bidi, zero-width and tag characters.
pub(crate) const fn is_unsafe_to_show(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(value: &[u8], room: usize) -> (String, bool) {
        let mut out = Vec::new();
        let exact = escape_into(&mut out, value, room);
        (String::from_utf8(out).unwrap(), exact)
    }

    #[test]
    fn table() {
        assert_eq!(escaped(b"plain text", 100), ("plain text".into(), true));
        assert_eq!(escaped(b"a\"b\\c\nd\re\tf\0g\x1b[2K\x7f", 100), (r#"a\"b\\c\nd\re\tf\u0000g\u001b[2K\u007f"#.into(), true));
        assert_eq!(escaped("\u{85}\u{2028}\u{202e}\u{e0041}é".as_bytes(), 100), (r"\u0085\u2028\u202e\udb40\udc41é".into(), true));
        assert_eq!(escaped(b"a\xff\xfeb", 100), ("a\u{fffd}\u{fffd}b".into(), false));
        assert_eq!(escaped(b"abcdef", 3), ("abc".into(), false));
        assert_eq!(escaped("aé".as_bytes(), 2), ("a".into(), false));
        assert_eq!(escaped(b"a\n", 2), ("a".into(), false));
        assert_eq!(escaped(b"a", 0), (String::new(), false));
    }

    proptest! {
        #[test]
        fn reads_back_and_never_breaks_a_line(value: Vec<u8>, room in 0usize..64) {
            let (all, exact) = escaped(&value, usize::MAX);
            let read: String = serde_json::from_str(&format!("\"{all}\"")).unwrap();
            prop_assert_eq!(&read, &String::from_utf8_lossy(&value));
            prop_assert_eq!(exact, str::from_utf8(&value).is_ok());
            prop_assert!(!all.chars().any(is_unsafe_to_show));
            let (cut, _) = escaped(&value, room);
            prop_assert!(cut.len() <= room && all.starts_with(&cut));
            let quoted = format!("\"{cut}\"");
            prop_assert!(serde_json::from_str::<String>(&quoted).is_ok());
        }
    }
}
