//! The proxy of confined children, with real sockets. A server that saw nothing is the effect that counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../server/mod.rs"]
mod server;

mod bounds;
mod hosts;
mod requests;
mod smuggling;
mod socks;
mod tools;
mod tunnels;
mod world;
