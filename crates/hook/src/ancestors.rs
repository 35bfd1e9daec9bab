//! The processes above this one. Whoever approves must not be the agent that asked.

use std::fs;

use serde_json::{Value, json};

/// Programs that agents are.
const AGENTS: &[&str] = &[
    "claude",
    "codex",
    "opencode",
    "gemini",
    "agy",
    "antigravity",
    "copilot",
    "cursor",
    "cursor-agent",
    "aider",
    "goose",
    "amp",
    "crush",
    "qwen",
];
/// Programs that stand between a host and what it starts.
const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ksh", "fish", "busybox", "env", "timeout", "aegis", "aegis-hook"];
/// More are not above any process that is worth a look.
const MAX_DEPTH: usize = 64;

/// A process, as long as it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u64,
    /// When it started, in the kernel's ticks: numbers are used again.
    pub started: u64,
    /// Its name.
    pub name: String,
}

impl Process {
    fn of(pid: u64) -> Option<(Process, u64)> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // a name may have blanks and brackets in it
        let (head, tail) = stat.rsplit_once(") ")?;
        let name = head.split_once('(')?.1.to_owned();
        let mut fields = tail.split(' ');
        let parent = fields.nth(1)?.parse().ok()?;
        let started = fields.nth(17)?.parse().ok()?;
        Some((Process { pid, started, name }, parent))
    }

    pub(crate) fn json(&self) -> Value {
        json!({ "pid": self.pid, "started": self.started, "name": self.name })
    }

    pub(crate) fn from_json(value: &Value) -> Option<Process> {
        let number = |key: &str| value.get(key).and_then(Value::as_u64);
        Some(Process { pid: number("pid")?, started: number("started")?, name: value.get("name")?.as_str()?.to_owned() })
    }
}

/// Those above this process, the nearest first.
fn above() -> Vec<Process> {
    let mut found = Vec::new();
    let mut next = Process::of(u64::from(std::process::id())).map(|(_, parent)| parent);
    while let Some(pid) = next.filter(|pid| *pid > 1 && found.len() < MAX_DEPTH) {
        let Some((process, parent)) = Process::of(pid) else { break };
        found.push(process);
        next = Some(parent);
    }
    found
}

/// The host of a hook: what started it, behind the shell that its command runs in, up to the shell of whoever started the host.
pub(crate) fn hosts_of_a_hook() -> Vec<Process> {
    let is_shell = |process: &Process| SHELLS.contains(&process.name.trim_start_matches('-'));
    above().into_iter().skip_while(is_shell).take_while(|process| !is_shell(process)).take(8).collect()
}

/// The agent that this process runs under, if it is one of those that asked or has the name of one.
#[must_use]
pub fn agent_above(asked: &[Process]) -> Option<Process> {
    above().into_iter().find(|process| {
        let is_one_that_asked = asked.iter().any(|other| (other.pid, other.started) == (process.pid, process.started));
        is_one_that_asked || AGENTS.contains(&process.name.as_str())
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_test_runner_is_above_its_tests() {
        let (me, parent) = Process::of(u64::from(std::process::id())).unwrap();
        assert!(me.started > 0);
        let all = above();
        assert_eq!(all.first().map(|process| process.pid), Some(parent));
        let parent = all.first().unwrap().clone();
        assert_eq!(agent_above(std::slice::from_ref(&parent)), Some(parent.clone()));
        let other = Process { started: parent.started + 1, ..parent };
        assert_ne!(agent_above(std::slice::from_ref(&other)), Some(other), "a number that was used again is another process");
    }
}
