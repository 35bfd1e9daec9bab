//! GitHub Copilot CLI, as 1.0.102 was seen to work.

use aegis_shell::Dialect;
use serde_json::{Map, Value, json};

use super::{HookHost, Protocol, claude_like, either_spelling, event, tool_name, unfolded};
use crate::hooks::event::{Event, Point, directory, text};
use crate::hooks::stance::Stance;
use crate::hooks::tools::{Kind, Tool};

pub(super) struct Copilot;

const TOOLS: &[Tool] = &[
    Tool { names: &["bash", "Bash"], kind: Kind::Shell(Dialect::User), fields: &["command"] },
    Tool { names: &["powershell"], kind: Kind::Shell(Dialect::Other), fields: &["command"] },
    Tool { names: &["view", "Read"], kind: Kind::Read, fields: &["path", "file_path"] },
    Tool { names: &["create", "Write"], kind: Kind::Write, fields: &["path", "file_path"] },
    Tool { names: &["edit", "str_replace_editor", "Edit"], kind: Kind::Edit, fields: &["path", "file_path"] },
    Tool { names: &["glob", "Glob"], kind: Kind::Glob, fields: &["pattern", "path", "paths"] },
    Tool { names: &["grep", "rg", "Grep"], kind: Kind::Search, fields: &["path", "paths"] },
    Tool { names: &["web_fetch", "WebFetch"], kind: Kind::Fetch, fields: &["url"] },
    Tool { names: &["apply_patch"], kind: Kind::Patch, fields: &["patch", "input", "command"] },
    // sub-agents ask for each of their own calls
    Tool {
        names: &[
            "report_intent",
            "update_todo",
            "ask_user",
            "read_bash",
            "stop_bash",
            "list_bash",
            "task",
            "read_agent",
            "list_agents",
            "write_agent",
            "fetch_copilot_cli_documentation",
        ],
        kind: Kind::Nothing,
        fields: &[],
    },
];

impl Protocol for Copilot {
    fn event_name(&self, object: &Map<String, Value>) -> Option<String> {
        either_spelling(object)
    }

    fn points(&self) -> &'static [(&'static str, Point)] {
        &[("preToolUse", Point::Before), ("PreToolUse", Point::Before)]
    }

    fn other_events(&self) -> &'static [&'static str] {
        &[
            "postToolUse",
            "PostToolUse",
            "sessionStart",
            "sessionEnd",
            "userPromptSubmitted",
            "errorOccurred",
            "agentStop",
            "subagentStart",
            "subagentStop",
            "preCompact",
            "notification",
        ]
    }

    fn tools(&self) -> &'static [Tool] {
        TOOLS
    }

    fn parse(&self, name: &str, point: Point, object: Map<String, Value>) -> Result<Event, String> {
        if object.contains_key("tool_name") {
            return claude_like(HookHost::Copilot, name, point, object);
        }
        let tool = tool_name(&object, "toolName")?;
        let input = unfolded(&object, "toolArgs")?;
        let (session, cwd) = (text(&object, "sessionId")?, directory(text(&object, "cwd")?)?);
        Ok(event(HookHost::Copilot, (name, point), session, cwd, tool, input))
    }

    /// Where nobody can be asked, a question blocks.
    fn asks(&self, _: &str, _: Point) -> bool {
        true
    }

    fn passes(&self, _: &str, _: Point) -> bool {
        true
    }

    fn render(&self, _: &str, _: Point, stance: Stance, reason: &str) -> Value {
        match stance {
            Stance::NoOpinion => json!({}),
            stance => json!({ "permissionDecision": stance.word(), "permissionDecisionReason": reason }),
        }
    }
}
