//! What broker and worker say to each other.

use aegis_effect::{EffectError, Labelled, Outcome, Request};
use serde::{Deserialize, Serialize};

use crate::error::ScriptError;
use crate::limits::Limits;
use crate::verify::Facts;

/// From the broker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToWorker {
    /// The first message: what to do.
    Start(Box<Start>),
    /// After [`FromWorker::Facts`]: evaluate, or end.
    Judged {
        /// Whether the script is evaluated.
        proceed: bool,
    },
    /// After [`FromWorker::Effect`].
    Answer(Result<Outcome, EffectError>),
}

/// One run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Start {
    /// What messages call the script.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The fields of `args`.
    pub args: Vec<(String, String)>,
    /// More of them, which are local-only.
    pub local_only_args: Vec<(String, Labelled)>,
    /// What it may use.
    pub limits: Limits,
    /// Whether the policy has local-only sources, so that values may be labelled.
    pub local_only: bool,
    /// Whether the operator sees what is withheld.
    pub operator_view: bool,
}

/// From the worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromWorker {
    /// What the verifier found; the worker waits for [`ToWorker::Judged`].
    Facts(Box<Facts>),
    /// An effect; the worker waits for [`ToWorker::Answer`].
    Effect(Request),
    /// Printed text.
    Output(String),
    /// `log.info`, `log.warn`.
    Log {
        /// How loud.
        level: LogLevel,
        /// One line.
        message: String,
        /// Where, from 1.
        line: u32,
    },
    /// The last message.
    Finished(Box<Finished>),
    /// From here on everything the script does depends on these; it comes once.
    Raised {
        /// Their names.
        sources: Vec<String>,
        /// The line of the last call before.
        line: u32,
    },
    /// Printed text after [`FromWorker::Raised`], where the operator wants it.
    Withheld(String),
}

/// How a run ended.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Finished {
    /// The result as JSON text, if there is one.
    pub result: Result<Option<String>, Box<ScriptError>>,
    /// Evaluator ticks used.
    pub steps: u64,
}

/// How loud a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// `log.info`
    Info,
    /// `log.warn`
    Warn,
}
