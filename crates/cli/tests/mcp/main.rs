//! `aegis mcp`, spoken to as clients do, and as nobody should. What the official clients see is tested by `scripts/mcp-clients`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../cli/place.rs"]
#[allow(dead_code)]
mod place;
#[path = "../cli/web.rs"]
#[allow(dead_code)]
mod web;

mod approvals;
mod budgets;
mod hostile;
mod http;
mod local;
mod random;
mod session;
mod tools;
