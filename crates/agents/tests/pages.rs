//! The pages of the documentation: each question in them gets the answer that stands below it. With `UPDATE_DOCS=1` in the environment the
//! reasons are written anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use aegis_agents::hooks::{Asked, HookHost, answer, read, rule, settle};
use aegis_policy::{Finder, Policy, Surroundings};
use serde_json::Value;

fn docs() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// The text of the next fenced block behind `from`, and where it begins and ends.
fn block(text: &str, from: usize) -> Option<(usize, usize)> {
    let open = text[from..].find("```json\n").map(|at| from + at + 8)?;
    Some((open, open + text[open..].find("\n```")?))
}

fn policy() -> Policy {
    let guide = std::fs::read_to_string(docs().join("09-agents.md")).unwrap();
    let text = guide.split_once("<!-- policy -->\n```toml\n").unwrap().1.split_once("```").unwrap().0;
    let finder = Finder::of_this_user().with_home(Path::new("/home/ada"));
    Policy::from_text("aegis.toml", text, Path::new("/home/ada/project"), &finder, &Surroundings::default()).unwrap()
}

fn told(policy: &Policy, host: &str, event: &str, question: &str) -> Value {
    let asked = Asked { host: HookHost::from_word(host), event: Some(event) };
    let event = read(asked, question.as_bytes()).unwrap();
    let ruling = rule(policy, &event, Some(Path::new("/home/ada")), None);
    let part = ruling.decisive().unwrap();
    let answer = answer(&event, settle(ruling.stance, &event).told(), &format!("aegis: {}: {}", part.asked, part.cause));
    serde_json::from_str(&answer.stdout).unwrap()
}

#[test]
fn every_question_gets_the_answer_below_it() {
    let policy = policy();
    let mut count = 0;
    for host in HookHost::ALL {
        let path = docs().join(format!("agents/{}.md", host.word()));
        let mut text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut from = 0;
        while let Some(at) = text[from..].find("<!-- told: ").map(|at| from + at) {
            let mark = text[at + 11..].split_once(" -->").unwrap().0.to_owned();
            let (host, event) = mark.split_once(' ').unwrap();
            let mut question = (0, 0);
            let mut next = 0;
            while let Some(found) = block(&text, next).filter(|found| found.1 < at) {
                question = found;
                next = found.1;
            }
            let (start, end) = block(&text, at).unwrap();
            let ours = told(&policy, host, event, &text[question.0..question.1]);
            if std::env::var_os("UPDATE_DOCS").is_some() {
                text.replace_range(start..end, &ours.to_string());
            } else {
                let written: Value = serde_json::from_str(&text[start..end]).unwrap();
                assert_eq!(ours, written, "{}: {}", path.display(), &text[question.0..question.1]);
            }
            from = start;
            count += 1;
        }
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, text).unwrap();
        }
    }
    assert!(count >= 18, "{count}");
}
