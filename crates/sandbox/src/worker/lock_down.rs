//! The worker takes its own rights away, for good.

use std::os::unix::net::UnixStream;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use super::socket::{SOCKET_FD, die_with_broker, take_memory, take_socket};
use crate::channel::SharedPages;
use crate::error::{Calling, SandboxError};
use crate::landlock::{self, Enforced};
use crate::seccomp;

/// Limits that the worker knows by itself. Memory is not among them: it comes with the policy, see
/// [`crate::worker::WorkerProcess::limit_memory`].
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct WorkerLimits {
    /// Private writable memory of the whole process, in bytes, the evaluator's stack included; no limit of its own if `None`.
    pub max_memory_bytes: Option<u64>,
    /// Processor time in seconds, after which the kernel kills the worker, even if the broker hangs.
    pub max_cpu_seconds: Option<u64>,
}

/// What is in force. The system call filter always is, else [`lock_down`] is an error.
#[derive(Debug)]
#[non_exhaustive]
pub struct LockedDown {
    /// The connection to the broker: no worker reads a byte before it is locked down.
    pub socket: UnixStream,
    /// The memory shared with the broker, for [`crate::channel::Channel::of_worker`]. Its descriptor is closed. None: the socket is the
    /// connection.
    pub pages: Option<SharedPages>,
    /// How much of Landlock this kernel has. It is the second wall: the filter allows no call that Landlock would judge.
    pub landlock: Enforced,
}

/// Takes away every right that the worker does not need: file system, sockets, exec, fork, other processes. Afterwards it can compute,
/// allocate, start threads, and talk on the one socket and in the one piece of memory that it shares with the broker. To be called before the first byte is read and before any thread is
/// started (Landlock binds the calling thread and what it starts).
///
/// RLIMIT_NPROC is not used: it counts all processes of the user, root is exempt, and the evaluator's thread comes after this call. That
/// the worker cannot fork is the filter's work.
///
/// # Errors
/// Anything but Landlock is not available, the process is not a worker, has more than one thread, or lost its broker. The worker must end then.
pub fn lock_down(limits: &WorkerLimits) -> Result<LockedDown, SandboxError> {
    die_with_broker()?;
    let pages = take_memory()?;
    close_all_above(SOCKET_FD)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).calling("prctl(PR_SET_DUMPABLE)")?;
    lower(Resource::Core, 0)?;
    lower(Resource::Fsize, 0)?;
    if let Some(bytes) = limits.max_memory_bytes {
        lower(Resource::Data, bytes)?;
    }
    if let Some(seconds) = limits.max_cpu_seconds {
        lower(Resource::Cpu, seconds)?;
    }
    let socket = take_socket()?;
    rustix::thread::set_no_new_privs(true).calling("prctl(PR_SET_NO_NEW_PRIVS)")?;
    let landlock = landlock::deny_all()?;
    // Landlock needed one more for a moment.
    lower(Resource::Nofile, 4)?;
    seccomp::install(&seccomp::worker_filter()?)?;
    Ok(LockedDown { socket, pages, landlock })
}

fn lower(resource: Resource, to: u64) -> Result<(), SandboxError> {
    let hard = rustix::process::getrlimit(resource).maximum;
    let limit = Some(hard.map_or(to, |hard| hard.min(to)));
    setrlimit(resource, Rlimit { current: limit, maximum: limit }).calling("setrlimit")
}

fn close_all_above(fd: i32) -> Result<(), SandboxError> {
    // SAFETY: a worker has opened nothing yet, so that no object loses its descriptor; `start` has closed them already, this is for a
    // worker that somebody else started.
    let done = unsafe { libc::syscall(libc::SYS_close_range, fd.saturating_add(1), libc::c_uint::MAX, 0) };
    if done == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()).calling("close_range") }
}
