//! One module per host: how it asks, its tools, and how each answer is written for it.
//!
//! What each host does with an answer was observed of the real programs; `tests/rendering.rs` names for every host and mode the observation
//! that its answers rely on.

mod antigravity;
mod claude;
mod codex;
mod copilot;
mod cursor;
mod gemini;
mod opencode;

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::act::Act;
use super::event::{Event, Point, Prompts, directory, text};
use super::stance::Stance;
use super::tools::{self, Tool};

/// A host that has hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookHost {
    /// Claude Code
    Claude,
    /// Codex CLI
    Codex,
    /// OpenCode
    OpenCode,
    /// Gemini CLI
    Gemini,
    /// Antigravity, its successor
    Antigravity,
    /// GitHub Copilot CLI
    Copilot,
    /// Cursor
    Cursor,
}

impl HookHost {
    /// All of them.
    pub const ALL: [HookHost; 7] = [
        HookHost::Claude,
        HookHost::Codex,
        HookHost::OpenCode,
        HookHost::Gemini,
        HookHost::Antigravity,
        HookHost::Copilot,
        HookHost::Cursor,
    ];

    /// As `--host` takes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            HookHost::Claude => "claude",
            HookHost::Codex => "codex",
            HookHost::OpenCode => "opencode",
            HookHost::Gemini => "gemini",
            HookHost::Antigravity => "antigravity",
            HookHost::Copilot => "copilot",
            HookHost::Cursor => "cursor",
        }
    }

    /// The host of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<HookHost> {
        HookHost::ALL.into_iter().find(|host| host.word() == word)
    }

    fn protocol(self) -> &'static dyn Protocol {
        match self {
            HookHost::Claude => &claude::Claude,
            HookHost::Codex => &codex::Codex,
            HookHost::OpenCode => &opencode::OpenCode,
            HookHost::Gemini => &gemini::Gemini,
            HookHost::Antigravity => &antigravity::Antigravity,
            HookHost::Copilot => &copilot::Copilot,
            HookHost::Cursor => &cursor::Cursor,
        }
    }
}

/// What the hook's process answers: everything it prints, and its exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Exactly one JSON value, or nothing where the exit code says it all.
    pub stdout: String,
    /// For people, and for hosts that show it.
    pub stderr: String,
    /// 0, or 2 for what is blocked by that alone.
    pub code: u8,
}

/// How a host asks and is answered.
trait Protocol {
    /// The name of an event, as the event has it.
    fn event_name(&self, object: &Map<String, Value>) -> Option<String> {
        object.get("hook_event_name").and_then(Value::as_str).map(str::to_owned)
    }

    /// Events at which a call is decided, and at which point of it.
    fn points(&self) -> &'static [(&'static str, Point)];

    /// Events that the host has beside those; nothing is decided at them.
    fn other_events(&self) -> &'static [&'static str];

    /// The tools whose work is known.
    fn tools(&self) -> &'static [Tool];

    /// Reads an event of one of the points.
    fn parse(&self, name: &str, point: Point, object: Map<String, Value>) -> Result<Event, String>;

    /// Whether the host can put a question to a person at this event.
    fn asks(&self, event: &str, point: Point) -> bool;

    /// Whether it has a word for "no opinion" at this event, after which its own rules count.
    fn passes(&self, event: &str, point: Point) -> bool;

    /// Whether the host asks once more about the same call, at an event where a question can be put.
    fn asks_later(&self, _event: &str, _tool: &str) -> bool {
        false
    }

    /// An answer as the host takes it. The reason is not empty.
    fn render(&self, event: &str, point: Point, stance: Stance, reason: &str) -> Value;
}

pub(super) fn can_ask(event: &Event) -> bool {
    event.host.protocol().asks(&event.name, event.point)
}

pub(super) fn can_pass(event: &Event) -> bool {
    event.host.protocol().passes(&event.name, event.point)
}

pub(super) fn asks_later(event: &Event) -> bool {
    event.host.protocol().asks_later(&event.name, &event.tool)
}

pub(super) fn event_name(host: HookHost, object: &Map<String, Value>) -> Option<String> {
    host.protocol().event_name(object)
}

/// Whether two words name one event: hosts differ in how they write the first letter.
pub(super) fn same_event(host: HookHost, a: &str, b: &str) -> bool {
    a == b || (host == HookHost::Copilot && a.eq_ignore_ascii_case(b))
}

/// Reads an event whose host and name are known.
pub(super) fn parse(host: HookHost, name: &str, object: Map<String, Value>) -> Result<Event, String> {
    let protocol = host.protocol();
    let point = protocol.points().iter().find(|(known, _)| *known == name).map(|(_, point)| *point);
    match point {
        Some(point) => protocol.parse(name, point, object),
        None if protocol.other_events().contains(&name) => Ok(Event {
            host,
            point: Point::Other,
            name: name.to_owned(),
            session: None,
            cwd: PathBuf::from("/"),
            mode: None,
            prompts: Prompts::Yes,
            tool: String::new(),
            input: Value::Null,
            acts: Vec::new(),
        }),
        None => Err(format!("{} has no event `{}`", host.word(), super::event::shortened(name))),
    }
}

