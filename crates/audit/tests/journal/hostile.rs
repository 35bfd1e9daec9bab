//! Values that want to be more than values.

use aegis_audit::{Fields, MAX_RECORD_BYTES, PolicyFile, Record, RunStart, Sha256Digest, Text};
use proptest::prelude::*;

use crate::fixture::{Note, intact, open, place, records};

#[test]
fn a_long_value_is_cut_and_carries_its_hash() {
    let (_directory, path) = place();
    let journal = open(&path);
    let lengths = [12_288, 12_289, 16_384, 100_000, 5_000_000];
    for length in lengths {
        journal.append(&Note(&vec![b'x'; length])).unwrap();
        journal.append(&Note("é\n".repeat(length / 3).as_bytes())).unwrap();
    }
    assert_eq!(intact(&path).records, 10);
    let file = std::fs::read(&path).unwrap();
    assert!(file.split_inclusive(|b| *b == b'\n').all(|line| line.len() <= MAX_RECORD_BYTES));
    for (record, length) in records(&path).iter().step_by(2).zip(lengths) {
        let text = record["text"].as_str().unwrap();
        assert!(text.len() > 2_000 && text.bytes().all(|b| b == b'x'));
        if length > 12_288 {
            assert_eq!(record["text_whole"]["bytes"], length);
            assert_eq!(record["text_whole"]["sha256"], Sha256Digest::of(&vec![b'x'; length]).to_string());
        } else {
            assert_eq!(text.len(), length);
        }
    }
}

#[test]
fn a_record_of_nothing_but_long_values_still_fits() {
    let (_directory, path) = place();
    let long = "\u{1b}".repeat(50_000);
    let argv: Vec<Text<'_>> = (0..20_000).map(|_| Text::from("argument")).collect();
    let files = vec![PolicyFile { name: Text::from(&long), sha256: Sha256Digest::of(b"") }; 3];
    let start = RunStart {
        script: Text::from(&long),
        script_sha256: Some(Sha256Digest::of(b"")),
        policy_sha256: Sha256Digest::of(b""),
        policy_files: &files,
        weakened: &[&long, &long],
        confinement_requested: &long,
        confinement_actual: &long,
        version: &long,
        user: Text::from(&long),
        host: Text::from(&long),
        pid: 1,
        argv: &argv,
    };
    let journal = open(&path);
    journal.append(&start).unwrap();
    assert_eq!(intact(&path).records, 1);
    assert!(std::fs::metadata(&path).unwrap().len() <= u64::try_from(MAX_RECORD_BYTES).unwrap());
    let record = &records(&path)[0];
    assert_eq!(record["argv_whole"]["items"], 20_000);
    let whole = format!("[{}]", vec!["\"argument\""; 20_000].join(","));
    assert_eq!(record["argv_whole"]["sha256"], Sha256Digest::of(whole.as_bytes()).to_string());
    assert_eq!(record["user_whole"]["bytes"], 50_000);
}

struct Swarm;

impl Record for Swarm {
    fn kind(&self) -> &'static str {
        "swarm"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        (0..5_000).for_each(|n| to.number("n", n));
    }
}

#[test]
fn a_record_that_cannot_be_cut_is_refused() {
    let (_directory, path) = place();
    let journal = open(&path);
    assert!(matches!(journal.append(&Swarm), Err(aegis_audit::JournalError::TooLong { kind: "swarm" })));
    journal.append(&Note(b"next")).unwrap();
    assert_eq!(intact(&path).records, 1);
}

#[test]
fn no_value_can_end_its_line_or_forge_another() {
    let (_directory, path) = place();
    let journal = open(&path);
    let zero = "0".repeat(64);
    let forged = format!("x\",\"prev\":\"{zero}\"}}\n{{\"v\":1,\"seq\":1,\"prev\":\"{zero}\"}}\n");
    let values: [&[u8]; 5] =
        [forged.as_bytes(), b"\n\r\n\0\x0b\x0c\x1b[2K", b"\xff\xc3\x28\xed\xa0\x80", "\u{85}\u{2028}\u{2029}".as_bytes(), b"\\"];
    for value in values {
        journal.append(&Note(value)).unwrap();
    }
    assert_eq!(intact(&path).records, 5);
    for (record, value) in records(&path).iter().zip(values) {
        assert_eq!(record["text"], String::from_utf8_lossy(value).as_ref());
    }
    let file = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
    assert!(file.chars().all(|c| c == '\n' || !c.is_control()));
    assert_eq!(records(&path)[2]["text_whole"]["sha256"], Sha256Digest::of(values[2]).to_string());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_value_comes_back(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..8)) {
        let (_directory, path) = place();
        let journal = open(&path);
        for value in &values {
            journal.append(&Note(value)).unwrap();
        }
        prop_assert_eq!(intact(&path).records, u64::try_from(values.len()).unwrap());
        for (record, value) in records(&path).iter().zip(&values) {
            let text = String::from_utf8_lossy(value).into_owned();
            prop_assert_eq!(record["text"].as_str().unwrap(), text);
        }
    }

    #[test]
    fn no_reader_trips_over_a_damaged_journal(at in any::<prop::sample::Index>(), junk: Vec<u8>, drop_bytes in 0usize..200) {
        let (_directory, path) = place();
        crate::fixture::written(&path, 5);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        let end = (at + drop_bytes).min(bytes.len());
        bytes.splice(at..end, junk);
        aegis_audit::fuzzing::fuzz_reader(&bytes);
    }

    #[test]
    fn no_reader_trips_over_anything(bytes: Vec<u8>, lines in prop::collection::vec("[{}\\[\\]\",:0-9a-z\n]{0,40}", 0..10)) {
        aegis_audit::fuzzing::fuzz_reader(&bytes);
        aegis_audit::fuzzing::fuzz_reader(lines.join("\n").as_bytes());
    }
}

#[test]
fn no_reader_trips_over_deep_or_long_lines() {
    for line in ["[".repeat(900_000), "{\"a\":".repeat(200_000), "x".repeat(2_000_000), "\n".repeat(100_000), "\0".repeat(70_000)] {
        aegis_audit::fuzzing::fuzz_reader(line.as_bytes());
        aegis_audit::fuzzing::fuzz_reader(format!("{line}\n{line}\n").as_bytes());
    }
}
