//! Entries for fuzzers. Not part of the interface.
#![doc(hidden)]

use std::path::Path;

use aegis_policy::{Finder, Policy, Surroundings};
use serde_json::Value;

use crate::hooks::{Asked, HookHost, Point, Stance, answer, blocked, read, rule, settle};
use crate::host::Host;
use crate::install::{self, Hook};

/// Puts the hook into any bytes as a settings file, the first of which chooses the agent, and takes it out again. What comes of it is JSON
/// that has the hook; a second time changes nothing, and without it the text is what it was.
///
/// # Panics
/// If one of these does not hold.
pub fn hook_settings(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let (Ok(text), Ok(hook)) = (std::str::from_utf8(bytes), Hook::new(Path::new("/opt/aegis-hook"), Some(Path::new("/etc/policy.toml"))))
    else {
        return;
    };
    let hosts: Vec<Host> = Host::with_hooks().collect();
    let Some(host) = hosts.get(usize::from(*first) % hosts.len().max(1)) else { return };
    install::fuzzed(*host, text, &hook);
}

const EVENTS: [Option<&str>; 9] = [
    None,
    Some("PreToolUse"),
    Some("PermissionRequest"),
    Some("BeforeTool"),
    Some("preToolUse"),
    Some("beforeShellExecution"),
    Some("beforeReadFile"),
    Some("beforeMCPExecution"),
    Some("tool.execute.before"),
];

/// Reads any bytes as an event: the first byte is the host and event that were asked for. Under a policy that denies every tool, whatever is
/// read at a decision point is denied, in one line of JSON; what is not read is blocked.
///
/// # Panics
/// If one of these does not hold.
pub fn hook_event(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let first = usize::from(*first);
    let host = HookHost::ALL.get(first % 8).copied();
    let asked = Asked { host, event: EVENTS.get(first / 8 % EVENTS.len()).copied().flatten() };
    let finder = Finder::of_this_user().with_home(Path::new("/nonexistent"));
    let rules = "[agents]\ndeny_tools = [\"*\"]\n";
    let Ok(policy) = Policy::from_text("fuzz.toml", rules, Path::new("/"), &finder, &Surroundings::default()) else { return };
    match read(asked, bytes) {
        Ok(event) if event.point == Point::Other => assert_eq!(answer(&event, Stance::NoOpinion, "").stdout, "{}\n"),
        Ok(event) => {
            let ruling = rule(&policy, &event, Some(Path::new("/nonexistent")), None);
            assert_eq!(ruling.stance, Stance::Deny);
            let told = settle(ruling.stance, &event).told();
            let answer = answer(&event, told, "why");
            let printed: Value = serde_json::from_str(&answer.stdout).unwrap_or_default();
            assert!(printed.to_string().contains("\"deny\"") && answer.stdout.lines().count() == 1 && answer.code == 0);
        }
        Err(error) => {
            let answer = blocked(error.host, error.event.as_deref(), &error.why);
            let is_json = serde_json::from_str::<Value>(&answer.stdout).is_ok_and(|value| value.to_string().contains("\"deny\""));
            assert!(!answer.stderr.trim().is_empty() && (is_json && answer.code == 0 || answer.stdout.is_empty() && answer.code == 2));
        }
    }
}
