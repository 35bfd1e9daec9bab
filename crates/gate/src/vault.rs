//! Labelled content: held by the broker, known to scripts by handle only.

use aegis_effect::{EffectError, ErrorCode, Handle, Label, Labelled, Part, Payload, Shape};
use aegis_policy::Policy;

/// One labelled value.
struct Held {
    content: Vec<u8>,
    label: Label,
    shape: Shape,
}

impl Held {
    /// The content as one JSON value; its kind is a fact of the call that made it, never of the content.
    fn as_json(&self) -> Vec<u8> {
        let text = String::from_utf8_lossy(&self.content);
        match self.shape {
            Shape::Int if text.parse::<i64>().is_ok() => self.content.clone(),
            Shape::Bool if text == "True" => b"true".to_vec(),
            Shape::Bool if text == "False" => b"false".to_vec(),
            // made as JSON
            Shape::Headers => self.content.clone(),
            _ => serde_json::to_vec(&*text).unwrap_or_else(|_| b"null".to_vec()),
        }
    }
}

/// All labelled values of a run. No `Debug`: content must not get into a message by accident.
#[derive(Default)]
pub(crate) struct Vault {
    held: Vec<Held>,
    bytes: usize,
}

/// Content that a run may hold, in bytes: every labelled value lives as long as the run.
const MAX_BYTES: usize = 256 << 20;

/// A payload with its labelled parts filled in, and what it depends on.
pub(crate) struct Opened {
    pub(crate) bytes: Vec<u8>,
    pub(crate) label: Label,
}

impl Vault {
    /// Keeps content, and gives what a script may hold of it.
    ///
    /// # Errors
    /// `limit` if the run holds too much.
    pub(crate) fn keep(&mut self, content: Vec<u8>, label: Label, shape: Shape, policy: &Policy) -> Result<Labelled, EffectError> {
        self.bytes = self.bytes.saturating_add(content.len());
        if self.bytes > MAX_BYTES {
            return Err(EffectError::new(ErrorCode::Limit, format!("the run holds more than {MAX_BYTES} bytes of local-only values")));
        }
        let handle = Handle(self.held.len() as u64);
        let sources = label.indexes().map(|i| policy.source_name(i)).collect();
        self.held.push(Held { content, label: label.clone(), shape });
        Ok(Labelled { handle, shape, label, sources })
    }

    /// What a payload depends on.
    ///
    /// # Errors
    /// `bad_argument` for a handle that this run never gave out.
    pub(crate) fn label_of(&self, payload: &Payload) -> Result<Label, EffectError> {
        let mut label = Label::public();
        for handle in payload.handles() {
            label.join(&self.find(handle)?.label);
        }
        Ok(label)
    }

    /// Fills a payload in. Only after the flow check of its sink.
    ///
    /// # Errors
    /// As [`Vault::label_of`].
    pub(crate) fn open(&self, payload: &Payload) -> Result<Opened, EffectError> {
        let mut opened = Opened { bytes: Vec::new(), label: Label::public() };
        for part in payload.parts() {
            match part {
                Part::Bytes(bytes) => opened.bytes.extend_from_slice(bytes),
                Part::LabelledJson(handle) => {
                    let held = self.find(*handle)?;
                    opened.bytes.extend_from_slice(&held.as_json());
                    opened.label.join(&held.label);
                }
                Part::Labelled(handle) => {
                    let held = self.find(*handle)?;
                    opened.bytes.extend_from_slice(&held.content);
                    opened.label.join(&held.label);
                }
            }
        }
        Ok(opened)
    }

    fn find(&self, handle: Handle) -> Result<&Held, EffectError> {
        usize::try_from(handle.0)
            .ok()
            .and_then(|i| self.held.get(i))
            .ok_or_else(|| EffectError::new(ErrorCode::BadArgument, "a damaged reference to a local-only value"))
    }
}
