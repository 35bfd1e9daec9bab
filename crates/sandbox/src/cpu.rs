//! Broker and worker on one core while they talk: a message and its answer cost 8 µs there, 45 µs across two cores.

use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

use crate::error::{Calling, SandboxError};

/// The affinity this process had before it pinned anything. Processes started since get it, not the pin.
static ORIGINAL: Mutex<Option<CpuSet>> = Mutex::new(None);

/// What to give to a new process; `None` if nothing was ever pinned, then it inherits the right one.
pub(crate) fn original() -> Option<CpuSet> {
    *ORIGINAL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many cores the calling thread may run on; 1 if the kernel does not say.
#[must_use]
pub fn cores() -> u32 {
    sched_getaffinity(None).map_or(1, |set| set.count())
}

/// How a thread runs where somebody waits for what it does: from another core it takes longer to wake each other than a short program runs.
#[derive(Debug, Default)]
pub(crate) struct Company {
    /// For so many programs the core was somebody else's.
    skip: u32,
    skipped: u32,
}

impl Company {
    /// A yield after which nobody else had the core for longer.
    const SHORT: Duration = Duration::from_micros(300);

    /// The calling thread, which is about to start a program, runs on that core from now on, if it may. Programs run where they would without.
    /// Says whether the program shall yield before it begins: the kernel starts it on another core if it takes somebody here for awake, and
    /// those who have just gone to sleep are still counted until the core was offered to them. Where others compute there, each offer costs
    /// a slice of time, and is made rarely.
    pub(crate) fn follow(&mut self, core: u64) -> bool {
        stay_on(core);
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        let before = Instant::now();
        std::thread::yield_now();
        let is_ours = before.elapsed() < Company::SHORT;
        self.skipped = if is_ours { 0 } else { (self.skipped * 2).clamp(1, 256) };
        self.skip = self.skipped;
        is_ours
    }
}

fn stay_on(core: u64) {
    let (Ok(core), Ok(now)) = (usize::try_from(core), sched_getaffinity(None)) else { return };
    if core >= CpuSet::MAX_CPU || now.count() == 1 && now.is_set(core) {
        return;
    }
    ORIGINAL.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(now);
    let mut only = CpuSet::new();
    only.set(core);
    // one that it may not use is no worse a place than the one where it is
    let _ = sched_setaffinity(None, &only);
}

/// Lets a process run on these cores without the calling thread's, if there are others: one that sleeps wakes up elsewhere then.
pub(crate) fn keep_off(process: Pid, mut cores: CpuSet) {
    cores.unset(sched_getcpu());
    if cores.count() > 0 {
        // where it runs is all that this is about
        let _ = sched_setaffinity(Some(process), &cores);
    }
}

/// While this lives, the calling thread and the worker run on one core. Threads that either starts meanwhile inherit that (processes
/// started by this crate do not). Ends on the thread that began it.
#[derive(Debug)]
#[must_use = "the core is shared only while this lives"]
pub struct SharedCore {
    worker: Pid,
    before: CpuSet,
    /// Affinity belongs to the thread: not `Send`.
    thread: PhantomData<*const ()>,
}

/// Pins the calling thread and all threads of the process `worker` to the core the caller runs on.
///
/// # Errors
/// A system call failed; then nothing is pinned.
pub fn share_core(worker: Pid) -> Result<SharedCore, SandboxError> {
    let before = sched_getaffinity(None).calling("sched_getaffinity")?;
    ORIGINAL.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(before);
    let mut core = CpuSet::new();
    core.set(sched_getcpu());
    sched_setaffinity(None, &core).calling("sched_setaffinity")?;
    let shared = SharedCore { worker, before, thread: PhantomData };
    // On failure `shared` is dropped, which undoes both.
    set_all(worker, &core)?;
    Ok(shared)
}

impl SharedCore {
    /// Gives both their cores back, like dropping.
    pub fn release(self) {}
}

impl Drop for SharedCore {
    fn drop(&mut self) {
        // The worker may be gone, and the mask was in force before: no failure here is of use to anyone.
        let _ = sched_setaffinity(None, &self.before);
        let _ = set_all(self.worker, &original().unwrap_or(self.before));
    }
}

/// Sets the affinity of all threads of a process. Threads that end meanwhile do not matter.
fn set_all(pid: Pid, mask: &CpuSet) -> Result<(), SandboxError> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", pid.as_raw_pid())).calling("list threads")?;
    for task in tasks {
        let name = task.calling("list threads")?.file_name();
        let Some(thread) = name.to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw) else { continue };
        match sched_setaffinity(Some(thread), mask) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(errno) => return Err(errno).calling("sched_setaffinity"),
        }
    }
    Ok(())
}
