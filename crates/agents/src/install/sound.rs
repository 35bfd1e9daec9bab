//! Whether an agent reads a file at all. One comment, or one malformed entry of somebody else, and some ignore the whole file without a
//! word: then our hook would stand there and never run.

use serde_json::Value;

use super::shape::{Reader, Rules};
use crate::document::{Document, MARK, Reads};
use crate::edit::EditError;

/// Refuses what the agent would ignore.
pub(crate) fn sound(text: &str, reader: &Reader) -> Result<(), EditError> {
    let ignored = |what: String| EditError::Ignored { what, host: reader.name };
    // what is no JSON in any sense has a better message
    let document = Document::parse(text)?;
    if text.starts_with(MARK) && !reader.byte_order_mark {
        return Err(ignored("it begins with a byte order mark".to_owned()));
    }
    let body = text.trim_start_matches(MARK);
    if body.trim().is_empty() {
        return Ok(());
    }
    let at = |error: EditError| match error {
        EditError::Invalid { line, column, reason } => ignored(format!("line {line}, column {column}: {reason}")),
        other => other,
    };
    Document::parse_as(text, Reads { comments: reader.comments, trailing_commas: false }).map_err(at)?;
    if reader.comments {
        return Ok(());
    }
    if document.has_comments() {
        return Err(ignored("it has comments".to_owned()));
    }
    let value: Value = serde_json::from_str(body).map_err(|error| ignored(format!("not plain JSON: {error}")))?;
    match reader.rules {
        Rules::None => Ok(()),
        Rules::Claude => hooks(&value, true).and_then(|()| permissions(&value)),
        Rules::Codex => only_hooks(&value).and_then(|()| hooks(&value, false)),
    }
    .map_err(ignored)
}

fn only_hooks(value: &Value) -> Result<(), String> {
    let other = value.as_object().into_iter().flatten().map(|(key, _)| key).find(|key| *key != "hooks");
    other.map_or(Ok(()), |key| Err(format!("it has `{key}` beside `hooks`")))
}

/// Events, each with groups, each with entries.
fn hooks(value: &Value, timeout_above_zero: bool) -> Result<(), String> {
    let Some(hooks) = value.get("hooks") else { return Ok(()) };
    let hooks = hooks.as_object().ok_or("`hooks` is not an object")?;
    for (event, groups) in hooks {
        let groups = groups.as_array().ok_or(format!("`hooks.{event}` is not a list"))?;
        for (at, group) in groups.iter().enumerate() {
            let at = format!("hooks.{event}[{at}]");
            if group.get("matcher").is_some_and(|matcher| !matcher.is_string()) {
                return Err(format!("`{at}.matcher` is not text"));
            }
            let entries = group.get("hooks").and_then(Value::as_array).ok_or(format!("`{at}.hooks` is not a list"))?;
            for (index, entry) in entries.iter().enumerate() {
                well_formed(entry, timeout_above_zero).map_err(|what| format!("`{at}.hooks[{index}]{what}"))?;
            }
        }
    }
    Ok(())
}

/// What is wrong with an entry, to be put behind its name.
fn well_formed(entry: &Value, timeout_above_zero: bool) -> Result<(), String> {
    let kind = entry.get("type").and_then(Value::as_str).ok_or(".type` is not text")?;
    if kind == "command" && !entry.get("command").is_some_and(Value::is_string) {
        return Err(".command` is not text".to_owned());
    }
    match entry.get("timeout").map(Value::as_f64) {
        Some(None) => Err(".timeout` is not a number".to_owned()),
        Some(Some(seconds)) if seconds < 0.0 || (timeout_above_zero && seconds == 0.0) => Err(".timeout` is not above zero".to_owned()),
        _ => Ok(()),
    }
}

fn permissions(value: &Value) -> Result<(), String> {
    let Some(permissions) = value.get("permissions") else { return Ok(()) };
    let permissions = permissions.as_object().ok_or("`permissions` is not an object")?;
    for list in ["allow", "ask", "deny"] {
        let Some(rules) = permissions.get(list) else { continue };
        if !rules.as_array().is_some_and(|rules| rules.iter().all(Value::is_string)) {
            return Err(format!("`permissions.{list}` is not a list of texts"));
        }
    }
    Ok(())
}
