//! What the redactor takes out of a text, and that nothing else changes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::fmt::Write as _;
use std::io;

use aegis_gate::Redactor;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;

const SECRETS: [&str; 6] = [
    "sk-live-0123456789abcdefXYZ/+=",
    "exactly16 bytes!",
    "quote\"and\\backslash\tand control\u{1}\u{7f}",
    "-----BEGIN KEY-----\nMIIEvQIBADANBgkqh\nkiG9w0BAQEFAASC\n-----END KEY-----",
    "pässwörd mit Ümläuten",
    "emoji 😀🔑 and 漢字 text",
];

fn redactor(secrets: &[&str]) -> Redactor {
    let mut redactor = Redactor::default();
    secrets.iter().for_each(|secret| redactor.learn(secret.as_bytes()));
    redactor
}

fn redacted(redactor: &mut Redactor, text: &[u8]) -> (Vec<u8>, u64) {
    let mut text = text.to_vec();
    let count = redactor.redact(&mut text);
    (text, count)
}

fn streamed<'t>(redactor: &mut Redactor, chunks: impl IntoIterator<Item = &'t [u8]>) -> (Vec<u8>, u64) {
    let mut stream = redactor.stream(Vec::new());
    chunks.into_iter().for_each(|chunk| stream.feed(chunk).unwrap());
    stream.finish().unwrap()
}

/// All forms that need nothing around them, by other means than the redactor's.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let upper = |form: &str| form.to_uppercase();
    let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
    let all: String = secret.bytes().map(|b| format!("%{b:02x}")).collect();
    let kept = |digits: fn(u8) -> String| -> String {
        secret.bytes().map(|b| if unreserved(b) { char::from(b).to_string() } else { format!("%{}", digits(b)) }).collect()
    };
    let json = serde_json::to_string(secret).unwrap();
    let mut ascii = String::new();
    for unit in json.encode_utf16() {
        match u8::try_from(unit) {
            Ok(b) if b < 0x7f => ascii.push(b.into()),
            _ => write!(ascii, "\\u{unit:04x}").unwrap(),
        }
    }
    let inside = |json: &str| json[1..json.len() - 1].to_owned();
    let mut bytes_reversed = secret.as_bytes().to_vec();
    bytes_reversed.reverse();
    let texts = [
        secret.to_owned(),
        secret.chars().rev().collect(),
        upper(&hex),
        hex,
        upper(&all),
        all,
        kept(|b| format!("{b:02x}")),
        kept(|b| format!("{b:02X}")),
        inside(&json),
        inside(&ascii),
    ];
    texts.into_iter().map(String::into_bytes).chain([bytes_reversed]).collect()
}

#[test]
fn every_form_of_every_secret_is_found() {
    let mut redactor = redactor(&SECRETS);
    for secret in SECRETS {
        for form in forms(secret) {
            for before in ["", "a ", "key=", "some more text, longer than a window: "] {
                let text = [before.as_bytes(), &form, b" b"].concat();
                let expected = format!("{before}[REDACTED] b").into_bytes();
                assert_eq!(redacted(&mut redactor, &text), (expected.clone(), 1), "{}", String::from_utf8_lossy(&text));
                assert_eq!(streamed(&mut redactor, text.chunks(1)), (expected, 1));
            }
        }
    }
}

#[test]
fn base64_is_found_wherever_the_secret_stands_in_it() {
    let mut redactor = redactor(&SECRETS);
    for secret in SECRETS {
        for before in ["", "u", "us", "user:", "\u{ff}~"] {
            for after in ["", "t", "tail\u{ff}"] {
                let whole = format!("{before}{secret}{after}");
                for engine in [STANDARD, URL_SAFE] {
                    let encoded = engine.encode(&whole);
                    let (out, count) = redacted(&mut redactor, encoded.as_bytes());
                    // of the secret no more than the six bits at each side that are shared with what stands there can stay
                    let first = (before.len() * 8).div_ceil(6);
                    let last = (before.len() + secret.len()) * 8 / 6;
                    let expected = format!("{}[REDACTED]{}", &encoded[..first], &encoded[last..]);
                    assert_eq!((String::from_utf8(out).unwrap(), count), (expected, 1), "{whole}");
                }
            }
        }
    }
}