/// The answer to an event, in its host's form.
#[must_use]
pub fn answer(event: &Event, told: Stance, reason: &str) -> Answer {
    if event.point == Point::Other {
        return Answer { stdout: "{}\n".to_owned(), stderr: String::new(), code: 0 };
    }
    let value = event.host.protocol().render(&event.name, event.point, told, &said(reason));
    Answer { stdout: format!("{value}\n"), stderr: String::new(), code: 0 }
}

/// The answer where there is none: blocked, in the form of the host and event if they are known.
#[must_use]
pub fn blocked(host: Option<HookHost>, event: Option<&str>, why: &str) -> Answer {
    let reason = said(&format!("aegis: blocked: {why}"));
    let known = host.zip(event).and_then(|(host, event)| {
        let protocol = host.protocol();
        let point = protocol.points().iter().find(|(name, _)| *name == event)?.1;
        Some(protocol.render(event, point, Stance::Deny, &reason))
    });
    match known {
        Some(value) => Answer { stdout: format!("{value}\n"), stderr: format!("{reason}\n"), code: 0 },
        None => Answer { stdout: String::new(), stderr: format!("{reason}\n"), code: 2 },
    }
}

/// The longest reason, in characters: one host was seen to hang on a reason of two megabytes.
const MAX_REASON: usize = 2_000;

/// A reason as hosts are given it: never empty, on one line, not long.
fn said(reason: &str) -> String {
    // what turns text around or hides it would show a person something else
    let is_plain =
        |c: char| !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let mut text: String = reason.chars().take(MAX_REASON).map(|c| if is_plain(c) { c } else { '\u{fffd}' }).collect();
    if text.trim().is_empty() {
        "aegis: denied".clone_into(&mut text);
    }
    text
}

/// The host that an event is from, by its shape; Claude Code's is the one that others copy.
pub(super) fn found_out(object: &Map<String, Value>) -> HookHost {
    let has = |key: &str| object.contains_key(key);
    let is = |key: &str, word: &str| object.get(key).and_then(Value::as_str).is_some_and(|value| value == word);
    let tool = object.get("tool_name").and_then(Value::as_str).unwrap_or_default();
    if has("toolCall") || has("conversationId") {
        HookHost::Antigravity
    } else if has("toolName") || has("toolArgs") {
        HookHost::Copilot
    } else if has("cursor_version") || has("generation_id") || has("workspace_roots") {
        HookHost::Cursor
    } else if is("hook_event_name", "permission.ask")
        || is("hook_event_name", "permission.asked")
        || is("hook_event_name", "tool.execute.before")
    {
        HookHost::OpenCode
    } else if is("hook_event_name", "BeforeTool") || is("hook_event_name", "AfterTool") || gemini::has_tool(tool) {
        HookHost::Gemini
    } else if has("turn_id") || has("permission") {
        HookHost::Codex
    } else {
        HookHost::Claude
    }
}

/// What a tool does at this host.
fn acts(host: HookHost, tool: &str, input: &Value) -> Vec<Act> {
    tools::acts(host.protocol().tools(), tool, input)
}

/// The name of an event where a host writes its field in one of two spellings.
fn either_spelling(object: &Map<String, Value>) -> Option<String> {
    ["hook_event_name", "hookEventName"].iter().find_map(|key| object.get(*key)).and_then(Value::as_str).map(str::to_owned)
}

/// The tool that an event, or a part of one, names.
fn tool_name(object: &Map<String, Value>, key: &str) -> Result<String, String> {
    text(object, key)?.filter(|tool| !tool.is_empty()).ok_or_else(|| "the event names no tool".to_owned())
}

/// The input of a tool; some versions of some hosts hand it over as the text of an object.
fn unfolded(object: &Map<String, Value>, key: &str) -> Result<Value, String> {
    match object.get(key) {
        None => Ok(Value::Null),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(Value::Null),
        Some(Value::String(text)) => serde_json::from_str(text).map_err(|error| format!("`{key}` is no JSON: {error}")),
        Some(other) => Ok(other.clone()),
    }
}

/// The first of the directories that a host works in.
fn first_directory(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key)?.as_array()?.first()?.as_str().map(str::to_owned)
}

/// An event whose tool's own table says what the call would do. A host that says more changes it in what it gets.
fn event(host: HookHost, (name, point): (&str, Point), session: Option<String>, cwd: PathBuf, tool: String, input: Value) -> Event {
    Event {
        host,
        point,
        name: name.to_owned(),
        session,
        cwd,
        mode: None,
        prompts: Prompts::Yes,
        acts: acts(host, &tool, &input),
        tool,
        input,
    }
}

/// An event in the form that Claude Code has and others copy.
fn claude_like(host: HookHost, name: &str, point: Point, mut object: Map<String, Value>) -> Result<Event, String> {
    let tool = tool_name(&object, "tool_name")?;
    let input = object.remove("tool_input").unwrap_or(Value::Null);
    let mode = text(&object, "permission_mode")?;
    let (session, cwd) = (text(&object, "session_id")?, directory(text(&object, "cwd")?)?);
    Ok(Event { mode, ..event(host, (name, point), session, cwd, tool, input) })
}
