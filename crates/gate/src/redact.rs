//! The second net: takes known secrets out of text that no label follows.
//!
//! It runs over output of public children and errors of the system only, never over what a script prints or sends, where a hit
//! would tell a guess from a miss.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// Shorter secrets occur by chance, and a hit would say more than it hides.
const MIN_SECRET: usize = 16;
/// Longer ones are documents: what leaks of them is a part, which no literal finds.
const MAX_SECRET: usize = 4096;
/// All forms together, in bytes: the matcher takes many times as much.
const MAX_FORMS: usize = 256 << 10;
/// What a secret becomes.
pub(crate) const MARK: &[u8] = b"[REDACTED]";

/// Knows the secrets of a run.
#[derive(Default)]
pub(crate) struct Redactor {
    forms: Vec<Vec<u8>>,
    bytes: usize,
    matcher: Option<AhoCorasick>,
}

impl Redactor {
    /// Adds a secret: itself, without surrounding white space, and its base64 (three alignments), hex and percent forms.
    pub(crate) fn learn(&mut self, secret: &[u8]) {
        let secret = secret.trim_ascii();
        if !(MIN_SECRET..=MAX_SECRET).contains(&secret.len()) || self.bytes > MAX_FORMS || self.forms.iter().any(|f| f == secret) {
            return;
        }
        let before = self.forms.len();
        self.forms.push(secret.to_vec());
        self.forms.push(hex(secret, b"0123456789abcdef"));
        self.forms.push(hex(secret, b"0123456789ABCDEF"));
        self.forms.push(percent(secret));
        for shift in 0..3 {
            for alphabet in [STANDARD, URL_SAFE] {
                let form = base64_core(secret, shift, alphabet);
                if form.len() >= MIN_SECRET {
                    self.forms.push(form);
                }
            }
        }
        self.bytes += self.forms.iter().skip(before).map(Vec::len).sum::<usize>();
        self.forms.sort();
        self.forms.dedup();
        self.matcher = None;
    }

    /// Replaces what it knows, and says how often.
    pub(crate) fn redact(&mut self, text: &mut Vec<u8>) -> u64 {
        if self.forms.is_empty() || text.is_empty() {
            return 0;
        }
        if self.matcher.is_none() {
            self.matcher = {
                // the kind that is chosen for few patterns takes a kilobyte for each of their bytes
                let kind = Some(AhoCorasickKind::ContiguousNFA);
                AhoCorasick::builder().kind(kind).match_kind(MatchKind::LeftmostLongest).build(&self.forms).ok()
            };
        }
        let Some(matcher) = &self.matcher else {
            // a net that cannot be made must not let things through
            text.clear();
            text.extend_from_slice(MARK);
            return 1;
        };
        let mut count = 0;
        let mut out = Vec::with_capacity(text.len());
        matcher.replace_all_with_bytes(text.as_slice(), &mut out, |_, _, out| {
            count += 1;
            out.extend_from_slice(MARK);
            true
        });
        if count > 0 {
            *text = out;
        }
        count
    }
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|n| digits.get(usize::from(n)).copied().unwrap_or(b'0')).collect()
}

fn percent(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for b in bytes {
        if b.is_ascii_alphanumeric() || b"-._~".contains(b) {
            out.push(*b);
        } else {
            out.push(b'%');
            out.extend(hex(&[*b], b"0123456789ABCDEF"));
        }
    }
    out
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The base64 characters that depend on `bytes` alone when `shift` unknown bytes stand before it.
fn base64_core(bytes: &[u8], shift: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let mut padded = vec![0; shift];
    padded.extend_from_slice(bytes);
    let mut out = Vec::new();
    for chunk in padded.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let group = at(0) << 16 | at(1) << 8 | at(2);
        let chars = chunk.len() + 1;
        for i in 0..chars {
            let index = usize::try_from(group >> (18 - 6 * i) & 63).unwrap_or(0);
            out.push(alphabet.get(index).copied().unwrap_or(b'A'));
        }
    }
    let first = match shift {
        0 => 0,
        1 => 2,
        _ => 3,
    };
    // the last character also depends on what follows, unless the length is a multiple of three
    let last = out.len() - usize::from(!padded.len().is_multiple_of(3));
    out.get(first..last).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"sk-live-0123456789abcdefXYZ/+=";

    fn redact(text: &[u8]) -> (String, u64) {
        let mut r = Redactor::default();
        r.learn(SECRET);
        let mut text = text.to_vec();
        let n = r.redact(&mut text);
        (String::from_utf8(text).unwrap(), n)
    }

    #[test]
    fn every_form_is_found() {
        for form in [SECRET.to_vec(), hex(SECRET, b"0123456789abcdef"), hex(SECRET, b"0123456789ABCDEF"), percent(SECRET)] {
            let text = [b"a ", form.as_slice(), b" b"].concat();
            assert_eq!(redact(&text), ("a [REDACTED] b".to_owned(), 1));
        }
        for prefix in ["", "u", "us"] {
            let whole = [prefix.as_bytes(), SECRET, b"tail"].concat();
            let encoded = base64_core(&whole, 0, STANDARD);
            let (out, n) = redact(&encoded);
            assert_eq!(n, 1, "{prefix:?} {out}");
        }
    }

    #[test]
    fn short_secrets_and_ordinary_text_stay() {
        let mut r = Redactor::default();
        r.learn(b"password");
        let mut text = b"the password is password".to_vec();
        assert_eq!(r.redact(&mut text), 0);
        assert_eq!(redact(b"nothing here").1, 0);
    }
}
