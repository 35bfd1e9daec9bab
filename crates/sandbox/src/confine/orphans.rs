//! What commands leave behind comes to the first process of the namespaces, which has to take its end.

use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, waitpid};

use crate::error::{Calling, SandboxError};
use crate::signals::Signals;

/// Says when a process has ended that is nobody else's.
#[derive(Debug)]
pub(super) struct Orphans(Signals);

impl Orphans {
    /// From now on.
    pub(super) fn watch() -> Result<Orphans, SandboxError> {
        Signals::watch(&[libc::SIGCHLD]).map(Orphans)
    }

    /// For poll.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.fd()
    }

    /// Takes the end of all that have ended, but of this one.
    pub(super) fn reap(&self, but: Pid) -> Result<(), SandboxError> {
        while self.0.take().is_some() {}
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
