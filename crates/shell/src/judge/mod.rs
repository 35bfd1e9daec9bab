//! What a policy says of a script: the strictest of its commands, redirects, variables and unknowns.
//!
//! | module | what it judges |
//! |---|---|
//! | `finding` | what is said of each of them |
//! | `command` | a command with its words |
//! | `through` | a command that runs another one |
//! | `runner` | programs that run another one behind words that no grammar knows; what becomes of control files |
//! | `redirect` | the files that the shell opens |
//! | `variable` | assignments |
//! | `path` | words to paths |
//! | `listed` | the names that a command gets through a pipe |
//! | `names` | patterns over names of files to what they match |
//! | `git` | repositories of git that are not called `.git` |
//! | `below` | what lies below a directory that a command reads as a whole |
//!
//! There is one function that decides, [`aegis_policy::Policy::decide`]; it is asked here, and its answers are only ever made stricter.

mod below;
mod command;
mod finding;
mod git;
mod listed;
mod names;
mod path;
mod redirect;
mod runner;
mod through;
mod variable;

use std::path::{Path, PathBuf};
use std::time::Instant;

use aegis_policy::{Access, Decision, Policy, Reason, Verdict, lexical};

use crate::bounded;
use crate::limits::{LimitError, MAX_TIME};
use crate::script::{Dialect, Directory, Form, Script, Span, UnknownCause};
pub use below::{Below, Sweep};
pub use finding::{Cause, Finding, Judgement, Subject};
pub use git::{MAKES_A_REPOSITORY, makes_a_repository};

/// How deeply texts may stand inside each other (`sh -c "sh -c ..."`), and how many there may be.
const MAX_TEXT_DEPTH: usize = 8;
const MAX_TEXTS: usize = 100;

/// Looks up what names lead to. Without it, names are judged as they are written.
pub trait Lookup {
    /// The file that a command word starts in this directory, after all links.
    fn program(&self, word: &str, cwd: &Path) -> Option<PathBuf>;
    /// Where a path leads to, after all links, and whether something is there.
    fn leads_to(&self, path: &Path) -> (PathBuf, bool);
    /// The names in a directory, without `.` and `..`; nothing if there is none, it cannot be read, or they are too many.
    fn names_in(&self, directory: &Path) -> Option<Vec<String>> {
        let _ = directory;
        None
    }
    /// Whether something that may not be read lies below a directory, among what a command reads there.
    fn below(&self, policy: &Policy, directory: &Path, sweep: &Sweep) -> Below {
        below::look(policy, directory, sweep)
    }
}

/// More names than these in one directory are not looked at.
const MAX_NAMES_IN: usize = 5_000;

/// The names in a directory, for a [`Lookup`].
#[must_use]
pub fn names_in(directory: &Path) -> Option<Vec<String>> {
    let names = std::fs::read_dir(directory).ok()?.take(MAX_NAMES_IN + 1);
    let names: Vec<String> = names.map(|entry| entry.ok()?.file_name().into_string().ok()).collect::<Option<_>>()?;
    (names.len() <= MAX_NAMES_IN).then_some(names)
}

/// Where a text runs.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The working directory, absolute.
    pub cwd: &'a Path,
    /// The home directory, absolute; what is below it is not known without.
    pub home: Option<&'a Path>,
    /// What names lead to.
    pub lookup: Option<&'a dyn Lookup>,
}

/// Reads a text and judges it.
#[must_use]
pub fn judge_text(policy: &Policy, text: &str, dialect: Dialect, around: Around<'_>) -> Judgement {
    judge(policy, &bounded::parse(text, dialect), dialect, around)
}

/// Judges all that a script would do. Nothing at all is asked about.
#[must_use]
pub fn judge(policy: &Policy, script: &Script, dialect: Dialect, around: Around<'_>) -> Judgement {
    let mut judge = Judge {
        policy,
        around,
        dialect,
        findings: Vec::new(),
        depth: 0,
        texts: 0,
        only_denies: false,
        at: Span { start: 0, end: 0 },
        functions: Vec::new(),
        piped: None,
        makes_nothing: listed::makes_nothing(script),
        patterns_are_plain: names::are_plain(script) && (script.commands.len() == 1 || listed::makes_nothing(script)),
        start: Instant::now(),
    };
    judge.script(script, Some(around.cwd));
    Judgement::of(judge.findings)
}

/// What is judged, and what was found so far.
struct Judge<'a> {
    policy: &'a Policy,
    around: Around<'a>,
    dialect: Dialect,
    findings: Vec<Finding>,
    depth: usize,
    texts: usize,
    /// Only what is denied by a rule counts: the text is not certain to run, or may as far as nothing denies it.
    only_denies: bool,
    /// The place in the outermost text.
    at: Span,
    functions: Vec<String>,
    /// The names that the command at hand can get through a pipe, where they are known.
    piped: Option<Vec<String>>,
    /// Nothing in the text makes a file.
    makes_nothing: bool,
    /// Nothing in the text changes what patterns match, nor makes what they could match.
    patterns_are_plain: bool,
    start: Instant,
}

