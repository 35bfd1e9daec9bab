//! A record as one line for people. Nothing in a journal is trusted here: whoever could write a target could write an escape sequence.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::escape::is_unsafe_to_show;
use crate::show::{Content, Entry};

/// How much of one value is shown.
const MOST_CHARS: usize = 300;

/// What stands in front, in this order, without its name.
const PLAIN: [&str; 5] = ["capability", "call", "target", "script", "place"];

/// What every record has, or what is shown in another way.
const LEFT_OUT: [&str; 10] = ["v", "seq", "time", "run", "kind", "prev", "resolved", "rule", "line", "id"];

/// `time kind #id call target -> resolved key=value ... rule`, in one line, at most a few thousand characters, safe for a terminal.
#[must_use]
pub fn render_line(entry: &Entry) -> String {
    match &entry.content {
        Content::Record(record) => render_record(record),
        Content::Unreadable(why) => {
            let mut out = format!("line {}: {why}", entry.line);
            if !entry.raw.is_empty() {
                let shown = entry.raw.get(..4 * MOST_CHARS).unwrap_or(&entry.raw);
                let _ = write!(out, ": {}", cut(&String::from_utf8_lossy(shown)));
            }
            out
        }
    }
}

fn render_record(record: &Map<String, Value>) -> String {
    let text = |key: &str| record.get(key).and_then(Value::as_str);
    let mut out = String::new();
    // To the second and without the zone, which is always UTC.
    let time: String = text("time").unwrap_or("-").chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect();
    let run: String = text("run").unwrap_or("-").chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect();
    let _ = write!(out, "{} {} {:<14}", printable(&time), printable(&run), cut(text("kind").unwrap_or("-")));
    if let Some(id) = record.get("id").and_then(Value::as_u64) {
        let _ = write!(out, " #{id}");
    }
    let mut last_plain = None;
    for value in PLAIN.iter().filter_map(|key| text(key)) {
        // The call is often named like its capability.
        if last_plain != Some(value) {
            let _ = write!(out, " {}", cut(value));
        }
        last_plain = Some(value);
    }
    if let Some(resolved) = text("resolved").filter(|resolved| Some(*resolved) != text("target")) {
        let _ = write!(out, " -> {}", cut(resolved));
    }
    if let Some(line) = record.get("line").and_then(Value::as_u64).filter(|line| *line > 0) {
        let _ = write!(out, " (line {line})");
    }
    let rest = record.iter().filter(|(key, _)| {
        !PLAIN.contains(&key.as_str()) && !LEFT_OUT.contains(&key.as_str()) && !key.ends_with("_whole") && !key.ends_with("sha256")
    });
    for (key, value) in rest.take(20) {
        match value {
            Value::String(text) => drop(write!(out, " {}={}", cut(key), cut(text))),
            other => drop(write!(out, " {}={}", cut(key), cut(&bounded(other)))),
        }
    }
    if let Some(rule) = text("rule") {
        let _ = write!(out, " by {}", cut(rule));
    }
    out
}

/// JSON text of a value; of long arrays and objects only how long they are.
fn bounded(value: &Value) -> String {
    match value {
        Value::Array(items) if items.len() > 20 => format!("[{} items]", items.len()),
        Value::Object(fields) if fields.len() > 20 => format!("{{{} fields}}", fields.len()),
        other => other.to_string(),
    }
}

/// The beginning of a text, safe to show.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARS) {
        Some((at, _)) => format!("{}...", printable(text.get(..at).unwrap_or_default())),
        None => printable(text),
    }
}

/// Text with every character escaped that a terminal could obey or that could hide or reorder others.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe_to_show(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(record: &Value) -> String {
        let Value::Object(record) = record else { panic!() };
        render_line(&Entry { line: 1, raw: Vec::new(), content: Content::Record(record.clone()) })
    }

    #[test]
    fn a_denial() {
        let line = rendered(&serde_json::json!({
            "v": 1, "seq": 4, "time": "2026-11-20T11:33:38.123456789Z", "run": "0199-abcdef", "kind": "denied", "id": 3,
            "capability": "fs.write", "call": "fs.write", "line": 12, "target": "x/../.env", "resolved": "/p/.env",
            "rule": "[fs].deny \"**/.env\" (aegis.toml:7)", "visibility": "public", "reason": "a rule denies it",
            "code": "policy_denied", "prev": "00"}));
        assert_eq!(
            line,
            "2026-11-20 11:33:38 abcdef denied         #3 fs.write x/../.env -> /p/.env (line 12) code=policy_denied \
             reason=a rule denies it visibility=public by [fs].deny \"**/.env\" (aegis.toml:7)"
        );
    }

    #[test]
    fn hostile_text_stays_one_harmless_line() {
        let evil = "\u{1b}[2K\r\n\u{9b}31m\u{202e}\u{2028}\u{e0041}\u{7}\u{200b}";
        let line = rendered(&serde_json::json!({
            "time": evil, "run": evil, "kind": evil, "target": evil, "call": evil, "rule": evil, "resolved": evil, evil: evil, "list": [evil, {evil: evil}]}));
        assert!(!line.chars().any(is_unsafe_to_show), "{line:?}");
        let raw = render_line(&Entry { line: 1, raw: evil.as_bytes().to_vec(), content: Content::Unreadable("torn") });
        assert!(!raw.chars().any(is_unsafe_to_show), "{raw:?}");
        assert!(raw.contains("\\u{1b}[2K"));
    }

    #[test]
    fn long_values_are_cut() {
        let long = "x".repeat(100_000);
        assert!(rendered(&serde_json::json!({"time": long, "target": long, "rule": long, "a": [long, long]})).len() < 2_000);
    }
}
