//! One question of a host.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::act::Act;
use super::hosts::{self, HookHost};

/// The longest event that is read, in bytes. Hosts put whole files into events; none of these was seen above 4 MiB.
pub const MAX_EVENT: usize = 16 << 20;

/// At which point of a call the host asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Before a tool is used.
    Before,
    /// When the host would ask a person.
    Permission,
    /// Anything else; nothing is decided there.
    Other,
}

/// Whether the host would put a question to a person, as far as the event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompts {
    /// It does, or does not say that it would not.
    Yes,
    /// It does not: it lets everything through, or nothing that was not allowed before.
    No,
}

/// What was asked for on the command line.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The host; found out by the shape of the event without.
    pub host: Option<HookHost>,
    /// The event's name; the one that the event has without.
    pub event: Option<&'a str>,
}

/// A question.
#[derive(Debug, Clone)]
pub struct Event {
    /// Who asks.
    pub host: HookHost,
    /// At which point.
    pub point: Point,
    /// The event's own name.
    pub name: String,
    /// The host's name for the session.
    pub session: Option<String>,
    /// Where the host works, absolute.
    pub cwd: PathBuf,
    /// The host's word for how much it asks.
    pub mode: Option<String>,
    /// Whether a person would be asked.
    pub prompts: Prompts,
    /// The tool's own name.
    pub tool: String,
    /// The tool's input, as it came.
    pub input: Value,
    /// What the call would do.
    pub acts: Vec<Act>,
}

/// Why an event was not understood, and what is known of it all the same: it decides in which form it is blocked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unreadable {
    /// The host, if that much is known.
    pub host: Option<HookHost>,
    /// The event's name, if that much is known.
    pub event: Option<String>,
    /// What is wrong.
    pub why: String,
}

/// Reads an event.
///
/// # Errors
/// [`Unreadable`], for whatever is not wholly understood. It must be blocked.
pub fn read(asked: Asked<'_>, bytes: &[u8]) -> Result<Event, Unreadable> {
    let mut host = asked.host;
    let mut event = asked.event.map(str::to_owned);
    let result = (|| {
        if bytes.len() > MAX_EVENT {
            return Err(format!("the event is longer than {MAX_EVENT} bytes"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "the event is not UTF-8".to_owned())?;
        let value: Value = serde_json::from_str(text).map_err(|error| format!("the event is no JSON: {error}"))?;
        let Value::Object(object) = value else { return Err("the event is no JSON object".to_owned()) };
        let host = *host.get_or_insert_with(|| hosts::found_out(&object));
        let own = hosts::event_name(host, &object);
        let name = match (&event, own) {
            (None, None) => return Err("the event has no name".to_owned()),
            (Some(asked), Some(own)) if !hosts::same_event(host, asked, &own) => {
                return Err(format!("the event is `{}`, and `{asked}` was asked for", shortened(&own)));
            }
            (Some(asked), _) => asked.clone(),
            (None, Some(own)) => own,
        };
        event = Some(name.clone());
        hosts::parse(host, &name, object)
    })();
    result.map_err(|why| Unreadable { host, event, why })
}

/// A text that stands in an object.
pub(super) fn text(object: &Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{key}` is no text")),
    }
}

/// The directory of an event.
pub(super) fn directory(text: Option<String>) -> Result<PathBuf, String> {
    let text = text.ok_or("the event does not say where the host works")?;
    if !text.starts_with('/') || text.contains('\0') {
        return Err(format!("`{}` is no absolute path", shortened(&text)));
    }
    Ok(aegis_policy::lexical(std::path::Path::new(&text)))
}

pub(super) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(60).filter(|c| !c.is_control()).collect();
    if short.len() < text.len() {
        short.push('\u{2026}');
    }
    short
}
