//! The answer of `net.request`: status, headers, body, and the body as JSON.
#![expect(unsafe_code, clippy::panic, reason = "derived by the interpreter's macros; none is written by hand")]

use std::fmt;

use allocative::Allocative;
use starlark::coerce::Coerce;
use starlark::environment::{Methods, MethodsBuilder};
use starlark::eval::Evaluator;
use starlark::values::{
    Freeze, Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Trace, Value, ValueLifetimeless, ValueLike,
    starlark_value,
};
use starlark::{starlark_complex_value, starlark_module};

use super::arguments::{lifted, text_of};
use super::json::decode;

/// An HTTP answer. Its parts are local-only values where the host's are.
#[derive(Debug, Clone, Coerce, Trace, Freeze, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
#[repr(C)]
pub(crate) struct ResponseGen<V: ValueLifetimeless> {
    status: V,
    headers: V,
    body: V,
}

starlark_complex_value!(pub(crate) Response);

impl<'v> Response<'v> {
    pub(crate) fn new(status: Value<'v>, headers: Value<'v>, body: Value<'v>) -> Response<'v> {
        ResponseGen { status, headers, body }
    }

    pub(crate) fn fields(&self) -> [(&'static str, Value<'v>); 3] {
        [("status", self.status), ("headers", self.headers), ("body", self.body)]
    }
}

impl<V: ValueLifetimeless> fmt::Display for ResponseGen<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "response(status={}, headers={}, body={})", self.status, self.headers, self.body)
    }
}

starlark::methods_static!(RESPONSE_METHODS = response_methods);

#[starlark_value(type = "response")]
impl<'v, V: ValueLike<'v>> StarlarkValue<'v> for ResponseGen<V>
where
    Self: ProvidesStaticType<'v>,
{
    fn get_methods() -> Option<&'static Methods> {
        Some(RESPONSE_METHODS.methods())
    }

    fn get_attr(&self, attribute: &str, _heap: Heap<'v>) -> Option<Value<'v>> {
        match attribute {
            "status" => Some(self.status.to_value()),
            "headers" => Some(self.headers.to_value()),
            "body" => Some(self.body.to_value()),
            _ => None,
        }
    }

    fn dir_attr(&self) -> Vec<String> {
        ["status", "headers", "body"].map(str::to_owned).to_vec()
    }
}

#[starlark_module]
fn response_methods(builder: &mut MethodsBuilder) {
    /// The body, decoded from JSON.
    fn json<'v>(this: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<Value<'v>> {
        let Some(response) = Response::from_value(this) else { return Ok(Value::new_none()) };
        let heap = eval.heap();
        lifted([response.body], eval, |[body]| decode(text_of(body, "json")?, heap))
    }
}
