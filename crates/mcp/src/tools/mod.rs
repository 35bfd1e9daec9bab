//! The tools: one file for each kind. Which of them a client sees is derived from the policy; what they may do the gate decides anew at
//! each call.

mod env;
mod exec;
mod files;
mod http;
mod more;
mod routing;
mod run;
mod why;

use std::sync::Arc;

use aegis_effect::{EffectError, ErrorCode};
use aegis_policy::{Capability, Policy};
use rmcp::model::{JsonObject, Tool as ToolModel, ToolAnnotations};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Work;

/// A tool.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    title: &'static str,
    description: &'static str,
    /// The schema of its arguments.
    input: fn() -> Value,
    /// The fields of what it gives to programs.
    output: fn() -> Value,
    /// It shows only where the policy grants one of these; always where there are none.
    needs: &'static [Capability],
    hints: Hints,
    pub(crate) call: fn(&mut Work<'_>) -> Result<Answer, EffectError>,
}

/// What a client may show of it.
#[derive(Clone, Copy)]
struct Hints {
    reads_only: bool,
    destructive: bool,
    idempotent: bool,
    open_world: bool,
}

const READS: Hints = Hints { reads_only: true, destructive: false, idempotent: true, open_world: false };
const WRITES: Hints = Hints { reads_only: false, destructive: true, idempotent: true, open_world: false };
const ACTS: Hints = Hints { reads_only: false, destructive: true, idempotent: false, open_world: true };

/// All of them, in the order in which clients see them.
pub(crate) const TOOLS: &[Tool] = &[
    run::RUN,
    run::CHECK,
    files::READ,
    files::WRITE,
    files::REPLACE,
    files::LIST,
    files::DELETE,
    exec::EXEC,
    http::HTTP,
    env::ENV,
    why::WHY,
    routing::ROUTING,
    more::MORE,
];

/// The tool of that name, if the policy lets a client see it.
pub(crate) fn find(name: &str, policy: &Policy) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name && tool.shows(policy))
}

/// What the client sees.
pub(crate) fn listed(policy: &Policy) -> Vec<ToolModel> {
    TOOLS.iter().filter(|tool| tool.shows(policy)).map(Tool::model).collect()
}

impl Tool {
    fn shows(&self, policy: &Policy) -> bool {
        self.needs.is_empty() || self.needs.iter().any(|capability| policy.has_capability(*capability))
    }

    fn model(&self) -> ToolModel {
        let hints = ToolAnnotations::from_raw(
            Some(self.title.to_owned()),
            Some(self.hints.reads_only),
            Some(self.hints.destructive),
            Some(self.hints.idempotent),
            Some(self.hints.open_world),
        );
        let tool = ToolModel::new(self.name, self.description, Arc::new(object((self.input)())));
        tool.with_title(self.title).with_raw_output_schema(Arc::new(object((self.output)()))).with_annotations(hints)
    }
}

/// A limit that a client sets; the gate takes the policy's where that is lower.
fn seconds(given: f64) -> Result<std::time::Duration, EffectError> {
    let limit = std::time::Duration::try_from_secs_f64(given).ok().filter(|limit| !limit.is_zero());
    limit.ok_or_else(|| EffectError::new(ErrorCode::BadArgument, "timeout_seconds is no time"))
}

fn object(schema: Value) -> JsonObject {
    match schema {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}

/// The schema of arguments: these and no others.
fn arguments(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// The schema of what a program gets: one of these fields, or those of an error.
fn fields(mut properties: Value) -> Value {
    if let Some(fields) = properties.as_object_mut() {
        for name in ["kind", "message"] {
            fields.insert(name.to_owned(), json!({ "type": "string", "description": "of an error" }));
        }
        for name in ["rule", "suggestion"] {
            fields.insert(name.to_owned(), json!({ "type": ["string", "null"], "description": "of an error" }));
        }
        fields.insert("local".to_owned(), json!({ "type": "object", "description": "local-only values: handle and sources, by field" }));
        fields.insert("more".to_owned(), json!({ "type": "object", "description": "arguments of aegis_more, to read on" }));
    }
    json!({ "type": "object", "properties": properties })
}
