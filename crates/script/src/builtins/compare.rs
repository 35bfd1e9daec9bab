//! `==`, `!=`, `in` and `not in` of runs that may hold local-only values. The interpreter compares a string with anything else
//! without asking the other side, so that such a comparison would silently be false. Here it is an observation.

use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::DictRef;
use starlark::values::{Value, ValueLike};

use crate::flow::{LocalOnly, holds_nothing, is_short, is_single};
use crate::worker::Context;

/// Operators and the functions that replace them.
pub(super) const OPERATORS: [(&str, &str); 4] = [("==", "__eq"), ("!=", "__ne"), ("in", "__in"), ("not in", "__not_in")];

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    fn __eq<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<bool> {
        equal(a, b, eval)
    }

    fn __ne<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<bool> {
        equal(a, b, eval).map(|equal| !equal)
    }

    fn __in<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<bool> {
        contained(a, b, eval)
    }

    fn __not_in<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<bool> {
        contained(a, b, eval).map(|contained| !contained)
    }
}

/// Most comparisons are of small numbers, of short text, or with None or a bool; nothing labelled can be in these.
#[inline(always)]
fn equal<'v>(a: Value<'v>, b: Value<'v>, eval: &Evaluator<'v, '_, '_>) -> starlark::Result<bool> {
    if let (Some(a), Some(b)) = (a.unpack_i32(), b.unpack_i32()) {
        return Ok(a == b);
    }
    if let (Some(a), Some(b)) = (a.unpack_str(), b.unpack_str())
        && is_short(a)
        && is_short(b)
    {
        return Ok(a == b);
    }
    if is_single(a) && !is_local_only(b) || is_single(b) && !is_local_only(a) {
        return Ok(a.ptr_eq(b));
    }
    any_equal(a, b, eval)
}

#[inline(never)]
fn any_equal<'v>(a: Value<'v>, b: Value<'v>, eval: &Evaluator<'v, '_, '_>) -> starlark::Result<bool> {
    if let (Some(a), Some(b)) = (a.unpack_str(), b.unpack_str()) {
        let secrets = Context::of(eval)?.secrets();
        if !secrets.stand_in(a.as_bytes()) && !secrets.stand_in(b.as_bytes()) {
            return Ok(a == b);
        }
    }
    let (a, b) = observed(a, b, eval)?;
    a.equals(b)
}

fn contained<'v>(a: Value<'v>, b: Value<'v>, eval: &Evaluator<'v, '_, '_>) -> starlark::Result<bool> {
    if !Context::of(eval)?.secrets().exist() || holds_nothing(a) && holds_nothing(b) {
        return b.is_in(a);
    }
    if DictRef::from_value(b).is_some() || b.get_type() == "set" {
        // Keys and members are never labelled, so that only what is looked for can be; and looking it up must not take a walk.
        let a = if holds_nothing(a) { a } else { observed(a, Value::new_none(), eval)?.0 };
        return b.is_in(a);
    }
    let (a, b) = observed(a, b, eval)?;
    b.is_in(a)
}

fn is_local_only(value: Value<'_>) -> bool {
    value.downcast_ref::<LocalOnly>().is_some()
}

/// Both sides as they are; where one of them is labelled, plain, and the run depends on both from here on.
fn observed<'v>(a: Value<'v>, b: Value<'v>, eval: &Evaluator<'v, '_, '_>) -> starlark::Result<(Value<'v>, Value<'v>)> {
    let context = Context::of(eval)?;
    let secrets = context.secrets();
    if !secrets.exist() {
        return Ok((a, b));
    }
    secrets.open_both(a, b, eval.heap(), || context.note_line(eval))
}
