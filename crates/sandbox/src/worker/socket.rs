//! What a worker was given to talk to its broker.

use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::net::AddressFamily;
use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

use crate::broker::single_threaded;
use crate::channel::SharedPages;
use crate::error::{Calling, SandboxError};

/// Where a worker finds its socket.
pub(super) const SOCKET_FD: RawFd = 3;

/// Where it finds the memory it shares with the broker.
pub(super) const MEMORY_FD: RawFd = 4;

/// Maps the shared memory, if there is any. The descriptor stays open; the caller closes everything above the socket.
pub(super) fn take_memory() -> Result<Option<SharedPages>, SandboxError> {
    // SAFETY: borrowed for this call only; if the number is not open or is something else, `open` says so.
    SharedPages::open(unsafe { BorrowedFd::borrow_raw(MEMORY_FD) })
}

/// The socket to the broker, once per process. Asks the kernel nothing, for after the lock-down there is nothing to ask.
pub(super) fn take_socket() -> Result<UnixStream, SandboxError> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if TAKEN.swap(true, Ordering::AcqRel) {
        return Err(SandboxError::NotAWorker);
    }
    // SAFETY: the caller has checked by `broker_pid` that a socket is there; `start` put it there for this process alone, and only the
    // first caller gets here.
    Ok(UnixStream::from(unsafe { OwnedFd::from_raw_fd(SOCKET_FD) }))
}

/// Makes sure that this process, which has one thread, does not outlive the broker that its socket leads to.
pub(super) fn die_with_broker() -> Result<(), SandboxError> {
    single_threaded()?;
    let broker = broker_pid()?;
    set_parent_process_death_signal(Some(Signal::KILL)).calling("prctl(PR_SET_PDEATHSIG)")?;
    // If the broker ended before that call, no signal will come.
    if getppid() == Some(broker) { Ok(()) } else { Err(SandboxError::BrokerGone) }
}

/// The process that made the socket pair, as the kernel recorded it.
fn broker_pid() -> Result<Pid, SandboxError> {
    // SAFETY: used for two questions only; if the number is not open, the kernel says so.
    let socket = unsafe { BorrowedFd::borrow_raw(SOCKET_FD) };
    if rustix::net::getsockname(socket).map(|name| name.address_family()) != Ok(AddressFamily::UNIX) {
        return Err(SandboxError::NotAWorker);
    }
    rustix::net::sockopt::socket_peercred(socket).map(|peer| peer.pid).map_err(|_| SandboxError::NotAWorker)
}
