//! Antigravity CLI, by what was reported of 1.1 and 1.2: camel case, and whatever is no decision blocks.

use aegis_shell::Dialect;
use serde_json::{Map, Value, json};

use super::{HookHost, Protocol, either_spelling, event, first_directory, tool_name};
use crate::hooks::event::{Event, Point, directory, text};
use crate::hooks::stance::Stance;
use crate::hooks::tools::{Kind, Tool};

pub(super) struct Antigravity;

const TOOLS: &[Tool] = &[
    Tool { names: &["run_command"], kind: Kind::Shell(Dialect::User), fields: &["CommandLine", "commandLine"] },
    Tool { names: &["view_file", "view_file_outline", "view_content_chunk"], kind: Kind::Read, fields: &["AbsolutePath", "absolutePath"] },
    Tool { names: &["view_code_item"], kind: Kind::Read, fields: &["File", "file"] },
    Tool { names: &["write_to_file"], kind: Kind::Write, fields: &["TargetFile", "targetFile"] },
    Tool { names: &["replace_file_content", "multi_replace_file_content"], kind: Kind::Edit, fields: &["TargetFile", "targetFile"] },
    Tool { names: &["list_dir"], kind: Kind::List, fields: &["DirectoryPath", "directoryPath"] },
    Tool { names: &["find_by_name"], kind: Kind::Glob, fields: &["Pattern", "SearchDirectory", "searchDirectory"] },
    Tool { names: &["grep_search", "codebase_search"], kind: Kind::Search, fields: &["SearchPath", "searchPath"] },
    Tool { names: &["read_url_content"], kind: Kind::Fetch, fields: &["Url", "url"] },
    Tool { names: &["ask_question", "task_boundary", "notify_user", "command_status"], kind: Kind::Nothing, fields: &[] },
];

impl Protocol for Antigravity {
    fn event_name(&self, object: &Map<String, Value>) -> Option<String> {
        either_spelling(object)
    }

    fn points(&self) -> &'static [(&'static str, Point)] {
        &[("PreToolUse", Point::Before)]
    }

    fn other_events(&self) -> &'static [&'static str] {
        &["PostToolUse", "PreInvocation", "PostInvocation", "Stop"]
    }

    fn tools(&self) -> &'static [Tool] {
        TOOLS
    }

    fn parse(&self, name: &str, point: Point, object: Map<String, Value>) -> Result<Event, String> {
        let call = object.get("toolCall").and_then(Value::as_object).ok_or("the event has no toolCall")?;
        let tool = tool_name(call, "name")?;
        let input = call.get("args").cloned().unwrap_or(Value::Null);
        // a call without a directory of its own starts in the first workspace
        let own = text(&object, "cwd")?.or_else(|| first_directory(&object, "workspacePaths"));
        let (session, cwd) = (text(&object, "conversationId")?, directory(own)?);
        Ok(event(HookHost::Antigravity, (name, point), session, cwd, tool, input))
    }

    fn asks(&self, _: &str, _: Point) -> bool {
        true
    }

    /// An empty object blocks there.
    fn passes(&self, _: &str, _: Point) -> bool {
        false
    }

    fn render(&self, _: &str, _: Point, stance: Stance, reason: &str) -> Value {
        let decision = match stance {
            Stance::Allow => "allow",
            // "ask" gives way to what the user once allowed for good
            Stance::Ask | Stance::NoOpinion => "force_ask",
            Stance::Deny => "deny",
        };
        json!({ "decision": decision, "reason": reason })
    }
}
