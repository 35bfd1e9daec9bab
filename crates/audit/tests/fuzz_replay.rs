//! The fuzz targets of this crate, on their seeds and on mutations of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../../fuzz/replay.rs"]
mod replay;

use replay::replay;

#[test]
fn reader() {
    replay("reader", 3_000, |data| drop(aegis_audit::fuzzing::fuzz_reader(data)));
}
