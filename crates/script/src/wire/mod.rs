//! The messages between broker and worker: length-prefixed postcard of bounded size over a Unix stream. Every byte that comes
//! from a worker is hostile.

mod channel;
mod message;

pub(crate) use channel::{Ends, Line, Receiver, Sender, WireError};
pub use message::LogLevel;
pub(crate) use message::{Finished, FromWorker, Start, ToWorker};

/// The largest frame either side accepts, in bytes. Larger content is refused where it arises.
pub(crate) const MAX_FRAME: usize = 64 << 20;
