//! Text of public pieces and of what the broker holds, put together without looking at it: content need not come here for that.

use std::sync::Arc;

use aegis_effect::{Handle, Shape};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use starlark::values::{Heap, Value, ValueLike};

use super::LocalOnly;
use super::data::Data;
use super::plain::Join;
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
    /// The pieces of it as text, if the broker can put them together.
    fn pieces(self: &Arc<Sealed>) -> Option<Vec<Piece>> {
        match &self.content {
            Content::Held { handle, shape: Shape::Text, .. } => Some(vec![Piece::Held(*handle, self.clone())]),
            Content::Rope(pieces) => Some(pieces.clone()),
            _ => None,
        }
    }
}

impl Secrets {
    /// The pieces of a labelled value, or of text; none if they are not all known without content.
    fn pieces(&self, value: Value<'_>, join: &mut Join) -> Option<Vec<Piece>> {
        if let Some(secret) = value.downcast_ref::<LocalOnly>() {
            let sealed = secret.sealed();
            join.add(&sealed.label, &sealed.sources);
            return sealed.pieces();
        }
        let mut pieces = Vec::new();
        for stretch in self.take_apart(value.unpack_str()?) {
            match stretch {
                Stretch::Text(text) => pieces.push(Piece::Text(text.to_owned())),
                Stretch::Reference(reference) if reference.form == Form::TEXT => {
                    let sealed = self.get(reference.index)?;
                    join.add(&sealed.label, &sealed.sources);
                    pieces.append(&mut sealed.pieces()?);
                }
                _ => return None,
            }
        }
        Some(pieces)
    }

    /// `+` of text.
    pub(super) fn joined<'v>(self: &Arc<Self>, first: Value<'v>, second: Value<'v>, heap: Heap<'v>) -> Option<Value<'v>> {
        let mut join = Join::default();
        let first = self.pieces(first, &mut join)?;
        let second = self.pieces(second, &mut join)?;
        Some(heap.alloc(LocalOnly::of(Sealed::new(join, Content::Rope([first, second].concat())), self)))
    }

    /// `base64.encode` of text with something labelled in it.
    pub(crate) fn base64<'v>(self: &Arc<Self>, text: Value<'v>, url: bool, heap: Heap<'v>) -> Option<Value<'v>> {
        let mut join = Join::default();
        let of = self.pieces(text, &mut join)?;
        let nested = of.iter().any(|piece| matches!(piece, Piece::Base64 { .. }));
        if nested || join.label.is_public() {
            return None;
        }
        Some(heap.alloc(LocalOnly::of(Sealed::new(join, Content::Rope(vec![Piece::Base64 { of, url }])), self)))
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
