//! Arguments that are text, or local-only values that a client holds by their handle.

use aegis_effect::{EffectError, ErrorCode, Part, Payload};
use aegis_gate::Gate;
use serde::Deserialize;

use crate::kept::KeptValues;

/// `"text"`, `{"local": "aegis://local/..."}`, or a list of these that are put together.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    Local(Local),
    Parts(Vec<Piece>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Local {
    pub(crate) local: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Piece {
    Text(String),
    Local(Local),
}

impl Default for Content {
    fn default() -> Content {
        Content::Text(String::new())
    }
}

impl Content {
    /// What the gate is given.
    ///
    /// # Errors
    /// `bad_argument` for a handle that is kept no more.
    pub(crate) fn payload(&self, gate: &mut Gate, kept: &KeptValues) -> Result<Payload, EffectError> {
        match self {
            Content::Text(text) => Ok(Payload::from(text.as_str())),
            Content::Local(local) => {
                let mut payload = Payload::empty();
                payload.push(local.part(gate, kept)?);
                Ok(payload)
            }
            Content::Parts(pieces) => {
                let mut payload = Payload::empty();
                for piece in pieces {
                    payload.push(match piece {
                        Piece::Text(text) => Part::Bytes(text.as_bytes().to_vec()),
                        Piece::Local(local) => local.part(gate, kept)?,
                    });
                }
                Ok(payload)
            }
        }
    }
}

impl Local {
    fn part(&self, gate: &mut Gate, kept: &KeptValues) -> Result<Part, EffectError> {
        Ok(Part::Labelled(adopted(&self.local, gate, kept)?.handle))
    }
}

/// The value of a handle, as the gate's own.
pub(crate) fn adopted(handle: &str, gate: &mut Gate, kept: &KeptValues) -> Result<aegis_effect::Labelled, EffectError> {
    let value = kept.get(handle).ok_or_else(|| {
        EffectError::new(ErrorCode::BadArgument, "no local-only value is kept under this handle").suggest("read the value again")
    })?;
    Ok(gate.adopt(&value))
}

/// Text, a handle, or a list of both, as JSON Schema.
pub(crate) fn schema(what: &str) -> serde_json::Value {
    let local = serde_json::json!({
        "type": "object", "properties": { "local": { "type": "string", "description": "a handle aegis://local/..." } },
        "required": ["local"], "additionalProperties": false,
    });
    let piece = serde_json::json!({ "anyOf": [{ "type": "string" }, local] });
    serde_json::json!({
        "description": format!("{what}: text, {{\"local\": \"aegis://local/...\"}} for a local-only value, or a list of both that is put together"),
        "anyOf": [{ "type": "string" }, local, { "type": "array", "items": piece }],
    })
}
