//! The fuzz targets of this crate, on their seeds and on mutations of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../../fuzz/replay.rs"]
mod replay;

use aegis_shell::fuzzing;
use replay::replay;

#[test]
fn shell() {
    replay("shell", 4_000, fuzzing::shell);
}
