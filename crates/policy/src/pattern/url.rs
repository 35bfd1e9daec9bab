//! The target of an HTTP request, in the one form that is judged and sent.

use std::net::IpAddr;

use serde::Serialize;

/// Scheme, host, port and path of a request after parsing: what is judged is what is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestUrl {
    /// `http` or `https`.
    pub https: bool,
    /// Lower-case ASCII name without trailing dot, or the canonical text of an address (IPv6 without brackets).
    pub host: String,
    /// The address, where the host is one.
    pub ip: Option<IpAddr>,
    /// Explicit or the scheme's own.
    pub port: u16,
    /// Begins with `/`; percent-encoded as it is sent; without query.
    pub path: String,
}
