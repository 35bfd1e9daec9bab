//! Logs that other programs wrote with the same chain.

use aegis_audit::Why;

use crate::fixture::{APPROVAL, broken, hash, intact, open, place, put};

fn chain(seq_name: &str, hash_name: &str, n: u64) -> Vec<String> {
    let mut prev = "0".repeat(64);
    (1..=n)
        .map(|seq| {
            let line = format!(r#"{{"event":"fs.read","{hash_name}":"{prev}","detail":{{"seq":99}},"{seq_name}":{seq},"v":"x"}}"#);
            prev = hash(&line);
            line
        })
        .collect()
}

#[test]
fn each_shape_is_judged_by_the_same_rule() {
    for (seq, prev) in [("seq", "prev_hash"), ("aegis_seq", "aegis_prev_hash"), ("denyx_seq", "denyx_prev_hash")] {
        let (_directory, path) = place();
        let whole = chain(seq, prev, 6);
        put(&path, &whole);
        assert_eq!(intact(&path).records, 6);

        let mut edited = whole.clone();
        edited[2] = edited[2].replace("fs.read", "fs.list");
        put(&path, &edited);
        assert_eq!(broken(&path), (3, Why::Edited));

        let mut removed = whole;
        removed.remove(3);
        put(&path, &removed);
        assert_eq!(broken(&path), (4, Why::Removed { first: 4, last: 4 }));
    }
}

#[test]
fn our_records_continue_an_older_log() {
    let (_directory, path) = place();
    put(&path, &chain("seq", "prev_hash", 3));
    let journal = open(&path);
    assert_eq!(journal.append(&APPROVAL).unwrap(), 4);
    assert_eq!(journal.append(&APPROVAL).unwrap(), 5);
    assert_eq!(intact(&path).records, 5);
}
