//! Ends what another thread is doing.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Asks whoever holds a clone of it to stop: at once where that one sleeps on [`Cancel::fd`], else when it looks next.
#[derive(Debug, Clone)]
pub struct Cancel(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    is_cancelled: AtomicBool,
    reader: io::PipeReader,
    writer: Mutex<Option<io::PipeWriter>>,
}

impl Cancel {
    /// Not cancelled yet.
    ///
    /// # Errors
    /// No descriptor is free.
    pub fn new() -> io::Result<Cancel> {
        let (reader, writer) = io::pipe()?;
        Ok(Cancel(Arc::new(Inner { is_cancelled: AtomicBool::new(false), reader, writer: Mutex::new(Some(writer)) })))
    }

    /// From now on it is, for good.
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::SeqCst);
        drop(self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Whether somebody did that.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::SeqCst)
    }

    /// Becomes readable when it is cancelled; for poll.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.reader.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeper_wakes() {
        let cancel = Cancel::new().unwrap();
        let other = cancel.clone();
        let ready = |cancel: &Cancel| {
            let mut fds = [rustix::event::PollFd::from_borrowed_fd(cancel.fd(), rustix::event::PollFlags::IN)];
            rustix::event::poll(&mut fds, Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap()
        };
        assert!(!other.is_cancelled() && ready(&other) == 0);
        cancel.cancel();
        assert!(other.is_cancelled() && ready(&other) == 1);
        cancel.cancel();
    }
}
