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

/// The child's ends.
pub(super) struct Theirs {
    /// Else it is `/dev/null`.
    stdin: Option<OwnedFd>,
    outputs: [OwnedFd; 2],
}

impl Theirs {
    /// Standard input, output and error.
    pub(super) fn each(&self) -> Result<[BorrowedFd<'_>; 3], SandboxError> {
        let stdin = match &self.stdin {
            Some(pipe) => pipe.as_fd(),
            None => launch::dev_null()?,
        };
        let [stdout, stderr] = self.outputs.each_ref().map(AsFd::as_fd);
        Ok([stdin, stdout, stderr])
    }

    /// Closes the input, so that we hear when nobody reads it any more, and keeps the outputs: while we could write to them ourselves, no end
    /// of theirs wakes us before that of the child.
    pub(super) fn outputs(self) -> [OwnedFd; 2] {
        self.outputs
    }
}

impl Pipes {
    /// With one for the input where the child gets one.
    pub(super) fn new(stdin: Stdin) -> Result<(Pipes, Theirs), SandboxError> {
        let (input, theirs_in) = match stdin {
            Stdin::Null => (None, None),
            Stdin::Pipe => {
                let (read, write) = pipe()?;
                (Some(ours(write)?), Some(read))
            }
        };
        let (stdout, theirs_out) = pipe()?;
        let (stderr, theirs_err) = pipe()?;
        let pipes = Pipes { stdin: input, stdout: Some(ours(stdout)?), stderr: Some(ours(stderr)?) };
        Ok((pipes, Theirs { stdin: theirs_in, outputs: [theirs_out, theirs_err] }))
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
