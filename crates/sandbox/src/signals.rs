//! Signals as something to wait for.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::error::{Calling, SandboxError};

/// Signals that have no effect any more but to be read here.
#[derive(Debug)]
pub struct Signals(OwnedFd);

impl Signals {
    /// What asks a program to end: SIGTERM and SIGHUP.
    ///
    /// # Errors
    /// No descriptor is free.
    pub fn that_end() -> Result<Signals, SandboxError> {
        Signals::watch(&[libc::SIGTERM, libc::SIGHUP])
    }

    /// Takes signals from their usual way, for this thread and those that it starts from now on. Programs that are started get an empty mask
    /// all the same.
    ///
    /// # Errors
    /// No descriptor is free.
    pub(crate) fn watch(signals: &[i32]) -> Result<Signals, SandboxError> {
        let mut only = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: the set is made before it is used; blocking signals of our own thread is always sound.
        let fd = unsafe {
            libc::sigemptyset(only.as_mut_ptr());
            for signal in signals {
                libc::sigaddset(only.as_mut_ptr(), *signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, only.as_ptr(), std::ptr::null_mut());
            libc::signalfd(-1, only.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)
        };
        if fd == -1 {
            return Err(std::io::Error::last_os_error()).calling("signalfd");
        }
        // SAFETY: a new descriptor, which nobody else owns.
        Ok(Signals(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Readable when one has come; for poll.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// The number of the next one that has come.
    pub fn take(&self) -> Option<i32> {
        // a `signalfd_siginfo`, which begins with the number
        let mut heard = [0u8; 128];
        let length = rustix::io::read(&self.0, &mut heard).ok()?;
        let number = heard.get(..4).filter(|_| length == heard.len())?;
        number.try_into().ok().map(i32::from_ne_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_read_and_does_nothing_else() {
        // in a thread of its own: the mask of others is theirs
        std::thread::spawn(|| {
            let signals = Signals::watch(&[libc::SIGUSR1]).unwrap();
            assert_eq!(signals.take(), None);
            // SAFETY: to this very thread, which has it blocked.
            unsafe { libc::pthread_kill(libc::pthread_self(), libc::SIGUSR1) };
            assert_eq!((signals.take(), signals.take()), (Some(libc::SIGUSR1), None));
        })
        .join()
        .unwrap();
    }
}
