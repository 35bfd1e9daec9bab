//! Policy and kernel agree: what a confined command could do is what [`Policy::decide`] allows, under generated policies and for every way
//! that the script below tries. What the kernel may not hold is listed in docs/08-confinement.md; none of it is tried here.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use aegis_policy::{Access, Finder, PathOp, Policy, Surroundings, Verdict, Visibility};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::place::{Place, wait};

/// Ways to write patterns; some match what is there, some what could be, some nothing.
const PATTERNS: &[&str] = &[
    "**",
    "d/**",
    "d",
    "d/*",
    "d/e/**",
    "**/k.pem",
    "*.md",
    "d/**/*.md",
    "a.md",
    "**/.env",
    "d/e/new",
    "new",
    "n/**",
    "**/e/**",
    "d/[a-k]*",
    "l",
    "h",
    "{a.md,d/b.md}",
    "*/e/*",
];

/// Files that are there; every name is tried, and names that are not there.
const FILES: &[&str] = &["a.md", "k.pem", ".env", "d/b.md", "d/k.pem", "d/.env", "d/e/c.md", "d/e/x", "n/y"];
const NEW: &[&str] = &["new", "d/new", "d/e/new", "n/new", "d/e/.env", "z.md"];

/// Tries everything, and says what could be done: reads, then writes, then renames and deletions, from below upwards.
const PROBE: &str = r#"
for p in FILES l h d/../a.md ./d/./b.md; do cat "$p" > /dev/null 2>&1 && echo "read $p"; done
for p in FILES; do ln "$p" "hard-$$" 2> /dev/null && { cat "hard-$$" > /dev/null && echo "read $p"; rm -f "hard-$$"; }; done
for p in FILES NEW l; do { echo x >> "$p"; } 2> /dev/null && echo "write $p"; done
for p in FILES; do chmod 600 "$p" 2> /dev/null && echo "write $p"; done
for p in FILES; do mv "$p" "$p.moved" 2> /dev/null && { echo "write $p.moved"; echo "delete $p"; cat "$p.moved" > /dev/null 2>&1 && echo "read $p"; mv "$p.moved" "$p"; }; done
for p in FILES NEW; do test -e "$p" && rm -f "$p" 2> /dev/null && echo "delete $p"; done
"#;

#[derive(Debug, Clone)]
struct Lists {
    read: Vec<&'static str>,
    write: Vec<&'static str>,
    delete: Vec<&'static str>,
    deny: Vec<&'static str>,
    local_only: Vec<&'static str>,
}

fn lists() -> impl Strategy<Value = Lists> {
    let some = |most: usize| prop::collection::vec(prop::sample::select(PATTERNS), 0..=most);
    let wide = prop::collection::vec(prop::sample::select(&["**", "d/**", "n/**", "a.md", "*.md"][..]), 1..=3);
    (wide, some(4), some(3), some(3), some(2)).prop_map(|(read, write, delete, deny, local_only)| Lists {
        read,
        write,
        delete,
        deny,
        local_only,
    })
}

impl Lists {
    fn text(&self) -> String {
        format!(
            "version = 1\nroot = \"../home/project\"\n[filesystem]\nread_allow = {:?}\nwrite_allow = {:?}\ndelete_allow = {:?}\ndeny = {:?}\nlocal_only_read = {:?}\n\
             [environment]\nallow_vars = [\"PATH\"]\n",
            self.read, self.write, self.delete, self.deny, self.local_only
        )
    }
}

/// A project with every file, and a link and a second name for two of them.
fn lay_out() -> Place {
    let place = Place::new();
    for file in FILES {
        place.file(file, "content\n");
    }
    place.link("d/b.md", "l");
    std::fs::hard_link(place.project.join("d/e/x"), place.project.join("h")).unwrap();
    place
}

/// What could be done and may not be; nothing where this machine cannot hold commands.
fn disagreements(lists: &Lists) -> Option<Vec<String>> {
    let place = lay_out();
    let policy_file = place.top().join("policies/p.toml");
    std::fs::create_dir_all(policy_file.parent().unwrap()).unwrap();
    std::fs::write(&policy_file, lists.text()).unwrap();
    let policy = Policy::load(&policy_file, &Finder::of_this_user(), &Surroundings::default()).unwrap();
    let script = PROBE.replace("FILES", &FILES.join(" ")).replace("NEW", &NEW.join(" "));
    let mut command = place.command();
    command.arg("exec").arg("--policy").arg(&policy_file).args(["--no-audit", "--", "sh", "-c", &script]);
    let ended = wait(command);
    if ended.err.contains("the kernel cannot hold the command here") {
        let _ = writeln!(std::io::stderr(), "SKIPPED, not shown on this machine: {}", ended.err.trim());
        return None;
    }
    if ended.err.contains("the command could not start here") {
        return Some(Vec::new());
    }
    let done: BTreeSet<(&str, &str)> = ended.out.lines().filter_map(|line| line.split_once(' ')).collect();
    let decide = |op, path: &Path| policy.decide(&Access::Path { op, path });
    let may = |verb: &str, name: &str| {
        let real = match name {
            "l" => "d/b.md",
            // two names of one file: it may be read if it may be under one of them that nobody forbids
            "h" => "h",
            "d/../a.md" => "a.md",
            "./d/./b.md" => "d/b.md",
            name => name,
        };
        let path = place.project.join(real);
        let op = match verb {
            "read" => PathOp::Read,
            "write" => PathOp::Write,
            _ => PathOp::Delete,
        };
        let decision = decide(op, &path);
        decision.verdict() == Verdict::Allow && (op != PathOp::Read || decision.visibility() == Visibility::Public)
    };
    let mut wrong: Vec<String> =
        done.iter().filter(|(verb, name)| !may(verb, name)).map(|(verb, name)| format!("{verb} {name} was possible")).collect();
    // and what the policy gives is there: a file that may be read can be, unless a second name of it is forbidden
    let is_hidden = |name: &str| {
        // a directory that a rule forbids by its own name hides all below
        Path::new(name).ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()).any(|above| {
            let decision = decide(PathOp::Read, &place.project.join(above));
            decision.visibility() == Visibility::LocalOnly || decision.is_deny() && decision.rule().is_some()
        })
    };
    for name in FILES.iter().filter(|name| **name != "d/e/x" && !is_hidden(name)) {
        if may("read", name) && !done.contains(&("read", *name)) {
            wrong.push(format!("read {name} was impossible"));
        }
        // what may not be read is covered, for writing too
        if may("write", name) && may("read", name) && !done.contains(&("write", *name)) {
            wrong.push(format!("write {name} was impossible"));
        }
    }
    Some(wrong)
}

#[test]
fn the_kernel_allows_what_the_policy_allows() {
    let cases = std::env::var("AEGIS_AGREEMENT_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    if disagreements(&Lists { read: vec!["**"], write: vec![], delete: vec![], deny: vec![], local_only: vec![] }).is_none() {
        return;
    }
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&lists(), |lists| {
            let wrong = disagreements(&lists).unwrap_or_default();
            prop_assert!(wrong.is_empty(), "{}\n{}", lists.text(), wrong.join("\n"));
            Ok(())
        })
        .unwrap();
}
