//! The fuzz targets of this crate, on their seeds and on mutations of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../../fuzz/replay.rs"]
mod replay;

use aegis_script::fuzzing;
use replay::replay;

#[test]
fn source() {
    replay("source", 10_000, fuzzing::source);
}

#[test]
fn wire() {
    replay("wire", 20_000, fuzzing::wire);
}
