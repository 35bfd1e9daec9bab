//! The kernel's questions, and the answers to them (seccomp_unotify(2)).

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::error::{Calling, SandboxError};

/// A call that waits for an answer.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct Question {
    id: u64,
    /// The calling thread, as this process knows it.
    pub(super) pid: u32,
    flags: u32,
    pub(super) nr: i32,
    arch: u32,
    instruction: u64,
    pub(super) args: [u64; 6],
}

#[repr(C)]
struct Answer {
    id: u64,
    value: i64,
    error: i32,
    flags: u32,
}

#[repr(C)]
struct Descriptor {
    id: u64,
    flags: u32,
    from: u32,
    to: u32,
    to_flags: u32,
}

const RECEIVE: libc::Ioctl = 0xc050_2100u32 as libc::Ioctl;
const SEND: libc::Ioctl = 0xc018_2101u32 as libc::Ioctl;
const IS_VALID: libc::Ioctl = 0x4008_2102u32 as libc::Ioctl;
const ADD_DESCRIPTOR: libc::Ioctl = 0x4018_2103u32 as libc::Ioctl;
const SET_FLAGS: libc::Ioctl = 0x4008_2104u32 as libc::Ioctl;
/// SECCOMP_USER_NOTIF_FLAG_CONTINUE
const CONTINUE: u32 = 1;
/// SECCOMP_ADDFD_FLAG_SEND
const AND_ANSWER: u32 = 2;

/// Where questions come from.
#[derive(Debug)]
pub(super) struct Listener(OwnedFd);

impl Listener {
    pub(super) fn new(fd: OwnedFd) -> Listener {
        // the caller goes on where we are: a seventh of the time; kernels before 6.6 do not know it
        // SAFETY: a number as the argument.
        unsafe { libc::ioctl(fd.as_raw_fd(), SET_FLAGS, 1) };
        Listener(fd)
    }

    /// The next question; none when nobody is left who could ask, or when `stop` is readable.
    ///
    /// # Errors
    /// A system call failed.
    pub(super) fn next(&self, stop: BorrowedFd<'_>) -> Result<Option<Question>, SandboxError> {
        loop {
            let mut fds = [PollFd::new(&self.0, PollFlags::IN), PollFd::from_borrowed_fd(stop, PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(errno).calling("poll"),
            }
            let [of_listener, of_stop] = fds.map(|fd| fd.revents());
            if !of_stop.is_empty() {
                return Ok(None);
            }
            if !of_listener.contains(PollFlags::IN) {
                return Ok(None);
            }
            // SAFETY: plain data, for which zeros are valid; the kernel wants them.
            let mut question: Question = unsafe { std::mem::zeroed() };
            // SAFETY: the kernel fills a structure of the size that is in the number of the call.
            if unsafe { libc::ioctl(self.0.as_raw_fd(), RECEIVE, &mut question) } == 0 {
                return Ok(Some(question));
            }
            match std::io::Error::last_os_error().raw_os_error() {
                // the caller has died meanwhile
                Some(libc::ENOENT | libc::EINTR) => {}
                _ => return Err(std::io::Error::last_os_error()).calling("ioctl(SECCOMP_IOCTL_NOTIF_RECV)"),
            }
        }
    }

    /// Whether the caller still waits: what was read by its number was its own.
    pub(super) fn still_waits(&self, question: &Question) -> bool {
        // SAFETY: a number to read.
        unsafe { libc::ioctl(self.0.as_raw_fd(), IS_VALID, &question.id) == 0 }
    }

    /// The call gives this.
    pub(super) fn give(&self, question: &Question, result: Result<i64, Errno>) {
        let (value, error) = match result {
            Ok(value) => (value, 0),
            Err(errno) => (0, -errno.raw_os_error()),
        };
        self.send(&Answer { id: question.id, value, error, flags: 0 });
    }

    /// The call goes on by itself, with the rights that the caller has.
    pub(super) fn go_on(&self, question: &Question) {
        self.send(&Answer { id: question.id, value: 0, error: 0, flags: CONTINUE });
    }

    fn send(&self, answer: &Answer) {
        // SAFETY: a structure of the size that is in the number of the call. It fails if the caller is gone: then nobody waits.
        unsafe { libc::ioctl(self.0.as_raw_fd(), SEND, answer) };
    }

    /// The call gives a new descriptor of the caller's, for this file.
    pub(super) fn give_file(&self, question: &Question, file: impl AsFd, close_on_exec: bool) {
        let from = u32::try_from(file.as_fd().as_raw_fd()).unwrap_or(u32::MAX);
        let to_flags = if close_on_exec { libc::O_CLOEXEC.cast_unsigned() } else { 0 };
        let descriptor = Descriptor { id: question.id, flags: AND_ANSWER, from, to: 0, to_flags };
        // SAFETY: a structure of the size that is in the number of the call.
        if unsafe { libc::ioctl(self.0.as_raw_fd(), ADD_DESCRIPTOR, &descriptor) } == -1 {
            let errno = std::io::Error::last_os_error().raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error);
            self.give(question, Err(errno));
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
