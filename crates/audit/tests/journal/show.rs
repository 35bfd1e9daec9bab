//! Reading a journal.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use aegis_audit::{Content, Entries, Entry, Filter, render_line};

use crate::fixture::{APPROVAL, append_raw, effect, lines, open, place, written};

fn all(path: &std::path::Path, filter: Filter) -> Vec<Entry> {
    Entries::open(path, filter, false).unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_record_with_its_own_bytes() {
    let (_directory, path) = place();
    let written = written(&path, 2_000);
    let entries = all(&path, Filter::default());
    assert_eq!(entries.len(), 2_000);
    for (i, (entry, line)) in entries.iter().zip(&written).enumerate() {
        assert_eq!((entry.line, entry.raw.as_slice()), (u64::try_from(i + 1).unwrap(), line.as_bytes()));
    }
    assert!(render_line(&entries[0]).contains("#1 fs.read src/main.rs"), "{}", render_line(&entries[0]));
}

#[test]
fn filters() {
    let (_directory, path) = place();
    let (one, two) = (open(&path), open(&path));
    one.append(&effect(1, "x")).unwrap();
    two.append(&APPROVAL).unwrap();
    two.append(&aegis_audit::EffectIntent { call: effect(2, "y").call }).unwrap();
    let numbers = |filter| all(&path, filter).iter().map(|e| e.line).collect::<Vec<_>>();
    assert_eq!(numbers(Filter { run: Some(two.run().to_string()), kind: None }), [2, 3]);
    assert_eq!(numbers(Filter { run: None, kind: Some("effect".into()) }), [1, 3]);
    assert_eq!(numbers(Filter { run: None, kind: Some("effect.intent".into()) }), [3]);
    assert_eq!(numbers(Filter { run: None, kind: Some("eff".into()) }), [0u64; 0]);
    assert_eq!(numbers(Filter { run: Some(one.run().to_string()), kind: Some("approval".into()) }), [0u64; 0]);
}

#[test]
fn what_is_no_record_is_shown_as_such() {
    let (_directory, path) = place();
    written(&path, 1);
    append_raw(&path, b"\x1b]0;title\x07\n[1]\n{\"v\":1,");
    let entries = all(&path, Filter { run: None, kind: Some("approval".into()) });
    assert_eq!(entries.iter().map(|e| e.line).collect::<Vec<_>>(), [2, 3, 4], "whatever is asked for");
    assert!(entries.iter().all(|e| matches!(e.content, Content::Unreadable(_)) && !render_line(e).contains('\x1b')));
    assert_eq!(entries[2].raw, b"{\"v\":1,");
}

#[test]
fn following_waits_for_whole_lines() {
    let (_directory, path) = place();
    let journal = open(&path);
    journal.append(&APPROVAL).unwrap();
    let (to, seen) = mpsc::channel();
    let entries = Entries::open(&path, Filter::default(), true).unwrap();
    let reader = thread::spawn(move || entries.map_while(Result::ok).try_for_each(|entry| to.send(entry)));
    let next = || seen.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(next().line, 1);
    journal.append(&APPROVAL).unwrap();
    assert_eq!(next().line, 2);
    let last = lines(&path).pop().unwrap();
    let (half, rest) = last.split_at(90);
    append_raw(&path, half.as_bytes());
    assert!(seen.recv_timeout(Duration::from_millis(500)).is_err(), "half a line is not shown");
    append_raw(&path, format!("{rest}\n").as_bytes());
    assert_eq!(next().raw, last.as_bytes());
    std::fs::remove_file(&path).unwrap();
    reader.join().unwrap().unwrap();
}
