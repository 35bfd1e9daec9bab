//! What can go wrong when processes are started, confined or ended.

use std::io;
use std::path::PathBuf;

/// Why a process could not be started, confined or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A system call failed.
    #[error("{call} failed: {source}")]
    Call {
        /// What was tried.
        call: &'static str,
        /// What the kernel answered.
        source: io::Error,
    },
    /// The program could not be executed.
    #[error("cannot start `{}` ({stage}): {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The step of the start that failed.
        stage: &'static str,
        /// What the kernel answered.
        source: io::Error,
    },
    /// The file at the program's path is no longer the one that was judged. Nothing was executed.
    #[error("`{}` is no longer the file that was judged", .0.display())]
    Replaced(PathBuf),
    /// A program was named by a path that is not absolute.
    #[error("`{}` is not an absolute path", .0.display())]
    NotAbsolute(PathBuf),
    /// An argument, a variable or the program's path contains a NUL byte.
    #[error("{0} contains a nul byte")]
    Nul(&'static str),
    /// A variable's name is empty or contains `=`.
    #[error("`{0}` is no name of a variable")]
    VariableName(String),
    /// The call is safe only while the process has one thread.
    #[error("the process already has {threads} threads")]
    NotSingleThreaded {
        /// How many it has.
        threads: u64,
    },
    /// Descriptor 3 is not the socket of a broker, or this process is locked down already.
    #[error("this process was not started as a worker")]
    NotAWorker,
    /// The broker ended before the worker had locked itself down.
    #[error("the broker is gone")]
    BrokerGone,
    /// A step of confinement failed.
    #[error("cannot {what}: {source}")]
    Confine {
        /// The step, and the path that it was about.
        what: String,
        /// What the kernel answered.
        source: io::Error,
    },
    /// The launcher of confined commands says why it does not do what it was asked.
    #[error("{0}")]
    Refused(String),
    /// The launcher of confined commands is gone, did not answer in time, or was not understood.
    #[error("the launcher of confined commands is gone")]
    Launcher,
    /// The process that makes copies of itself ended, or did not answer in time.
    #[error("the process that workers are copied from is gone")]
    ZygoteGone,
    /// Processes survived SIGKILL for longer than the bound.
    #[error("{left} processes could not be killed")]
    Unkillable {
        /// How many are left.
        left: usize,
    },
    /// A file of `/proc` does not have the form the kernel documents.
    #[error("cannot understand {0}")]
    Proc(&'static str),
    /// There is no list of system calls for this processor.
    #[error("no system call filter for this architecture")]
    Architecture,
    /// The Landlock ruleset could not be made or entered.
    #[error("landlock: {0}")]
    Landlock(#[from] ::landlock::RulesetError),
}

/// Names the call that failed.
pub(crate) trait Calling<T> {
    /// The same result with the name of the call in the error.
    fn calling(self, call: &'static str) -> Result<T, SandboxError>;
}

impl<T, E: Into<io::Error>> Calling<T> for Result<T, E> {
    fn calling(self, call: &'static str) -> Result<T, SandboxError> {
        self.map_err(|error| SandboxError::Call { call, source: error.into() })
    }
}
