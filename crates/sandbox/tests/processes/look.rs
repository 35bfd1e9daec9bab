//! What the process table says.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Root with what belongs to it; under confinement it has nothing of that.
pub fn is_root() -> bool {
    let has_rights = status("self", "CapEff").is_some_and(|rights| !rights.trim_start_matches('0').is_empty());
    rustix::process::geteuid().is_root() && has_rights
}

/// A line of `/proc/PID/status`, without its name.
pub fn status(pid: &str, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(|value| value.trim().to_owned())
}

/// Whether the process runs (a zombie does not).
pub fn runs(pid: i32) -> bool {
    status(&pid.to_string(), "State").is_some_and(|state| !state.starts_with('Z') && !state.starts_with('X'))
}

/// Pids, zombies aside, whose command line contains the text, other than ours.
pub fn running(text: &str) -> Vec<String> {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|pid| pid.parse::<u32>().is_ok_and(|pid| pid != std::process::id()))
        .filter(|pid| fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(text)))
        .collect()
}

/// Our children, zombies included.
pub fn children() -> Vec<i32> {
    let own = std::process::id();
    let list = fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap();
    list.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

/// Waits for something that must become true.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub fn program(name: &str) -> PathBuf {
    ["/usr/bin", "/bin"].iter().map(|dir| Path::new(dir).join(name)).find(|path| path.exists()).unwrap()
}
