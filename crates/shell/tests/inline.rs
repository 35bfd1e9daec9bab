//! Code on the command line of an interpreter is asked about, also where a rule allows the words.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

use aegis_policy::{Finder, Policy, Surroundings, Verdict};
use aegis_shell::{Around, Dialect, judge_text};

#[test]
fn no_rule_over_words_judges_code() {
    let finder = Finder::of_this_user().with_home(Path::new("/home/mia"));
    let rules = r#"
[filesystem]
read_allow = ["**"]
[subprocess]
allow_commands = ["python -c **", "python3.12 -c **", "python **", "node -e **", "node --eval **", "node **", "php **", "lua **", "deno **"]
"#;
    let policy = Policy::from_text("t.toml", rules, Path::new("/w"), &finder, &Surroundings::default()).unwrap();
    let around = Around { cwd: Path::new("/w"), home: Some(Path::new("/home/mia")), lookup: None };
    for (text, verdict) in [
        ("python -c 'print(1)'", Verdict::Ask),
        ("python3.12 -c 'print(1)'", Verdict::Ask),
        ("node -e 1", Verdict::Ask),
        ("node --eval 1", Verdict::Ask),
        ("php -r 'echo 1;'", Verdict::Ask),
        ("lua -e 'print(1)'", Verdict::Ask),
        ("deno eval 1", Verdict::Ask),
        ("python x.py -c", Verdict::Allow),
        ("node x.js", Verdict::Allow),
        ("deno run x.ts", Verdict::Allow),
    ] {
        let judgement = judge_text(&policy, text, Dialect::Bash, around);
        assert_eq!(judgement.verdict(), verdict, "{text}: {:?}", judgement.decisive().map(ToString::to_string));
    }
}
