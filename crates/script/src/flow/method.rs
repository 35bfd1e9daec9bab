//! Methods of labelled values: those of the types they may have, lifted, and a few of their own.
#![expect(unsafe_code, clippy::panic, reason = "derived by the interpreter's macros; none is written by hand")]

use std::fmt;

use aegis_effect::{EffectError, ErrorCode};
use allocative::Allocative;
use starlark::eval::{Arguments, Evaluator};
use starlark::starlark_simple_value;
use starlark::values::{Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, starlark_value};

use super::LocalOnly;
use super::lift::lift;
use crate::worker::fail;

/// A method of a labelled value, not called yet.
#[derive(Debug, Clone, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub(super) struct Method {
    #[allocative(skip)]
    this: LocalOnly,
    name: String,
}

starlark_simple_value!(Method);

/// Of labelled values alone.
pub(crate) const OWN: &[&str] = &["open", "json", "lines", "len", "eq", "contains", "select"];

/// Of the types that content may have. Those that change a value in place are not here: a labelled value never changes.
const LIFTED: &[&str] = &[
    "capitalize",
    "codepoints",
    "count",
    "elems",
    "endswith",
    "find",
    "format",
    "get",
    "index",
    "isalnum",
    "isalpha",
    "isdigit",
    "islower",
    "isspace",
    "istitle",
    "isupper",
    "items",
    "join",
    "keys",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "title",
    "union",
    "upper",
    "values",
];

impl Method {
    pub(super) fn new(this: LocalOnly, name: &str) -> Method {
        Method { this, name: name.to_owned() }
    }

    /// Whether labelled values have it, whatever their content.
    pub(super) fn exists(name: &str) -> bool {
        OWN.contains(&name) || LIFTED.contains(&name)
    }

    pub(super) fn names() -> Vec<String> {
        OWN.iter().chain(LIFTED).map(ToString::to_string).collect()
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<method {}>", self.name)
    }
}

#[starlark_value(type = "local_only_method")]
impl<'v> StarlarkValue<'v> for Method {
    fn invoke(&self, _me: Value<'v>, args: &Arguments<'v, '_>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        let mut operands = vec![heap.alloc(self.this.clone())];
        operands.extend(args.positions(heap)?);
        let named: Vec<(String, Value<'v>)> = args.names_map()?.iter().map(|(name, value)| (name.as_str().to_owned(), *value)).collect();
        let given = operands.len() - 1;
        let expected = match self.name.as_str() {
            "open" | "json" | "lines" | "len" => Some(0),
            "eq" | "contains" => Some(1),
            "select" => Some(2),
            _ => None,
        };
        if let Some(expected) = expected
            && (given != expected || !named.is_empty())
        {
            let message = format!(".{}() of a local-only value takes {expected} arguments", self.name);
            return Err(fail(EffectError::new(ErrorCode::BadArgument, message)));
        }
        crate::worker::Context::of(eval)?.note_line(eval);
        if self.name == "open" {
            return self.this.secrets().open(operands.first().copied().unwrap_or_else(Value::new_none), heap);
        }
        let names = named.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        operands.extend(named.iter().map(|(_, value)| *value));
        lift(self.this.secrets(), &operands, heap, |plain| {
            let (positional, named) = plain.split_at_checked(given + 1).unwrap_or((plain, &[]));
            let (this, rest) = positional.split_first().map_or((Value::new_none(), &[][..]), |(this, rest)| (*this, rest));
            if expected.is_some() {
                return own(&self.name, this, rest, heap);
            }
            let Some(method) = this.get_attr(&self.name, heap)? else { return Err(absent()) };
            let named: Vec<(&str, Value<'v>)> = names.iter().map(String::as_str).zip(named.iter().copied()).collect();
            eval.eval_function(method, rest, &named)
        })
    }
}

fn own<'v>(name: &str, this: Value<'v>, rest: &[Value<'v>], heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    match (name, rest) {
        ("json", []) => crate::builtins::decode_json(this.unpack_str().ok_or_else(absent)?, heap),
        ("lines", []) => {
            let text = this.unpack_str().ok_or_else(absent)?;
            Ok(heap.alloc(starlark::values::list::AllocList(text.lines())))
        }
        ("len", []) => Ok(heap.alloc(this.length()?)),
        ("eq", [other]) => Ok(Value::new_bool(this.equals(*other)?)),
        ("contains", [item]) => Ok(Value::new_bool(this.is_in(*item)?)),
        ("select", [yes, no]) => Ok(if this.to_bool() { *yes } else { *no }),
        _ => Err(absent()),
    }
}

/// Stored in the result, never shown.
fn absent() -> starlark::Error {
    fail(super::value::failed_before())
}
