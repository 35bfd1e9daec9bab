//! Ways past the analysis that were tried, one of each kind, and ordinary texts that must pass: `corpus/attacks.txt`, a verdict and a text
//! each, with `%%` between them. `deny` means denied by more than the want of a rule.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use aegis_policy::{Finder, Policy, Reason, Surroundings, Verdict};
use aegis_shell::{Around, Cause, Dialect, Judgement, judge_text};

const POLICY: &str = r#"
requires_approval = ["fs.write"]
[filesystem]
read_allow = ["**"]
write_allow = ["**"]
local_only_read = ["token"]
[subprocess]
allow_commands = ["ls", "cat", "git status **", "git log **", "find", "xargs ls **", "make", "node", "sed", "grep", "export", "sort", "tar"]
ask_commands = ["nice"]
deny_commands = ["rm"]
[environment]
local_only_vars = ["TOKEN"]
deny_vars = ["HIDDEN"]
"#;

fn policy() -> Policy {
    let finder = Finder::of_this_user().with_home(Path::new("/home/mia"));
    Policy::from_text("attacks.toml", POLICY, Path::new("/work"), &finder, &Surroundings::default()).unwrap()
}

fn judged(policy: &Policy, text: &str) -> Judgement {
    judge_text(policy, text, Dialect::Bash, Around { cwd: Path::new("/work"), home: Some(Path::new("/home/mia")), lookup: None })
}

fn denied_by_rule(judgement: &Judgement) -> bool {
    let for_want = |cause: &Cause| matches!(cause, Cause::Decided { decision, .. } if matches!(decision.reason(), Reason::NoRule { .. }));
    judgement.findings().iter().any(|finding| finding.verdict == Verdict::Deny && !for_want(&finding.cause))
}

fn cases() -> Vec<(String, String)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/attacks.txt");
    let all = std::fs::read_to_string(file).unwrap();
    let cases = all.trim_end().split("\n%%\n").map(|case| case.split_once('|').unwrap());
    cases.map(|(verdict, text)| (verdict.to_owned(), text.replace("<CR>", "\r").replace("<NBSP>", "\u{a0}"))).collect()
}

#[test]
fn every_attack() {
    let policy = policy();
    let mut wrong = String::new();
    for (wanted, text) in cases() {
        let judgement = judged(&policy, &text);
        let holds = match wanted.as_str() {
            "deny" => denied_by_rule(&judgement),
            "ask" => judgement.verdict() != Verdict::Allow,
            "allow" => judgement.verdict() == Verdict::Allow,
            other => panic!("{other}"),
        };
        if !holds {
            let findings: String = judgement.findings().iter().map(|f| format!("      {f}\n")).collect();
            wrong += &format!("wanted {wanted}, is {}: {text:?}\n{findings}", judgement.verdict());
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// What stands behind a denied command never makes it less than denied.
#[test]
fn nothing_behind_it_weakens_a_denial() {
    let policy = policy();
    let tails = [
        "\n)", "\nfi", "; }", "\n\"", "\n'", " # x", "\n$((", "\n${", "\n`", "; case", "\n<<X", " ;; ;;", "\n[[ a", " &&", " |", "\n{ ls",
        "; f() {",
    ];
    for (wanted, text) in cases() {
        // a here-document is longer with more lines, and a continued line goes on
        if wanted != "deny" || text.contains("<<") || text.ends_with('\\') || text.contains('#') {
            continue;
        }
        for tail in tails {
            let judgement = judged(&policy, &format!("{text}{tail}"));
            assert!(denied_by_rule(&judgement), "{text:?} with {tail:?}");
        }
    }
}

#[test]
fn two_texts_are_as_strict_as_the_stricter() {
    let policy = policy();
    let cases = cases();
    let simple =
        |text: &str| !text.contains("<<") && !text.contains('#') && !text.contains("cd") && !text.contains('\\') && !text.contains("push");
    let whole = |text: &str| judged(&policy, text).findings().iter().all(|f| !matches!(f.cause, Cause::Unknown(_)));
    let cases: Vec<&str> = cases.iter().map(|case| case.1.as_str()).filter(|text| simple(text) && whole(text)).collect();
    for (index, first) in cases.iter().enumerate() {
        let second = cases[(index * 7 + 3) % cases.len()];
        let both = judged(&policy, &format!("{first}\n{second}")).verdict();
        let stricter = judged(&policy, first).verdict().max(judged(&policy, second).verdict());
        assert!(both >= stricter, "{first:?} and {second:?}: {both}, not {stricter}");
    }
}
