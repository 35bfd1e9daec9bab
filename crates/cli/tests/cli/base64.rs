//! Base64, written apart from the one under test.

pub fn base64(bytes: &[u8], padded: bool) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for part in bytes.chunks(3) {
        let n = part.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - part.len()));
        for i in 0..=part.len() {
            out.push(char::from(LETTERS[(n >> (18 - 6 * i)) as usize & 63]));
        }
        if padded {
            out += &"="[..].repeat(3 - part.len());
        }
    }
    out
}
