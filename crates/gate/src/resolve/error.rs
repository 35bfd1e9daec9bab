//! Why a path did not become an object, or the object not what was asked of it.

use std::path::PathBuf;

use aegis_policy::PathOp;
use rustix::fs::FileType;
use rustix::io::Errno;

/// What stands where a regular file or a directory was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A named pipe.
    Fifo,
    /// A Unix socket.
    Socket,
    /// A character or block device.
    Device,
    /// Something else.
    Other,
}

impl NodeKind {
    pub(crate) fn of(kind: FileType) -> NodeKind {
        match kind {
            FileType::RegularFile => NodeKind::File,
            FileType::Directory => NodeKind::Directory,
            FileType::Symlink => NodeKind::Link,
            FileType::Fifo => NodeKind::Fifo,
            FileType::Socket => NodeKind::Socket,
            FileType::CharacterDevice | FileType::BlockDevice => NodeKind::Device,
            FileType::Unknown => NodeKind::Other,
        }
    }

    /// As a noun with its article.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            NodeKind::File => "a file",
            NodeKind::Directory => "a directory",
            NodeKind::Link => "a symbolic link",
            NodeKind::Fifo => "a named pipe",
            NodeKind::Socket => "a socket",
            NodeKind::Device => "a device",
            NodeKind::Other => "a special file",
        }
    }
}

/// Why a file effect did not happen. The `Display` text is one line without any path, so that it is safe to show to an agent;
/// [`PathError::operator_detail`] is for the journal.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// The policy denies the resolved object, or the place where it would be.
    #[error("denied by the policy")]
    Denied {
        /// What was to be done.
        op: PathOp,
        /// The resolved path that was judged.
        real: PathBuf,
    },
    /// Nothing is there, and what is not there may be known.
    #[error("no such file or directory")]
    NotFound,
    /// Something else than a regular file is there.
    #[error("not a file but {}", kind.noun())]
    NotAFile {
        /// What is there.
        kind: NodeKind,
    },
    /// Something else than a directory is there, or on the way there.
    #[error("not a directory")]
    NotADirectory,
    /// A symbolic link leads nowhere; nothing is created through it.
    #[error("a symbolic link that leads nowhere")]
    Dangling,
    /// Too many symbolic links, or one that only the kernel can follow.
    #[error("too many levels of symbolic links")]
    Loop,
    /// The object belongs to the kernel (procfs, sysfs and the like). What is read there depends on who reads.
    #[error("not a file but an interface of the kernel")]
    KernelFile,
    /// The file has more bytes than allowed.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// In bytes.
        limit: u64,
    },
    /// A listing or search has more entries than allowed.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Entries of what kind.
        what: &'static str,
        /// How many are allowed.
        limit: usize,
    },
    /// The file has other names, which may be public, and local-only data was to be added to it.
    #[error("the file has other names")]
    OtherNames,
    /// The directory has entries.
    #[error("the directory is not empty")]
    NotEmpty,
    /// The content is not UTF-8.
    #[error("not UTF-8 text; read it as bytes")]
    NotText,
    /// The text to replace does not stand in the file.
    #[error("the text to replace does not occur in the file")]
    TextNotFound,
    /// The text to replace stands in the file more than once.
    #[error("the text to replace occurs {count} times; give more of its surroundings")]
    Ambiguous {
        /// How often; occurrences that overlap count apart.
        count: usize,
    },
    /// The entry is another one than the one that was judged.
    #[error("it changed while it was being used; try again")]
    Changed,
    /// The object needs approval and was not opened.
    #[error("it needs approval")]
    Unapproved,
    /// The object was prepared for something else. A fault of the caller.
    #[error("prepared for another operation")]
    WrongIntent,
    /// The call itself is wrong.
    #[error("{0}")]
    BadArgument(&'static str),
    /// The operating system refused or failed.
    #[error("{error}")]
    Io {
        /// What was being done.
        during: &'static str,
        /// The system's error; it names no path.
        error: std::io::Error,
    },
}

impl PathError {
    /// The system's error, with what was being done.
    pub(crate) fn io(during: &'static str, errno: Errno) -> PathError {
        PathError::Io { during, error: errno.into() }
    }

    /// The error of a failed resolution.
    pub(crate) fn resolving(errno: Errno) -> PathError {
        match errno {
            Errno::NOENT => PathError::NotFound,
            Errno::NOTDIR => PathError::NotADirectory,
            Errno::LOOP => PathError::Loop,
            Errno::NAMETOOLONG => PathError::BadArgument("a name in the path is too long"),
            Errno::NXIO | Errno::NODEV => PathError::NotAFile { kind: NodeKind::Other },
            other => PathError::io("resolve", other),
        }
    }

    /// What the operator may know and an agent may not: the resolved path.
    #[must_use]
    pub fn operator_detail(&self) -> String {
        match self {
            PathError::Denied { op, real } => format!("{} denied on {}", op.capability().name(), real.display()),
            PathError::Io { during, error } => format!("{during}: {error}"),
            other => other.to_string(),
        }
    }
}
