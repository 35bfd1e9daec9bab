//! How a run ended.

use serde::Serialize;

use aegis_effect::ErrorCode;

use crate::error::{Phase, ScriptError};
use crate::source::Source;
use crate::verify::{Finding, Severity};

/// How a run ended, by exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It came to its end.
    Ok,
    /// The script's own error.
    ScriptError,
    /// An effect was denied by policy or flow.
    Denied,
    /// The verifier found an error; nothing ran.
    Refused,
    /// An approval was not given.
    ApprovalDenied,
    /// The journal, the output or the worker's start failed.
    Failure,
    /// A limit was reached.
    Limit,
    /// It ended, and how depends on local-only data that the script has branched on: nothing public may say more.
    Withheld,
    /// A bug; nothing was allowed because of it.
    Internal,
}

impl Status {
    /// The exit code of `aegis run`.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Status::Ok => 0,
            Status::ScriptError => 1,
            Status::Denied => 2,
            Status::Refused => 3,
            Status::ApprovalDenied => 4,
            Status::Failure => 5,
            Status::Limit => 6,
            Status::Withheld => 7,
            Status::Internal => 70,
        }
    }

    fn of(phase: Phase) -> Status {
        match phase {
            Phase::Syntax | Phase::Script => Status::ScriptError,
            Phase::Limit(_) => Status::Limit,
            Phase::Internal => Status::Internal,
            Phase::Effect(code) => Status::of_effect(code),
        }
    }

    pub(super) fn of_effect(code: ErrorCode) -> Status {
        match code {
            ErrorCode::PolicyDenied | ErrorCode::FlowDenied => Status::Denied,
            ErrorCode::ApprovalDenied => Status::ApprovalDenied,
            ErrorCode::Limit => Status::Limit,
            ErrorCode::Journal => Status::Failure,
            ErrorCode::Io | ErrorCode::Network | ErrorCode::Exec | ErrorCode::NotFound | ErrorCode::BadArgument => Status::ScriptError,
        }
    }
}

/// Why a run did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunError {
    /// Stable: an effect's error code, `script`, `syntax`, `refused`, `limit`, `internal`, `worker_crashed`, `io`.
    pub kind: String,
    /// Which limit, where it is one: `time`, `steps`, `memory`, `output`, `result`, `callstack`, `source_size`, `nesting`.
    pub limit: Option<String>,
    /// One line.
    pub message: String,
    /// The file, where it is not the script itself.
    pub file: Option<String>,
    /// From 1; 0 where there is none.
    pub line: u32,
    /// From 1; 0 where there is none.
    pub column: u32,
    /// The line with the place marked.
    pub frame: Option<String>,
    /// The calls on the way there, outermost first.
    pub trace: Vec<String>,
    /// The rule that decided, as `file:line`.
    pub rule: Option<String>,
    /// What to do instead.
    pub suggestion: Option<String>,
}

impl RunError {
    pub(super) fn new(kind: &str, message: impl Into<String>) -> RunError {
        RunError {
            kind: kind.to_owned(),
            limit: None,
            message: message.into(),
            file: None,
            line: 0,
            column: 0,
            frame: None,
            trace: Vec::new(),
            rule: None,
            suggestion: None,
        }
    }

    pub(super) fn of(error: ScriptError, source: &Source) -> (Status, RunError) {
        let status = Status::of(error.phase);
        let kind = match error.phase {
            Phase::Syntax => "syntax",
            Phase::Script => "script",
            Phase::Effect(code) => code.name(),
            Phase::Limit(_) => "limit",
            Phase::Internal => "internal",
        };
        let frame = (error.line > 0 && error.column > 0 && error.file.is_none()).then(|| {
            let start = source.offset(error.line, error.column);
            source.frame(start, source.offset(error.line, error.end_column.max(error.column)))
        });
        let limit = match error.phase {
            Phase::Limit(limit) => serde_json::to_value(limit).ok().and_then(|v| v.as_str().map(str::to_owned)),
            _ => None,
        };
        let error = RunError {
            kind: kind.to_owned(),
            limit,
            message: error.message,
            file: error.file,
            line: error.line,
            column: error.column,
            frame,
            trace: error.trace,
            rule: error.rule,
            suggestion: error.suggestion,
        };
        (status, error)
    }
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Effects asked for, failed ones included.
    pub effects: u64,
    /// Effects that failed.
    pub failed_effects: u64,
    /// Evaluator steps, as the worker tells.
    pub steps: u64,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunReport {
    /// How.
    pub status: Status,
    /// Printed bytes handed to the sink.
    pub output_bytes: u64,
    /// The result as JSON text; none if there is none or the run did not come to its end.
    pub result: Option<String>,
    /// Why not.
    pub error: Option<RunError>,
    /// What the verifier found, warnings included.
    pub findings: Vec<Finding>,
    /// What was done.
    pub counts: Counts,
    /// How a withheld run really ended; only for the operator, and only if asked for.
    #[serde(skip)]
    pub withheld: Option<Box<WithheldEnd>>,
}

/// The end of a run that nothing public may tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithheldEnd {
    /// How.
    pub status: Status,
    /// The result as JSON text, as in [`RunReport::result`].
    pub result: Option<String>,
    /// Why not.
    pub error: Option<RunError>,
}

impl RunReport {
    pub(super) fn failed(status: Status, error: RunError) -> RunReport {
        RunReport {
            status,
            output_bytes: 0,
            result: None,
            error: Some(error),
            findings: Vec::new(),
            counts: Counts::default(),
            withheld: None,
        }
    }
}

/// What the verifier says about a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// In the order of the text.
    pub findings: Vec<Finding>,
    /// Why the script could not be verified at all, if so.
    pub error: Option<RunError>,
}

impl CheckReport {
    /// Whether `run` would refuse the script.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.error.is_some() || self.findings.iter().any(|f| f.severity == Severity::Error)
    }
}
