//! A started child.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};

use super::pipes::Pipes;
use super::spec::{ChildSpec, arguments, variables};
use super::sweep::{self, Ticks};
use crate::end::End;
use crate::error::{Calling, SandboxError};
use crate::launch::{self, Launch, Session};
use crate::process::Process;

/// How long a process may take to die of SIGKILL (it may sit in a device driver).
const DYING: Duration = Duration::from_secs(2);

/// Starts the program; it runs when this returns. It dies with the *thread* that started it: that one must live as long as the child may.
///
/// # Errors
/// The program is no longer the judged file, cannot be executed, or a system call failed. Then nothing was executed.
pub fn spawn(spec: &ChildSpec<'_>) -> Result<RunningChild, SandboxError> {
    let program = launch::absolute(spec.program)?;
    let (argv, env) = (arguments(spec.argv)?, variables(spec.env)?);
    let (pipes, theirs) = Pipes::new(spec.stdin)?;
    let started = Ticks::now();
    let process = launch::launch(&Launch {
        program: &program,
        argv: &argv,
        env: &env,
        fds: &theirs.each()?,
        cwd: Some(spec.cwd),
        expect: Some((spec.expect.device, spec.expect.inode)),
        max_memory_bytes: spec.max_memory_bytes,
        dies_with_us: true,
        no_new_privs: true,
        session: Session::Own,
        plain_signals: false,
        yields: false,
        own_namespaces: false,
        rules: None,
    })?;
    Ok(RunningChild { process, started, pipes })
}

/// A running child. Dropping it ends it like [`RunningChild::kill_all`].
#[derive(Debug)]
pub struct RunningChild {
    process: Process,
    started: Ticks,
    pipes: Pipes,
}

impl RunningChild {
    /// Its process id, which is also its process group and session; valid until [`RunningChild::kill_all`].
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.process.pid()
    }

    /// Becomes readable when it ends; for poll.
    #[must_use]
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.process.pidfd()
    }

    /// The writing end of its stdin, once; non-blocking. `None` without [`Stdin::Pipe`](super::Stdin::Pipe).
    pub fn take_stdin(&mut self) -> Option<OwnedFd> {
        self.pipes.stdin.take()
    }

    /// The reading end of its stdout, once; non-blocking.
    pub fn take_stdout(&mut self) -> Option<OwnedFd> {
        self.pipes.stdout.take()
    }

    /// The reading end of its stderr, once; non-blocking.
    pub fn take_stderr(&mut self) -> Option<OwnedFd> {
        self.pipes.stderr.take()
    }

    /// All ends of ours at once.
    pub(super) fn take_pipes(&mut self) -> Pipes {
        std::mem::take(&mut self.pipes)
    }

    /// Whether it has ended, waiting for that until the deadline. What it started may still run.
    ///
    /// # Errors
    /// A system call failed.
    pub fn has_ended(&self, deadline: Instant) -> Result<bool, SandboxError> {
        self.process.has_ended(Some(deadline))
    }

    /// Ends it and everything it started, and says how it ended itself. Needed after an end of its own too, because it may have left
    /// others behind.
    ///
    /// SIGKILL goes to its process group. What has left that group comes to the broker as an orphan, if that is a subreaper
    /// ([`crate::broker::become_subreaper`]), and is killed until none is left. Orphans of other children that run at the same time
    /// cannot be told from its own and go too. Spared are what this crate started (workers and children), what is older than this child,
    /// and `spare`: other processes that this program started by other means.
    ///
    /// # Errors
    /// Something survived for two seconds, or a system call failed.
    pub fn kill_all(&mut self, spare: &[Pid]) -> Result<End, SandboxError> {
        if !self.process.is_reaped() {
            // Before it is reaped, for then the group's number may belong to others.
            match kill_process_group(self.process.pid(), Signal::KILL) {
                Ok(()) | Err(Errno::SRCH | Errno::PERM) => {}
                Err(errno) => return Err(errno).calling("kill"),
            }
            self.process.kill()?;
        }
        let deadline = Instant::now() + DYING;
        if !self.process.has_ended(Some(deadline))? {
            return Err(SandboxError::Unkillable { left: 1 });
        }
        sweep::sweep(self.started, spare, deadline)?;
        self.process.wait()
    }
}

impl Drop for RunningChild {
    fn drop(&mut self) {
        if !self.process.is_reaped() {
            // Nobody is left to hear of an error; `process` is killed by its own drop in any case.
            let _ = self.kill_all(&[]);
        }
    }
}
