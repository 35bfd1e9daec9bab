//! What is to be started.

use std::ffi::{CString, OsStr, OsString};
use std::fs::Metadata;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::error::SandboxError;

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileId {
    /// The device (`st_dev`).
    pub device: u64,
    /// The inode (`st_ino`).
    pub inode: u64,
}

impl From<&Metadata> for FileId {
    fn from(metadata: &Metadata) -> FileId {
        FileId { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// What the child reads from descriptor 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stdin {
    /// `/dev/null`.
    #[default]
    Null,
    /// A pipe from us.
    Pipe,
}

/// A program to start. It gets what is named here and nothing else: no other variable, no other descriptor, default signals, no core
/// dump, no new privileges (setuid bits have no effect), a session of its own.
#[derive(Debug, Clone, Copy)]
pub struct ChildSpec<'a> {
    /// The absolute path of the judged program.
    pub program: &'a Path,
    /// The file that was judged. It is compared right before exec; between the two lie a few microseconds in which a name may change,
    /// so a program that the agent may replace must not be judged by name alone.
    pub expect: FileId,
    /// All arguments, the first being the name that the program sees as its own.
    pub argv: &'a [OsString],
    /// The whole environment.
    pub env: &'a [(OsString, OsString)],
    /// The judged working directory.
    pub cwd: BorrowedFd<'a>,
    /// What it reads.
    pub stdin: Stdin,
    /// Private writable memory of each of its processes, in bytes (RLIMIT_DATA: RLIMIT_AS breaks runtimes that reserve address space).
    pub max_memory_bytes: Option<u64>,
}

/// Arguments as the kernel wants them.
pub(super) fn arguments(argv: &[OsString]) -> Result<Vec<CString>, SandboxError> {
    argv.iter().map(|arg| CString::new(arg.as_bytes()).map_err(|_| SandboxError::Nul("an argument"))).collect()
}

/// Variables as the kernel wants them.
pub(super) fn variables(env: &[(OsString, OsString)]) -> Result<Vec<CString>, SandboxError> {
    env.iter().map(|(name, value)| variable(name, value)).collect()
}

fn variable(name: &OsStr, value: &OsStr) -> Result<CString, SandboxError> {
    if name.is_empty() || name.as_bytes().contains(&b'=') {
        return Err(SandboxError::VariableName(name.to_string_lossy().into_owned()));
    }
    CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()).map_err(|_| SandboxError::Nul("a variable"))
}