#[test]
fn a_form_that_lacks_a_byte_stays() {
    for secret in SECRETS {
        let mut redactor = redactor(&[secret]);
        for form in forms(secret) {
            for cut in [&form[1..], &form[..form.len() - 1]] {
                // a repeated letter at the end of one form does not make it another
                let text = [b"<", cut, b">"].concat();
                assert_eq!(redacted(&mut redactor, &text), (text, 0));
            }
        }
    }
}

#[test]
fn secrets_that_are_too_short_or_too_long_are_not_taken() {
    let long = "0123456789abcdef".repeat(257);
    let mut redactor = redactor(&["password", "fifteen letters", "  fifteen letters \n", &long]);
    let text = format!("password, fifteen letters, {long}").into_bytes();
    assert_eq!(redacted(&mut redactor, &text), (text.clone(), 0));
    assert_eq!(streamed(&mut redactor, [text.as_slice()]), (text, 0));
    redactor.learn(&long.as_bytes()[..4096]);
    assert_eq!(redacted(&mut redactor, long.as_bytes()), (b"[REDACTED]0123456789abcdef".to_vec(), 1));
}

#[test]
fn white_space_around_a_secret_is_none_of_it() {
    let mut redactor = redactor(&["\n  the secret of the day\r\n"]);
    assert_eq!(redacted(&mut redactor, b"is the secret of the day."), (b"is [REDACTED].".to_vec(), 1));
}

#[test]
fn the_first_and_then_the_longest_is_replaced() {
    let mut redactor = redactor(&[
        "abcdefghijklmnopqrst",
        "abcdefghijklmnopqrstuvwxyz",
        "pqrstuvwxyz0123456789",
        "a secret that holds abcdefghijklmnopqrst",
    ]);
    let replaced = |redactor: &mut Redactor, text: &str| String::from_utf8(redacted(redactor, text.as_bytes()).0).unwrap();
    assert_eq!(replaced(&mut redactor, "<abcdefghijklmnopqrst>"), "<[REDACTED]>");
    assert_eq!(replaced(&mut redactor, "<abcdefghijklmnopqrstuvwxyz>"), "<[REDACTED]>");
    assert_eq!(replaced(&mut redactor, "<abcdefghijklmnopqrstuvwxyz0123456789>"), "<[REDACTED]0123456789>");
    assert_eq!(replaced(&mut redactor, "<a secret that holds abcdefghijklmnopqrst>"), "<[REDACTED]>");
    assert_eq!(replaced(&mut redactor, "abcdefghijklmnopqrstabcdefghijklmnopqrst"), "[REDACTED][REDACTED]");
}

#[test]
fn what_is_learned_later_is_found_too() {
    let mut redactor = redactor(&["the first of the secrets"]);
    let text = b"the first of the secrets, the second of the secrets";
    assert_eq!(redacted(&mut redactor, text).0, b"[REDACTED], the second of the secrets");
    redactor.learn(b"the second of the secrets");
    redactor.learn(b"the second of the secrets");
    assert_eq!(redacted(&mut redactor, text), (b"[REDACTED], [REDACTED]".to_vec(), 2));
}

/// A secret that is a form of another has forms of its own.
#[test]
fn forms_of_a_form_are_found() {
    let hex = |text: &str| text.bytes().map(|b| format!("{b:02x}")).collect::<String>();
    let once = hex(SECRETS[0]);
    let mut redactor = redactor(&[SECRETS[0], &once]);
    assert_eq!(redacted(&mut redactor, hex(&once).as_bytes()), (b"[REDACTED]".to_vec(), 1));
}

