//! `json.encode`, `json.decode`: with bounds on depth and size, unlike the interpreter's own.

use aegis_effect::{EffectError, ErrorCode};
use num_bigint::BigInt;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::AllocDict;
use starlark::values::list::AllocList;
use starlark::values::{Heap, Value};

use super::arguments::{Liftable, lifted, text_of};
use crate::worker::{Context, JsonWalk, fail};

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// The value as JSON text. Local-only values in it show as `[REDACTED]`, and are put in where the text may go.
    fn encode<'v>(#[starlark(require = pos)] value: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<String> {
        let context = Context::of(eval)?;
        let bound = usize::try_from(context.limits().memory_bytes).unwrap_or(usize::MAX);
        JsonWalk::new(bound).encoded(value, context.secrets()).map_err(|e| bad(format!("json.encode: {e}")))
    }

    /// The value of a JSON text.
    fn decode<'v>(#[starlark(require = pos)] text: Liftable<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        lifted([text.0], eval, |[text]| decode(text_of(text, "json.decode")?, heap))
    }
}

/// The value of a JSON text; nesting is bounded by the parser.
pub(crate) fn decode<'v>(text: &str, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    let parsed: serde_json::Value = serde_json::from_str(text).map_err(|e| bad(format!("json.decode: {e}")))?;
    alloc(&parsed, heap)
}

fn alloc<'v>(value: &serde_json::Value, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    Ok(match value {
        serde_json::Value::Null => Value::new_none(),
        serde_json::Value::Bool(b) => Value::new_bool(*b),
        serde_json::Value::Number(n) => number(n, heap)?,
        serde_json::Value::String(s) => heap.alloc_str(s).to_value(),
        serde_json::Value::Array(items) => {
            let items: Vec<Value<'v>> = items.iter().map(|v| alloc(v, heap)).collect::<starlark::Result<_>>()?;
            heap.alloc(AllocList(items))
        }
        serde_json::Value::Object(members) => {
            let members: Vec<(&str, Value<'v>)> =
                members.iter().map(|(k, v)| Ok((k.as_str(), alloc(v, heap)?))).collect::<starlark::Result<_>>()?;
            heap.alloc(AllocDict(members))
        }
    })
}

/// Digits more than this are refused: reading them takes time quadratic in their number.
const MOST_DIGITS: usize = 4_000;

fn number<'v>(n: &serde_json::Number, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    if let Some(i) = n.as_i64() {
        return Ok(heap.alloc(i));
    }
    let text = n.to_string();
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        if text.len() > MOST_DIGITS {
            return Err(bad(format!("json.decode: a number of {} digits", text.len())));
        }
        return Ok(text.parse::<BigInt>().map_or_else(|_| Value::new_none(), |big| heap.alloc(big)));
    }
    match text.parse::<f64>() {
        Ok(f) if f.is_finite() => Ok(heap.alloc(f)),
        _ => Err(bad(format!("json.decode: number out of range: {}", text.get(..40).unwrap_or(&text)))),
    }
}

fn bad(message: String) -> starlark::Error {
    fail(EffectError::new(ErrorCode::BadArgument, message))
}
