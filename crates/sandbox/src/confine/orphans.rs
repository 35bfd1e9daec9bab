//! What commands leave behind comes to the first process of the namespaces, which has to take its end.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, waitpid};

use crate::error::{Calling, SandboxError};

/// Says when a process has ended that is nobody else's.
#[derive(Debug)]
pub(super) struct Orphans(OwnedFd);

impl Orphans {
    /// Takes the signal of ended children from its usual way. What is started gets an empty mask all the same.
    pub(super) fn watch() -> Result<Orphans, SandboxError> {
        let mut only = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: the set is made before it is used; blocking a signal of our own is always sound, and there is one thread.
        let fd = unsafe {
            libc::sigemptyset(only.as_mut_ptr());
            libc::sigaddset(only.as_mut_ptr(), libc::SIGCHLD);
            libc::sigprocmask(libc::SIG_BLOCK, only.as_ptr(), std::ptr::null_mut());
            libc::signalfd(-1, only.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)
        };
        if fd == -1 {
            return Err(std::io::Error::last_os_error()).calling("signalfd");
        }
        // SAFETY: a new descriptor, which nobody else owns.
        Ok(Orphans(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// For poll.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Takes the end of all that have ended, but of this one.
    pub(super) fn reap(&self, but: Pid) -> Result<(), SandboxError> {
        let mut heard = [0u8; 128];
        while rustix::io::read(&self.0, &mut heard).is_ok_and(|length| length > 0) {}
        loop {
            let ended = match next_ended() {
                Ok(ended) => ended,
                Err(Errno::CHILD) => return Ok(()),
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(errno).calling("waitid"),
            };
            match Pid::from_raw(ended) {
                // all that is left ends with it
                Some(pid) if pid == but => return Ok(()),
                Some(pid) => {
                    let _ = waitpid(Some(pid), WaitOptions::NOHANG);
                }
                None => return Ok(()),
            }
        }
    }
}

/// A child that has ended, which is left as it is; 0 if there is none.
fn next_ended() -> Result<i32, Errno> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: the kernel fills the structure or leaves its zeros, which are a value of it too; the field is that of waitid.
    unsafe {
        match libc::waitid(libc::P_ALL, 0, info.as_mut_ptr(), flags) {
            0 => Ok(info.assume_init().si_pid()),
            _ => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)),
        }
    }
}
