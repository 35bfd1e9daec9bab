//! The proxy through which confined children reach the network: HTTP, CONNECT and SOCKS5 on one port.
//!
//! | module | what it holds |
//! |---|---|
//! | `serve` | [`Proxy`]: accepts children's connections, and ends them all |
//! | `parts`, `shared` | what it is made of; what its threads share |
//! | `connection` | one connection of a child, from its first byte |
//! | `head`, `target`, `framing`, `fields` | the head of a request: lines, target, where the body ends, which fields go on |
//! | `admit` | name, resolve, vet, journal, connect: the way to every host |
//! | `forward`, `body` | one judged request and its answer |
//! | `tunnel`, `hello` | CONNECT, and the name that TLS asks for inside |
//! | `socks` | SOCKS5 |
//! | `wire`, `bounds`, `dial` | sockets that wait only as long as they may |
//! | `record`, `denial` | what is written down, and what the operator is told at the end |

mod admit;
mod body;
mod bounds;
mod connection;
mod denial;
mod dial;
mod fault;
mod fields;
mod forward;
mod framing;
#[doc(hidden)]
pub mod fuzzing;
mod head;
mod hello;
mod parts;
mod record;
mod reply;
mod serve;
mod shared;
mod socks;
mod target;
mod tunnel;
mod wire;

pub use denial::Denial;
pub use parts::{ProxyCaps, ProxyParts};
pub use record::RecordConnections;
pub(crate) use record::Unrecorded;
pub use serve::Proxy;
