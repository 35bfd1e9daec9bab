//! Many writers of one file.

use std::collections::HashMap;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use aegis_audit::{Durability, Journal, JournalError, Options};
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use crate::fixture::{APPROVAL, effect, given, intact, open, place, process, records};

const THREADS: u64 = 4;
const EACH: u64 = 625;

#[test]
fn child_with_threads() {
    let Some(path) = given() else { return };
    let journal = open(&path);
    thread::scope(|scope| {
        for t in 0..THREADS {
            let journal = &journal;
            scope.spawn(move || {
                for i in 1..=EACH {
                    journal.append(&effect(t * EACH + i, "x")).unwrap();
                }
            });
        }
    });
}

#[test]
fn four_processes_of_four_threads_write_one_chain() {
    let (_directory, path) = place();
    let children: Vec<_> = (0..4).map(|_| process("writers::child_with_threads", &path).stdout(Stdio::null()).spawn().unwrap()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(intact(&path).records, 10_000);
    let mut ids: HashMap<String, Vec<u64>> = HashMap::new();
    for record in records(&path) {
        ids.entry(record["run"].as_str().unwrap().to_owned()).or_default().push(record["id"].as_u64().unwrap());
    }
    assert_eq!(ids.len(), 4);
    for mut ids in ids.into_values() {
        ids.sort_unstable();
        assert_eq!(ids, (1..=THREADS * EACH).collect::<Vec<_>>(), "none is lost, none is there twice");
    }
}

#[test]
fn two_journals_in_one_process_take_turns() {
    let (_directory, path) = place();
    let (one, two) = (open(&path), open(&path));
    for seq in 1..=50 {
        assert_eq!(if seq % 3 == 0 { &one } else { &two }.append(&APPROVAL).unwrap(), seq);
    }
    assert_eq!(intact(&path).records, 50);
    assert_ne!(one.run(), two.run());
}

#[test]
fn durable_records_are_the_same_records() {
    let (_directory, path) = place();
    let journal = Journal::open(&path, Options { durability: Durability::Fsync }).unwrap();
    for seq in 1..=5 {
        assert_eq!(journal.append(&APPROVAL).unwrap(), seq);
    }
    assert_eq!(intact(&path).records, 5);
}

fn ofd_lock(file: &std::fs::File, kind: i32) {
    let whole = libc::flock { l_type: i16::try_from(kind).unwrap(), l_whence: 0, l_start: 0, l_len: 0, l_pid: 0 };
    fcntl(file, FcntlArg::F_OFD_SETLK(&whole)).unwrap();
}

#[test]
fn a_lock_that_is_not_given_back_is_an_error() {
    let (_directory, path) = place();
    let journal = open(&path);
    journal.append(&APPROVAL).unwrap();
    let other = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    ofd_lock(&other, libc::F_WRLCK);
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(journal.append(&APPROVAL), Err(JournalError::Locked { .. })));
    assert!(matches!(Journal::open(&path, Options::default()), Err(JournalError::Locked { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    ofd_lock(&other, libc::F_UNLCK);
    assert_eq!(journal.append(&APPROVAL).unwrap(), 2);
    assert_eq!(intact(&path).records, 2);
}

#[test]
fn a_short_lock_is_waited_for() {
    let (_directory, path) = place();
    let journal = open(&path);
    let other = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    ofd_lock(&other, libc::F_WRLCK);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            ofd_lock(&other, libc::F_UNLCK);
        });
        assert_eq!(journal.append(&APPROVAL).unwrap(), 1);
    });
}

#[test]
fn whoever_can_only_read_does_not_keep_writers_out_by_flock() {
    let (_directory, path) = place();
    let journal = open(&path);
    let reader = std::fs::File::open(&path).unwrap();
    reader.lock().unwrap();
    assert_eq!(journal.append(&APPROVAL).unwrap(), 1);
}
