//! Everyday commands of coding agents, under the policy that `aegis init` writes for their language: `corpus/benign.jsonl`. What is asked
//! about without need, people learn to approve without reading.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "corpus/project.rs"]
mod project;

use std::collections::BTreeMap;
use std::path::Path;

use aegis_policy::Verdict;
use project::Project;
use serde_json::Value;

/// Of all rows.
const MOST_NOT_ALLOWED_PERCENT: usize = 2;

fn rows() -> Vec<(String, String, String)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/benign.jsonl");
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let read = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        (text(&row, "id"), text(&row, "lang"), text(&row, "command"))
    };
    std::fs::read_to_string(file).unwrap().lines().map(read).collect()
}

#[test]
fn few_everyday_commands_are_asked_about() {
    let rows = rows();
    let mut not_allowed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut listed = String::new();
    for lang in project::LANGUAGES {
        let project = Project::new(lang);
        for (id, _, command) in rows.iter().filter(|row| row.1 == lang) {
            let judgement = project.judge(command);
            if judgement.verdict() != Verdict::Allow {
                *not_allowed.entry(lang).or_default() += 1;
                listed += &format!("{id} {}: {command}\n", judgement.verdict());
                for finding in judgement.findings().iter().filter(|finding| finding.verdict != Verdict::Allow) {
                    listed += &format!("      {finding}\n");
                }
            }
        }
        assert_eq!(rows.iter().filter(|row| row.1 == lang).count(), 100, "{lang}");
    }
    let count: usize = not_allowed.values().sum();
    println!("{listed}{count} of {} not allowed: {not_allowed:?}", rows.len());
    assert!(count * 100 <= rows.len() * MOST_NOT_ALLOWED_PERCENT, "{count} of {} are not allowed:\n{listed}", rows.len());
}
