//! `aegis hook` and `aegis approve` as agents and people meet them: real processes, what they print, what is in the journal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod approvals;
mod attacks;
mod decisions;
mod failures;
mod journal;
#[path = "../cli/place.rs"]
#[allow(dead_code)]
mod place;

use std::process::Command;

use place::{Ended, Place, wait_with};
use serde_json::{Value, json};

pub const POLICY: &str = r#"
version = 1
inherits = "secure-defaults"
requires_approval = ["fs.write docs/**"]
[filesystem]
read_allow = ["**", "/usr/**"]
write_allow = ["src/**", "docs/**", "target/**"]
delete_allow = ["target/**"]
deny = ["private"]
local_only_read = ["token.txt"]
[network]
http_get_allow = ["docs.rs"]
local_only_hosts = ["secret.example.org"]
[subprocess]
allow_commands = ["git status **", "git diff **", "cargo test **", "cat **", "ls **"]
ask_commands = ["git push **"]
[agents]
allow_tools = ["mcp__memory__*", "mcp__fs__*"]
deny_tools = ["mcp__evil__*"]
"#;

/// A project with a trusted policy, and what agents ask there.
pub struct Agent {
    pub place: Place,
}

impl Agent {
    /// None, said aloud, where a home of its own cannot be had.
    pub fn new(test: &str) -> Option<Agent> {
        let place = Place::with_home(test)?;
        place.file("aegis.toml", POLICY);
        for (file, text) in [("src/main.rs", "fn main() {}"), ("private/x", "p"), ("token.txt", "t"), (".env", "K=v"), ("docs/a.md", "d")] {
            place.file(file, text);
        }
        place.dir(".git/hooks");
        place.aegis(&["trust", "aegis.toml"]).is(0, &[]);
        Some(Agent { place })
    }

    /// The command of a hook.
    pub fn command(&self, host: &str, event: &str) -> Command {
        let mut command = self.place.command();
        command.args(["hook", "--host", host, "--event", event]);
        command
    }

    pub fn told(&self, host: &str, event: &str, question: &Value) -> Ended {
        wait_with(self.command(host, event), question.to_string().as_bytes())
    }

    /// A question of Claude Code.
    pub fn question(&self, tool: &str, input: Value) -> Value {
        json!({
            "session_id": "s1", "transcript_path": "/t", "cwd": self.place.project, "permission_mode": "default",
            "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input,
        })
    }

    /// What Claude Code is told, and why.
    pub fn claude(&self, tool: &str, input: Value) -> (String, String) {
        let ended = self.told("claude", "PreToolUse", &self.question(tool, input));
        ended.is(0, &[]);
        let printed: Value = serde_json::from_str(&ended.out).unwrap_or_else(|e| panic!("{e}: {ended:#?}"));
        let told = &printed["hookSpecificOutput"];
        let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
        assert!(!text("permissionDecisionReason").is_empty() || printed == json!({}));
        (if printed == json!({}) { "none".to_owned() } else { text("permissionDecision") }, text("permissionDecisionReason"))
    }

    #[track_caller]
    pub fn is(&self, tool: &str, input: Value, decision: &str) -> String {
        let shown = input.to_string();
        let (told, reason) = self.claude(tool, input);
        assert_eq!(told, decision, "{tool} {shown}: {reason}");
        reason
    }

    #[track_caller]
    pub fn shell(&self, text: &str, decision: &str) -> String {
        self.is("Bash", json!({ "command": text }), decision)
    }

    /// The journal of hooks, after a look at its chain.
    pub fn records(&self) -> Vec<Value> {
        journal::records(&self.place)
    }
}
