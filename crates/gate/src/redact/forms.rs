//! How a secret may be written without a break.

/// The secret and every form that tools commonly make of it. Some may be the same.
pub(super) fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.to_vec(), secret.iter().rev().copied().collect()];
    for digits in [LOWER, UPPER] {
        forms.push(hex(secret, digits));
        forms.push(percent(secret, digits, |_| false));
        forms.push(percent(secret, digits, unreserved));
    }
    for shift in 0..3 {
        for alphabet in [STANDARD, URL_SAFE] {
            forms.push(base64_core(secret, shift, alphabet));
        }
    }
    forms.push(json(secret));
    if let Ok(text) = str::from_utf8(secret) {
        // as languages do it whose strings are characters, not bytes
        forms.push(text.chars().rev().collect::<String>().into_bytes());
        forms.push(json_ascii(text));
    }
    forms
}

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

fn push_hex(out: &mut Vec<u8>, byte: u8, digits: &[u8; 16]) {
    out.extend([byte >> 4, byte & 15].map(|n| digits.get(usize::from(n)).copied().unwrap_or(b'0')));
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * bytes.len());
    for byte in bytes {
        push_hex(&mut out, *byte, digits);
    }
    out
}

/// What RFC 3986 calls unreserved.
fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn percent(bytes: &[u8], digits: &[u8; 16], is_kept: fn(u8) -> bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(3 * bytes.len());
    for byte in bytes {
        if is_kept(*byte) {
            out.push(*byte);
        } else {
            out.push(b'%');
            push_hex(&mut out, *byte, digits);
        }
    }
    out
}

/// The inside of a JSON string (RFC 8259), escaping what must be.
fn json(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for byte in bytes {
        push_json(&mut out, *byte);
    }
    out
}

fn push_json(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        0..0x20 => return push_unit(out, byte.into()),
        _ => return out.push(byte),
    };
    out.extend([b'\\', short]);
}

/// The inside of a JSON string that is nothing but printable ASCII.
fn json_ascii(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * text.len());
    for c in text.chars() {
        match u8::try_from(c) {
            Ok(byte) if byte < 0x7f => push_json(&mut out, byte),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    push_unit(&mut out, *unit);
                }
            }
        }
    }
    out
}

fn push_unit(out: &mut Vec<u8>, unit: u16) {
    out.extend(b"\\u");
    for byte in unit.to_be_bytes() {
        push_hex(out, byte, LOWER);
    }
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The base64 characters that depend on `bytes` alone when `shift` unknown bytes stand before it.
fn base64_core(bytes: &[u8], shift: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let mut padded = vec![0; shift];
    padded.extend_from_slice(bytes);
    let mut out = Vec::with_capacity(padded.len() * 4 / 3 + 4);
    for chunk in padded.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let group = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..=chunk.len() {
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
    out.truncate(out.len() - usize::from(!padded.len().is_multiple_of(3)));
    out.drain(..first);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_secret() {
        let all = forms("a\"é\u{1}/\nz".as_bytes());
        let all: Vec<_> = all.iter().map(|form| String::from_utf8_lossy(form)).collect();
        let expected = [
            "a\"é\u{1}/\nz",
            "z\n/\u{1}\u{fffd}\u{fffd}\"a",
            "6122c3a9012f0a7a",
            "%61%22%c3%a9%01%2f%0a%7a",
            "a%22%c3%a9%01%2f%0az",
            "6122C3A9012F0A7A",
            "%61%22%C3%A9%01%2F%0A%7A",
            "a%22%C3%A9%01%2F%0Az",
            "YSLDqQEvCn",
            "YSLDqQEvCn",
            "Eiw6kBLwp6",
            "Eiw6kBLwp6",
            "hIsOpAS8Ke",
            "hIsOpAS8Ke",
            "a\\\"é\\u0001/\\nz",
            "z\n/\u{1}é\"a",
            "a\\\"\\u00e9\\u0001/\\nz",
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn characters_beyond_two_bytes_are_surrogates() {
        assert_eq!(json_ascii("x😀\u{7f}"), b"x\\ud83d\\ude00\\u007f");
    }
}
