//! Labelled content: held by the broker, known to scripts by handle only.

use aegis_effect::{EffectError, ErrorCode, Handle, Label, Labelled, Part, Payload, Shape, Whole};
use aegis_policy::Policy;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// One labelled value.
#[derive(Clone)]
pub(crate) struct Held {
    /// None: what failed where the failure is labelled.
    content: Option<Vec<u8>>,
    label: Label,
    shape: Shape,
    /// A secret as the operator gave it, of which no script chose a part.
    whole: bool,
}

impl Held {
    pub(crate) fn size(&self) -> usize {
        self.content.as_ref().map_or(0, Vec::len)
    }

    /// The content as one JSON value; its kind is a fact of the call that made it, never of the content.
    fn as_json(&self, content: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(content);
        match self.shape {
            Shape::Int if text.parse::<i64>().is_ok() => content.to_vec(),
            Shape::Bool if text == "True" => b"true".to_vec(),
            Shape::Bool if text == "False" => b"false".to_vec(),
            // made as JSON
            Shape::Headers | Shape::Names => content.to_vec(),
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
    /// Keeps content, and gives what a script may hold of it. What is too much is one more value that failed: how much there is depends on
    /// the content.
    pub(crate) fn keep(&mut self, content: Vec<u8>, label: Label, shape: Shape, policy: &Policy) -> Labelled {
        let bytes = self.bytes.saturating_add(content.len());
        if bytes > MAX_BYTES {
            return self.keep_failure(label, shape, policy);
        }
        self.bytes = bytes;
        self.add(Some(content), label, shape, policy)
    }

    /// Keeps what failed, as a value like any other: nobody without its label learns that it did.
    pub(crate) fn keep_failure(&mut self, label: Label, shape: Shape, policy: &Policy) -> Labelled {
        self.add(None, label, shape, policy)
    }

    fn add(&mut self, content: Option<Vec<u8>>, label: Label, shape: Shape, policy: &Policy) -> Labelled {
        let handle = Handle(self.held.len() as u64);
        let sources = label.indexes().map(|i| policy.source_name(i)).collect();
        self.held.push(Held { content, label: label.clone(), shape, whole: false });
        Labelled { handle, shape, label, sources }
    }

    /// One that stands by itself.
    ///
    /// # Errors
    /// As [`Vault::label_of`].
    pub(crate) fn copy(&self, handle: Handle) -> Result<Held, EffectError> {
        self.find(handle).cloned()
    }

    /// Keeps one that was copied from another vault.
    pub(crate) fn adopt(&mut self, held: &Held, policy: &Policy) -> Labelled {
        let labelled = match &held.content {
            Some(content) => self.keep(content.clone(), held.label.clone(), held.shape, policy),
            None => self.keep_failure(held.label.clone(), held.shape, policy),
        };
        if held.whole { self.as_whole(labelled) } else { labelled }
    }

    /// Marks a value as a secret as the operator gave it.
    pub(crate) fn as_whole(&mut self, labelled: Labelled) -> Labelled {
        let index = usize::try_from(labelled.handle.0).unwrap_or(usize::MAX);
        if let Some(held) = self.held.get_mut(index) {
            held.whole = true;
        }
        labelled
    }

    /// Whether all that is labelled in a payload are whole secrets.
    pub(crate) fn is_whole(&self, payload: &Payload) -> bool {
        payload.parts().iter().all(|part| match part {
            Part::Bytes(_) => true,
            Part::Labelled(handle) => self.is_whole_secret(*handle),
            Part::Base64 { of, .. } => of.iter().all(|inside| match inside {
                Whole::Bytes(_) => true,
                Whole::Labelled(handle) => self.is_whole_secret(*handle),
            }),
            _ => false,
        })
    }

    fn is_whole_secret(&self, handle: Handle) -> bool {
        self.find(handle).is_ok_and(|held| held.whole)
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
        for part in payload.parts() {
            match part {
                Part::Derived(derived) => label.join(&derived.label),
                Part::Failed(of) => label.join(of),
                _ => {}
            }
        }
        Ok(label)
    }

    /// Whether a part of it is what failed before: then nothing may be done with it, and nobody is told but who may know.
    pub(crate) fn has_failed(&self, payload: &Payload) -> bool {
        let failed_there = payload.parts().iter().any(|part| matches!(part, Part::Failed(_)));
        failed_there || payload.handles().any(|handle| self.find(handle).is_ok_and(|held| held.content.is_none()))
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
                    let (held, content) = self.content(*handle, &mut opened)?;
                    opened.bytes.extend_from_slice(&held.as_json(content));
                }
                Part::LabelledJsonText(handle) => {
                    let (_, content) = self.content(*handle, &mut opened)?;
                    let quoted = serde_json::to_vec(&String::from_utf8_lossy(content)).unwrap_or_default();
                    opened.bytes.extend_from_slice(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
                }
                Part::Derived(derived) => {
                    opened.bytes.extend_from_slice(&derived.bytes);
                    opened.label.join(&derived.label);
                }
                Part::Base64 { of, url } => {
                    let mut inside = Vec::new();
                    for whole in of {
                        match whole {
                            Whole::Bytes(bytes) => inside.extend_from_slice(bytes),
                            Whole::Labelled(handle) => inside.extend_from_slice(self.content(*handle, &mut opened)?.1),
                        }
                    }
                    let text = if *url { URL_SAFE.encode(inside) } else { STANDARD.encode(inside) };
                    opened.bytes.extend_from_slice(text.as_bytes());
                }
                Part::Failed(label) => opened.label.join(label),
                Part::Labelled(handle) => {
                    let (_, content) = self.content(*handle, &mut opened)?;
                    opened.bytes.extend_from_slice(content);
                }
            }
        }
        Ok(opened)
    }

    /// The content of a value, for a worker that computes with it, and what it depends on.
    ///
    /// # Errors
    /// As [`Vault::label_of`].
    pub(crate) fn reveal(&self, handle: Handle) -> Result<(Option<&[u8]>, &Label), EffectError> {
        self.find(handle).map(|held| (held.content.as_deref(), &held.label))
    }

    /// The content of a value on its way into a payload.
    fn content(&self, handle: Handle, opened: &mut Opened) -> Result<(&Held, &[u8]), EffectError> {
        let held = self.find(handle)?;
        opened.label.join(&held.label);
        Ok((held, held.content.as_deref().unwrap_or_default()))
    }

    fn find(&self, handle: Handle) -> Result<&Held, EffectError> {
        usize::try_from(handle.0)
            .ok()
            .and_then(|i| self.held.get(i))
            .ok_or_else(|| EffectError::new(ErrorCode::BadArgument, "a damaged reference to a local-only value"))
    }
}
