//! What can go wrong between a judged URL and its answer.

use std::error::Error;
use std::io;
use std::net::IpAddr;

use rustls::CertificateError;

/// Why there is no answer. The messages are one line and repeat nothing that a server sent or a name resolved to;
/// such things are in the fields, for the journal and for callers that label them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The URL is not in the form that `RequestUrl::parse` gives.
    #[error("the URL is not the one that was judged")]
    NotJudged,
    /// The addresses were vetted for another host.
    #[error("the addresses were vetted for another host")]
    NotVetted,
    /// A header field a script may not set.
    #[error("header `{name}` cannot be set: {why}")]
    Header {
        /// As given if it is a token, else empty.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Too many or too long request headers.
    #[error("the request has more than 100 headers, or more than 64 KiB of them")]
    RequestHeaders,
    /// The name exists nowhere, or has no address.
    #[error("no address found for host {host}")]
    NoAddress {
        /// The name that was asked for.
        host: String,
    },
    /// No server of names answered with sense.
    #[error("the name of host {host} could not be looked up")]
    Lookup {
        /// The name that was asked for.
        host: String,
    },
    /// `/etc/resolv.conf` is missing or names no server.
    #[error("no DNS server is configured in /etc/resolv.conf")]
    NoNameServer,
    /// An address the policy does not open.
    #[error("host {host} has an address that is not open; loopback and private addresses need [network].allow_ips")]
    AddressClosed {
        /// The name that was asked for.
        host: String,
        /// The first closed address; not in the message.
        ip: IpAddr,
    },
    /// The time for connecting is over.
    #[error("could not connect in time")]
    ConnectTimeout,
    /// The time for the whole request is over.
    #[error("no complete answer within the time limit")]
    Deadline,
    /// Somebody ended the request.
    #[error("cancelled")]
    Cancelled,
    /// Nobody listens there.
    #[error("the connection was refused")]
    Refused,
    /// No way to the host.
    #[error("could not connect")]
    Connect,
    /// No trusted encryption.
    #[error("no secure connection: {0}")]
    Tls(TlsProblem),
    /// The connection ended before the answer did.
    #[error("the server closed the connection before its answer was complete")]
    Closed,
    /// Not HTTP/1.1, or of more than one meaning.
    #[error("the answer is not valid HTTP")]
    Protocol,
    /// A 101 nobody asked for.
    #[error("the server switched protocols unasked")]
    Upgrade,
    /// Too many header fields.
    #[error("the answer has too many header fields")]
    TooManyHeaders,
    /// Too long header fields.
    #[error("the header fields of the answer are too long")]
    HeadersTooLarge,
    /// Too long a body.
    #[error("the body of the answer is longer than {max_bytes} bytes")]
    BodyTooLarge {
        /// The cap, after decompression.
        max_bytes: u64,
    },
    /// Broken or cut compressed data.
    #[error("the body of the answer cannot be decompressed")]
    Decompress,
    /// A redirect, which is never followed.
    #[error("the server redirects (status {status}); redirects are not followed")]
    Redirect {
        /// 300 to 308.
        status: u16,
        /// Where to, as sent; not in the message.
        location: String,
    },
    /// The client itself cannot be built.
    #[error("the network client cannot be set up")]
    Setup,
}

/// Why a connection is not secure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlsProblem {
    /// Signed by nobody who is trusted here.
    #[error("the certificate is not signed by a trusted authority")]
    UnknownIssuer,
    /// For another host.
    #[error("the certificate is not for this host")]
    WrongName,
    /// Not yet or no longer valid.
    #[error("the certificate is not valid at this time")]
    Expired,
    /// Any other fault of the certificate.
    #[error("the certificate is not valid")]
    Certificate,
    /// The machine has no trusted authorities, or `SSL_CERT_FILE` has none.
    #[error("no trusted authorities found; install ca-certificates or set SSL_CERT_FILE")]
    NoAuthorities,
    /// Any other failure of the handshake.
    #[error("the TLS handshake failed")]
    Handshake,
}

impl NetError {
    /// What the HTTP client's error means, without its text, which repeats URLs and bytes of the answer.
    pub(super) fn from_transport(error: &reqwest::Error) -> NetError {
        if error.is_connect() && error.is_timeout() {
            return NetError::ConnectTimeout;
        }
        let mut through_hyper = false;
        let mut cause = error.source();
        while let Some(inner) = cause {
            let known = if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
                Some(NetError::Tls(tls_problem(tls)))
            } else if let Some(hyper) = inner.downcast_ref::<hyper::Error>() {
                through_hyper = true;
                from_hyper(hyper)
            } else {
                inner.downcast_ref::<io::Error>().and_then(|io| from_io(io.kind(), error.is_connect(), through_hyper))
            };
            if let Some(known) = known {
                return known;
            }
            cause = wrapped(inner);
        }
        match (error.is_connect(), error.is_decode()) {
            (true, _) => NetError::Connect,
            (_, true) if !through_hyper => NetError::Decompress,
            _ => NetError::Protocol,
        }
    }
}

/// What an error wraps. An I/O error names as its source what stands behind the error inside it, not that error itself.
fn wrapped<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inside) => Some(inside),
        None => error.source(),
    }
}

const fn tls_problem(error: &rustls::Error) -> TlsProblem {
    match error {
        rustls::Error::InvalidCertificate(fault) => match fault {
            CertificateError::UnknownIssuer => TlsProblem::UnknownIssuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => TlsProblem::WrongName,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => TlsProblem::Expired,
            _ => TlsProblem::Certificate,
        },
        _ => TlsProblem::Handshake,
    }
}

const fn from_io(kind: io::ErrorKind, connecting: bool, through_hyper: bool) -> Option<NetError> {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, UnexpectedEof};
    match kind {
        ConnectionRefused if connecting => Some(NetError::Refused),
        ConnectionReset | ConnectionAborted | BrokenPipe if !connecting => Some(NetError::Closed),
        // Without hyper around it, it is the compressed data that ends too early.
        UnexpectedEof if through_hyper => Some(NetError::Closed),
        _ => None,
    }
}

fn from_hyper(error: &hyper::Error) -> Option<NetError> {
    if error.is_parse() {
        // For clients there is no predicate for this one.
        Some(if error.to_string().contains("too large") { NetError::HeadersTooLarge } else { NetError::Protocol })
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() || error.is_body_write_aborted() {
        Some(NetError::Closed)
    } else {
        None
    }
}
