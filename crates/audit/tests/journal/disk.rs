//! Disks that are full or cannot be written.

use std::path::Path;
use std::process::Command;

use aegis_audit::{Journal, JournalError, Options};

use crate::fixture::{APPROVAL, Note, given, intact, open, place, process};

/// Writes until the disk is full, and looks at what is left.
#[test]
fn child_fills_the_disk() {
    let Some(path) = given() else { return };
    let journal = open(&path);
    let mut written = 0;
    let error = loop {
        match journal.append(&Note(&[b'x'; 3_000])) {
            Ok(seq) => written = seq,
            Err(e) => break e,
        }
    };
    assert!(matches!(error, JournalError::Full { .. }), "{error}");
    assert!(written > 1);
    let found = intact(&path);
    assert_eq!((found.records, found.torn_bytes), (written, 0), "half a record is taken back");
    // What is short enough still fits, and follows.
    if journal.append(&APPROVAL).is_ok() {
        assert_eq!(intact(&path).records, written + 1);
    }
    println!("the disk is full");
}

fn ended_well(command: &mut Command) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("the disk is full"), "{text}");
}

/// `script` gets the child's command line as its arguments.
fn shell(script: &str, child: &Command, path: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(child.get_program()).args(child.get_args());
    for (key, value) in child.get_envs() {
        command.env(key, value.unwrap());
    }
    command.env("JOURNAL", path).env("DIRECTORY", path.parent().unwrap());
    command
}

#[test]
fn at_the_file_size_limit_a_record_is_refused_whole() {
    let (_directory, path) = place();
    // A limit that is no multiple of the record's length, so that the last write is short.
    ended_well(&mut shell("trap '' XFSZ; ulimit -f 65; exec \"$@\"", &process("disk::child_fills_the_disk", &path), &path));
}

/// Runs `script` in a mount namespace of its own. `None` where the machine allows none.
fn with_mounts(script: &str, child: &Command, path: &Path) -> Option<Command> {
    let allowed = Command::new("unshare").args(["-Urm", "mount", "-t", "tmpfs", "none", "/tmp"]).output().is_ok_and(|o| o.status.success());
    if !allowed {
        eprintln!("SKIPPED: no mount namespace on this machine, so no full or read-only file system was tried");
        return None;
    }
    let inner = shell(script, child, path);
    let mut command = Command::new("unshare");
    command.arg("-Urm").arg(inner.get_program()).args(inner.get_args());
    for (key, value) in inner.get_envs() {
        command.env(key, value.unwrap());
    }
    Some(command)
}

#[test]
fn on_a_full_disk_a_record_is_refused_whole() {
    let (_directory, path) = place();
    let script = "mount -t tmpfs -o size=128k none \"$DIRECTORY\" && exec \"$@\"";
    if let Some(mut command) = with_mounts(script, &process("disk::child_fills_the_disk", &path), &path) {
        ended_well(&mut command);
    }
}

#[test]
fn child_meets_a_read_only_disk() {
    let Some(path) = given() else { return };
    let before = std::fs::read(&path).unwrap();
    let error = Journal::open(&path, Options::default()).unwrap_err();
    assert!(matches!(error, JournalError::ReadOnly { .. }), "{error}");
    let error = Journal::open(path.with_file_name("other.jsonl"), Options::default()).unwrap_err();
    assert!(matches!(error, JournalError::ReadOnly { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(intact(&path).records, 1, "it can still be judged");
    println!("the disk is full");
}

#[test]
fn on_a_read_only_disk_there_is_no_journal() {
    let (_directory, path) = place();
    open(&path).append(&APPROVAL).unwrap();
    let script = "mount --bind \"$DIRECTORY\" \"$DIRECTORY\" && mount -o remount,bind,ro \"$DIRECTORY\" && exec \"$@\"";
    if let Some(mut command) = with_mounts(script, &process("disk::child_meets_a_read_only_disk", &path), &path) {
        ended_well(&mut command);
    }
}
