//! Approvals: asking a person about one exact request.

mod display;
mod terminal;

pub use display::escaped;
pub use terminal::TerminalApprover;

use serde::Serialize;

/// What a person is asked. Everything in it is as it will be done: resolved, and bound to the object that was judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ApprovalRequest {
    /// The call, for example `fs.delete` or `subprocess.exec`.
    pub call: &'static str,
    /// The resolved target: a path, an address, a program.
    pub target: String,
    /// The exact argv of a command; labelled parts show their mark.
    pub argv: Vec<String>,
    /// The directory a command starts in, where it is not the policy root.
    pub cwd: Option<String>,
    /// Variables that the script sets for a command, as `NAME=value`.
    pub env: Vec<String>,
    /// The beginning of what is sent or given to a command to read.
    pub content: Option<String>,
    /// The rule that asks, with its place.
    pub rule: Option<String>,
    /// The operator's words in that rule.
    pub why: Option<String>,
    /// Something worth a warning, for example that an executable file is replaced.
    pub note: Option<String>,
}

/// What the person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// This request, once.
    Once,
    /// This very request, as often as it comes in this run.
    ThisRun,
    /// No.
    No,
    /// No, and end the run.
    Stop,
}

/// Someone who can be asked.
pub trait Approver {
    /// Asks about one request. No answer is [`Answer::No`].
    fn ask(&mut self, request: &ApprovalRequest) -> Answer;

    /// The name in the journal: `terminal`, `--yes`, `nobody`.
    fn name(&self) -> &'static str;

    /// Whether everything under approval is approved beforehand: then what nobody can be asked about in time may happen too.
    fn approves_all(&self) -> bool {
        false
    }
}

/// `--yes`: approves everything that a rule puts under approval, and is journalled as such.
#[derive(Debug, Default)]
pub struct ApproveAll;

impl Approver for ApproveAll {
    fn ask(&mut self, _: &ApprovalRequest) -> Answer {
        Answer::ThisRun
    }
    fn name(&self) -> &'static str {
        "--yes"
    }
    fn approves_all(&self) -> bool {
        true
    }
}

/// Nobody is there: everything under approval is refused.
#[derive(Debug, Default)]
pub struct ApproveNone;

impl Approver for ApproveNone {
    fn ask(&mut self, _: &ApprovalRequest) -> Answer {
        Answer::No
    }
    fn name(&self) -> &'static str {
        "nobody"
    }
}
