//! What was done to a journal is found, and named.

use aegis_audit::{Broken, Journal, JournalError, Options, Verdict, VerifyOptions, Why, verify};

use crate::fixture::{APPROVAL, append_raw, broken, hash, intact, judged, lines, open, place, put, written};

#[test]
fn every_edited_byte_is_found() {
    let (_directory, path) = place();
    let whole = written(&path, 4);
    let bytes = std::fs::read(&path).unwrap();
    // All but the last line: of that one nothing tells without a record behind it, or a hash kept elsewhere.
    let end = bytes.len() - whole[3].len() - 1;
    for at in 0..end {
        let mut edited = bytes.clone();
        edited[at] ^= 1;
        std::fs::write(&path, &edited).unwrap();
        assert!(matches!(judged(&path), Verdict::Broken(_)), "byte {at}: {}", judged(&path));
    }
}

#[test]
fn the_edited_line_is_named() {
    let (_directory, path) = place();
    let whole = written(&path, 6);
    for line in 1..=5 {
        for (from, to) in [("src/main.rs", "src/Main.rs"), ("\"prev\":\"", "\"prev\":\"0")] {
            let mut edited = whole.clone();
            edited[line - 1] = edited[line - 1].replace(from, to);
            if from.contains("prev") {
                // The hash stays 64 digits long.
                let cut = edited[line - 1].len() - 3;
                edited[line - 1].remove(cut);
            }
            if edited == whole {
                continue; // the first line's hash is all zeros
            }
            put(&path, &edited);
            assert_eq!(broken(&path), (u64::try_from(line).unwrap(), Why::Edited), "{from}");
        }
    }
    let mut edited = whole;
    edited[2] = edited[2].replace("\"seq\":3", "\"seq\":9");
    put(&path, &edited);
    assert_eq!(broken(&path), (3, Why::Edited));
}

#[test]
fn removed() {
    let (_directory, path) = place();
    let whole = written(&path, 9);
    for (range, at) in [(0..1, 1), (0..3, 1), (4..5, 5), (2..6, 3)] {
        let mut rest = whole.clone();
        let (first, last) = (u64::try_from(range.start + 1).unwrap(), u64::try_from(range.end).unwrap());
        rest.drain(range);
        put(&path, &rest);
        assert_eq!(broken(&path), (at, Why::Removed { first, last }));
    }
}

#[test]
fn inserted() {
    let (_directory, path) = place();
    let whole = written(&path, 6);
    // A copy of an earlier line.
    let mut copied = whole.clone();
    copied.insert(4, whole[1].clone());
    put(&path, &copied);
    assert_eq!(broken(&path), (5, Why::Inserted { seq: 2 }));
    // A forged line that claims the place of the next.
    let mut forged = whole.clone();
    forged.insert(3, whole[3].replace("src/main.rs", "elsewhere"));
    put(&path, &forged);
    assert_eq!(broken(&path), (5, Why::Inserted { seq: 4 }));
    // The same with a hash of nothing.
    let mut forged = whole.clone();
    forged.insert(3, whole[3].replace(&hash(&whole[2]), &hash("")));
    put(&path, &forged);
    assert_eq!(broken(&path), (4, Why::Inserted { seq: 4 }));
    // Something that is no record.
    for text in ["", "hello", "{}", "[1]"] {
        let mut foreign = whole.clone();
        foreign.insert(3, text.to_owned());
        put(&path, &foreign);
        assert_eq!(broken(&path), (4, Why::NotARecord), "{text}");
    }
}

#[test]
fn reordered() {
    let (_directory, path) = place();
    let whole = written(&path, 8);
    let mut swapped = whole.clone();
    swapped.swap(2, 5);
    put(&path, &swapped);
    assert_eq!(broken(&path), (3, Why::Reordered { seq: 6, expected: 3 }));
    let mut moved = whole;
    let line = moved.remove(1);
    moved.push(line);
    put(&path, &moved);
    assert_eq!(broken(&path), (2, Why::Reordered { seq: 3, expected: 2 }));
}

#[test]
fn a_cut_tail_is_found_if_the_number_of_records_is_known() {
    let (_directory, path) = place();
    let whole = written(&path, 5);
    let options = VerifyOptions { min_seq: Some(5), ..VerifyOptions::default() };
    assert!(matches!(verify(&path, &options), Verdict::Intact(_)));
    for left in 0..5 {
        put(&path, &whole[..left]);
        let left = u64::try_from(left).unwrap();
        assert_eq!(verify(&path, &options), Verdict::Broken(Broken { line: left, why: Why::TailCut { found: left, wanted: 5 } }));
        assert_eq!(intact(&path).records, left, "nothing tells without it");
    }
}

#[test]
fn a_torn_line_with_others_behind_it_is_no_crash() {
    let (_directory, path) = place();
    let whole = written(&path, 5);
    let mut torn = whole.clone();
    torn[2].truncate(100);
    put(&path, &torn);
    assert_eq!(broken(&path), (3, Why::Torn));
    // Glued to the next, as a writer without repair leaves it.
    let mut glued = whole;
    let next = glued.remove(3);
    glued[2].truncate(100);
    glued[2].push_str(&next);
    put(&path, &glued);
    assert_eq!(broken(&path), (3, Why::Torn));
}

#[test]
fn what_cannot_be_judged() {
    let (directory, path) = place();
    assert!(matches!(judged(&path), Verdict::CannotJudge { .. }), "there is no file");
    assert!(matches!(judged(directory.path()), Verdict::CannotJudge { .. }), "a directory");
    written(&path, 2);
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(judged(&link), Verdict::CannotJudge { .. }), "a link");
    let last = lines(&path).pop().unwrap();
    append_raw(&path, format!("{{\"v\":2,\"seq\":3,\"prev\":\"{}\"}}\n", hash(&last)).as_bytes());
    assert!(matches!(judged(&path), Verdict::CannotJudge { .. }), "a later version");
}

#[test]
fn an_empty_journal_is_intact() {
    let (_directory, path) = place();
    drop(open(&path));
    assert_eq!(intact(&path).records, 0);
}

#[test]
fn a_writer_notices_what_was_done_behind_its_back() {
    let cases: [fn(&std::path::Path); 3] = [
        |path| put(path, &lines(path)[..1]),
        |path| append_raw(path, b"{\"v\":1,\"seq\":4,\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\"}\n"),
        |path| append_raw(path, b"nonsense\n"),
    ];
    for (i, act) in cases.into_iter().enumerate() {
        let (_directory, path) = place();
        let journal = open(&path);
        for _ in 0..3 {
            journal.append(&APPROVAL).unwrap();
        }
        act(&path);
        let after = std::fs::read(&path).unwrap();
        for _ in 0..2 {
            assert!(matches!(journal.append(&APPROVAL), Err(JournalError::Tampered { .. })), "case {i}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), after, "nothing is written any more");
    }
}

#[test]
fn nothing_is_written_behind_a_line_that_is_no_record() {
    let (_directory, path) = place();
    std::fs::write(&path, "nonsense\n").unwrap();
    assert!(matches!(Journal::open(&path, Options::default()), Err(JournalError::NotAChain { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"nonsense\n");
}
