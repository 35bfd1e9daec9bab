//! Why bytes stop flowing.

use std::io;

/// Why a connection, or one direction of it, ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// The other side closed in the middle.
    #[error("closed before the end")]
    Closed,
    /// The side that was sent to closed in the middle.
    #[error("the receiver closed before the end")]
    Deaf,
    /// Nothing was carried for too long.
    #[error("idle for too long")]
    Idle,
    /// The connection's time is over.
    #[error("open for too long")]
    Time,
    /// More bytes than a connection may carry.
    #[error("too many bytes")]
    Bytes,
    /// The proxy ends.
    #[error("the command ended")]
    Ended,
    /// The system says no.
    #[error("{0}")]
    Io(io::ErrorKind),
    /// Not what the protocol says.
    #[error("{0}")]
    Malformed(&'static str),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => Fault::Closed,
            kind => Fault::Io(kind),
        }
    }
}
