//! Which file is a journal, and how it is made.

use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use aegis_audit::{Journal, JournalError, Options};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::fixture::{APPROVAL, intact, lines, open, place, records, written};

fn refusal(path: &std::path::Path) -> JournalError {
    Journal::open(path, Options::default()).unwrap_err()
}

#[test]
fn file_and_directories_are_for_their_owner_only() {
    let (directory, _) = place();
    let path = directory.path().join("a/b/audit.jsonl");
    open(&path).append(&APPROVAL).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&directory.path().join("a/b")), 0o700);
    assert_eq!(mode(&directory.path().join("a")), 0o700);
}

#[test]
fn a_link_is_refused_and_leads_nowhere() {
    let (directory, path) = place();
    let target = directory.path().join("target");
    symlink(&target, &path).unwrap();
    assert!(matches!(refusal(&path), JournalError::NotAFile { .. }));
    assert!(!target.exists(), "nothing is made at its end");
    std::fs::write(&target, "").unwrap();
    assert!(matches!(refusal(&path), JournalError::NotAFile { .. }));
    assert_eq!(std::fs::read(&target).unwrap(), b"");
}

#[test]
fn only_a_regular_file_will_do() {
    let (directory, path) = place();
    assert!(matches!(refusal(directory.path()), JournalError::NotAFile { .. }));
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    assert!(matches!(refusal(&path), JournalError::NotAFile { .. }));
    if !std::path::Path::new("/dev/null").exists() {
        return;
    }
    assert!(matches!(refusal("/dev/null".as_ref()), JournalError::NotAFile { .. }));
}

#[test]
fn the_file_of_another_user_is_refused() {
    let (_directory, path) = place();
    std::fs::write(&path, "").unwrap();
    if chown(&path, Some(12_345), None).is_err() {
        eprintln!("SKIPPED: only root can give a file away, so the file of another user was not tried");
        return;
    }
    assert!(matches!(refusal(&path), JournalError::NotOurs { uid: 12_345, .. }));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
}

#[test]
fn a_reopened_journal_goes_on() {
    let (_directory, path) = place();
    written(&path, 3);
    assert_eq!(open(&path).append(&APPROVAL).unwrap(), 4);
    assert_eq!(intact(&path).records, 4);
    let records = records(&path);
    assert_ne!(records[2]["run"], records[3]["run"]);
}

#[test]
fn a_deleted_journal_is_begun_anew() {
    let (_directory, path) = place();
    let journal = open(&path);
    journal.append(&APPROVAL).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(journal.append(&APPROVAL).unwrap(), 1);
    assert_eq!(journal.append(&APPROVAL).unwrap(), 2);
    assert_eq!(intact(&path).records, 2);
}

#[test]
fn a_deleted_journal_is_not_begun_anew_behind_a_link() {
    let (directory, path) = place();
    let journal = open(&path);
    std::fs::remove_file(&path).unwrap();
    symlink(directory.path().join("target"), &path).unwrap();
    assert!(matches!(journal.append(&APPROVAL), Err(JournalError::NotAFile { .. })));
    assert!(!directory.path().join("target").exists());
}

/// A terabyte of nothing stands before the last record: whoever reads more than the tail does not come back.
#[test]
fn opening_reads_only_the_tail() {
    let (_directory, path) = place();
    let last = written(&path, 2).pop().unwrap();
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(1 << 40)).unwrap();
    file.write_all(format!("\n{last}\n").as_bytes()).unwrap();
    let journal = open(&path);
    assert_eq!(journal.append(&APPROVAL).unwrap(), 3);
    let metadata = std::fs::metadata(&path).unwrap();
    assert!(metadata.size() > 1 << 40 && metadata.blocks() < 1_000);
}

#[test]
fn a_relative_path_means_the_directory_of_its_opening() {
    let (directory, _) = place();
    // Relative to the working directory, which other tests share and which therefore stays.
    let up: std::path::PathBuf = std::env::current_dir().unwrap().components().skip(1).map(|_| "..").collect();
    let relative = up.join(directory.path().strip_prefix("/").unwrap()).join("audit.jsonl");
    let journal = open(&relative);
    journal.append(&APPROVAL).unwrap();
    assert!(journal.path().is_absolute());
    assert_eq!(lines(&directory.path().join("audit.jsonl")).len(), 1);
}
