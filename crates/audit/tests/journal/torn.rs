//! Torn last lines: what a crash leaves, and what only looks like it.

use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use aegis_audit::{Journal, JournalError, Options, Sha256Digest, Why};

use crate::fixture::{APPROVAL, Note, append_raw, broken, effect, given, hash, intact, lines, open, place, process, put, records, written};

#[test]
fn wherever_the_last_line_is_torn_it_is_set_aside() {
    let (directory, path) = place();
    let whole = written(&path, 3);
    let (start, all) = (whole[0].len() + whole[1].len() + 2, std::fs::read(&path).unwrap());
    for end in start + 1..all.len() {
        std::fs::write(&path, &all[..end]).unwrap();
        let found = intact(&path);
        assert_eq!((found.records, found.torn_bytes, found.repairs), (2, u64::try_from(end - start).unwrap(), 0));

        let journal = open(&path);
        assert_eq!(journal.append(&APPROVAL).unwrap(), 4);
        let aside = directory.path().join("audit.jsonl.torn-3");
        assert_eq!(std::fs::read(&aside).unwrap(), &all[start..end], "every byte of it is kept");
        let found = intact(&path);
        assert_eq!((found.records, found.torn_bytes, found.repairs), (4, 0, 1));
        assert_eq!(lines(&path)[..2], whole[..2]);
        let repair = &records(&path)[2];
        assert_eq!(repair["kind"], "repair");
        assert_eq!(repair["torn_bytes"], end - start);
        assert_eq!(repair["torn_sha256"], Sha256Digest::of(&all[start..end]).to_string());
        assert_eq!(repair["set_aside"], "audit.jsonl.torn-3");
        std::fs::remove_file(aside).unwrap();
    }
}

#[test]
fn a_journal_that_is_nothing_but_torn() {
    let (directory, path) = place();
    std::fs::write(&path, b"{\"v\":1,\"se").unwrap();
    drop(open(&path));
    assert_eq!(std::fs::read(directory.path().join("audit.jsonl.torn-1")).unwrap(), b"{\"v\":1,\"se");
    assert_eq!((intact(&path).records, intact(&path).repairs), (1, 1));
}

#[test]
fn what_was_set_aside_before_is_not_overwritten() {
    let (directory, path) = place();
    written(&path, 1);
    let aside = directory.path().join("audit.jsonl.torn-2");
    let victim = directory.path().join("victim");
    std::fs::write(&victim, "untouched").unwrap();
    std::os::unix::fs::symlink(&victim, &aside).unwrap();
    append_raw(&path, b"torn");
    drop(open(&path));
    assert_eq!(std::fs::read(&victim).unwrap(), b"untouched");
    assert_eq!(std::fs::read(directory.path().join("audit.jsonl.torn-2.1")).unwrap(), b"torn");
    assert_eq!(records(&path)[1]["set_aside"], "audit.jsonl.torn-2.1");
}

#[test]
fn a_living_writer_repairs_what_another_left() {
    let (directory, path) = place();
    let journal = open(&path);
    journal.append(&APPROVAL).unwrap();
    append_raw(&path, b"{\"v\":1,\"seq\":2");
    assert_eq!(journal.append(&APPROVAL).unwrap(), 3);
    assert!(directory.path().join("audit.jsonl.torn-2").exists());
    assert_eq!((intact(&path).records, intact(&path).repairs), (3, 1));
}

#[test]
fn half_a_record_of_a_living_run_is_no_crash() {
    let (directory, path) = place();
    let journal = open(&path);
    journal.append(&APPROVAL).unwrap();
    let torn = lines(&path)[0].replace("\"seq\":1", "\"seq\":2");
    append_raw(&path, &torn.as_bytes()[..150]);
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(journal.append(&APPROVAL), Err(JournalError::Tampered { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is set aside");
}

#[test]
fn a_run_that_goes_on_after_its_repair_is_a_lie() {
    let (_directory, path) = place();
    let journal = open(&path);
    journal.append(&effect(1, "a")).unwrap();
    journal.append(&effect(2, "b")).unwrap();
    let whole = lines(&path);
    // Someone cuts the run's second record; an innocent writer repairs it.
    std::fs::write(&path, format!("{}\n{}", whole[0], &whole[1][..150])).unwrap();
    drop(open(&path));
    assert_eq!(intact(&path).repairs, 1);
    assert!(matches!(journal.append(&effect(3, "c")), Err(JournalError::Tampered { .. })), "the run itself sees it");
    // Even where the run did not look: its next record tells.
    let repaired = lines(&path);
    let next = whole[1].replace("\"seq\":2", "\"seq\":3").replace("\"id\":2", "\"id\":3").replace(&hash(&whole[0]), &hash(&repaired[1]));
    put(&path, &[repaired[0].clone(), repaired[1].clone(), next]);
    assert_eq!(broken(&path), (3, Why::FalseRepair { repair: 2, run: journal.run().to_string() }));
}

#[test]
fn without_a_place_to_set_it_aside_nothing_is_touched() {
    let (directory, path) = place();
    written(&path, 1);
    append_raw(&path, b"torn");
    let before = std::fs::read(&path).unwrap();
    std::fs::create_dir(directory.path().join("audit.jsonl.torn-2")).unwrap();
    for attempt in 1..100 {
        std::fs::create_dir(directory.path().join(format!("audit.jsonl.torn-2.{attempt}"))).unwrap();
    }
    assert!(matches!(Journal::open(&path, Options::default()), Err(JournalError::Io { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn child_writes_until_killed() {
    let Some(path) = given() else { return };
    let journal = open(&path);
    let long = vec![b'x'; 15_000];
    loop {
        journal.append(&Note(&long)).unwrap();
        journal.append(&APPROVAL).unwrap();
    }
}

#[test]
fn a_journal_survives_the_death_of_its_writers() {
    let (_directory, path) = place();
    let mut least = 0;
    for round in 0..25 {
        let mut children: Vec<_> =
            (0..2).map(|_| process("torn::child_writes_until_killed", &path).stdout(Stdio::null()).spawn().unwrap()).collect();
        while std::fs::metadata(&path).map_or(0, |m| m.len()) <= least {
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_micros(370 * round));
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let before = intact(&path);
        let seq = open(&path).append(&APPROVAL).unwrap();
        let after = intact(&path);
        assert_eq!((after.last_seq, after.torn_bytes), (seq, 0));
        assert!(seq == before.last_seq + 1 || (before.torn_bytes > 0 && seq == before.last_seq + 2));
        least = std::fs::metadata(&path).unwrap().len();
    }
}
