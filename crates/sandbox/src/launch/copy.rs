//! Copies of this process while it has one thread, for what needs no other program: nothing is loaded again.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use rustix::process::Pid;

use super::{NAMESPACES, started};
use crate::error::{Calling, SandboxError};
use crate::process::Process;

/// A copy of this process, which has one thread, as its sibling: a child of the same parent. 0 in the copy, its number here.
pub(crate) fn copy_self() -> Result<i32, SandboxError> {
    // SAFETY: a fork, as there is one thread; the copy shares nothing that it could write to but its descriptors.
    let pid = unsafe { libc::syscall(libc::SYS_clone, libc::CLONE_PARENT | libc::SIGCHLD, 0, 0, 0, 0) };
    match i32::try_from(pid) {
        Ok(pid) if pid >= 0 => Ok(pid),
        _ => Err(io::Error::last_os_error()).calling("clone"),
    }
}

/// A copy of this process, which has one thread, as [`Launch::own_namespaces`](super::Launch::own_namespaces) says. None in the copy.
pub(crate) fn copy_apart() -> Result<Option<Process>, SandboxError> {
    let mut started = started();
    let mut pidfd: libc::c_int = -1;
    // SAFETY: as above; the third argument is the place for a descriptor of the copy on every machine.
    let pid = unsafe { libc::syscall(libc::SYS_clone, NAMESPACES | libc::CLONE_PIDFD | libc::SIGCHLD, 0, &raw mut pidfd, 0, 0) };
    match i32::try_from(pid) {
        Ok(0) => Ok(None),
        Ok(pid) if pid > 0 => {
            let pid = Pid::from_raw(pid).ok_or(SandboxError::Launcher)?;
            started.add(pid);
            // SAFETY: the kernel stored a new descriptor here, which nobody else owns.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Some(Process::new(pid, pidfd)))
        }
        _ => Err(io::Error::last_os_error()).calling("clone"),
    }
}
