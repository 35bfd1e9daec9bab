//! The fuzz targets of this crate, on their seeds and on mutations of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../../fuzz/replay.rs"]
mod replay;

use aegis_gate::fuzzing;
use replay::replay;

#[test]
fn proxy_head() {
    replay("proxy_head", 5_000, fuzzing::proxy_head);
}

#[test]
fn proxy_hello() {
    replay("proxy_hello", 5_000, fuzzing::proxy_hello);
}
