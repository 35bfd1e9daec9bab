//! Against the real bash: whatever it runs, and whatever file it writes, the analysis has named, or said that it does not know.
//!
//! Texts are made of harmless words. The only programs that can be reached are stubs that note how they were called.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "differential/generate.rs"]
mod generate;
#[path = "differential/stubs.rs"]
mod stubs;

use std::path::Path;

use aegis_policy::{Finder, PathOp, Policy, Surroundings, Verdict};
use aegis_shell::{Around, Cause, Dialect, Finding, Judgement, Subject, judge_text};
use generate::Random;
use stubs::Stubs;

/// A policy without rules: every command is named in its answer.
fn policy() -> Policy {
    let finder = Finder::of_this_user().with_home(Path::new("/nowhere"));
    Policy::from_text("none.toml", "", Path::new("/nowhere"), &finder, &Surroundings::default()).unwrap()
}

/// What is wrong, if something ran that the analysis did not name; and whether the analysis was sure of a text that ran something.
fn missed(policy: &Policy, stubs: &Stubs, text: &str) -> (Option<String>, bool) {
    let around = Around { cwd: Path::new("/nowhere"), home: None, lookup: None };
    let judgement = judge_text(policy, text, Dialect::Bash, around);
    if is_unsure(&judgement) {
        return (None, false);
    }
    let Some(ran) = stubs.run(text) else { return (None, false) };
    let mut wrong = String::new();
    for call in &ran.calls {
        let named = |f: &Finding| matches!(&f.subject, Subject::Command(words) if fits(words, call));
        if !judgement.findings().iter().any(named) {
            wrong += &format!("  ran {call:?}\n");
        }
    }
    for file in &ran.files {
        // by its last component: the text may have changed the directory
        let written = |f: &Finding| match &f.subject {
            Subject::File { op: PathOp::Write, path } => path.rsplit('/').next() == Some(file) || path.contains('\u{2026}'),
            _ => false,
        };
        if !judgement.findings().iter().any(written) {
            wrong += &format!("  wrote {file:?}\n");
        }
    }
    let shown: String = judgement.findings().iter().map(|f| format!("    {f}\n")).collect();
    ((!wrong.is_empty()).then(|| format!("{text}\n{wrong}{shown}")), !ran.calls.is_empty())
}

/// Whether it asks because something of the text is not known, so that whoever is asked sees the whole text.
fn is_unsure(judgement: &Judgement) -> bool {
    judgement.findings().iter().any(|f| {
        f.verdict >= Verdict::Ask
            && match &f.cause {
                Cause::Unknown(_) => true,
                Cause::NotKnown(what) => what.contains("command") || what.contains("text"),
                _ => false,
            }
    })
}

/// Whether a call is one of those that these words stand for. A word with an ellipsis can be any number of words.
fn fits(words: &[String], call: &[String]) -> bool {
    match (words.split_first(), call.split_first()) {
        (None, None) => true,
        (Some((word, rest)), _) if word.contains('\u{2026}') => {
            let (before, after) = word.split_once('\u{2026}').unwrap();
            fits(rest, call) && before.is_empty()
                || (1..=call.len()).any(|n| call[0].starts_with(before) && call[n - 1].ends_with(after) && fits(rest, &call[n..]))
        }
        (Some((word, rest)), Some((first, more))) => (word == first || is_pipe(word) && is_pipe(first)) && fits(rest, more),
        _ => false,
    }
}

/// The name that a substituted process has; the number is the shell's choice.
fn is_pipe(word: &str) -> bool {
    word.strip_prefix("/dev/fd/").is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
}

#[test]
fn generated_texts() {
    let Some(stubs) = Stubs::new() else { return };
    let number = |name: &str, or| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(or);
    let (rounds, seed): (u64, u64) = (number("AEGIS_ROUNDS", 250), number("AEGIS_SEED", 1));
    let policy = policy();
    let (mut sure, mut wrong) = (0, Vec::new());
    for round in 0..rounds {
        let text = Random::new(seed * 1_000_003 + round).text();
        let (missed, ran) = missed(&policy, &stubs, &text);
        sure += u64::from(ran);
        wrong.extend(missed);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
    assert!(sure * 4 > rounds, "only {sure} of {rounds} texts ran something with nothing unknown");
}

#[test]
fn texts_of_the_corpora() {
    let Some(stubs) = Stubs::new() else { return };
    let policy = policy();
    let mut wrong = Vec::new();
    let mut sure = 0;
    for file in ["shell_cases.jsonl", "shell_bypasses.jsonl", "shell_evasions.jsonl"] {
        let rows = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(file)).unwrap();
        for row in rows.lines() {
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            let text = row["command"].as_str().unwrap();
            if !is_safe(text) {
                continue;
            }
            let (missed, ran) = missed(&policy, &stubs, text);
            sure += u32::from(ran);
            wrong.extend(missed.map(|missed| format!("{} {missed}", row["id"])));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
    assert!(sure > 100, "{sure}");
}

/// Whether nothing in it reaches out of the directory, or waits: no path but a lone slash as an argument, no process but stubs.
fn is_safe(text: &str) -> bool {
    let harmless_slash =
        |at: usize| text[..at].ends_with(' ') && !text[at + 1..].starts_with(|c: char| c.is_alphanumeric() || "./*~".contains(c));
    let waits = ["while true", "select", "coproc", "read", "~", "> /"];
    text.match_indices('/').all(|(at, _)| harmless_slash(at)) && !waits.iter().any(|word| text.contains(word))
}

#[test]
fn calls_are_told_apart() {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert!(fits(&words("a … c"), &words("a c")) && fits(&words("a … c"), &words("a b b c")) && fits(&words("a x…y"), &words("a xzy")));
    assert!(!fits(&words("a b"), &words("a c")) && !fits(&words("a"), &words("a b")) && !fits(&words("a x…"), &words("a")));
}
