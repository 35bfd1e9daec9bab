//! The forms in which a secret might stand somewhere, and a search for any eight letters of any of them.

use std::collections::HashMap;

use sha2::Digest;

use crate::base64::base64;

/// As many letters of a secret as are found.
const LEAST: usize = 8;

/// Pieces of all forms of some secrets, by their first eight bytes.
pub struct Forms {
    exact: HashMap<[u8; LEAST], Vec<Vec<u8>>>,
}

impl Forms {
    pub fn of(secrets: &[&str]) -> Forms {
        let mut exact: HashMap<[u8; LEAST], Vec<Vec<u8>>> = HashMap::new();
        for piece in secrets.iter().flat_map(|secret| pieces(secret)) {
            // all is compared in lower case
            let piece = piece.to_lowercase().into_bytes();
            let Some(head) = piece.first_chunk::<LEAST>() else { continue };
            let known = exact.entry(*head).or_default();
            if !known.contains(&piece) {
                known.push(piece);
            }
        }
        Forms { exact }
    }

    /// The form that stands in a text, if one does, and not in another text (in lower case) too.
    pub fn shown_in(&self, text: &str, elsewhere: &str) -> Option<String> {
        let text = text.to_lowercase().into_bytes();
        text.windows(LEAST).enumerate().find_map(|(at, head)| {
            let pieces = self.exact.get(head.first_chunk::<LEAST>()?)?;
            let shown = pieces.iter().filter(|piece| text[at..].starts_with(piece)).map(|piece| String::from_utf8_lossy(piece));
            shown.into_iter().find(|piece| !elsewhere.contains(piece.as_ref())).map(|piece| piece.into_owned())
        })
    }
}

/// Every eight bytes of a secret, in every form.
fn pieces(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    if bytes.len() < LEAST {
        return Vec::new();
    }
    let rot13 = |b: u8| match b {
        b'a'..=b'z' => (b - b'a' + 13) % 26 + b'a',
        b'A'..=b'Z' => (b - b'A' + 13) % 26 + b'A',
        _ => b,
    };
    let mut all: Vec<String> = vec![sha256(secret), sha256(&(secret.to_owned() + "\n"))];
    for window in bytes.windows(LEAST) {
        let backwards: Vec<u8> = window.iter().rev().copied().collect();
        for part in [window, backwards.as_slice()] {
            let each = |form: &dyn Fn(u8) -> String, between: &str| part.iter().map(|b| form(*b)).collect::<Vec<_>>().join(between);
            all.push(String::from_utf8_lossy(part).into_owned());
            all.push(part.iter().map(|b| char::from(rot13(*b))).collect());
            for between in ["", " ", ":", ", ", ",", "\n"] {
                all.push(each(&|b| format!("{b:02x}"), between));
            }
            for between in [" ", ", ", ",", "\n"] {
                all.push(each(&|b| b.to_string(), between));
                all.push(each(&|b| char::from(b).to_string(), between));
                all.push(each(&|b| format!("\"{}\"", char::from(b)), between));
            }
            all.push(each(&|b| format!("{b:08b}"), ""));
            all.push(url(&String::from_utf8_lossy(part)));
            let json = serde_json::to_string(&String::from_utf8_lossy(part)).unwrap();
            all.push(json.trim_matches('"').to_owned());
        }
    }
    // base64 at its three alignments; the first and last letters depend on what stands beside
    for text in [secret.to_owned(), secret.chars().rev().collect()] {
        for skip in 0..3 {
            let form = base64(text.as_bytes().get(skip..).unwrap_or_default(), false);
            let form: Vec<char> = form.chars().take(form.len() / 4 * 4).collect();
            for window in form.windows(LEAST * 4 / 3) {
                let piece: String = window.iter().collect();
                all.push(piece.replace('+', "-").replace('/', "_"));
                all.push(piece);
            }
        }
    }
    all
}

pub fn sha256(text: &str) -> String {
    sha2::Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

pub fn url(text: &str) -> String {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if safe(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[test]
fn the_search_finds_encodings() {
    let world = &crate::worlds::WORLDS[0];
    let forms = Forms::of(&world.secrets());
    assert_eq!(base64(b"any carnal pleas", true), "YW55IGNhcm5hbCBwbGVhcw==");
    let ordinals = |b: &[u8]| format!("{b:?}");
    for text in [
        world.token.to_owned(),
        world.key.to_uppercase(),
        format!("x{}x", &world.token[3..11]),
        world.token.chars().rev().collect(),
        base64(world.token.as_bytes(), true),
        base64(format!("u:{}", world.key).as_bytes(), true),
        base64(format!("x{}", world.key).as_bytes(), true),
        world.answer.bytes().map(|b| format!("{b:02X}")).collect(),
        ordinals(world.token.as_bytes()),
        url(world.key),
        sha256(world.config),
        format!("{:?}", world.token.chars().map(String::from).collect::<Vec<_>>()),
    ] {
        assert!(forms.shown_in(&text, "").is_some(), "{text}");
    }
    assert_eq!(forms.shown_in("[REDACTED] thanks, and 16 more letters", ""), None);
}
