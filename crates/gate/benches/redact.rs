//! Redacts 100 MB that hold secrets in every form, whole and in chunks. `cargo bench -p aegis-gate --bench redact`
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing, missing_docs)]

use std::fmt::Write as _;
use std::io;
use std::time::{Duration, Instant};

use aegis_gate::Redactor;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

const SIZE: usize = 100_000_000;
const ROUNDS: usize = 21;
const MARK: &str = "[REDACTED]";

fn main() {
    println!("{} MB of log lines, JSON and base64, medians of {ROUNDS} rounds", SIZE / 1_000_000);
    let mut rng = Rng(0x5eed);
    let secrets: Vec<String> = (0..50).map(|_| secret(&mut rng)).collect();
    let (text, expected, hits) = text(&mut rng, &secrets[..10]);
    // taken in turns, since a shared machine is not equally fast all the time
    let mut cases = [0, 10, 50].map(|count| Case::of(count, redactor(&secrets[..count])));
    for _ in 0..ROUNDS {
        for case in &mut cases {
            let (expected, hits) = if case.secrets == 0 { (&text, 0) } else { (&expected, hits) };
            case.whole.push(whole(&mut case.redactor, text.clone(), expected, hits));
            case.chunks.push(chunks(&mut case.redactor, &text, expected, hits));
        }
    }
    println!("{hits} hits");
    let [none, ten, fifty] = cases.map(|case| {
        let (whole, chunks) = (median(case.whole), median(case.chunks));
        println!("{} secrets: {whole:.1?}; in chunks of 64 KiB, each compared with what it should be: {chunks:.1?}", case.secrets);
        whole
    });
    println!("50 secrets take {:.2} times what 10 take, 10 {:.2} times what none take", ratio(fifty, ten), ratio(ten, none));
    for count in [10, 50] {
        let build = (0..ROUNDS).map(|_| {
            let start = Instant::now();
            let mut redactor = redactor(&secrets[..count]);
            assert_eq!(redactor.redact(&mut b"a text".to_vec()), 0);
            start.elapsed()
        });
        println!("matcher of {count} secrets: {:.1?}", median(build.collect()));
    }
}

/// What is measured with one number of secrets.
struct Case {
    secrets: usize,
    redactor: Redactor,
    whole: Vec<Duration>,
    chunks: Vec<Duration>,
}

impl Case {
    fn of(secrets: usize, redactor: Redactor) -> Case {
        Case { secrets, redactor, whole: Vec::new(), chunks: Vec::new() }
    }
}

fn whole(redactor: &mut Redactor, mut text: Vec<u8>, expected: &[u8], hits: u64) -> Duration {
    let start = Instant::now();
    let found = redactor.redact(&mut text);
    let took = start.elapsed();
    assert_eq!(found, hits);
    assert!(text == expected, "the wrong bytes were replaced");
    took
}

fn chunks(redactor: &mut Redactor, text: &[u8], expected: &[u8], hits: u64) -> Duration {
    let start = Instant::now();
    let mut stream = redactor.stream(Compare { expected, at: 0 });
    text.chunks(64 << 10).for_each(|chunk| stream.feed(chunk).unwrap());
    let (out, found) = stream.finish().unwrap();
    let took = start.elapsed();
    assert_eq!((out.at, found), (expected.len(), hits));
    took
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

fn redactor(secrets: &[String]) -> Redactor {
    let mut redactor = Redactor::default();
    secrets.iter().for_each(|secret| redactor.learn(secret.as_bytes()));
    redactor
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

/// Compares what is written with what should be, and keeps nothing.
struct Compare<'a> {
    expected: &'a [u8],
    at: usize,
}

impl io::Write for Compare<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(self.expected[self.at..].starts_with(bytes), "the wrong bytes were replaced");
        self.at += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The text, what it should become, and how many secrets are in it: one in some form in about 20 KB.
fn text(rng: &mut Rng, secrets: &[String]) -> (Vec<u8>, Vec<u8>, u64) {
    let forms: Vec<(String, String)> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    let (mut text, mut expected, mut hits) = (String::new(), String::new(), 0);
    while text.len() < SIZE {
        let line = line(rng);
        text += &line;
        expected += &line;
        if rng.below(100) == 0 {
            let (form, redacted) = &forms[rng.below(forms.len())];
            writeln!(text, "value: {form} (see above)").unwrap();
            writeln!(expected, "value: {redacted} (see above)").unwrap();
            hits += 1;
        }
    }
    (text.into_bytes(), expected.into_bytes(), hits)
}

/// A line as programs write them.
fn line(rng: &mut Rng) -> String {
    const WORDS: [&str; 8] = ["connection", "timeout", "request", "token", "accepted", "worker", "cache", "retry"];
    let word = |rng: &mut Rng| WORDS[rng.below(WORDS.len())];
    match rng.below(10) {
        0..=5 => format!(
            "2024-03-{:02}T{:02}:{:02}:{:02}Z INFO {} {} of {}: id={:016x} took {} ms\n",
            1 + rng.below(28),
            rng.below(24),
            rng.below(60),
            rng.below(60),
            word(rng),
            word(rng),
            word(rng),
            rng.next(),
            rng.below(5000)
        ),
        6..=8 => format!(
            "{{\"level\":\"warn\",\"path\":\"/v1/{}/{}\",\"status\":{},\"trace\":\"{:032x}\",\"text\":\"{} \\\"{}\\\"\"}}\n",
            word(rng),
            rng.below(100_000),
            200 + rng.below(300),
            u128::from(rng.next()) << 64 | u128::from(rng.next()),
            word(rng),
            word(rng)
        ),
        _ => format!("{}\n", STANDARD.encode((0..60).flat_map(|_| rng.next().to_le_bytes()).collect::<Vec<_>>())),
    }
}

/// 24 to 48 characters after a prefix that many share, with some that need escapes.
fn secret(rng: &mut Rng) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\"&";
    let length = 24 + rng.below(25);
    let letters = (0..length).map(|_| char::from(LETTERS[rng.below(LETTERS.len())]));
    format!("sk-live-{}-", letters.collect::<String>())
}

/// Every form of a secret as it stands in a text, and what stands there then.
fn forms(secret: &str) -> Vec<(String, String)> {
    let whole = |form: String| (form, MARK.to_owned());
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let hex = secret.bytes().map(|b| format!("{b:02x}")).collect::<String>();
    let percent = secret.bytes().map(|b| if unreserved(b) { char::from(b).to_string() } else { format!("%{b:02X}") });
    let mut forms = vec![
        whole(secret.to_owned()),
        whole(secret.chars().rev().collect()),
        whole(hex.to_uppercase()),
        whole(hex),
        whole(percent.clone().collect()),
        whole(percent.map(|p| if p.len() == 3 { p.to_lowercase() } else { p }).collect()),
        whole(secret.bytes().map(|b| format!("%{b:02x}")).collect()),
        whole(secret.bytes().map(|b| format!("%{b:02X}")).collect()),
        whole(secret.replace('"', "\\\"")),
    ];
    for (shift, first) in [(0, 0), (1, 2), (2, 3)] {
        let plain = format!("{}{secret}", &"u:"[..shift]);
        for encoded in [STANDARD.encode(&plain), URL_SAFE_NO_PAD.encode(&plain)] {
            // the characters that also say what stands before or after stay
            let last = plain.len() * 8 / 6;
            let redacted = format!("{}{MARK}{}", &encoded[..first], &encoded[last..]);
            forms.push((encoded, redacted));
        }
    }
    forms
}

/// `SplitMix64`.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n).unwrap()).unwrap()
    }
}
