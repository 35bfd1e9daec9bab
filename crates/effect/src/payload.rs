//! Content on its way to a sink. It may hold labelled values, as handles that only the broker can open.

use serde::{Deserialize, Serialize};

use crate::label::Label;

/// Names a labelled value that the broker holds. It means nothing outside its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Handle(pub u64);

/// A piece of a payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Public bytes.
    Bytes(#[serde(with = "bytes")] Vec<u8>),
    /// The whole content of a labelled value; the broker puts it in after its flow check.
    Labelled(Handle),
    /// The same as a JSON value (RFC 8259), quotes and escapes included; a number or a boolean where the value is one.
    LabelledJson(Handle),
    /// The same inside a JSON string: escaped, without quotes.
    LabelledJsonText(Handle),
    /// The base64 (RFC 4648, with padding) of these, one after the other.
    Base64 {
        /// What is encoded.
        of: Vec<Whole>,
        /// In the alphabet for URLs.
        url: bool,
    },
    /// Bytes that the worker computed from labelled content that was revealed to it. It says itself what they depend on.
    Derived(Derived),
    /// What failed in the worker, with what that depends on: nothing may be done with the payload, and only readers of the label learn it.
    Failed(Label),
}

/// A piece of a text that is encoded as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whole {
    /// Public bytes.
    Bytes(#[serde(with = "bytes")] Vec<u8>),
    /// The whole content of a labelled value.
    Labelled(Handle),
}

/// What a worker computed from labelled content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derived {
    /// The content.
    #[serde(with = "bytes")]
    pub bytes: Vec<u8>,
    /// What it depends on.
    pub label: Label,
}

/// A rope of public bytes and labelled values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    parts: Vec<Part>,
}

impl Payload {
    /// Nothing.
    #[must_use]
    pub const fn empty() -> Payload {
        Payload { parts: Vec::new() }
    }

    /// One labelled value, whole.
    #[must_use]
    pub fn labelled(handle: Handle) -> Payload {
        Payload { parts: vec![Part::Labelled(handle)] }
    }

    /// Adds a piece at the end.
    pub fn push(&mut self, part: Part) {
        self.parts.push(part);
    }

    /// The pieces, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The labelled values in it.
    pub fn handles(&self) -> impl Iterator<Item = Handle> + '_ {
        self.parts.iter().flat_map(|part| {
            let (one, inside) = match part {
                Part::Labelled(h) | Part::LabelledJson(h) | Part::LabelledJsonText(h) => (Some(*h), &[][..]),
                Part::Base64 { of, .. } => (None, of.as_slice()),
                Part::Bytes(_) | Part::Derived(_) | Part::Failed(_) => (None, &[][..]),
            };
            let inside = inside.iter().filter_map(|whole| match whole {
                Whole::Labelled(handle) => Some(*handle),
                Whole::Bytes(_) => None,
            });
            one.into_iter().chain(inside)
        })
    }

    /// The pieces, to be replaced.
    pub fn parts_mut(&mut self) -> &mut Vec<Part> {
        &mut self.parts
    }

    /// Whether no labelled value stands in it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Bytes(_)))
    }

    /// Whether it holds nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(|p| matches!(p, Part::Bytes(b) if b.is_empty()))
    }

    /// The bytes, if all of it is public; one piece is borrowed, more are joined.
    #[must_use]
    pub fn as_public(&self) -> Option<std::borrow::Cow<'_, [u8]>> {
        match self.parts.as_slice() {
            [] => Some(std::borrow::Cow::Borrowed(&[])),
            [Part::Bytes(b)] => Some(std::borrow::Cow::Borrowed(b)),
            parts => {
                let mut all = Vec::new();
                for part in parts {
                    match part {
                        Part::Bytes(b) => all.extend_from_slice(b),
                        _ => return None,
                    }
                }
                Some(std::borrow::Cow::Owned(all))
            }
        }
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Payload { parts: vec![Part::Bytes(bytes)] }
    }
}

impl From<&str> for Payload {
    fn from(text: &str) -> Self {
        Payload::from(text.as_bytes().to_vec())
    }
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        Payload::from(text.into_bytes())
    }
}

/// Bytes as one run instead of a sequence of numbers, in formats that know the difference.
pub(crate) mod bytes {
    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    struct Bytes;
    impl<'de> Visitor<'de> for Bytes {
        type Value = Vec<u8>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("bytes")
        }
        fn visit_bytes<E: Error>(self, v: &[u8]) -> Result<Vec<u8>, E> {
            Ok(v.to_vec())
        }
        fn visit_byte_buf<E: Error>(self, v: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(v)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
            let mut all = Vec::new();
            while let Some(b) = seq.next_element()? {
                all.push(b);
            }
            Ok(all)
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        from.deserialize_byte_buf(Bytes)
    }
}
