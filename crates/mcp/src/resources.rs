//! What a client may know of the policy: what is granted, never what is denied or local-only.

use std::fmt::Write;

use aegis_policy::{Capability, Policy};
use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents};
use serde_json::{Value, json};

use crate::kept::PREFIX;
use crate::server::Shared;

const POLICY: &str = "aegis://policy";
const CAPABILITIES: &str = "aegis://capabilities";
const BUILTINS: &str = "aegis://builtins";

pub(crate) fn listed() -> Vec<Resource> {
    let resource = |uri: &str, name: &str, what: &str, mime: &str| Resource::new(uri, name).with_description(what).with_mime_type(mime);
    vec![
        resource(POLICY, "policy", "What the policy grants, list by list", "application/json"),
        resource(CAPABILITIES, "capabilities", "What may be done here, in short", "text/markdown"),
        resource(BUILTINS, "builtins", "The builtins of scripts", "text/markdown"),
    ]
}

pub(crate) fn read(uri: &str, shared: &Shared) -> Result<ReadResourceResult, ErrorData> {
    let policy = &shared.parts.policy;
    let (text, mime) = match uri {
        POLICY => (pretty(&granted(policy)), "application/json"),
        CAPABILITIES => (capabilities(policy), "text/markdown"),
        BUILTINS => (aegis_script::builtin_reference(), "text/markdown"),
        _ if uri.starts_with(PREFIX) => {
            let sources = shared.kept.sources(uri).ok_or_else(|| unknown(uri))?;
            (pretty(&json!({ "content": crate::answer::REDACTED, "sources": sources })), "application/json")
        }
        _ => return Err(unknown(uri)),
    };
    Ok(ReadResourceResult::new(vec![ResourceContents::text(text, uri).with_mime_type(mime)]))
}

fn unknown(uri: &str) -> ErrorData {
    ErrorData::resource_not_found(format!("no such resource: {uri}"), None)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The lists that grant something, and whose entries say nothing of secrets.
const SHOWN: &[&str] = &[
    "[filesystem].read_allow",
    "[filesystem].write_allow",
    "[filesystem].delete_allow",
    "[network].http_get_allow",
    "[network].http_post_allow",
    "[network].http_put_allow",
    "[network].http_patch_allow",
    "[network].http_delete_allow",
    "[environment].allow_vars",
    "[subprocess].allow_commands",
    "[subprocess].ask_commands",
    "requires_approval",
];

fn granted(policy: &Policy) -> Value {
    let mut lists = serde_json::Map::new();
    for list in SHOWN {
        let mut entries: Vec<&str> = Vec::new();
        for rule in policy.rules().filter(|rule| rule.list() == *list) {
            if !entries.contains(&rule.pattern()) {
                entries.push(rule.pattern());
            }
        }
        if !entries.is_empty() {
            lists.insert((*list).to_owned(), json!(entries));
        }
    }
    json!({ "name": policy.settings().name, "description": policy.settings().description, "granted": lists })
}

fn capabilities(policy: &Policy) -> String {
    let mut text = String::from("Everything that is not named here is denied.\n\n");
    let granted = granted(policy);
    if let Some(lists) = granted.get("granted").and_then(Value::as_object) {
        for (list, entries) in lists {
            let names: Vec<&str> = entries.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let _ = writeln!(text, "- `{list}`: {}", names.join(", "));
        }
    }
    let names: Vec<&str> = Capability::ALL.into_iter().filter(|c| policy.has_capability(*c)).map(Capability::name).collect();
    let _ = write!(text, "\n```json\n{}\n```\n", json!({ "capabilities": names }));
    text
}

/// What a client is told at the start.
pub(crate) fn instructions(policy: &Policy) -> String {
    let what = policy.settings().description.as_deref().map(|what| format!(" {what}")).unwrap_or_default();
    format!(
        "Aegis does what the operator's policy allows and nothing else.{what} Read aegis://capabilities first. aegis_run runs a script that does \
         several things in one call. A denial says what line of the policy would allow it: tell the person, do not try to get around it. \
         Local-only values come as handles; pass them on as {{\"local\": handle}}."
    )
}
