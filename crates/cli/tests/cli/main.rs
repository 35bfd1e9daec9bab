//! The `aegis` binary as its users meet it: real processes, files, servers and journals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod base64;
mod place;
mod web;

mod agents;
mod bad_children;
mod bad_files;
mod bad_journals;
mod bad_network;
mod bad_policies;
mod bad_scripts;
mod discovery;
mod edit;
mod examples;
mod exfil;
mod exits;
mod generated;
mod init;
mod mcp_install;
mod run;
