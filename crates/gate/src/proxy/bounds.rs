//! How long one connection of a child may wait, whichever of its sockets it waits for.

use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aegis_sandbox::Cancel;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::fault::Fault;

/// Shared by both sockets and both directions of a connection: what flows one way keeps the other way from being idle.
#[derive(Debug)]
pub(super) struct Bounds {
    begun: Instant,
    total: Duration,
    idle: Duration,
    /// When bytes last moved, in milliseconds from `begun`.
    moved: AtomicU64,
    stop: Cancel,
}

impl Bounds {
    pub(super) fn new(total: Duration, idle: Duration, stop: Cancel) -> Bounds {
        Bounds { begun: Instant::now(), total, idle, moved: AtomicU64::new(0), stop }
    }

    pub(super) const fn stop(&self) -> &Cancel {
        &self.stop
    }

    pub(super) fn bytes_moved(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.fetch_max(now, Ordering::Relaxed);
    }

    /// Until the descriptor is ready, or a bound is reached.
    pub(super) fn wait(&self, fd: BorrowedFd<'_>, ready: PollFlags) -> Result<(), Fault> {
        loop {
            let since = self.begun.elapsed();
            let left = self.total.checked_sub(since).filter(|left| !left.is_zero()).ok_or(Fault::Time)?;
            let quiet = since.saturating_sub(Duration::from_millis(self.moved.load(Ordering::Relaxed)));
            let patience = self.idle.checked_sub(quiet).filter(|left| !left.is_zero()).ok_or(Fault::Idle)?;
            if wait_once(fd, ready, &self.stop, left.min(patience))? {
                return Ok(());
            }
        }
    }
}

/// Whether the descriptor is ready within that time.
pub(super) fn wait_once(fd: BorrowedFd<'_>, ready: PollFlags, stop: &Cancel, longest: Duration) -> Result<bool, Fault> {
    // a little more than asked for, so that the bound is over when this returns
    let timeout = Timespec::try_from(longest + Duration::from_millis(1)).ok();
    let mut fds = [PollFd::from_borrowed_fd(fd, ready), PollFd::from_borrowed_fd(stop.fd(), PollFlags::IN)];
    let answer = poll(&mut fds, timeout.as_ref());
    if stop.is_cancelled() {
        return Err(Fault::Ended);
    }
    match answer {
        Ok(_) => Ok(fds.first().is_some_and(|fd| !fd.revents().is_empty())),
        Err(Errno::INTR) => Ok(false),
        Err(errno) => Err(std::io::Error::from(errno).into()),
    }
}
