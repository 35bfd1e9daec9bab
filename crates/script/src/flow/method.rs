//! Methods of labelled values: those of the types they may have, lifted, and a few of their own.
#![expect(unsafe_code, clippy::panic, reason = "derived by the interpreter's macros; none is written by hand")]

use std::fmt;

use aegis_effect::{EffectError, ErrorCode};
use allocative::Allocative;
use starlark::eval::{Arguments, Evaluator};
use starlark::starlark_simple_value;
use starlark::values::{Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, starlark_value};

use super::LocalOnly;
use super::lift::Lift;
use crate::worker::fail;

/// A method of a labelled value, not called yet.
#[derive(Debug, Clone, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub(super) struct Method {
    #[allocative(skip)]
    this: LocalOnly,
    name: &'static str,
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
    /// The method of that name, if labelled values have it, whatever their content.
    pub(super) fn of(this: &LocalOnly, name: &str) -> Option<Method> {
        let name = Method::named(name)?;
        Some(Method { this: this.clone(), name })
    }

    /// Whether labelled values have it, whatever their content.
    pub(super) fn exists(name: &str) -> bool {
        Method::named(name).is_some()
    }

    fn named(name: &str) -> Option<&'static str> {
        OWN.iter().chain(LIFTED).find(|known| **known == name).copied()
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
        let mut given: Vec<Value<'v>> = args.positions(heap)?.collect();
        let mut named: Vec<(&str, Value<'v>)> = args.names_map()?.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let expected = match self.name {
            "open" | "json" | "lines" | "len" => Some(0),
            "eq" | "contains" => Some(1),
            "select" => Some(2),
            _ => None,
        };
        if let Some(expected) = expected
            && (given.len() != expected || !named.is_empty())
        {
            let message = format!(".{}() of a local-only value takes {expected} arguments", self.name);
            return Err(fail(EffectError::new(ErrorCode::BadArgument, message)));
        }
        crate::worker::Context::of(eval)?.note_line(eval);
        if self.name == "open" {
            return self.this.opened(heap);
        }
        let mut lift = Lift::new(self.this.secrets(), heap);
        let this = lift.sealed(self.this.sealed())?;
        for argument in given.iter_mut().chain(named.iter_mut().map(|(_, value)| value)) {
            *argument = lift.operand(*argument)?;
        }
        lift.result(|| {
            if expected.is_some() {
                return own(self.name, this, &given, heap);
            }
            let method = this.get_attr(self.name, heap)?.ok_or_else(absent)?;
            eval.eval_function(method, &given, &named)
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