impl Judge<'_> {
    /// All of a script. `here`: where it starts, if that is known.
    fn script(&mut self, script: &Script, here: Option<&Path>) {
        let outermost = self.depth == 0;
        for command in &script.commands {
            if outermost {
                self.at = command.span;
            }
            if let (Form::Function, Some(name)) = (command.form, command.words.first().and_then(|w| w.known())) {
                self.functions.push(name.to_owned());
            }
            for directory in &command.directories {
                let directory = self.directory(directory, here);
                if outermost {
                    self.piped = self.names_piped(script, command, directory.as_deref());
                }
                self.command(command, directory.as_deref());
            }
        }
        if outermost {
            self.at = Span { start: 0, end: script.commands.iter().map(|command| command.span.end).max().unwrap_or(0) };
        }
        for name in &script.variables {
            self.used(name);
        }
        for unknown in &script.unknown {
            if outermost {
                self.at = unknown.span;
            }
            let verdict = if matches!(unknown.cause, UnknownCause::Limit(_)) { Verdict::Deny } else { Verdict::Ask };
            self.push(Subject::Text, verdict, Cause::Unknown(unknown.cause.clone()));
        }
        if script.unknown.iter().any(|unknown| matches!(unknown.cause, UnknownCause::Evaluated(_))) {
            // any of these may be the text that is evaluated
            for text in &script.latent {
                self.denies(|judge| judge.text(text, judge.dialect, here));
            }
        }
    }

    /// A text inside of the outermost one.
    fn text(&mut self, text: &str, dialect: Dialect, here: Option<&Path>) {
        self.texts += 1;
        let limit = if self.start.elapsed() > MAX_TIME {
            Some(LimitError::Time)
        } else if self.depth >= MAX_TEXT_DEPTH || self.texts > MAX_TEXTS {
            Some(LimitError::Depth)
        } else {
            None
        };
        if let Some(limit) = limit {
            self.only_denies = false;
            self.push(Subject::Text, Verdict::Deny, Cause::Unknown(UnknownCause::Limit(limit)));
            return;
        }
        let script = bounded::parse(text, dialect);
        let outer = std::mem::replace(&mut self.dialect, dialect);
        self.depth += 1;
        self.script(&script, here);
        self.depth -= 1;
        self.dialect = outer;
    }

    /// Judges something of which only what is denied counts.
    fn denies(&mut self, judge: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.only_denies, true);
        judge(self);
        self.only_denies = before;
    }

    fn directory(&self, directory: &Directory, here: Option<&Path>) -> Option<PathBuf> {
        match directory {
            Directory::From(path) if path.as_os_str().is_empty() => here.map(Path::to_owned),
            Directory::From(path) if path.is_absolute() => Some(lexical(path)),
            Directory::From(path) => Some(lexical(&here?.join(path))),
            Directory::Home(rest) => Some(lexical(&self.around.home?.join(rest.trim_start_matches('/')))),
            Directory::Unknown => None,
        }
    }

    /// Notes a finding, once.
    fn push(&mut self, subject: Subject, verdict: Verdict, cause: Cause) {
        let firm = match &cause {
            Cause::Decided { decision, .. } => is_firm(decision),
            Cause::Unknown(UnknownCause::Limit(_)) => verdict == Verdict::Deny,
            Cause::LocalOnly => true,
            _ => false,
        };
        if self.only_denies && !(firm && verdict == Verdict::Deny) {
            return;
        }
        let same = |f: &Finding| f.span == self.at && f.verdict == verdict && f.subject == subject && f.cause.text() == cause.text();
        if !self.findings.iter().rev().take(16).any(same) {
            self.findings.push(Finding { subject, verdict, cause, depth: self.depth, span: self.at });
        }
    }

    /// Asks the policy, and notes its answer, made stricter by `at_least`.
    fn decide(&mut self, access: &Access<'_>, subject: Subject, at_least: Verdict) -> Verdict {
        let decision = self.policy.decide(access);
        let verdict = decision.verdict().max(at_least);
        let cause = self.decided(access, &subject, decision);
        self.push(subject, verdict, cause);
        verdict
    }

    fn decided(&self, access: &Access<'_>, subject: &Subject, decision: Decision) -> Cause {
        let mut explanation = self.policy.explain(access, &subject.asked(), &decision);
        explanation.cause = aegis_policy::shown(&explanation.cause);
        explanation.suggestion = explanation.suggestion.map(|text| aegis_policy::shown(&text));
        Cause::Decided { decision: Box::new(decision), explanation: Box::new(explanation) }
    }
}

/// Whether a denial is one that a rule or something built in makes, not one for want of a rule.
fn is_firm(decision: &Decision) -> bool {
    decision.is_deny()
        && match decision.reason() {
            Reason::NoRule { .. } | Reason::DangerousOption { .. } => false,
            Reason::FileArgument { .. } => decision.rule().is_some(),
            _ => true,
        }
}
