//! Cursor, by its documents of 2026.

use aegis_policy::PathOp;
use aegis_shell::Dialect;
use serde_json::{Map, Value, json};

use super::{HookHost, Protocol, acts, first_directory, tool_name, unfolded};
use crate::hooks::act::Act;
use crate::hooks::event::{Event, Point, Prompts, directory, text};
use crate::hooks::stance::Stance;
use crate::hooks::tools::{Kind, Tool};

pub(super) struct Cursor;

const SHELL: &str = "beforeShellExecution";
const MCP: &str = "beforeMCPExecution";
const READ: &str = "beforeReadFile";
const TOOL: &str = "preToolUse";

const TOOLS: &[Tool] = &[
    Tool { names: &["Shell"], kind: Kind::Shell(Dialect::User), fields: &["command"] },
    Tool { names: &["Read"], kind: Kind::Read, fields: &["file_path", "path", "target_file"] },
    Tool { names: &["Write"], kind: Kind::Write, fields: &["file_path", "path", "target_file"] },
    Tool { names: &["Edit", "StrReplace", "MultiEdit"], kind: Kind::Edit, fields: &["file_path", "path", "target_file"] },
    Tool { names: &["EditNotebook"], kind: Kind::Edit, fields: &["target_notebook", "file_path", "path"] },
    Tool { names: &["Delete"], kind: Kind::Delete, fields: &["file_path", "path", "target_file"] },
    Tool { names: &["LS"], kind: Kind::List, fields: &["path", "target_directory"] },
    Tool { names: &["Glob"], kind: Kind::Glob, fields: &["glob_pattern", "target_directory", "path"] },
    Tool { names: &["Grep"], kind: Kind::Search, fields: &["path"] },
    Tool { names: &["WebFetch"], kind: Kind::Fetch, fields: &["url"] },
    Tool { names: &["TodoWrite", "AskQuestion", "SwitchMode"], kind: Kind::Nothing, fields: &[] },
];

impl Protocol for Cursor {
    fn points(&self) -> &'static [(&'static str, Point)] {
        &[(SHELL, Point::Before), (MCP, Point::Before), (READ, Point::Before), (TOOL, Point::Before)]
    }

    fn other_events(&self) -> &'static [&'static str] {
        &[
            "afterShellExecution",
            "afterMCPExecution",
            "afterFileEdit",
            "beforeSubmitPrompt",
            "stop",
            "sessionStart",
            "sessionEnd",
            "postToolUse",
            "postToolUseFailure",
            "subagentStart",
            "subagentStop",
            "afterAgentResponse",
            "afterAgentThought",
            "preCompact",
            "beforeTabFileRead",
            "afterTabFileEdit",
        ]
    }

    fn tools(&self) -> &'static [Tool] {
        TOOLS
    }

    fn parse(&self, name: &str, point: Point, object: Map<String, Value>) -> Result<Event, String> {
        let own = text(&object, "cwd")?.filter(|cwd| !cwd.is_empty());
        let cwd = directory(own.or_else(|| first_directory(&object, "workspace_roots")))?;
        let (tool, input, acts) = match name {
            SHELL => {
                let command = text(&object, "command")?.ok_or("the event has no command")?;
                let act = Act::Shell { text: command.clone(), dialect: Dialect::User, cwd: None };
                ("Shell".to_owned(), json!({ "command": command }), vec![act])
            }
            READ => {
                let path = text(&object, "file_path")?.ok_or("the event names no file")?;
                let mut files = vec![path];
                // rules and files that go along with it
                for attachment in object.get("attachments").and_then(Value::as_array).into_iter().flatten() {
                    files.extend(
                        ["file_path", "filePath"].iter().find_map(|key| attachment.get(*key)).and_then(Value::as_str).map(str::to_owned),
                    );
                }
                let acts = files.iter().map(|path| Act::Path { op: PathOp::Read, path: path.clone() }).collect();
                ("Read".to_owned(), json!({ "file_path": files }), acts)
            }
            _ => {
                let mut tool = tool_name(&object, "tool_name")?;
                if name == MCP && !tool.starts_with("MCP:") {
                    tool.insert_str(0, "MCP:");
                }
                let input = unfolded(&object, "tool_input")?;
                let acts = acts(HookHost::Cursor, &tool, &input);
                (tool, input, acts)
            }
        };
        Ok(Event {
            host: HookHost::Cursor,
            point,
            name: name.to_owned(),
            session: text(&object, "conversation_id")?,
            cwd,
            mode: None,
            prompts: Prompts::Yes,
            tool,
            input,
            acts,
        })
    }

    fn asks(&self, event: &str, _: Point) -> bool {
        [SHELL, MCP].contains(&event)
    }

    fn passes(&self, _: &str, _: Point) -> bool {
        false
    }

    fn asks_later(&self, event: &str, tool: &str) -> bool {
        event == TOOL && (tool == "Shell" || tool.starts_with("MCP:"))
    }

    fn render(&self, _: &str, _: Point, stance: Stance, reason: &str) -> Value {
        match stance {
            Stance::Allow => json!({ "permission": "allow" }),
            Stance::Ask | Stance::NoOpinion => json!({ "permission": "ask", "user_message": reason, "agent_message": reason }),
            Stance::Deny => json!({ "permission": "deny", "user_message": reason, "agent_message": reason }),
        }
    }
}
