//! Kills orphans that came to this process because it is a subreaper.

use std::fs;
use std::io;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, child_subreaper, kill_process, waitpid};

use crate::broker::single_threaded;
use crate::error::{Calling, SandboxError};
use crate::launch::started;

/// A point of time in the clock and unit of `/proc/PID/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticks(u64);

impl Ticks {
    /// Now, rounded down as the kernel does for processes.
    pub(super) fn now() -> Ticks {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let per_second = rustix::param::clock_ticks_per_second().max(1);
        let (seconds, nanos) = (u64::try_from(now.tv_sec).unwrap_or(0), u64::try_from(now.tv_nsec).unwrap_or(0));
        Ticks(seconds.saturating_mul(per_second).saturating_add(nanos / (1_000_000_000 / per_second).max(1)))
    }
}

/// Kills and reaps our children that started since then, and the ones that come to us when those die, until none is left. Spares what this
/// crate started and what is named.
pub(super) fn sweep(since: Ticks, spare: &[Pid], deadline: Instant) -> Result<(), SandboxError> {
    if child_subreaper().calling("prctl(PR_GET_CHILD_SUBREAPER)")?.is_none() {
        return Ok(());
    }
    loop {
        let mut left = 0usize;
        let mut reaped = false;
        // Held for the round: a child that another thread starts now is in the set before we see it.
        let ours = started();
        for pid in children()? {
            if ours.contains(pid) || spare.contains(&pid) || start_of(pid).is_none_or(|start| start < since) {
                continue;
            }
            left = left.saturating_add(1);
            match kill_process(pid, Signal::KILL) {
                Ok(()) | Err(Errno::SRCH) => {}
                Err(errno) => return Err(errno).calling("kill"),
            }
            // Not waited for here: one that hangs in the kernel must not hold us, and whoever forks faster than it dies is met again.
            reaped |= !matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None));
        }
        drop(ours);
        if left == 0 {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(SandboxError::Unkillable { left });
        }
        if !reaped {
            std::thread::sleep(Duration::from_micros(50));
        }
    }
}

/// All children of all our threads, dead ones included.
fn children() -> Result<Vec<Pid>, SandboxError> {
    // Every child costs one sweep at least, so the usual case is worth a short way.
    match single_threaded() {
        Ok(()) => match fs::read_to_string("/proc/thread-self/children") {
            Ok(list) => return Ok(pids(&list).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return children_by_parent(),
            Err(error) => return Err(error).calling("read children"),
        },
        Err(SandboxError::NotSingleThreaded { .. }) => {}
        Err(error) => return Err(error),
    }
    let mut all = Vec::new();
    for task in fs::read_dir("/proc/self/task").calling("list threads")? {
        let path = task.calling("list threads")?.path();
        match fs::read_to_string(path.join("children")) {
            Ok(list) => all.extend(pids(&list)),
            // A thread may have ended; but if it is there, this kernel has no such file.
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.exists() => return children_by_parent(),
            Err(error) if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH) => {}
            Err(error) => return Err(error).calling("read children"),
        }
    }
    Ok(all)
}

fn pids(list: &str) -> impl Iterator<Item = Pid> {
    list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).filter_map(Pid::from_raw)
}

/// The same, by asking every process for its parent.
fn children_by_parent() -> Result<Vec<Pid>, SandboxError> {
    let own = std::process::id().to_string();
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc").calling("list processes")? {
        let name = entry.calling("list processes")?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw) else { continue };
        if field(pid, 4).is_some_and(|parent| parent == own) {
            all.push(pid);
        }
    }
    Ok(all)
}

fn start_of(pid: Pid) -> Option<Ticks> {
    field(pid, 22)?.parse().ok().map(Ticks)
}

/// A field of `/proc/PID/stat`, counted from 1 as in its documentation; from the fourth on.
fn field(pid: Pid, number: usize) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(number.checked_sub(3)?).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_find_the_same_children() {
        let mut child = std::process::Command::new("/bin/sleep").arg("60").spawn().unwrap();
        let pid = Pid::from_child(&child);
        let (fast, slow) = (children().unwrap(), children_by_parent().unwrap());
        let (before, start) = (Ticks::now(), start_of(pid).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(fast.contains(&pid) && slow.contains(&pid), "{pid:?} in {fast:?} and {slow:?}");
        assert!(start <= before && before.0 - start.0 < 1000, "{start:?} {before:?}");
    }
}
