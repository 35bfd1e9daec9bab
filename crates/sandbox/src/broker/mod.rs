//! What the broker does to itself before anything untrusted runs.

mod environment;

pub(crate) use environment::forget_origin;
pub use environment::take_environment;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::error::{Calling, SandboxError};

/// A write past the file size limit is an error (EFBIG) of that write from now on, and no longer the end of this process: the journal must be
/// able to say so. Children have the default again.
pub fn survive_full_files() {
    // SAFETY: SIG_IGN is no handler; nothing of ours runs on the signal.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// What is typed to interrupt a command at the terminal reaches the whole group; whoever waits for the command outlives it. Children have the
/// default again.
pub fn survive_interrupts() {
    for signal in [libc::SIGINT, libc::SIGQUIT] {
        // SAFETY: SIG_IGN is no handler; nothing of ours runs on the signal.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// No core dump, and no look into this process by others of the same user: `/proc/PID/{environ,mem,maps,fd}`, ptrace, pidfd_getfd.
/// Root with its capabilities still can; see [`take_environment`]. Its own children are ordinary again after exec.
///
/// # Errors
/// The system call failed.
pub fn harden() -> Result<(), SandboxError> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).calling("prctl(PR_SET_DUMPABLE)")?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).calling("setrlimit")
}

/// From now on orphans of our children become our children, so that [`crate::child::RunningChild::kill_all`] finds daemons. Processes that
/// other code of this program starts are spared only if it names them to `kill_all`.
///
/// # Errors
/// The system call failed.
pub fn become_subreaper() -> Result<(), SandboxError> {
    // Any process id stands for "yes".
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).calling("prctl(PR_SET_CHILD_SUBREAPER)")
}

/// An error if this process has more than one thread.
pub(crate) fn single_threaded() -> Result<(), SandboxError> {
    // A directory has two links and one per subdirectory; this one has a subdirectory per thread.
    #[allow(clippy::useless_conversion, reason = "32 bits on aarch64")]
    let links = u64::from(rustix::fs::stat("/proc/self/task").calling("stat /proc/self/task")?.st_nlink);
    match links.saturating_sub(2) {
        1 => Ok(()),
        threads => Err(SandboxError::NotSingleThreaded { threads }),
    }
}
