//! What a run may use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The limits of one run. Reaching one ends it with [`crate::Status::Limit`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall clock of the whole run.
    pub time: Duration,
    /// Evaluator ticks: calls and loop rounds.
    pub steps: u64,
    /// Memory of the worker beyond what it needs to start, in bytes.
    pub memory_bytes: u64,
    /// All that `print` writes, and separately the result, in bytes.
    pub output_bytes: u64,
    /// Nested calls.
    pub callstack: u32,
    /// A script's text, in bytes; each loaded file counts alone.
    pub source_bytes: u64,
    /// Nesting of brackets, blocks and operators in the text.
    pub nesting: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            time: Duration::from_secs(60),
            steps: 100_000_000,
            memory_bytes: 1 << 30,
            output_bytes: 10 << 20,
            callstack: 200,
            source_bytes: 4 << 20,
            nesting: 200,
        }
    }
}
