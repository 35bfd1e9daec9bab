//! How a script failed, as the worker tells it.

use aegis_effect::ErrorCode;
use serde::{Deserialize, Serialize};

/// Which limit a run reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// Wall clock.
    Time,
    /// Evaluator ticks.
    Steps,
    /// Memory of the worker.
    Memory,
    /// Printed bytes.
    Output,
    /// Bytes or nodes of the result.
    Result,
    /// Nested calls.
    Callstack,
    /// Bytes of a script's text.
    SourceSize,
    /// Nesting of a script's text.
    Nesting,
}

/// Where a script failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// It does not parse.
    Syntax,
    /// Its own error: `fail()`, a wrong type, an index.
    Script,
    /// An effect failed.
    Effect(ErrorCode),
    /// A limit was reached.
    Limit(LimitKind),
    /// The evaluator failed: a bug of ours or of the interpreter.
    Internal,
}

/// How a script failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptError {
    /// What kind of failure.
    pub phase: Phase,
    /// One line, lower case where it is ours; no labelled content.
    pub message: String,
    /// The file, if it is a loaded one and not the script itself.
    pub file: Option<String>,
    /// Line from 1; 0 where there is none.
    pub line: u32,
    /// Column from 1; 0 where there is none.
    pub column: u32,
    /// Column after the end of what is wrong, on the same line; 0 where there is none.
    pub end_column: u32,
    /// The calls on the way there, outermost first, as `file:line in name`.
    pub trace: Vec<String>,
    /// The rule that decided, as `file:line`.
    pub rule: Option<String>,
    /// What to do instead.
    pub suggestion: Option<String>,
}

impl ScriptError {
    /// An error without a place.
    #[must_use]
    pub fn new(phase: Phase, message: impl Into<String>) -> ScriptError {
        ScriptError {
            phase,
            message: message.into(),
            file: None,
            line: 0,
            column: 0,
            end_column: 0,
            trace: Vec::new(),
            rule: None,
            suggestion: None,
        }
    }

    /// The same at a place.
    #[must_use]
    pub fn at(mut self, line: u32, column: u32) -> ScriptError {
        self.line = line;
        self.column = column;
        self
    }

    /// The same with a way out.
    #[must_use]
    pub fn suggest(mut self, suggestion: impl Into<String>) -> ScriptError {
        self.suggestion = Some(suggestion.into());
        self
    }
}
