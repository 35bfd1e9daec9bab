//! The fuzz targets of this crate, on their seeds and on mutations of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../../fuzz/replay.rs"]
mod replay;

use aegis_policy::fuzzing;
use replay::replay;

#[test]
fn policy_text() {
    replay("policy_text", 3_000, fuzzing::policy_text);
}

#[test]
fn path() {
    replay("path", 5_000, fuzzing::path);
}

#[test]
fn host() {
    replay("host", 5_000, fuzzing::host);
}

#[test]
fn command() {
    replay("command", 5_000, fuzzing::command);
}
