//! Gemini CLI, by its documents and source of 0.56, and as 0.61.0 was seen to work.

use aegis_shell::Dialect;
use serde_json::{Map, Value, json};

use super::{HookHost, Protocol, claude_like};
use crate::hooks::event::{Event, Point};
use crate::hooks::stance::Stance;
use crate::hooks::tools::{Kind, Tool};

pub(super) struct Gemini;

const TOOLS: &[Tool] = &[
    Tool { names: &["run_shell_command"], kind: Kind::Shell(Dialect::Bash), fields: &["command"] },
    Tool { names: &["read_file"], kind: Kind::Read, fields: &["file_path", "absolute_path", "path"] },
    Tool { names: &["read_many_files"], kind: Kind::Read, fields: &["paths", "include"] },
    Tool { names: &["write_file"], kind: Kind::Write, fields: &["file_path", "absolute_path", "path"] },
    Tool { names: &["replace"], kind: Kind::Edit, fields: &["file_path", "absolute_path", "path"] },
    Tool { names: &["list_directory"], kind: Kind::List, fields: &["dir_path", "path"] },
    Tool { names: &["glob"], kind: Kind::Glob, fields: &["pattern", "dir_path", "path"] },
    Tool { names: &["grep_search", "search_file_content", "ripgrep"], kind: Kind::Search, fields: &["dir_path", "path"] },
    Tool { names: &["web_fetch"], kind: Kind::FetchInText, fields: &["prompt", "url"] },
    // sub-agents ask for each of their own calls
    Tool {
        names: &[
            "write_todos", "update_topic", "ask_user", "enter_plan_mode", "exit_plan_mode", "invoke_agent", "complete_task", "list_background_processes", "read_background_output",
        ],
        kind: Kind::Nothing,
        fields: &[],
    },
];

/// Whether a tool is one of Gemini's.
pub(super) fn has_tool(name: &str) -> bool {
    name == "google_web_search" || TOOLS.iter().any(|tool| tool.names.contains(&name))
}

impl Protocol for Gemini {
    fn points(&self) -> &'static [(&'static str, Point)] {
        &[("BeforeTool", Point::Before)]
    }

    fn other_events(&self) -> &'static [&'static str] {
        &["AfterTool", "BeforeAgent", "AfterAgent", "BeforeModel", "AfterModel", "BeforeToolSelection", "SessionStart", "SessionEnd", "PreCompress", "Notification"]
    }

    fn tools(&self) -> &'static [Tool] {
        TOOLS
    }

    fn parse(&self, name: &str, point: Point, object: Map<String, Value>) -> Result<Event, String> {
        claude_like(HookHost::Gemini, name, point, object)
    }

    /// It could, but a hook's question takes the place of a denial by the user's own rules, so none is put.
    fn asks(&self, _: &str, _: Point) -> bool {
        false
    }

    fn passes(&self, _: &str, _: Point) -> bool {
        true
    }

    fn render(&self, _: &str, _: Point, stance: Stance, reason: &str) -> Value {
        match stance {
            Stance::Allow => json!({ "decision": "allow", "reason": reason }),
            Stance::NoOpinion => json!({}),
            Stance::Ask | Stance::Deny => json!({ "decision": "deny", "reason": reason }),
        }
    }
}
