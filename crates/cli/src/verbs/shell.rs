//! `aegis shell`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aegis_gate::Tree;
use aegis_policy::{Policy, Question, Verdict};
use aegis_shell::{Around, Dialect, Judgement, Lookup, judge, parse};

use crate::cli::{ShellDialect, ShellExplain};
use crate::home::Start;
use crate::{chosen, exit};

/// Says what a shell text would run, and what the policy says of each part. Runs nothing. Exit 0 allowed, 2 denied, 4 needs approval.
pub(crate) fn explain(args: &ShellExplain, start: &Start) -> ExitCode {
    let chosen = match chosen::choose(args.policy.policy.as_deref(), start, &start.surroundings()) {
        Ok(chosen) => chosen,
        Err(error) => return exit::failure(&error),
    };
    let tree = match Tree::new(chosen.policy.root(), start.home.as_deref()) {
        Ok(tree) => tree,
        Err(error) => return exit::failure(&format!("the policy root cannot be opened: {error}")),
    };
    let dialect = match args.dialect {
        ShellDialect::Bash => Dialect::Bash,
        ShellDialect::Sh => Dialect::Sh,
        ShellDialect::Zsh => Dialect::Zsh,
    };
    let names = Names { policy: &chosen.policy, start, tree };
    let around = Around { cwd: &start.cwd, home: start.home.as_deref(), lookup: Some(&names) };
    let script = parse(&args.text, dialect);
    let judgement = judge(&chosen.policy, &script, dialect, around);
    if args.json {
        let object = serde_json::json!({ "script": script, "judgement": judgement });
        say!("{object}");
    } else {
        for line in &chosen.banner {
            complain!("aegis: {}", aegis_gate::escaped(line));
        }
        say!("{}", start.as_typed(&in_words(&judgement), &chosen.policy));
    }
    exit::of_verdict(judgement.verdict())
}

/// One part a line, with its reason below, and the answer at the end.
fn in_words(judgement: &Judgement) -> String {
    let mut out = String::new();
    for finding in judgement.findings() {
        let indent = "  ".repeat(finding.depth);
        let asked = aegis_gate::escaped(&finding.subject.asked());
        let cause = aegis_gate::escaped(&finding.cause.text());
        out.push_str(&format!("{indent}{}: {asked}\n{indent}  {cause}\n", finding.verdict.in_words()));
    }
    if judgement.findings().is_empty() {
        out.push_str("there is no command in it\n");
    }
    let verb = if judgement.verdict() == Verdict::Ask { "" } else { "is " };
    out.push_str(&format!("the text {verb}{}", judgement.verdict().in_words()));
    out
}

/// Names as a run would resolve them.
struct Names<'a> {
    policy: &'a Policy,
    start: &'a Start,
    tree: Tree,
}

impl Lookup for Names<'_> {
    fn program(&self, word: &str, cwd: &Path) -> Option<PathBuf> {
        let word = if word.contains('/') { cwd.join(word).to_string_lossy().into_owned() } else { word.to_owned() };
        let question = ["exec".to_owned(), word];
        let question = aegis_gate::resolve_question(&question, self.policy, self.start.home.as_deref(), &self.start.environment);
        match question {
            Ok(Question::Exec(request)) => request.binary().map(Path::to_owned),
            _ => None,
        }
    }

    fn leads_to(&self, path: &Path) -> (PathBuf, bool) {
        self.tree.leads_to(path)
    }

    fn names_in(&self, directory: &Path) -> Option<Vec<String>> {
        aegis_shell::names_in(directory)
    }
}
