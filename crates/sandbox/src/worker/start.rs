//! The broker's side of the worker: start, limit, wait, kill.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::channel::{Channel, SharedPages};
use crate::cpu::{self, SharedCore};
use crate::end::End;
use crate::error::{Calling, SandboxError};
use crate::launch::{self, Place, Session};
use crate::process::{self, Process};

/// `argv[0]` of the worker, by which the binary knows what it is.
pub const NAME: &str = "aegis-worker";

/// The stack of the one thread that the worker starts. It is committed as it is used, but RLIMIT_DATA counts it from the start, so that
/// [`WorkerProcess::limit_memory`] adds it.
pub const EVALUATOR_STACK_BYTES: u64 = 1 << 30;

/// What the worker needs beside the heap of the script: its own data, the first thread's heap, signal stacks.
const HEADROOM_BYTES: u64 = 16 << 20;

/// Starts this binary as worker: `argv` is [`NAME`] and then `args`, the environment is empty, descriptors 0 to 2 are `/dev/null`, 3 is
/// the socket to us, 4 the memory it shares with us, and nothing else is open. It has a session of its own, so that the terminal's Ctrl-C reaches only the broker.
///
/// The worker dies with the *thread* that starts it (PR_SET_PDEATHSIG, set in [`crate::worker::lock_down`]): start it from one that
/// stays as long as it is needed.
///
/// # Errors
/// A system call failed, or an argument contains a NUL byte.
pub fn start<A: AsRef<OsStr>>(args: &[A]) -> Result<WorkerProcess, SandboxError> {
    let (socket, theirs) = UnixStream::pair().calling("socketpair")?;
    let (pages, memory) = SharedPages::create()?.unzip();
    let mut fds = vec![theirs.as_fd()];
    fds.extend(memory.as_ref().map(AsFd::as_fd));
    let argv = argv([OsStr::new(NAME)].into_iter().chain(args.iter().map(AsRef::as_ref)))?;
    let process = launch::launch_self(&argv, &fds, Place { session: Session::Own, own_namespaces: false })?;
    Ok(WorkerProcess { process, socket, pages })
}

pub(super) fn argv<'a>(args: impl Iterator<Item = &'a OsStr>) -> Result<Vec<CString>, SandboxError> {
    args.map(|arg| CString::new(arg.as_bytes())).collect::<Result<_, _>>().map_err(|_| SandboxError::Nul("an argument"))
}

/// A running worker. Dropping it kills and reaps it.
#[derive(Debug)]
pub struct WorkerProcess {
    process: Process,
    socket: UnixStream,
    pages: Option<SharedPages>,
}

impl WorkerProcess {
    pub(super) fn new(process: Process, socket: UnixStream, pages: Option<SharedPages>) -> WorkerProcess {
        WorkerProcess { process, socket, pages }
    }

    /// The broker's end of the connection (`&UnixStream` reads and writes). End of file means that the worker is gone: [`Self::wait`].
    #[must_use]
    pub fn socket(&self) -> &UnixStream {
        &self.socket
    }

    /// The broker's end of the channel: who has it owns the connection, and [`Self::socket`] is not to be used beside it. None if it was
    /// taken before, or if there was no room for shared memory; then the socket is the connection.
    ///
    /// # Errors
    /// No descriptor is free.
    pub fn take_channel(&mut self) -> Result<Option<Channel>, SandboxError> {
        let Some(pages) = self.pages.take() else { return Ok(None) };
        let socket = self.socket.try_clone().calling("fcntl(F_DUPFD)")?;
        Ok(Some(Channel::of_broker(socket, pages)))
    }

    /// Its process id; valid until it was waited for.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.process.pid()
    }

    /// Becomes readable when the worker ends; for poll.
    #[must_use]
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.process.pidfd()
    }

    /// Bounds what the script can allocate, in bytes; the worker's own needs and the evaluator's stack come on top. It cannot be raised
    /// again. The worker starts before the policy is known, so the broker sets this before it sends the script. An allocation past it
    /// ends the worker by SIGABRT.
    ///
    /// RLIMIT_DATA (private writable memory) and not RLIMIT_AS: the latter counts address space that is only reserved.
    ///
    /// # Errors
    /// The worker is gone, or the system call failed.
    pub fn limit_memory(&self, bytes: u64) -> Result<(), SandboxError> {
        let limit = Some(bytes.saturating_add(EVALUATOR_STACK_BYTES).saturating_add(HEADROOM_BYTES));
        let old = prlimit(Some(self.pid()), Resource::Data, Rlimit { current: limit, maximum: limit });
        match old {
            Ok(_) => Ok(()),
            // A hard limit that is lower already cannot be raised, and need not be; it has ours.
            Err(rustix::io::Errno::PERM) if !self.process.is_reaped() && is_lower(limit) => Ok(()),
            Err(errno) => Err(errno).calling("prlimit"),
        }
    }

    /// Puts the calling thread and the worker on one core until the result is dropped.
    ///
    /// # Errors
    /// A system call failed; then nothing has changed.
    pub fn share_core(&self) -> Result<SharedCore, SandboxError> {
        cpu::share_core(self.pid())
    }

    /// SIGKILL. Without effect if it has ended.
    ///
    /// # Errors
    /// The system call failed.
    pub fn kill(&self) -> Result<(), SandboxError> {
        self.process.kill()
    }

    /// A handle that kills the worker from another thread, for a wall clock.
    ///
    /// # Errors
    /// No descriptor is free.
    pub fn killer(&self) -> Result<Killer, SandboxError> {
        self.process.pidfd().try_clone_to_owned().map(Killer).calling("fcntl(F_DUPFD)")
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// A system call failed.
    pub fn wait(&mut self) -> Result<End, SandboxError> {
        self.process.wait()
    }

    /// Waits for its end until the deadline; `None` if it still runs then.
    ///
    /// # Errors
    /// A system call failed.
    pub fn wait_until(&mut self, deadline: Instant) -> Result<Option<End>, SandboxError> {
        self.process.wait_until(deadline)
    }
}

/// Kills one worker, from any thread. It can never meet another process.
#[derive(Debug)]
pub struct Killer(OwnedFd);

impl Killer {
    /// SIGKILL. Without effect if the worker has ended.
    ///
    /// # Errors
    /// The system call failed.
    pub fn kill(&self) -> Result<(), SandboxError> {
        process::kill(self.0.as_fd())
    }
}

/// Whether our own memory has a lower limit, which what we started has too.
fn is_lower(limit: Option<u64>) -> bool {
    let ours = rustix::process::getrlimit(Resource::Data).maximum;
    ours.zip(limit).is_some_and(|(ours, limit)| ours <= limit)
}
