//! Why an effect did not happen.

use serde::{Deserialize, Serialize};

/// The stable codes of failed effects. Scripts, journals and `--json` show these names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The policy does not allow it.
    PolicyDenied,
    /// A labelled value would reach a sink that is not cleared for it.
    FlowDenied,
    /// It needed approval and did not get it.
    ApprovalDenied,
    /// A limit of the run is reached.
    Limit,
    /// The operating system refused or failed.
    Io,
    /// The network failed, or the answer broke a bound.
    Network,
    /// The child could not be started, timed out, or failed.
    Exec,
    /// No such file, directory or variable.
    NotFound,
    /// The call itself is wrong.
    BadArgument,
    /// The journal cannot be written; nothing was done.
    Journal,
}

impl ErrorCode {
    /// The name in scripts, journals and `--json`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ErrorCode::PolicyDenied => "policy_denied",
            ErrorCode::FlowDenied => "flow_denied",
            ErrorCode::ApprovalDenied => "approval_denied",
            ErrorCode::Limit => "limit",
            ErrorCode::Io => "io",
            ErrorCode::Network => "network",
            ErrorCode::Exec => "exec",
            ErrorCode::NotFound => "not_found",
            ErrorCode::BadArgument => "bad_argument",
            ErrorCode::Journal => "journal",
        }
    }

    /// Whether a script may go on after it (`try_`): flow, limit and journal errors always end the run.
    #[must_use]
    pub const fn is_catchable(self) -> bool {
        !matches!(self, ErrorCode::FlowDenied | ErrorCode::Limit | ErrorCode::Journal)
    }
}

/// A failed effect. `message` is one line and safe to show to a script or an agent: no labelled content, no resolved target of a link.
/// What only the operator may see is in the journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct EffectError {
    /// The stable code.
    pub code: ErrorCode,
    /// One line.
    pub message: String,
    /// The rule that decided, as `file:line`.
    pub rule: Option<String>,
    /// The smallest change that would allow it, or another way out.
    pub suggestion: Option<String>,
}

impl EffectError {
    /// An error without rule or suggestion.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> EffectError {
        EffectError { code, message: message.into(), rule: None, suggestion: None }
    }

    /// The same with a way out.
    #[must_use]
    pub fn suggest(mut self, suggestion: impl Into<String>) -> EffectError {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// The same with the rule that decided.
    #[must_use]
    pub fn by(mut self, rule: impl Into<String>) -> EffectError {
        self.rule = Some(rule.into());
        self
    }
}
