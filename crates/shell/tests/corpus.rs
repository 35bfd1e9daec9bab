//! The corpora: verdicts of another mediator (`shell_cases`), and cases in which it was wrong (`shell_bypasses`, `shell_evasions`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "corpus/rules.rs"]
mod rules;

use std::path::Path;

use aegis_policy::{Reason, Verdict};
use aegis_shell::{Around, Cause, Dialect, Judgement, judge_text};
use rules::Rules;
use serde_json::Value;

fn rows(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn judged(rules: &Rules, row: &Value) -> Judgement {
    let around = Around { cwd: Path::new("/work"), home: Some(Path::new("/home/mia")), lookup: None };
    judge_text(&rules.policy(), row["command"].as_str().unwrap(), Dialect::Bash, around)
}

/// Whether it is denied by more than the want of a rule.
fn denied_by_rule(judgement: &Judgement) -> bool {
    judgement.findings().iter().any(|finding| {
        finding.verdict == Verdict::Deny
            && !matches!(&finding.cause, Cause::Decided { decision, .. } if matches!(decision.reason(), Reason::NoRule { .. }))
    })
}

fn shown(judgement: &Judgement) -> String {
    judgement.findings().iter().map(|finding| format!("    {finding}\n")).collect()
}

/// Rows of `shell_cases` that are allowed there and not here, with the reason.
const STRICTER: &[(&str, &[&str])] = &[
    (
        "the name of a file depends on what cannot be known, and so may be one that no list allows",
        &["sc014", "sc244", "sc247", "sc256", "sc348"],
    ),
    ("a rule for a wrapper says nothing of the command it runs", &["sc055", "sc225", "sc231", "sc234"]),
    ("a rule that denies `[` denies it", &["sc036"]),
    ("a path is that file, not the builtin of its name", &["sc496"]),
];

/// Rows that have another verdict here, for the reason given.
const OTHER: &[(&str, Verdict, &str)] = &[
    ("sc427", Verdict::Deny, "`env` would start a program with the name `--`: denied for want of a rule"),
    ("sc492", Verdict::Allow, "`cd` by itself touches nothing; what follows is judged there"),
];

#[test]
fn cases() {
    let mut wrong = String::new();
    for row in rows("shell_cases.jsonl") {
        let id = row["id"].as_str().unwrap();
        let expected = row["expected"].as_str().unwrap();
        let Ok(rules) = Rules::read(&row["rules"]) else { continue };
        let judgement = judged(&rules, &row);
        let verdict = judgement.verdict();
        let listed = STRICTER.iter().any(|(_, ids)| ids.contains(&id));
        let holds = match expected {
            _ if OTHER.iter().any(|other| other.0 == id) => OTHER.iter().any(|other| other.0 == id && other.1 == verdict),
            "allow" => (verdict == Verdict::Allow) != listed,
            "ask" | "no-opinion" => verdict != Verdict::Allow,
            "deny" => denied_by_rule(&judgement),
            other => panic!("{other}"),
        };
        if !holds {
            wrong += &format!("{id} {expected}, is {verdict}: {} {}\n{}", row["command"], row["rules"], shown(&judgement));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn bypasses() {
    stricter_than("shell_bypasses.jsonl", "correct_at_least");
}

#[test]
fn evasions() {
    stricter_than("shell_evasions.jsonl", "correct");
}

fn stricter_than(file: &str, key: &str) {
    let mut wrong = String::new();
    for row in rows(file) {
        let judgement = judged(&Rules::read(&row["rules"]).unwrap(), &row);
        let holds = match row[key].as_str().unwrap() {
            "ask" => judgement.verdict() != Verdict::Allow,
            "deny" => denied_by_rule(&judgement),
            other => panic!("{other}"),
        };
        if !holds {
            wrong += &format!(
                "{} {}, is {}: {} {}\n{}",
                row["id"],
                row[key],
                judgement.verdict(),
                row["command"],
                row["rules"],
                shown(&judgement)
            );
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
