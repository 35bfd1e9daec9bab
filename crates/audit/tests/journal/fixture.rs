//! Journals to try things on.

use std::path::{Path, PathBuf};
use std::process::Command;

use aegis_audit::{
    Approval, Call, Effect, Fields, Intact, Journal, Options, Record, Result, Sha256Digest, Text, Verdict, VerifyOptions, Why, verify,
};
use serde_json::Value;
use tempfile::TempDir;

/// A record with one text.
pub struct Note<'a>(pub &'a [u8]);

impl Record for Note<'_> {
    fn kind(&self) -> &'static str {
        "note"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.text("text", self.0);
    }
}

pub const APPROVAL: Approval<'_> = Approval { id: 1, answer: "yes", by: "terminal", request_sha256: None };

pub fn effect<'a>(id: u64, target: &'a str) -> Effect<'a> {
    let call = Call {
        id,
        capability: "fs.read",
        call: "fs.read",
        line: 3,
        target: Text::from(target),
        resolved: None,
        rule: None,
        visibility: "public",
        labels: &[],
        approver: None,
    };
    Effect { call, result: Result::Ok, bytes: Some(5) }
}

/// A directory that lives as long as the test, and a path in it where no journal is yet.
pub fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    (directory, path)
}

pub fn open(path: &Path) -> Journal {
    Journal::open(path, Options::default()).unwrap()
}

/// A journal of `n` records, as its lines.
pub fn written(path: &Path, n: u64) -> Vec<String> {
    let journal = open(path);
    for id in 1..=n {
        assert_eq!(journal.append(&effect(id, "src/main.rs")).unwrap(), id);
    }
    lines(path)
}

pub fn lines(path: &Path) -> Vec<String> {
    String::from_utf8(std::fs::read(path).unwrap()).unwrap().lines().map(str::to_owned).collect()
}

pub fn put(path: &Path, lines: &[String]) {
    std::fs::write(path, lines.iter().map(|l| format!("{l}\n")).collect::<String>()).unwrap();
}

pub fn records(path: &Path) -> Vec<Value> {
    lines(path).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn judged(path: &Path) -> Verdict {
    verify(path, &VerifyOptions::default())
}

pub fn intact(path: &Path) -> Intact {
    match judged(path) {
        Verdict::Intact(intact) => intact,
        other => panic!("{other}"),
    }
}

/// Line and reason of a broken journal.
pub fn broken(path: &Path) -> (u64, Why) {
    match judged(path) {
        Verdict::Broken(broken) => (broken.line, broken.why),
        other => panic!("{other}"),
    }
}

pub fn append_raw(path: &Path, bytes: &[u8]) {
    use std::io::Write;
    std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// `prev` for a line that follows this one.
pub fn hash(line: &str) -> String {
    Sha256Digest::of(line.as_bytes()).to_string()
}

const VARIABLE: &str = "AEGIS_AUDIT_TEST_JOURNAL";

/// Another process of this test program that runs only the test `name`, which finds its journal by [`given`].
pub fn process(name: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture", "--test-threads=1"]).env(VARIABLE, path);
    command
}

/// The journal that the parent process gave us. None if this is no child.
pub fn given() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}
