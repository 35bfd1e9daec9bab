//! The seeds of the fuzz targets, and mutations of them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

#[path = "../../../fuzz/replay.rs"]
mod replay;

#[test]
fn hook_event() {
    replay::replay("hook_event", 4_000, aegis_agents::fuzzing::hook_event);
}

#[test]
fn hook_settings() {
    replay::replay("hook_settings", 4_000, aegis_agents::fuzzing::hook_settings);
}
