//! HTTP, from a judged URL and judged addresses to a bounded answer.
//!
//! | module | what it holds |
//! |---|---|
//! | `dns` | name to addresses: localhost, `/etc/hosts`, then the servers of `/etc/resolv.conf`; no NSS |
//! | `vetted` | addresses of which a judge has seen every one |
//! | `headers` | which header fields a script may set |
//! | `pinned` | the only resolver the HTTP client has: the vetted addresses of the present request |
//! | `tls` | trust anchors and the crypto provider |
//! | `client` | one request, one answer, within its caps |
//! | `body` | the answer's body, up to its cap |
//! | `error` | what can go wrong |

mod body;
mod client;
mod dns;
mod error;
mod headers;
mod hosts_file;
mod pinned;
mod request;
mod tls;
mod vetted;

pub use client::NetClient;
pub use dns::Resolver;
pub use error::{NetError, TlsProblem};
pub use headers::RequestHeaders;
pub(crate) use headers::leads_elsewhere;
pub use request::{Answer, Caps};
pub use vetted::{HostAddrs, VettedAddrs};
