//! The processes this crate started and has not reaped. A sweep for orphans spares them.

use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid};

use crate::error::{Calling, SandboxError};
use crate::process::Process;

static STARTED: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// The set, locked. It is held from clone to entry, so that no sweep meets a process that is not in it yet.
pub(crate) struct Started(MutexGuard<'static, BTreeSet<i32>>);

pub(crate) fn started() -> Started {
    Started(STARTED.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Started {
    pub(crate) fn add(&mut self, pid: Pid) {
        self.0.insert(pid.as_raw_pid());
    }

    /// A new process that another one of ours has started as our child; whatever its number says, only a child of ours is waited for and
    /// killed. The set has to be locked since before it was asked for.
    pub(crate) fn adopt(&mut self, pid: Pid) -> Result<Process, SandboxError> {
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).calling("pidfd_open")?;
        waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT).calling("waitid")?;
        self.add(pid);
        Ok(Process::new(pid, pidfd))
    }

    pub(crate) fn remove(&mut self, pid: Pid) {
        self.0.remove(&pid.as_raw_pid());
    }

    pub(crate) fn contains(&self, pid: Pid) -> bool {
        self.0.contains(&pid.as_raw_pid())
    }
}
