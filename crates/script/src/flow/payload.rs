//! Effects on their way out: references in their payloads become what the broker puts in after its own check.

use std::sync::Arc;

use aegis_effect::{Derived, Effect, EffectError, ErrorCode, Handle, Part, Payload, Shape, Whole};
use starlark::values::Heap;

use super::data::Data;
use super::reference::{Base, Form, Stretch};
use super::rope::Piece;
use super::sealed::{Content, Sealed};
use super::secrets::Secrets;
use crate::worker::fail;

impl Secrets {
    /// Replaces the references in an effect's payloads. What the broker holds goes as a handle, so that it need not come into this process;
    /// the rest is computed here and goes with its label, and so does what failed before: the broker checks the flow first, so that a denial
    /// does not depend on it.
    ///
    /// # Errors
    /// `bad_argument` for a damaged reference.
    pub(crate) fn fill_in(&self, effect: &mut Effect, heap: Heap<'_>) -> starlark::Result<()> {
        effect.payloads_mut().into_iter().try_for_each(|payload| self.fill_in_payload(payload, heap))
    }

    fn fill_in_payload(&self, payload: &mut Payload, heap: Heap<'_>) -> starlark::Result<()> {
        let holds = |part: &Part| matches!(part, Part::Bytes(bytes) if self.stand_in(bytes));
        if !payload.parts().iter().any(holds) {
            return Ok(());
        }
        let mut parts = Vec::new();
        for part in payload.parts_mut().drain(..) {
            match part {
                Part::Bytes(bytes) => match std::str::from_utf8(&bytes) {
                    Ok(text) => self.split(text, heap, &mut parts)?,
                    // Bytes that a script made of a reference by hand: nothing that stands for content.
                    Err(_) => return Err(damaged()),
                },
                other => parts.push(other),
            }
        }
        *payload.parts_mut() = parts;
        Ok(())
    }

    fn split(&self, text: &str, heap: Heap<'_>, parts: &mut Vec<Part>) -> starlark::Result<()> {
        for stretch in self.take_apart(text) {
            match stretch {
                Stretch::Text(text) => parts.push(Part::Bytes(text.as_bytes().to_vec())),
                Stretch::Damaged(_) => return Err(damaged()),
                Stretch::Reference(reference) => {
                    let sealed = self.get(reference.index).ok_or_else(damaged)?;
                    self.part(&sealed, reference.form, heap, parts)?;
                }
            }
        }
        Ok(())
    }

    fn part(&self, sealed: &Arc<Sealed>, form: Form, heap: Heap<'_>, parts: &mut Vec<Part>) -> starlark::Result<()> {
        match &sealed.content {
            Content::Held { handle, shape, .. } => {
                if let Some(part) = held(*handle, *shape, form) {
                    parts.push(part);
                    return Ok(());
                }
            }
            Content::Rope(pieces) if matches!(form, Form::TEXT | Form::JSON | Form { base: Base::Text, nesting: 1 }) => {
                // A JSON value of text is that text in quotes.
                let quote = if form == Form::JSON { "\"" } else { "" };
                let form = Form { base: Base::Text, nesting: u8::from(form != Form::TEXT) };
                if let Some(mut all) = rope(pieces, form) {
                    parts.push(Part::Bytes(quote.as_bytes().to_vec()));
                    parts.append(&mut all);
                    parts.push(Part::Bytes(quote.as_bytes().to_vec()));
                    return Ok(());
                }
            }
            Content::Known(data) if form == Form::TEXT => {
                if let Data::Bytes(bytes) = data {
                    parts.push(Part::Derived(Derived { bytes: bytes.clone(), label: sealed.label.clone() }));
                    return Ok(());
                }
            }
            Content::Rope(_) | Content::Known(_) | Content::Failed => {}
        }
        match self.rendered(sealed, form, heap)? {
            Some(text) => parts.push(Part::Derived(Derived { bytes: text.into_bytes(), label: sealed.label.clone() })),
            None => parts.push(Part::Failed(sealed.label.clone())),
        }
        Ok(())
    }
}

/// What the broker can put in by itself.
fn held(handle: Handle, shape: Shape, form: Form) -> Option<Part> {
    match (form.base, form.nesting) {
        (Base::Text, 0) if matches!(shape, Shape::Text | Shape::Bytes | Shape::Int | Shape::Bool) => Some(Part::Labelled(handle)),
        (Base::Text, 1) if shape == Shape::Text => Some(Part::LabelledJsonText(handle)),
        (Base::Json, 0) if matches!(shape, Shape::Text | Shape::Int | Shape::Bool) => Some(Part::LabelledJson(handle)),
        _ => None,
    }
}

fn rope(pieces: &[Piece], form: Form) -> Option<Vec<Part>> {
    let part = |piece: &Piece| match piece {
        Piece::Held(handle, _) => held(*handle, Shape::Text, form),
        // its alphabet needs no escapes in any form
        Piece::Base64 { of, url } => {
            let inside = of.iter().map(|piece| match piece {
                Piece::Text(text) => Some(Whole::Bytes(text.as_bytes().to_vec())),
                Piece::Held(handle, _) => Some(Whole::Labelled(*handle)),
                Piece::Base64 { .. } => None,
            });
            Some(Part::Base64 { of: inside.collect::<Option<_>>()?, url: *url })
        }
        Piece::Text(text) if form.nesting == 0 => Some(Part::Bytes(text.as_bytes().to_vec())),
        Piece::Text(text) => {
            let quoted = serde_json::to_string(text).ok()?;
            Some(Part::Bytes(quoted.get(1..quoted.len().saturating_sub(1))?.as_bytes().to_vec()))
        }
    };
    pieces.iter().map(part).collect()
}

fn damaged() -> starlark::Error {
    fail(
        EffectError::new(ErrorCode::BadArgument, "a damaged reference to a local-only value: text that holds one was cut or changed")
            .suggest("cut the value itself: t[:8], t.strip(), t.split(\"\\n\")[0]"),
    )
}