/// What was written is all but the start of what may be a secret.
#[test]
fn a_stream_holds_back_no_more_than_it_must() {
    #[derive(Default)]
    struct Count(std::rc::Rc<std::cell::Cell<usize>>);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.set(self.0.get() + bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let secret = "k".repeat(100);
    let mut redactor = redactor(&[&secret]);
    let out = Count::default();
    let written = out.0.clone();
    let mut stream = redactor.stream(out);
    // the longest form has three characters for each byte
    for n in 1..1000 {
        stream.feed(b"xyz").unwrap();
        assert_eq!(written.get(), (3 * n + 1_usize).saturating_sub(300));
    }
    stream.feed(&[b'z'; 1 << 20]).unwrap();
    assert_eq!(written.get(), 2997 + (1 << 20) - 299);
    stream.finish().unwrap();
    assert_eq!(written.get(), 2997 + (1 << 20));
}

/// The first error of the writer is the caller's.
#[test]
fn a_writer_that_fails_is_told() {
    let mut redactor = redactor(&[]);
    let mut no_room: [u8; 0] = [];
    let mut stream = redactor.stream(no_room.as_mut_slice());
    assert_eq!(stream.feed(b"text").unwrap_err().kind(), io::ErrorKind::WriteZero);
}

/// Starts of many secrets, over and over, and no whole one: such a text is not searched to its end, and not shown.
#[test]
fn a_text_made_to_take_long_is_withheld() {
    let mut redactor = Redactor::default();
    for i in 0..60 {
        redactor.learn(format!("{}{i:016}", "A".repeat(4000)).as_bytes());
    }
    let plain = b"plain text ".repeat(10_000);
    let text = [&plain, b"A".repeat(1 << 20).as_slice(), &plain].concat();
    let (out, count) = redacted(&mut redactor, &text);
    let shown = out.strip_suffix(b"[REDACTED]").unwrap();
    assert!(count == 1 && shown.len() < plain.len() + 10_000 && text.starts_with(shown));
    for size in [1000, 4096, 70_000] {
        assert_eq!(streamed(&mut redactor, text.chunks(size)), (out.clone(), 1));
    }
}

fn some_text() -> impl Strategy<Value = Vec<u8>> {
    let all: Vec<Vec<u8>> = SECRETS.iter().flat_map(|secret| forms(secret)).collect();
    let whole = prop::sample::select(all);
    let part = (whole.clone(), any::<prop::sample::Index>()).prop_map(|(form, at)| form[..at.index(form.len())].to_vec());
    let noise = prop::collection::vec(any::<u8>(), 0..50);
    prop::collection::vec(prop_oneof![whole, part, noise], 0..20).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn chunks_make_no_difference(text in some_text(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..30), all in any::<bool>()) {
        let mut redactor = redactor(&SECRETS[..if all { 6 } else { 2 }]);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).chain([0, text.len()]).collect();
        cuts.sort_unstable();
        let chunks = cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]);
        let whole = redacted(&mut redactor, &text);
        prop_assert_eq!(streamed(&mut redactor, chunks), whole.clone());
        prop_assert_eq!(streamed(&mut redactor, text.chunks(1)), whole);
    }

    /// Chunks that are larger than what a stream takes in at once.
    #[test]
    fn large_texts_are_as_small_ones(text in some_text(), before in 65_000_usize..66_000, chunk in 1_usize..200_000) {
        let mut redactor = redactor(&SECRETS);
        let text = [vec![b'.'; before], text.clone(), vec![b'.'; before], text].concat();
        prop_assert_eq!(streamed(&mut redactor, text.chunks(chunk)), redacted(&mut redactor, &text));
    }

    #[test]
    fn text_without_secrets_stays(text in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert_eq!(redacted(&mut redactor(&SECRETS), &text), (text, 0));
    }
}
