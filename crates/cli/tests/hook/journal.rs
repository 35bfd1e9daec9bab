//! What the journal of hooks holds.

use serde_json::Value;

use crate::place::Place;

/// All of its records, after a look at its chain.
#[track_caller]
pub fn records(place: &Place) -> Vec<Value> {
    let state = place.home.join(".local/state/aegis");
    let journals: Vec<_> = std::fs::read_dir(&state)
        .unwrap()
        .flatten()
        .map(|entry| entry.path().join("hooks/audit.jsonl"))
        .filter(|path| path.exists())
        .collect();
    let [journal] = journals.as_slice() else { panic!("{journals:?}") };
    let verdict = aegis_audit::verify(journal, &aegis_audit::VerifyOptions { min_seq: None, progress: None });
    assert!(matches!(verdict, aegis_audit::Verdict::Intact(_)), "{verdict}");
    std::fs::read_to_string(journal).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
