//! Text of public pieces and of what the broker holds, put together without looking at it: content need not come here for that.

use std::sync::Arc;

use aegis_effect::{Handle, Label, Shape};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use starlark::values::{Heap, Value, ValueLike};

use super::LocalOnly;
use super::data::Data;
use super::reference::{Form, Stretch};
use super::sealed::{Content, Sealed};
use super::secrets::Secrets;

/// A piece of a rope.
#[derive(Clone)]
pub(super) enum Piece {
    Text(String),
    Held(Handle, Arc<Sealed>),
    /// The base64 of pieces, none of which is base64 itself.
    Base64 {
        of: Vec<Piece>,
        url: bool,
    },
}

impl Sealed {
    /// Adds the pieces of it as text; none if the broker cannot put them together.
    fn add_pieces(self: &Arc<Sealed>, pieces: &mut Vec<Piece>) -> Option<()> {
        match &self.content {
            Content::Held { handle, shape: Shape::Text, .. } => pieces.push(Piece::Held(*handle, self.clone())),
            Content::Rope(mine) => pieces.extend_from_slice(mine),
            _ => return None,
        }
        Some(())
    }
}

impl Secrets {
    /// Adds the pieces of a labelled value, or of text; none if they are not all known without content.
    fn add_pieces(&self, value: Value<'_>, label: &mut Label, pieces: &mut Vec<Piece>) -> Option<()> {
        if let Some(secret) = value.downcast_ref::<LocalOnly>() {
            label.join(&secret.sealed().label);
            return secret.sealed().add_pieces(pieces);
        }
        let text = value.unpack_str()?;
        if !self.stand_in(text.as_bytes()) {
            pieces.extend((!text.is_empty()).then(|| Piece::Text(text.to_owned())));
            return Some(());
        }
        for stretch in self.take_apart(text) {
            match stretch {
                Stretch::Text(text) => pieces.push(Piece::Text(text.to_owned())),
                Stretch::Reference(reference) if reference.form == Form::TEXT => {
                    let sealed = self.get(reference.index)?;
                    label.join(&sealed.label);
                    sealed.add_pieces(pieces)?;
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// `+` of a labelled value and something else.
    pub(super) fn joined<'v>(self: &Arc<Self>, me: &Arc<Sealed>, other: Value<'v>, other_first: bool, heap: Heap<'v>) -> Option<Value<'v>> {
        let mut label = me.label.clone();
        let mut pieces = Vec::with_capacity(2);
        if other_first {
            self.add_pieces(other, &mut label, &mut pieces)?;
        }
        me.add_pieces(&mut pieces)?;
        if !other_first {
            self.add_pieces(other, &mut label, &mut pieces)?;
        }
        Some(heap.alloc(LocalOnly::of(Sealed::new(label, Content::Rope(pieces)), self)))
    }

    /// `base64.encode` of text with something labelled in it; none where nothing is.
    pub(crate) fn base64<'v>(self: &Arc<Self>, text: Value<'v>, url: bool, heap: Heap<'v>) -> Option<Value<'v>> {
        if !self.touch(text) {
            return None;
        }
        let mut label = Label::public();
        let mut of = Vec::new();
        self.add_pieces(text, &mut label, &mut of)?;
        let nested = of.iter().any(|piece| matches!(piece, Piece::Base64 { .. }));
        if nested || label.is_public() {
            return None;
        }
        Some(heap.alloc(LocalOnly::of(Sealed::new(label, Content::Rope(vec![Piece::Base64 { of, url }])), self)))
    }

    /// The text of a rope, with content brought here; none if a piece is a delayed error.
    ///
    /// # Errors
    /// The worker may not see the content.
    pub(super) fn text_of_rope(&self, pieces: &[Piece]) -> starlark::Result<Option<String>> {
        let mut text = String::new();
        let mut failed = false;
        // all of them, also after one failed: what is asked for must not tell which it was
        for piece in pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Held(_, held) => match self.data(held)?.as_deref() {
                    Some(Data::Str(piece)) => text.push_str(piece),
                    _ => failed = true,
                },
                Piece::Base64 { of, url } => match self.text_of_rope(of)? {
                    Some(inside) => text.push_str(&encoded(inside.as_bytes(), *url)),
                    None => failed = true,
                },
            }
        }
        Ok((!failed).then_some(text))
    }
}

/// Base64 (RFC 4648), with padding.
pub(crate) fn encoded(bytes: &[u8], url: bool) -> String {
    if url { URL_SAFE.encode(bytes) } else { STANDARD.encode(bytes) }
}
