//! Why a record could not be written.

use std::io;
use std::path::PathBuf;

/// Why the journal cannot be opened or written. Whoever gets one does not do what it wanted to record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// It could not be opened or created.
    #[error("cannot open journal `{}`: {source}", path.display())]
    Open {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is a symbolic link, a directory, a FIFO or a device.
    #[error("journal `{}` is not a regular file", path.display())]
    NotAFile {
        /// The journal.
        path: PathBuf,
    },
    /// It belongs to another user.
    #[error("journal `{}` belongs to another user (uid {uid})", path.display())]
    NotOurs {
        /// The journal.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// Another process held the lock for too long.
    #[error("journal `{}` is locked by another process", path.display())]
    Locked {
        /// The journal.
        path: PathBuf,
    },
    /// No room on the disk, in the quota, or under the file size limit. The file is as it was before the record.
    #[error("no room to write journal `{}`: {source}", path.display())]
    Full {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file system is mounted read-only.
    #[error("journal `{}` is on a read-only file system", path.display())]
    ReadOnly {
        /// The journal.
        path: PathBuf,
    },
    /// Any other failure of the system.
    #[error("cannot write journal `{}`: {source}", path.display())]
    Io {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its last line is no record of a chain, so nothing can follow it.
    #[error("the last line of journal `{}` is not a record; `aegis audit verify` tells more", path.display())]
    NotAChain {
        /// The journal.
        path: PathBuf,
    },
    /// Someone changed it while it was open here.
    #[error("journal `{}` was changed by someone else: {what}", path.display())]
    Tampered {
        /// The journal.
        path: PathBuf,
        /// What shows it.
        what: &'static str,
    },
    /// A record has so many fields that it does not fit a line even when each is cut.
    #[error("a record of kind `{kind}` does not fit a line of the journal")]
    TooLong {
        /// Its kind.
        kind: &'static str,
    },
}
