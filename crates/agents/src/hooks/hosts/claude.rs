//! Claude Code, as 2.1.328 and 2.1.332 were seen to work.

use aegis_shell::Dialect;
use serde_json::{Map, Value, json};

use super::{HookHost, Protocol, claude_like};
use crate::hooks::act::Act;
use crate::hooks::event::{Event, Point, Prompts};
use crate::hooks::stance::Stance;
use crate::hooks::tools::{Kind, Tool, leaves_the_sandbox};

pub(super) struct Claude;

const TOOLS: &[Tool] = &[
    Tool { names: &["Bash", "Monitor"], kind: Kind::Shell(Dialect::User), fields: &["command"] },
    Tool { names: &["PowerShell"], kind: Kind::Shell(Dialect::Other), fields: &["command"] },
    Tool { names: &["Read"], kind: Kind::Read, fields: &["file_path"] },
    Tool { names: &["NotebookRead"], kind: Kind::Read, fields: &["notebook_path"] },
    Tool { names: &["Write"], kind: Kind::Write, fields: &["file_path"] },
    Tool { names: &["Edit", "MultiEdit"], kind: Kind::Edit, fields: &["file_path"] },
    Tool { names: &["NotebookEdit"], kind: Kind::Edit, fields: &["notebook_path"] },
    Tool { names: &["LS"], kind: Kind::List, fields: &["path"] },
    Tool { names: &["Glob"], kind: Kind::Glob, fields: &["pattern", "path"] },
    Tool { names: &["Grep"], kind: Kind::Search, fields: &["path"] },
    Tool { names: &["WebFetch"], kind: Kind::Fetch, fields: &["url"] },
    // sub-agents ask for each of their own calls; the others speak to the user, keep lists, or look at what runs already
    Tool {
        names: &[
            "Agent",
            "Task",
            "AskUserQuestion",
            "BashOutput",
            "EnterPlanMode",
            "ExitPlanMode",
            "KillBash",
            "KillShell",
            "ListAgents",
            "ReportFindings",
            "TaskCreate",
            "TaskGet",
            "TaskList",
            "TaskOutput",
            "TaskStop",
            "TaskUpdate",
            "TodoRead",
            "TodoWrite",
            "ToolSearch",
        ],
        kind: Kind::Nothing,
        fields: &[],
    },
];

impl Protocol for Claude {
    fn points(&self) -> &'static [(&'static str, Point)] {
        &[("PreToolUse", Point::Before), ("PermissionRequest", Point::Permission)]
    }

    fn other_events(&self) -> &'static [&'static str] {
        &[
            "PostToolUse",
            "PostToolUseFailure",
            "Notification",
            "UserPromptSubmit",
            "Stop",
            "StopFailure",
            "SubagentStart",
            "SubagentStop",
            "PreCompact",
            "PostCompact",
            "SessionStart",
            "SessionEnd",
            "Setup",
            "ConfigChange",
            "CwdChanged",
            "FileChanged",
            "InstructionsLoaded",
            "PermissionDenied",
            "TaskCreated",
            "TaskCompleted",
            "TeammateIdle",
            "WorktreeCreate",
            "WorktreeRemove",
        ]
    }

    fn tools(&self) -> &'static [Tool] {
        TOOLS
    }

    fn parse(&self, name: &str, point: Point, object: Map<String, Value>) -> Result<Event, String> {
        let mut event = claude_like(HookHost::Claude, name, point, object)?;
        if leaves_the_sandbox(&event.input) {
            event.acts.push(Act::Asks("it asks to run outside of the agent's own sandbox"));
        }
        let writes = event.acts.iter().any(|act| matches!(act, Act::Path { op: aegis_policy::PathOp::Write, .. }));
        event.prompts = match event.mode.as_deref() {
            None | Some("default" | "plan") => Prompts::Yes,
            // files are written there without a question
            Some("acceptEdits") if !writes => Prompts::Yes,
            // bypassPermissions, dontAsk, auto, and modes that are not known
            Some(_) => Prompts::No,
        };
        Ok(event)
    }

    /// A question is put to a person in every mode; at a permission request the host is about to.
    fn asks(&self, _: &str, _: Point) -> bool {
        true
    }

    fn passes(&self, _: &str, _: Point) -> bool {
        true
    }

    fn render(&self, event: &str, point: Point, stance: Stance, reason: &str) -> Value {
        claude_form(event, point, stance, reason)
    }
}

/// The form that Claude Code takes, and Codex in part.
pub(super) fn claude_form(event: &str, point: Point, stance: Stance, reason: &str) -> Value {
    match (point, stance) {
        (_, Stance::NoOpinion) | (Point::Permission, Stance::Ask) | (Point::Other, _) => json!({}),
        (Point::Before, stance) => json!({
            "hookSpecificOutput": { "hookEventName": event, "permissionDecision": stance.word(), "permissionDecisionReason": reason }
        }),
        (Point::Permission, Stance::Allow) => {
            json!({ "hookSpecificOutput": { "hookEventName": event, "decision": { "behavior": "allow" } } })
        }
        (Point::Permission, Stance::Deny) => {
            json!({ "hookSpecificOutput": { "hookEventName": event, "decision": { "behavior": "deny", "message": reason } } })
        }
    }
}
