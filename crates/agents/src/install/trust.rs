//! Which hooks Codex runs: those whose hash the user has accepted, found by the file, the event and the place in the list.
//!
//! Codex 0.169.0 hashes the entry as canonical JSON, its keys sorted; `config.toml` holds the hash under `hooks.state`.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::merge::Found;
use crate::toml::parse;

/// What Codex waits where an entry does not say how long.
const DEFAULT_SECONDS: u64 = 600;

/// What the user has said of a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    Trusted,
    /// As it was once; it has been changed since.
    OfAnother,
    SwitchedOff,
    Unsaid,
}

/// What this configuration says of a hook in that file.
pub(crate) fn trust(config: &str, file: &Path, found: &Found) -> Trust {
    let key = format!("{}:{}:{}:{}", file.display(), label(&found.event), found.group, found.index);
    let Ok(document) = parse(config) else { return Trust::Unsaid };
    let state = document.get("hooks").and_then(|hooks| hooks.get("state")).and_then(|state| state.get(&key));
    let Some(state) = state else { return Trust::Unsaid };
    if state.get("enabled").and_then(|enabled| enabled.as_bool()) == Some(false) {
        return Trust::SwitchedOff;
    }
    match state.get("trusted_hash").and_then(|hash| hash.as_str()) {
        Some(accepted) if accepted == hash(found) => Trust::Trusted,
        Some(_) => Trust::OfAnother,
        None => Trust::Unsaid,
    }
}

fn hash(found: &Found) -> String {
    let of = |key: &str| found.entry.get(key).cloned();
    let mut entry = serde_json::Map::new();
    entry.insert("async".to_owned(), of("async").unwrap_or(Value::Bool(false)));
    entry.insert("command".to_owned(), of("command").unwrap_or_default());
    entry.extend(of("statusMessage").map(|text| ("statusMessage".to_owned(), text)));
    entry.insert("timeout".to_owned(), of("timeout").unwrap_or_else(|| json!(DEFAULT_SECONDS)));
    entry.insert("type".to_owned(), json!("command"));
    let mut identity = serde_json::Map::new();
    identity.insert("event_name".to_owned(), json!(label(&found.event)));
    identity.insert("hooks".to_owned(), json!([entry]));
    identity.extend(found.matcher.clone().map(|matcher| ("matcher".to_owned(), Value::String(matcher))));
    let digest = Sha256::digest(Value::Object(identity).to_string());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// `PreToolUse` as `pre_tool_use`.
fn label(event: &str) -> String {
    let mut label = String::new();
    for char in event.chars() {
        if char.is_ascii_uppercase() && !label.is_empty() {
            label.push('_');
        }
        label.push(char.to_ascii_lowercase());
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::hook::Known;

    fn found(timeout: u64) -> Found {
        Found {
            host: "codex",
            event: "PreToolUse".to_owned(),
            group: 0,
            index: 0,
            matcher: Some(".*".to_owned()),
            is_whole: true,
            known: Known { program: String::new(), policy: None, is_guarded: true },
            entry: json!({"type": "command", "command": "/home/agent/x-hook", "timeout": timeout}),
        }
    }

    /// The hash that Codex 0.169.0 took for this entry.
    #[test]
    fn as_codex_counts() {
        let state = |more: &str| {
            format!(
                "[hooks.state.\"/home/agent/.codex/hooks.json:pre_tool_use:0:0\"]\ntrusted_hash = \"sha256:5864228d436dcce45436528b75ee51fb2b3e8eb4dd41eefd632bcd20bf41595d\"\n{more}"
            )
        };
        let file = Path::new("/home/agent/.codex/hooks.json");
        assert_eq!(trust(&state(""), file, &found(10)), Trust::Trusted);
        assert_eq!(trust(&state(""), file, &found(11)), Trust::OfAnother);
        assert_eq!(trust(&state("enabled = false\n"), file, &found(10)), Trust::SwitchedOff);
        assert_eq!(trust(&state(""), file, &Found { group: 1, ..found(10) }), Trust::Unsaid, "in another place");
        assert_eq!(trust("", file, &found(10)), Trust::Unsaid);
    }
}
