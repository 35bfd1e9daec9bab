//! OpenCode, as 1.18.33 was seen to work: Aegis's own plugin asks, before a tool is used; and the older `permission.ask`, which current
//! versions never call.

use aegis_shell::Dialect;
use serde_json::{Map, Value, json};

use super::{HookHost, Protocol, claude_like, tool_name};
use crate::hooks::event::{Event, Point, Prompts, directory, text};
use crate::hooks::stance::Stance;
use crate::hooks::tools::{Kind, Tool};

pub(super) struct OpenCode;

const BEFORE: &str = "tool.execute.before";

const TOOLS: &[Tool] = &[
    Tool { names: &["bash"], kind: Kind::Shell(Dialect::User), fields: &["command"] },
    Tool { names: &["read"], kind: Kind::Read, fields: &["filePath"] },
    Tool { names: &["write"], kind: Kind::Write, fields: &["filePath"] },
    Tool { names: &["edit", "multiedit"], kind: Kind::Edit, fields: &["filePath"] },
    Tool { names: &["patch", "apply_patch"], kind: Kind::Patch, fields: &["patchText", "patch"] },
    Tool { names: &["list"], kind: Kind::List, fields: &["path"] },
    Tool { names: &["glob"], kind: Kind::Glob, fields: &["pattern", "path"] },
    Tool { names: &["grep"], kind: Kind::Search, fields: &["path"] },
    Tool { names: &["lsp", "lsp_hover", "lsp_diagnostics"], kind: Kind::Read, fields: &["filePath"] },
    Tool { names: &["webfetch"], kind: Kind::Fetch, fields: &["url"] },
    // sub-agents ask for each of their own calls
    Tool { names: &["todowrite", "todoread", "question", "plan_exit", "plan_enter", "task"], kind: Kind::Nothing, fields: &[] },
];

impl Protocol for OpenCode {
    fn points(&self) -> &'static [(&'static str, Point)] {
        &[(BEFORE, Point::Before), ("permission.ask", Point::Permission), ("permission.asked", Point::Permission)]
    }

    fn other_events(&self) -> &'static [&'static str] {
        &["tool.execute.after", "permission.replied", "session.idle"]
    }

    fn tools(&self) -> &'static [Tool] {
        TOOLS
    }

    fn parse(&self, name: &str, point: Point, object: Map<String, Value>) -> Result<Event, String> {
        let mut event = if point == Point::Before || !object.contains_key("permission") {
            claude_like(HookHost::OpenCode, name, point, object)?
        } else {
            let permission = object.get("permission").and_then(Value::as_object).ok_or("`permission` is no object")?;
            let tool = tool_name(permission, "type")?;
            let input = permission.get("metadata").cloned().unwrap_or(Value::Null);
            let (session, cwd) = (text(permission, "sessionID")?, directory(text(&object, "cwd")?)?);
            super::event(HookHost::OpenCode, (name, point), session, cwd, tool, input)
        };
        if point == Point::Before {
            // what the plugin lets through runs, unless the user's own rules ask; by default they do not
            event.prompts = Prompts::No;
        }
        Ok(event)
    }

    fn asks(&self, _: &str, point: Point) -> bool {
        point == Point::Permission
    }

    fn passes(&self, _: &str, point: Point) -> bool {
        point == Point::Permission
    }

    fn render(&self, _: &str, point: Point, stance: Stance, reason: &str) -> Value {
        match (point, stance) {
            (Point::Before, Stance::Allow) => json!({ "decision": "allow" }),
            (Point::Before, _) => json!({ "decision": "deny", "reason": reason }),
            (_, Stance::NoOpinion) => json!({}),
            (_, stance) => json!({ "status": stance.word(), "reason": reason }),
        }
    }
}
