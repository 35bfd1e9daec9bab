//! What the starters allow opens nothing else: `corpus/starter_attacks.txt`, a text on each line that no starter may allow, or that of the
//! language in front of `%%` may not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "corpus/project.rs"]
mod project;

use std::path::Path;

use aegis_policy::Verdict;
use project::Project;

#[test]
fn starters_do_not_open_options_that_run_or_write_or_read_secrets() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/starter_attacks.txt");
    let texts = std::fs::read_to_string(file).unwrap();
    assert!(texts.lines().count() >= 80);
    let mut wrong = String::new();
    for lang in project::LANGUAGES {
        let project = Project::new(lang).with(".env").with("docs/master.key").with("docs/k.key").with("aegis.toml");
        for text in texts.lines() {
            let (only, text) = text.split_once("%%").unwrap_or((lang, text));
            if only != lang {
                continue;
            }
            let judgement = project.judge(text);
            if judgement.verdict() == Verdict::Allow {
                wrong += &format!("{lang}: {text}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "allowed:\n{wrong}");
}
