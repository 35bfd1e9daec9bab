//! Noninterference: nothing public depends on local-only data.
//!
//! Every script runs in three worlds that differ in local-only data only, and all that can be seen from outside has to be the same, byte by
//! byte: output, errors, exit code, `--json`, public files, what the public host was sent, what a public program was given. What the journal
//! holds may differ (it is the operator's), but no piece of a secret in any form may stand there either.
//!
//! | | |
//! |---|---|
//! | `attacks/*.star` | scripts that try to get something out; `prelude.star` before each, `epilogue.star` after nearly every one |
//! | `uses/*.star` | ordinary programs, with what has to come of them |
//! | `worlds.rs`, `policy.toml.in`, `tool.sh` | what is local-only |
//! | `open.toml.in` | a policy without labels, under which attacks have to tell the worlds apart |
//! | `mutations.toml` | how to switch off each check, for an example that shows that it is noticed here |
//! | `generate.rs`, `grammar.rs` | random scripts: 300, or `AEGIS_FLOW_SCRIPTS`; from `AEGIS_FLOW_SEED` on |
//!
//! An ordinary run takes every other attack with `--json`, the others without; with `AEGIS_FLOW_FULL=1` it is both for each.
//! `AEGIS_FLOW_ONLY=part-of-a-name` runs what it names and says more about it; `AEGIS_FLOW_EVERY=5` every fifth.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../cli/base64.rs"]
mod base64;
#[path = "../cli/place.rs"]
#[allow(dead_code)]
mod place;
#[path = "../cli/web.rs"]
#[allow(dead_code)]
mod web;

mod check;
mod corpus;
mod encodings;
mod generate;
mod grammar;
mod mutations;
mod session;
mod stage;
mod uses;
mod worlds;

use std::io::Write;

use check::{POLICY, Verdict, check, forms, on_each, on_stages, summary};
use corpus::{Script, framed, is_whole, only, scripts};
use stage::{Mode, Stage};

/// Attacks that tell the worlds apart today: by what is not there, by failures to read, ask or send, by which variables are set, and by
/// a header or an argument that cannot be one. One that no longer does has to go from the list.
const NOT_HELD_YET: &[&str] = &[];

/// Programs that tell the worlds apart today.
const USES_NOT_HELD_YET: &[&str] = &[];

#[test]
fn no_attack_tells_worlds_apart() {
    let all = scripts("attacks");
    let forms = forms();
    let numbered: Vec<(usize, &Script)> = all.iter().enumerate().collect();
    let verdicts = on_stages(POLICY, &numbered, |stage, (number, script)| {
        let modes: &[Mode] = match number % 2 {
            _ if in_full() => &[Mode::Plain, Mode::Json],
            0 => &[Mode::Plain],
            _ => &[Mode::Json],
        };
        check(stage, &forms, &framed(&script.text), modes)
    });
    judge("attacks", &all, &verdicts, NOT_HELD_YET);
    assert!(!is_whole() || all.len() >= 260, "{} attacks", all.len());
}

/// The same where scripts run on a thread of the broker's process, as in programs that embed Aegis: every fourth, or all.
#[test]
fn no_attack_in_process_tells_worlds_apart() {
    let mut all = scripts("attacks");
    if !in_full() {
        all = all.into_iter().step_by(4).collect();
    }
    let forms = forms();
    let program = place::beside_the_binary("examples/in_process");
    let numbered: Vec<(usize, &Script)> = all.iter().enumerate().collect();
    let verdicts = on_each(
        || Stage::under(POLICY).with(program.clone()),
        &numbered,
        |stage, (number, script)| {
            let mode = if number % 2 == 0 { Mode::Json } else { Mode::Plain };
            check(stage, &forms, &framed(&script.text), &[mode])
        },
    );
    judge("attacks in process", &all, &verdicts, &[]);
}

/// The same through an MCP client: every fourth, from another one on, or all.
#[test]
fn no_attack_by_mcp_tells_worlds_apart() {
    let mut all = scripts("attacks");
    if !in_full() {
        all = all.into_iter().skip(2).step_by(4).collect();
    }
    let forms = forms();
    let verdicts =
        on_each(|| Stage::under(POLICY).with_mcp(), &all, |stage, script| check(stage, &forms, &framed(&script.text), &[Mode::Json]));
    judge("attacks by MCP", &all, &verdicts, &[]);
}

#[test]
fn no_use_tells_worlds_apart() {
    let mut all = scripts("uses");
    // they are there to tell something
    all.retain(|script| !script.name.starts_with("declassify/"));
    let forms = forms();
    let verdicts = on_stages(POLICY, &all, |stage, script| check(stage, &forms, &script.text, &[Mode::Json]));
    judge("uses", &all, &verdicts, USES_NOT_HELD_YET);
}

/// Where nothing is local-only, attacks have to succeed: else they, or the harness, are good for nothing.
#[test]
fn attacks_succeed_without_labels() {
    let mut all = scripts("attacks");
    if !in_full() {
        all = all.into_iter().step_by(8).collect();
    }
    let open = || Stage::under(include_str!("open.toml.in"));
    let ways: [(&str, &(dyn Fn() -> Stage + Sync)); 2] = [("run", &open), ("mcp", &|| open().with_mcp())];
    for (way, stage) in ways {
        let told = on_each(stage, &all, |stage, script| {
            let run = |world| stage.run(&framed(&script.text), world, Mode::Json).public(Mode::Json);
            let first = run(0);
            run(1) != first || run(2) != first
        });
        let harmless: Vec<&str> = all.iter().zip(&told).filter(|(_, told)| !**told).map(|(script, _)| script.name.as_str()).collect();
        let count = all.len() - harmless.len();
        say(&format!("without labels, by {way}: {count} of {} attacks tell worlds apart; not {}", all.len(), harmless.join(" ")));
        assert!(!is_whole() || harmless.len() * 2 < all.len(), "{harmless:?}");
    }
}

/// Every attack with `--json` and without, not every other.
fn in_full() -> bool {
    only().is_some() || std::env::var("AEGIS_FLOW_FULL").is_ok()
}

/// Says how the scripts ended, and fails with all that is wrong.
fn judge(what: &str, scripts: &[Script], verdicts: &[Verdict], not_held_yet: &[&str]) {
    say(&format!("{what}: {}", summary(verdicts.iter())));
    let refused = scripts.iter().zip(verdicts).filter(|(_, verdict)| verdict.end.starts_with("refused")).map(|(s, _)| s.name.as_str());
    say(&format!("{what} refused before they ran: {}", refused.collect::<Vec<_>>().join(" ")));
    let mut wrong = Vec::new();
    for (script, verdict) in scripts.iter().zip(verdicts) {
        let known = not_held_yet.contains(&script.name.as_str());
        if only().is_some() {
            say(&format!("{}: {verdict:?}", script.name));
        }
        if let Some(broken) = &verdict.broken {
            wrong.push(format!("{}: {broken}", script.name));
        }
        match &verdict.difference {
            Some(difference) if !known => wrong.push(format!("{}: {difference}", script.name)),
            None if known => wrong.push(format!("{} is held now: it goes from the list", script.name)),
            _ => {}
        }
    }
    if is_whole() {
        let unknown = not_held_yet.iter().filter(|name| scripts.iter().all(|s| s.name != **name));
        wrong.extend(unknown.map(|name| format!("there is no {name}")));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), scripts.len(), wrong.join("\n"));
}

/// By the handle, which the test harness does not capture.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
