//! Runs a script inside another program: its own policy, journal and approver, and the script's words in a variable.
//!
//! `cargo run -p aegis --example embed -- examples/embed/policy.toml examples/embed/hello.star /tmp/embed.jsonl`

use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aegis_audit::{Journal, Options};
use aegis_gate::{ApprovalAnswer, ApprovalRequest, Approver, Environment, Gate, GateParts, Ledger};
use aegis_policy::{Finder, Policy, Surroundings};
use aegis_script::{PolicyJudge, RunOptions, Runner, Source};

/// Approves what lies in `out`, once each, and remembers what it was asked. A program with people in front of it would ask them.
#[derive(Clone, Default)]
struct Ours(Arc<Mutex<Vec<String>>>);

impl Approver for Ours {
    fn ask(&mut self, request: &ApprovalRequest) -> ApprovalAnswer {
        let asked = Path::new(&request.target);
        if let Ok(mut all) = self.0.lock() {
            all.push(format!("{} {}", request.call, asked.file_name().unwrap_or_default().display()));
        }
        match asked.parent().is_some_and(|directory| directory.ends_with("out")) {
            true => ApprovalAnswer::Once,
            false => ApprovalAnswer::No,
        }
    }

    fn name(&self) -> &'static str {
        "embed"
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [policy, script, journal] = words.as_slice() else {
        return Err("give a policy, a script and a journal".into());
    };
    // the journal is closed to the script, whatever the policy says
    let around = Surroundings { sealed: vec![std::path::absolute(journal)?], ..Surroundings::default() };
    let policy = Arc::new(Policy::load(&std::path::absolute(policy)?, &Finder::of_this_user(), &around)?);
    let journal = Journal::open(Path::new(journal), Options::default())?;

    let approver = Ours::default();
    let mut gate = Gate::new(GateParts {
        policy: policy.clone(),
        ledger: Ledger::new(Some(journal), policy.clone()),
        approver: Box::new(approver.clone()),
        environment: Environment::new(std::env::vars_os()),
        home: None,
        launcher: None,
        declassified: None,
    })?;
    let source = Source::new(script.clone(), std::fs::read_to_string(script)?);
    let options = RunOptions { local_only: policy.has_local_only(), ..RunOptions::default() };
    let mut said = String::new();
    let report = Runner::in_process().run(&source, &options, &mut gate, &mut said, &PolicyJudge::new(&policy));

    for line in said.lines() {
        println!("script said: {line}");
    }
    for line in approver.0.lock().map_err(|_| "the approver broke")?.iter() {
        println!("asked: {line}");
    }
    if let Some(error) = &report.error {
        println!("error: {} at line {}", error.message, error.line);
    }
    println!("status: {:?}, effects: {}, result: {}", report.status, report.counts.effects, report.result.as_deref().unwrap_or("none"));
    Ok(())
}
