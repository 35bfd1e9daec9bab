//! A labelled value: what it depends on, and where its content is.

use std::fmt;
use std::sync::OnceLock;

use aegis_effect::{Handle, Label, Labelled, Shape};

use super::data::Data;
use super::rope::Piece;

/// A labelled value.
pub(crate) struct Sealed {
    pub(super) label: Label,
    pub(super) content: Content,
    /// Its references' number, and the one in text, once it was put into text.
    pub(super) reference: OnceLock<(usize, String)>,
}

/// Where the content is.
pub(super) enum Content {
    /// With the broker; here as well once it was revealed (none inside: a delayed error).
    Held { handle: Handle, shape: Shape, known: OnceLock<Option<Data>> },
    /// Text of public pieces and of text that the broker holds.
    Rope(Vec<Piece>),
    /// Here: computed from what was revealed.
    Known(Data),
    /// An operation failed, which only readers of the label may know.
    Failed,
}

impl Sealed {
    /// What an effect gave.
    pub(super) fn of(labelled: Labelled) -> Sealed {
        let content = Content::Held { handle: labelled.handle, shape: labelled.shape, known: OnceLock::new() };
        Sealed { label: labelled.label, content, reference: OnceLock::new() }
    }

    /// What depends on these.
    pub(super) fn new(label: Label, content: Content) -> Sealed {
        Sealed { label, content, reference: OnceLock::new() }
    }
}

/// What it depends on, never content.
impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("label", &self.label).finish_non_exhaustive()
    }
}
