//! What is said of each part of a script.

use std::fmt;

use aegis_policy::{Decision, Explanation, PathOp, Verdict};
use serde::Serialize;

use crate::script::{Span, UnknownCause};

/// What was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A command, with its words as they are known; an ellipsis for what is not.
    Command(Vec<String>),
    /// A file that the shell opens.
    File {
        /// Read or written.
        op: PathOp,
        /// Its path, as far as it is known.
        path: String,
    },
    /// A connection that the shell opens.
    Host(String),
    /// A variable that is set.
    Variable(String),
    /// A variable whose value is used.
    Used(String),
    /// A part of the text itself.
    Text,
}

impl Subject {
    /// As `aegis why` is asked.
    #[must_use]
    pub fn asked(&self) -> String {
        match self {
            Subject::Command(words) => format!("exec {}", words.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(" ")),
            Subject::File { op, path } => format!("{} {}", op.capability().name(), quoted(path)),
            Subject::Host(host) => format!("connect {host}"),
            Subject::Variable(name) => format!("set {name}"),
            Subject::Used(name) => format!("env.read {name}"),
            Subject::Text => "the text".to_owned(),
        }
    }
}

/// A word as a shell would take it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+~^\u{2026}".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// Why.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The policy says so.
    Decided {
        /// Its answer.
        decision: Box<Decision>,
        /// The same in words.
        explanation: Box<Explanation>,
    },
    /// A builtin of the shell that touches nothing, and that no rule speaks of.
    Builtin,
    /// It adds nothing to what it runs, which is judged in its place.
    Through,
    /// Something in it is not known.
    NotKnown(&'static str),
    /// It is local-only, and what comes out of a shell is public.
    LocalOnly,
    /// It changes how other programs work.
    Steers,
    /// It is not certain what the text does.
    Unknown(UnknownCause),
}

impl Cause {
    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Cause::Decided { explanation, .. } => explanation.cause.clone(),
            Cause::Builtin => "a builtin of the shell that touches nothing".to_owned(),
            Cause::Through => "it is judged by what it runs".to_owned(),
            Cause::NotKnown(what) => (*what).to_owned(),
            Cause::LocalOnly => "it is local-only, and what comes out of a shell is not".to_owned(),
            Cause::Steers => "it steers other programs".to_owned(),
            Cause::Unknown(cause) => cause.text(),
        }
    }
}

/// What is said of one part.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What was judged.
    pub subject: Subject,
    /// The answer.
    pub verdict: Verdict,
    /// Why.
    pub cause: Cause,
    /// In how many texts inside of texts it stands (`sh -c '...'`).
    pub depth: usize,
    /// Where it stands in the outermost text.
    pub span: Span,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self.verdict.in_words();
        write!(f, "{head}: {}: {}", self.subject.asked(), self.cause.text())
    }
}

/// What a policy says of a whole text.
#[derive(Debug, Clone, Serialize)]
pub struct Judgement {
    verdict: Verdict,
    findings: Vec<Finding>,
}

impl Judgement {
    pub(super) fn of(findings: Vec<Finding>) -> Judgement {
        let verdict = findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ask);
        Judgement { verdict, findings }
    }

    /// The strictest of all.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// All that was judged, in the order of the text.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The first finding that makes the verdict what it is.
    #[must_use]
    pub fn decisive(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.verdict == self.verdict)
    }
}
