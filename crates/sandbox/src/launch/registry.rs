//! The processes this crate started and has not reaped. A sweep for orphans spares them.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::Pid;

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

    pub(crate) fn remove(&mut self, pid: Pid) {
        self.0.remove(&pid.as_raw_pid());
    }

    pub(crate) fn contains(&self, pid: Pid) -> bool {
        self.0.contains(&pid.as_raw_pid())
    }
}
