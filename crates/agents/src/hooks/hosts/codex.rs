//! Codex CLI, as 0.169.0 and 0.171.0 were seen to work: it takes exactly its own form, and whatever else it is given lets the call through.
//!
//! Its newer models write JavaScript in which tools are called; it asks about each of those calls, and not about the script. `cwd` is where
//! the command is to run, also where the model chose it. What is typed into a command that runs already (`write_stdin`) is not asked about.

use aegis_shell::Dialect;
use serde_json::{Map, Value, json};

use super::claude::claude_form;
use super::{HookHost, Protocol, claude_like, event, tool_name};
use crate::hooks::act::Act;
use crate::hooks::event::{Event, Point, Prompts, directory, text};
use crate::hooks::stance::Stance;
use crate::hooks::tools::{Kind, Tool, leaves_the_sandbox};

pub(super) struct Codex;

const TOOLS: &[Tool] = &[
    Tool {
        names: &["Bash", "bash", "shell", "exec_command", "unified_exec"],
        kind: Kind::Shell(Dialect::User),
        fields: &["command", "cmd"],
    },
    Tool { names: &["apply_patch", "Edit", "Write"], kind: Kind::Patch, fields: &["command", "input", "patch"] },
    Tool { names: &["view_image"], kind: Kind::Read, fields: &["path"] },
    Tool { names: &["read_file"], kind: Kind::Read, fields: &["file_path", "path"] },
    Tool { names: &["list_dir"], kind: Kind::List, fields: &["dir_path", "path"] },
    Tool { names: &["grep_files"], kind: Kind::Search, fields: &["path"] },
    // sub-agents ask for each of their own calls
    Tool {
        names: &[
            "update_plan",
            "request_user_input",
            "get_goal",
            "create_goal",
            "update_goal",
            "clock__curr_time",
            "clocksleep",
            "collaborationfollowup_task",
            "collaborationinterrupt_agent",
            "collaborationlist_agents",
            "collaborationsend_message",
            "collaborationspawn_agent",
            "collaborationwait_agent",
        ],
        kind: Kind::Nothing,
        fields: &[],
    },
];

impl Protocol for Codex {
    fn points(&self) -> &'static [(&'static str, Point)] {
        &[("PreToolUse", Point::Before), ("PermissionRequest", Point::Permission)]
    }

    fn other_events(&self) -> &'static [&'static str] {
        &[
            "SessionStart",
            "SessionEnd",
            "PostToolUse",
            "PreCompact",
            "PostCompact",
            "UserPromptSubmit",
            "SubagentStart",
            "SubagentStop",
            "Stop",
            "StopFailure",
            "Interrupt",
        ]
    }

    fn tools(&self) -> &'static [Tool] {
        TOOLS
    }

    fn parse(&self, name: &str, point: Point, object: Map<String, Value>) -> Result<Event, String> {
        let mut event = if point == Point::Permission && !object.contains_key("tool_name") {
            older(name, &object)?
        } else {
            claude_like(HookHost::Codex, name, point, object)?
        };
        // before a tool this would be a denial; at the permission request Codex asks
        if point == Point::Permission && leaves_the_sandbox(&event.input) {
            event.acts.push(Act::Asks("it asks to run outside of the agent's own sandbox"));
        }
        event.prompts = match event.mode.as_deref() {
            None | Some("default" | "plan" | "acceptEdits" | "on-request" | "untrusted") => Prompts::Yes,
            Some(_) => Prompts::No,
        };
        Ok(event)
    }

    /// Before a tool it knows no question: whatever is not a denial runs.
    fn asks(&self, _: &str, point: Point) -> bool {
        point == Point::Permission
    }

    fn passes(&self, _: &str, _: Point) -> bool {
        true
    }

    fn render(&self, event: &str, point: Point, stance: Stance, reason: &str) -> Value {
        match (point, stance) {
            // "allow" means something there only beside a changed input
            (Point::Before, Stance::Allow) => json!({}),
            _ => claude_form(event, point, stance, reason),
        }
    }
}

/// A permission request as older versions have it: `permission.type`, `permission.metadata.command`.
fn older(name: &str, object: &Map<String, Value>) -> Result<Event, String> {
    let permission = object.get("permission").and_then(Value::as_object).ok_or("the event names no tool")?;
    let tool = tool_name(permission, "type")?;
    let input = permission.get("metadata").cloned().unwrap_or(Value::Null);
    let (session, cwd, mode) = (text(object, "session_id")?, directory(text(object, "cwd")?)?, text(object, "permission_mode")?);
    Ok(Event { mode, ..event(HookHost::Codex, (name, Point::Permission), session, cwd, tool, input) })
}
