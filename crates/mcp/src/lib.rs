//! The gate as an MCP server: what the policy grants becomes tools, and every call goes through the gate and into the journal.
//!
//! | module | what it holds |
//! |---|---|
//! | `server` | what the protocol asks: tools, resources, calls |
//! | `calls` | the threads on which calls run, and how many there may be at once |
//! | `call` | one call: its gate, its journal, its end |
//! | `tools` | one file for each tool |
//! | `content` | arguments that are text, or local-only values that were kept |
//! | `answer` | what a model reads, and what a program does |
//! | `approve` | asking the person behind the client |
//! | `kept` | local-only values under a handle |
//! | `pages` | answers that were cut, to be read on |
//! | `resources` | what a client may know of the policy |
//! | `flood` | a client that asks faster than it is answered waits |
//! | `http` | the streamable HTTP transport, for clients that have the token |
#![forbid(unsafe_code)]

mod answer;
mod approve;
mod call;
mod calls;
mod content;
mod flood;
mod http;
mod kept;
mod pages;
mod parts;
mod resources;
mod server;
mod tools;
mod transport;

pub use kept::random_id as new_token;
pub use parts::{Approvals, MakeWorkers, OpenJournal, Parts};
pub use transport::{ServeError, serve_http, serve_stdio};
