//! What the presets, starters and examples answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;

use aegis_policy::{
    Access, ArgPattern, CommandPattern, Finder, Policy, Question, Surroundings, Verdict, preset_names, preset_text, starter_names,
    starter_text,
};

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn policy(text: &str) -> Policy {
    Policy::from_text("test.toml", text, Path::new("/code/app"), &Finder::of_this_user(), &Surroundings::default()).unwrap()
}

#[derive(serde::Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    access: String,
    expect_with_everything_allowed: String,
}

/// Allows every file, host, address and variable, and these commands.
fn everything_allowed(commands: &BTreeSet<String>) -> Policy {
    let mut text = "inherits = \"secure-defaults\"\n[filesystem]\nread_allow = [\"/**\"]\nwrite_allow = [\"/**\"]\ndelete_allow = [\"/**\"]\n[network]\n".to_owned();
    for verb in ["get", "post", "put", "patch", "delete"] {
        writeln!(text, "http_{verb}_allow = [\"*\"]").unwrap();
    }
    let commands: Vec<&String> = commands.iter().collect();
    writeln!(
        text,
        "allow_ips = [\"0.0.0.0/0\", \"::/0\"]\n[environment]\nallow_vars = [\"*\"]\n[subprocess]\nallow_commands = {commands:?}"
    )
    .unwrap();
    policy(&text)
}

/// The verdict on the URL and, where its host is an address, on that: the gate asks for both.
fn verdict(policy: &Policy, question: &Question) -> Verdict {
    let verdict = policy.decide(&question.access()).verdict();
    let address = match question {
        Question::Http { url, .. } => {
            let text = url.host_pattern();
            let host = text.rsplit_once("://").map_or(text.as_str(), |(_, rest)| rest).split('/').next().unwrap().to_owned();
            host.trim_matches(['[', ']']).parse::<IpAddr>().ok()
        }
        _ => None,
    };
    address.map_or(verdict, |ip| verdict.max(policy.decide(&Access::Address { ip }).verdict()))
}

#[test]
fn secure_defaults_under_a_policy_that_allows_everything() {
    let text = std::fs::read_to_string(repository().join("policies/presets/secure-defaults.cases.toml")).unwrap();
    let Cases { cases } = toml::from_str(&text).unwrap();
    let questions: Vec<(Case, Question)> = cases
        .into_iter()
        .map(|case| (Question::read(&case.access, Path::new("/code/app")).unwrap_or_else(|e| panic!("{}: {e}", case.access)), case))
        .map(|(q, c)| (c, q))
        .collect();
    let commands = questions.iter().filter_map(|(_, question)| match question {
        Question::Exec(request) => Some(request.argv()[0].clone()),
        _ => None,
    });
    let policy = everything_allowed(&commands.collect());
    let mut failures = Vec::new();
    for (case, question) in &questions {
        let verdict = verdict(&policy, question);
        if verdict.to_string() != case.expect_with_everything_allowed {
            let decision = policy.decide(&question.access());
            let rule = decision.rule().map(|r| r.to_string()).unwrap_or_default();
            let expected = &case.expect_with_everything_allowed;
            failures.push(format!("{} is {verdict}, expected {expected} ({:?} {rule})", case.access, decision.reason()));
        }
    }
    assert!(questions.len() > 400);
    assert!(failures.is_empty(), "{} of {} rows:\n{}", failures.len(), questions.len(), failures.join("\n"));
}

#[test]
fn presets_answer_their_own_tests() {
    let (finder, around) = (Finder::of_this_user(), Surroundings::default());
    for name in preset_names() {
        let policy = Policy::of_preset(name, &finder, &around).unwrap();
        let passed = policy.run_tests().unwrap_or_else(|failures| panic!("{name}:\n{}", failures.join("\n")));
        assert!(passed > 2, "{name}");
        assert!(policy.check_tests(&finder, &around).unwrap() >= passed);
    }
}

/// They are read when a command comes, where nobody could be told.
#[test]
fn every_command_pattern_of_a_preset_is_one() {
    for name in preset_names() {
        let text: toml::Table = toml::from_str(preset_text(name).unwrap()).unwrap();
        let Some(section) = text.get("subprocess").and_then(|s| s.as_table()) else { continue };
        let pattern = |entry: &toml::Value| entry.get("match").unwrap_or(entry).as_str().unwrap().to_owned();
        for list in ["allow_commands", "ask_commands", "local_only_commands", "deny_commands"] {
            for entry in section.get(list).and_then(|l| l.as_array()).into_iter().flatten() {
                CommandPattern::parse(&pattern(entry)).unwrap_or_else(|e| panic!("{name}: {list}: {}: {e}", pattern(entry)));
            }
        }
        for list in ["deny_args", "requires_approval_args"] {
            for (command, entries) in section.get(list).and_then(|l| l.as_table()).into_iter().flatten() {
                for entry in entries.as_array().unwrap() {
                    ArgPattern::parse(command, &pattern(entry))
                        .unwrap_or_else(|e| panic!("{name}: {list}: {command} {}: {e}", pattern(entry)));
                }
            }
        }
        for entry in text.get("requires_approval").and_then(|l| l.as_array()).into_iter().flatten() {
            if let Some(command) = pattern(entry).strip_prefix("subprocess.exec ") {
                CommandPattern::parse(command).unwrap_or_else(|e| panic!("{name}: {command}: {e}"));
            }
        }
    }
}

#[test]
fn starters_and_examples_load_and_answer_their_tests() {
    let (finder, around) = (Finder::of_this_user(), Surroundings::default());
    let mut texts: Vec<(String, String)> = starter_names().map(|n| (n.to_owned(), starter_text(n).unwrap().to_owned())).collect();
    for entry in std::fs::read_dir(repository().join("examples/policies")).unwrap() {
        let path = entry.unwrap().path();
        texts.push((path.display().to_string(), std::fs::read_to_string(path).unwrap()));
    }
    assert!(texts.len() >= 10);
    for (name, text) in texts {
        // from a file of its own, so that it is a control file and cannot grant itself
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("aegis.toml");
        std::fs::write(&path, text).unwrap();
        let policy = Policy::load(&path, &finder, &around).unwrap_or_else(|e| panic!("{name}: {e}"));
        let passed = policy.run_tests().unwrap_or_else(|failures| panic!("{name}:\n{}", failures.join("\n")));
        assert!(passed > 2, "{name}");
    }
}
