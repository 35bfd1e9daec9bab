//! Local-only values: what comes from a source that the policy calls local-only. A script holds a handle and hands it on whole; the
//! content stays with the broker. Every hook that the interpreter offers is here, so that no operation is silently wrong.
#![expect(unsafe_code, clippy::panic, reason = "derived by the interpreter's macros; none is written by hand")]

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use aegis_effect::{EffectError, ErrorCode, Handle, Labelled};
use allocative::Allocative;
use starlark::collections::StarlarkHasher;
use starlark::starlark_simple_value;
use starlark::values::{Heap, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, starlark_value};

use crate::worker::{References, fail};

/// A local-only value.
#[derive(ProvidesStaticType, Allocative, StarlarkPagablePanic)]
pub(crate) struct LocalOnly {
    #[allocative(skip)]
    value: Labelled,
    #[allocative(skip)]
    references: Arc<References>,
    index: usize,
}

starlark_simple_value!(LocalOnly);

impl LocalOnly {
    pub(crate) fn new(value: Labelled, references: &Arc<References>) -> LocalOnly {
        let index = references.add(&value);
        LocalOnly { value, references: references.clone(), index }
    }

    pub(crate) fn handle(&self) -> Handle {
        self.value.handle
    }

    /// What an operation on it is refused with.
    pub(crate) fn refusal(&self, operation: &str) -> EffectError {
        EffectError::new(
            ErrorCode::FlowDenied,
            format!("{operation} on a local-only value ({}) is not supported here", self.value.sources.join(", ")),
        )
        .suggest("pass it whole to a header, body, stdin, child env or local-only file")
    }

    pub(crate) fn refuse<T>(&self, operation: &str) -> starlark::Result<T> {
        Err(fail(self.refusal(operation)))
    }
}

/// A reference, never content.
impl fmt::Display for LocalOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.references.text(self.index))
    }
}

/// By hand: whatever fields the type gets, `{:?}` never shows them.
impl fmt::Debug for LocalOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.references.text(self.index))
    }
}

impl serde::Serialize for LocalOnly {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.references.text(self.index))
    }
}

#[starlark_value(type = "local_only")]
impl<'v> StarlarkValue<'v> for LocalOnly {
    fn name_for_call_stack(&self, _me: Value<'v>) -> String {
        "a local-only value".to_owned()
    }

    fn to_bool(&self) -> bool {
        // Cannot fail, so the run is made to end at its next step.
        self.references.misuse(self.refusal("a condition (`if`, `and`, `or`, `not`)"));
        true
    }

    fn write_hash(&self, _hasher: &mut StarlarkHasher) -> starlark::Result<()> {
        self.refuse("use as a dict key or set member")
    }

    fn equals(&self, _other: Value<'v>) -> starlark::Result<bool> {
        self.refuse("`==`")
    }

    fn compare(&self, _other: Value<'v>) -> starlark::Result<Ordering> {
        self.refuse("comparison")
    }

    fn invoke(
        &self,
        _me: Value<'v>,
        _args: &starlark::eval::Arguments<'v, '_>,
        _eval: &mut starlark::eval::Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        self.refuse("a call")
    }

    fn at(&self, _index: Value<'v>, _heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.refuse("`[]`")
    }

    fn slice(
        &self,
        _start: Option<Value<'v>>,
        _stop: Option<Value<'v>>,
        _stride: Option<Value<'v>>,
        _heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        self.refuse("`[:]`")
    }

    fn iterate_collect(&self, _heap: Heap<'v>) -> starlark::Result<Vec<Value<'v>>> {
        self.refuse("iteration")
    }

    fn length(&self) -> starlark::Result<i32> {
        self.refuse("`len`")
    }

    fn is_in(&self, _other: Value<'v>) -> starlark::Result<bool> {
        self.refuse("`in`")
    }

    fn plus(&self, _heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.refuse("`+`")
    }

    fn minus(&self, _heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.refuse("`-`")
    }

    fn radd(&self, _lhs: Value<'v>, _heap: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
        Some(self.refuse("`+`"))
    }

    fn add(&self, _rhs: Value<'v>, _heap: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
        Some(self.refuse("`+`"))
    }

    fn sub(&self, _other: Value<'v>, _heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.refuse("`-`")
    }

    fn rmul(&self, _lhs: Value<'v>, _heap: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
        Some(self.refuse("`*`"))
    }

    fn mul(&self, _rhs: Value<'v>, _heap: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
        Some(self.refuse("`*`"))
    }

    fn div(&self, _other: Value<'v>, _heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.refuse("`/`")
    }

    fn floor_div(&self, _other: Value<'v>, _heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.refuse("`//`")
    }

    fn percent(&self, _other: Value<'v>, _heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.refuse("`%`")
    }

    fn bit_and(&self, _other: Value<'v>, _heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.refuse("`&`")
    }

    fn bit_or(&self, _other: Value<'v>, _heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.refuse("`|`")
    }

    fn bit_xor(&self, _other: Value<'v>, _heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.refuse("`^`")
    }

    fn bit_not(&self, _heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.refuse("`~`")
    }

    fn left_shift(&self, _other: Value<'v>, _heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.refuse("`<<`")
    }

    fn right_shift(&self, _other: Value<'v>, _heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.refuse("`>>`")
    }

    fn has_attr(&self, _attribute: &str, _heap: Heap<'v>) -> bool {
        self.references.misuse(self.refusal("`hasattr`"));
        false
    }

    fn get_attr(&self, attribute: &str, _heap: Heap<'v>) -> Option<Value<'v>> {
        // Cannot fail either; the interpreter's own "no such attribute" follows, and this replaces it.
        self.references.misuse(self.refusal(&format!("`.{attribute}`")));
        None
    }
}
