//! The pipes between us and a child.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::OFlags;
use rustix::pipe::{PipeFlags, pipe_with};

use super::spec::Stdin;
use crate::error::{Calling, SandboxError};
use crate::launch;

/// Our ends, none of which blocks.
#[derive(Debug, Default)]
pub(super) struct Pipes {
    pub(super) stdin: Option<OwnedFd>,
    pub(super) stdout: Option<OwnedFd>,
    pub(super) stderr: Option<OwnedFd>,
}

/// The child's ends, to be closed here as soon as it has them.
pub(super) struct Theirs([OwnedFd; 3]);

impl Theirs {
    /// Standard input, output and error.
    pub(super) fn each(&self) -> [BorrowedFd<'_>; 3] {
        self.0.each_ref().map(AsFd::as_fd)
    }
}

impl Pipes {
    /// With one for the input where the child gets one.
    pub(super) fn new(stdin: Stdin) -> Result<(Pipes, Theirs), SandboxError> {
        let (input, theirs_in) = match stdin {
            Stdin::Null => (None, launch::dev_null()?),
            Stdin::Pipe => {
                let (read, write) = pipe()?;
                (Some(ours(write)?), read)
            }
        };
        let (stdout, theirs_out) = pipe()?;
        let (stderr, theirs_err) = pipe()?;
        let pipes = Pipes { stdin: input, stdout: Some(ours(stdout)?), stderr: Some(ours(stderr)?) };
        Ok((pipes, Theirs([theirs_in, theirs_out, theirs_err])))
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd), SandboxError> {
    pipe_with(PipeFlags::CLOEXEC).calling("pipe")
}

/// Our end of a pipe does not block; the child's end, another open file, does.
fn ours(fd: OwnedFd) -> Result<OwnedFd, SandboxError> {
    rustix::fs::fcntl_setfl(&fd, OFlags::NONBLOCK).calling("fcntl(F_SETFL)")?;
    Ok(fd)
}
