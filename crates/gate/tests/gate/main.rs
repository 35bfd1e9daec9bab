//! Every promise of the pipeline, on real files, servers, processes and journals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../server/mod.rs"]
mod server;

mod approvals;
mod attacks;
mod commands;
mod declassify;
mod delayed;
mod files;
mod journal;
mod labels;
mod network;
mod world;
