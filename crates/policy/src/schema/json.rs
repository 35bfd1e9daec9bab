//! The JSON schema of the policy file, for editors.

use serde_json::{Map, Value, json};

use super::keys::{Form, Key, Kind, Merge, SECTIONS, Section};
use crate::access::Capability;

/// The JSON schema (draft 2020-12) of the policy file, as text.
#[must_use]
pub fn json_schema() -> String {
    let mut properties = Map::new();
    for section in SECTIONS {
        match section.form {
            Form::Root => properties.extend(keys(section)),
            Form::Table => {
                properties.insert(section.name.to_owned(), table(section));
            }
            Form::Repeated => {
                properties.insert(section.name.to_owned(), json!({ "type": "array", "description": section.doc, "items": table(section) }));
            }
            Form::Named => {
                let one = json!({ "anyOf": [capabilities(), table(section)] });
                properties
                    .insert(section.name.to_owned(), json!({ "type": "object", "description": section.doc, "additionalProperties": one }));
            }
        }
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Aegis policy, version 1",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "$defs": {
            "capability": { "enum": Capability::ALL.map(Capability::name) },
            "entry": {
                "anyOf": [
                    { "type": "string", "minLength": 1 },
                    {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["match"],
                        "properties": { "match": { "type": "string", "minLength": 1 }, "reason": { "type": "string", "minLength": 1 } }
                    }
                ]
            },
            "entries": { "type": "array", "items": { "$ref": "#/$defs/entry" } }
        }
    });
    format!("{schema:#}\n")
}

fn table(section: &Section) -> Value {
    let required: Vec<&str> = match section.name {
        "flow" => vec!["from", "to"],
        "declassify" => vec!["from", "reason", "max_bytes", "shape"],
        "test" => vec!["access", "expect"],
        "tools" => vec!["capabilities"],
        _ => Vec::new(),
    };
    let mut table = json!({ "type": "object", "description": section.doc, "additionalProperties": false, "properties": keys(section) });
    if let (Some(table), false) = (table.as_object_mut(), required.is_empty()) {
        table.insert("required".to_owned(), json!(required));
    }
    table
}

fn keys(section: &Section) -> Map<String, Value> {
    section.keys.iter().map(|key| (key.name.to_owned(), described(key))).collect()
}

fn described(key: &Key) -> Value {
    let mut schema = shape(key);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), json!(key.doc));
        if let Some(default) = default(key) {
            schema.insert("default".to_owned(), default);
        }
    }
    schema
}

fn default(key: &Key) -> Option<Value> {
    // All defaults of the table are written alike in TOML and in JSON.
    if key.default.is_empty() { None } else { serde_json::from_str(key.default).ok() }
}

fn shape(key: &Key) -> Value {
    let string = json!({ "type": "string", "minLength": 1 });
    match key.kind {
        Kind::Version => json!({ "const": 1 }),
        Kind::Text | Kind::Prose | Kind::Path => string,
        Kind::Inherits | Kind::Names => json!({ "anyOf": [string, { "type": "array", "items": string }] }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Limit(_, most) => json!({ "type": "integer", "minimum": 1, "maximum": most }),
        Kind::Calls => json!({
            "type": "object",
            "propertyNames": { "$ref": "#/$defs/capability" },
            "additionalProperties": { "type": "integer", "minimum": 1 }
        }),
        Kind::Entries(..) | Kind::Approval => json!({ "$ref": "#/$defs/entries" }),
        Kind::Arguments(_) => json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/entries" } }),
        Kind::Capabilities => capabilities(),
        Kind::Native => json!({ "type": "object", "additionalProperties": { "type": "object" } }),
    }
}

fn capabilities() -> Value {
    json!({ "type": "array", "items": { "$ref": "#/$defs/capability" } })
}

/// How a key merges, in the words of the reference.
pub(super) const fn merging(merge: Merge) -> &'static str {
    match merge {
        Merge::Union => "union, `!x` removes",
        Merge::Nearer => "nearer file wins",
        Merge::Smaller => "smaller wins",
        Merge::Stricter => "stricter wins",
        Merge::NotInherited => "not inherited",
    }
}
