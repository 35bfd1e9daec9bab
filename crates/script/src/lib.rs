//! Aegis scripts: Starlark whose only effects are gated builtins, verified and evaluated in a worker without rights of its own.
//!
//! A [`Runner`] is the broker's side: it starts a worker, hands it the script, judges what the verifier found, and carries the
//! script's effects out through a [`Perform`](aegis_effect::Perform). [`worker_main`] is the other side.
//!
//! | module | what it holds |
//! |---|---|
//! | `source` | a script's text with its name; positions and frames |
//! | `limits` | what a run may use |
//! | `wire` | the bounded messages between broker and worker |
//! | `worker` | source check, parsing, evaluation, results; everything that touches the script's text |
//! | `builtins` | what a script can call |
//! | `flow` | labelled values in the worker |
//! | `verify` | what is wrong with a script before it runs: facts from the worker, judged by the broker |
//! | `runner` | the broker's side of a run |
//! | `fuzzing` | entries for fuzz targets |
#![deny(unsafe_code)]

mod builtins;
mod error;
mod flow;
pub mod fuzzing;
mod limits;
mod runner;
mod source;
mod verify;
mod wire;
mod worker;

pub use builtins::builtin_reference;
pub use error::{LimitKind, Phase, ScriptError};
pub use limits::Limits;
pub use runner::{
    CheckReport, CopiedWorkers, Counts, OutputSink, ProcessWorkers, RunError, RunOptions, RunReport, Runner, SandboxedWorkers, StartWorker,
    Status, WithheldEnd, WorkerEnd, WorkerHandle, WorkerProcess,
};
pub use source::{Position, Source, SourceError};
pub use verify::{Finding, Judge, LiteralCall, LiteralFlow, Objection, PolicyJudge, Severity, Target, findings_json, findings_sarif};
pub use wire::LogLevel;
pub use worker::{LockDown, sandboxed_worker, worker_main};
