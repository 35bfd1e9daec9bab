//! Gemini CLI, by its documents and source of 0.56, and as 0.61.0 was seen to work.

use std::path::Path;

use aegis_shell::Dialect;
use serde_json::{Map, Value, json};

use super::{HookHost, Protocol, claude_like};
use crate::hooks::act::Act;
use crate::hooks::event::{Event, Point};
use crate::hooks::stance::Stance;
use crate::hooks::tools::{Kind, Tool};

pub(super) struct Gemini;

const TOOLS: &[Tool] = &[
    Tool { names: &["run_shell_command"], kind: Kind::Shell(Dialect::User), fields: &["command"] },
    Tool { names: &["read_file"], kind: Kind::Read, fields: &["file_path", "absolute_path", "path"] },
    Tool { names: &["read_many_files"], kind: Kind::ReadMany, fields: &["paths", "include"] },
    Tool { names: &["write_file"], kind: Kind::Write, fields: &["file_path", "absolute_path", "path"] },
    Tool { names: &["replace"], kind: Kind::Edit, fields: &["file_path", "absolute_path", "path"] },
    Tool { names: &["list_directory"], kind: Kind::List, fields: &["dir_path", "path"] },
    Tool { names: &["glob"], kind: Kind::Glob, fields: &["pattern", "dir_path", "path"] },
    Tool { names: &["grep_search", "search_file_content", "ripgrep"], kind: Kind::Search, fields: &["dir_path", "path"] },
    Tool { names: &["web_fetch"], kind: Kind::FetchInText, fields: &["prompt", "url"] },
    // sub-agents ask for each of their own calls
    Tool {
        names: &[
            "write_todos",
            "update_topic",
            "ask_user",
            "enter_plan_mode",
            "exit_plan_mode",
            "invoke_agent",
            "complete_task",
            "list_background_processes",
            "read_background_output",
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
        &[
            "AfterTool",
            "BeforeAgent",
            "AfterAgent",
            "BeforeModel",
            "AfterModel",
            "BeforeToolSelection",
            "SessionStart",
            "SessionEnd",
            "PreCompress",
            "Notification",
        ]
    }

    fn tools(&self) -> &'static [Tool] {
        TOOLS
    }

    fn parse(&self, name: &str, point: Point, object: Map<String, Value>) -> Result<Event, String> {
        let mut event = claude_like(HookHost::Gemini, name, point, object)?;
        let also: Vec<Act> = event.acts.iter().flat_map(|act| also_meant(act, &event.cwd)).collect();
        event.acts.extend(also);
        let looks = |act: &Act| matches!(act, Act::Path { path, .. } if is_looked_for(path, &event.cwd));
        if event.tool == "replace" && event.acts.iter().any(looks) {
            event.acts.push(Act::Unclear("there is no such file, and Gemini would take one with its name from anywhere in the workspace"));
        }
        Ok(event)
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

/// The same on each other file that Gemini may take the name for. What it does with names was read in the source of 0.61.0 and seen.
fn also_meant(act: &Act, cwd: &Path) -> Vec<Act> {
    let on = |path: &str, act: &dyn Fn(String) -> Act| readings(path, cwd).into_iter().map(act).collect();
    match act {
        Act::Path { op, path } => on(path, &|path| Act::Path { op: *op, path }),
        Act::Search { path } => on(path.as_deref().unwrap_or("."), &|path| Act::Search { path: Some(path) }),
        Act::List { path } => on(path.as_deref().unwrap_or("."), &|path| Act::List { path: Some(path) }),
        _ => Vec::new(),
    }
}

/// A name without NUL and without a leading `@`, which Gemini drops where that is no file; each of them whole, with its percent signs decoded.
fn readings(path: &str, cwd: &Path) -> Vec<String> {
    let clean = path.replace('\0', "");
    let bare = clean.strip_prefix('@').map(|rest| rest.trim_start_matches(['/', '\\']).to_owned()).filter(|rest| !rest.is_empty());
    let mut found: Vec<String> = bare.iter().cloned().chain((clean != path).then(|| clean.clone())).collect();
    for name in std::iter::once(clean).chain(bare) {
        let mut whole = cwd.join(name).to_string_lossy().into_owned();
        // once is what was seen; what is decoded twice would lead elsewhere again
        for _ in 0..3 {
            match decoded(&whole) {
                Some(other) => whole = other,
                None => break,
            }
            found.push(whole.clone());
        }
    }
    found
}

/// A text with its percent signs decoded, if that is another one. Bytes that are no UTF-8 are left to the name as it is.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
        if let (b'%', Some(high), Some(low)) = (first, digit(0), digit(1)) {
            bytes.push(high << 4 | low);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok().filter(|decoded| decoded != text)
}

/// Whether `replace` would look for the file: a relative name under which there is nothing.
fn is_looked_for(path: &str, cwd: &Path) -> bool {
    !path.starts_with('/') && !cwd.join(path).exists()
}
