//! `==`, `!=`, `in` and `not in` of runs that may hold local-only values. The interpreter compares a string with anything else
//! without asking the other side, so that such a comparison would silently be false.

use starlark::environment::GlobalsBuilder;
use starlark::starlark_module;
use starlark::values::dict::DictRef;
use starlark::values::list::ListRef;
use starlark::values::structs::StructRef;
use starlark::values::tuple::TupleRef;
use starlark::values::{Value, ValueLike};

use super::LocalOnly;

/// Operators and the functions that replace them.
pub(super) const OPERATORS: [(&str, &str); 4] = [("==", "__eq"), ("!=", "__ne"), ("in", "__in"), ("not in", "__not_in")];

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    fn __eq<'v>(#[starlark(require = pos)] a: Value<'v>, #[starlark(require = pos)] b: Value<'v>) -> starlark::Result<bool> {
        equal(a, b)
    }

    fn __ne<'v>(#[starlark(require = pos)] a: Value<'v>, #[starlark(require = pos)] b: Value<'v>) -> starlark::Result<bool> {
        equal(a, b).map(|equal| !equal)
    }

    fn __in<'v>(#[starlark(require = pos)] a: Value<'v>, #[starlark(require = pos)] b: Value<'v>) -> starlark::Result<bool> {
        contained(a, b)
    }

    fn __not_in<'v>(#[starlark(require = pos)] a: Value<'v>, #[starlark(require = pos)] b: Value<'v>) -> starlark::Result<bool> {
        contained(a, b).map(|contained| !contained)
    }
}

fn equal<'v>(a: Value<'v>, b: Value<'v>) -> starlark::Result<bool> {
    if is_plain(a) && is_plain(b) {
        return a.equals(b);
    }
    for side in [a, b] {
        if let Some(secret) = find(side, &mut Bound::new()) {
            return secret.refuse("`==`");
        }
    }
    a.equals(b)
}

fn contained<'v>(a: Value<'v>, b: Value<'v>) -> starlark::Result<bool> {
    if !(is_plain(a) && is_plain(b)) {
        for side in [a, b] {
            if let Some(secret) = side.downcast_ref::<LocalOnly>() {
                return secret.refuse("`in`");
            }
        }
        // Keys and members cannot be local-only; elements of lists and tuples can.
        let elements = ListRef::from_value(b).map(|l| l.content()).or_else(|| TupleRef::from_value(b).map(|t| t.content()));
        let held = elements.is_some_and(|e| e.iter().any(|v| v.downcast_ref::<LocalOnly>().is_some()));
        if held || !is_plain(a) {
            for side in [a, b] {
                if let Some(secret) = find(side, &mut Bound::new()) {
                    return secret.refuse("`in`");
                }
            }
        }
    }
    b.is_in(a)
}

/// Values that hold no other values.
fn is_plain(v: Value<'_>) -> bool {
    v.unpack_i32().is_some() || v.unpack_str().is_some() || v.is_none() || v.unpack_bool().is_some()
}

/// How far a search goes; what lies beyond is compared by the interpreter alone.
struct Bound {
    nodes: usize,
    depth: usize,
}

impl Bound {
    fn new() -> Bound {
        Bound { nodes: 200_000, depth: 64 }
    }
}

/// The first local-only value in a value.
fn find<'v>(value: Value<'v>, bound: &mut Bound) -> Option<&'v LocalOnly> {
    if let Some(secret) = value.downcast_ref::<LocalOnly>() {
        return Some(secret);
    }
    if is_plain(value) || bound.depth == 0 || bound.nodes == 0 {
        return None;
    }
    bound.depth -= 1;
    let mut search = |v: Value<'v>| {
        bound.nodes = bound.nodes.saturating_sub(1);
        find(v, bound)
    };
    let found = if let Some(list) = ListRef::from_value(value) {
        list.iter().find_map(&mut search)
    } else if let Some(tuple) = TupleRef::from_value(value) {
        tuple.iter().find_map(&mut search)
    } else if let Some(dict) = DictRef::from_value(value) {
        dict.values().find_map(&mut search)
    } else if let Some(fields) = StructRef::from_value(value) {
        fields.iter().find_map(|(_, v)| search(v))
    } else {
        None
    };
    bound.depth += 1;
    found
}
