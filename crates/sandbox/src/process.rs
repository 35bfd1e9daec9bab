//! A process that this crate started: never a zombie, never forgotten.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};

use crate::end::End;
use crate::error::{Calling, SandboxError};
use crate::launch::started;

#[derive(Debug)]
pub(crate) struct Process {
    pid: Pid,
    pidfd: OwnedFd,
    end: Option<End>,
}

impl Process {
    pub(crate) fn new(pid: Pid, pidfd: OwnedFd) -> Process {
        Process { pid, pidfd, end: None }
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// Whether it was waited for. From then on its pid may belong to another process.
    pub(crate) fn is_reaped(&self) -> bool {
        self.end.is_some()
    }

    /// SIGKILL. Without effect if it has ended.
    pub(crate) fn kill(&self) -> Result<(), SandboxError> {
        kill(self.pidfd())
    }

    /// Any signal by its number. Without effect if it has ended, or there is no such signal.
    pub(crate) fn signal(&self, number: u8) -> Result<(), SandboxError> {
        let Some(signal) = Signal::from_named_raw(number.into()) else { return Ok(()) };
        match pidfd_send_signal(self.pidfd(), signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(errno) => Err(errno).calling("pidfd_send_signal"),
        }
    }

    /// Waits until it has ended or the time is over, without reaping it.
    pub(crate) fn has_ended(&self, deadline: Option<Instant>) -> Result<bool, SandboxError> {
        if self.is_reaped() {
            return Ok(true);
        }
        loop {
            let timeout = deadline.map(until);
            match poll(&mut [PollFd::new(&self.pidfd, PollFlags::IN)], timeout.as_ref()) {
                Ok(ready) => return Ok(ready > 0),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno).calling("poll"),
            }
        }
    }

    /// Waits for its end and reaps it.
    pub(crate) fn wait(&mut self) -> Result<End, SandboxError> {
        if let Some(end) = self.end {
            return Ok(end);
        }
        self.has_ended(None)?;
        let mut started = started();
        let end = loop {
            match waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED) {
                Ok(Some(status)) => {
                    break match (status.exit_status(), status.terminating_signal()) {
                        (Some(code), _) => End::Exited(code),
                        (None, Some(signal)) => End::Signal(signal),
                        (None, None) => End::Unknown,
                    };
                }
                Ok(None) | Err(Errno::INTR) => {}
                Err(Errno::CHILD) => break End::Unknown,
                Err(errno) => return Err(errno).calling("waitid"),
            }
        };
        started.remove(self.pid);
        self.end = Some(end);
        Ok(end)
    }

    /// Like [`Process::wait`], but gives up at the deadline.
    pub(crate) fn wait_until(&mut self, deadline: Instant) -> Result<Option<End>, SandboxError> {
        if self.has_ended(Some(deadline))? { self.wait().map(Some) } else { Ok(None) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.is_reaped() {
            // Nobody is left to hear of an error; without SIGKILL the wait might never end.
            if self.kill().is_ok() {
                let _ = self.wait();
            }
        }
    }
}

/// SIGKILL by pidfd: never meets another process that got the same pid.
pub(crate) fn kill(pidfd: BorrowedFd<'_>) -> Result<(), SandboxError> {
    match pidfd_send_signal(pidfd, Signal::KILL) {
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(errno) => Err(errno).calling("pidfd_send_signal"),
    }
}

/// The time until then, for poll.
pub(crate) fn until(deadline: Instant) -> Timespec {
    let left: Duration = deadline.saturating_duration_since(Instant::now());
    Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX), tv_nsec: left.subsec_nanos().into() }
}
