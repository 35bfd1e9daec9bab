//! The bounds of a request, and its answer.

use std::time::{Duration, Instant};

/// The bounds of one request.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// When everything must be over: connecting, TLS, sending, headers and body.
    pub deadline: Instant,
    /// For connecting alone, TLS included.
    pub connect_timeout: Duration,
    /// Largest body, in bytes after decompression.
    pub max_body_bytes: u64,
    /// Most header fields; never more than 256.
    pub max_headers: usize,
    /// Largest sum of names and values of header fields, in bytes; never more than about 400 KiB.
    pub max_header_bytes: usize,
}

impl Caps {
    /// The usual bounds: 10 s to connect, 100 header fields of 64 KiB together.
    #[must_use]
    pub const fn new(deadline: Instant, max_body_bytes: u64) -> Caps {
        Caps { deadline, connect_timeout: Duration::from_secs(10), max_body_bytes, max_headers: 100, max_header_bytes: 64 << 10 }
    }
}

/// An answer that is not a redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 200 to 599.
    pub status: u16,
    /// Names in lower case, values as sent; repeated fields stay apart.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Decompressed.
    pub body: Vec<u8>,
    /// The `Location` field, for example of a 201.
    pub location: Option<String>,
}
