//! `base64.*` (RFC 4648).

use aegis_effect::{EffectError, ErrorCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::{Heap, Value, ValueOfUnchecked, bytes::StarlarkBytes};

use super::arguments::{Liftable, data_of, lifted, text_of};
use crate::flow::base64;
use crate::worker::{Context, fail};

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// Text (as UTF-8) or bytes in base64; with `url=True` in the alphabet for URLs.
    fn encode<'v>(
        #[starlark(require = pos)] data: Liftable<'v>,
        #[starlark(require = named, default = false)] url: bool,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, String>> {
        let heap = eval.heap();
        if let Some(sealed) = Context::of(eval)?.secrets().base64(data.0, url, heap) {
            return Ok(ValueOfUnchecked::new(sealed));
        }
        lifted([data.0], eval, |[data]| Ok(heap.alloc_str(&base64(data_of(data).unwrap_or_default(), url)).to_value()))
            .map(ValueOfUnchecked::new)
    }

    /// What base64 text stands for: text where it is UTF-8, else bytes. Both alphabets are taken; padding may be missing.
    fn decode<'v>(#[starlark(require = pos)] text: Liftable<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        lifted([text.0], eval, |[text]| decode(text_of(text, "base64.decode")?, heap))
    }
}

fn decode<'v>(text: &str, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    let mut clean: String = text.chars().filter(|c| !c.is_ascii_whitespace() && *c != '=').collect();
    clean = clean.replace('-', "+").replace('_', "/");
    while !clean.len().is_multiple_of(4) {
        clean.push('=');
    }
    let bytes = STANDARD
        .decode(clean)
        .map_err(|e| fail(EffectError::new(ErrorCode::BadArgument, format!("base64.decode: {}", e.to_string().to_lowercase()))))?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => heap.alloc_str(&text).to_value(),
        Err(e) => heap.alloc(StarlarkBytes::from_vec(e.into_bytes())),
    })
}
