//! The labelled value that scripts hold. Every hook that the interpreter offers is here: operations are lifted, observations raise the
//! run's current label, text shows a reference.
#![expect(unsafe_code, clippy::panic, reason = "derived by the interpreter's macros; none is written by hand")]

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use aegis_effect::{EffectError, ErrorCode, Labelled};
use allocative::Allocative;
use starlark::collections::StarlarkHasher;
use starlark::starlark_simple_value;
use starlark::values::{Heap, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, starlark_value};

use super::lift::Lift;
use super::method::Method;
use super::plain::Join;
use super::reference::Form;
use super::sealed::Sealed;
use super::secrets::{Secrets, not_here};
use crate::worker::fail;

/// A labelled value.
#[derive(Clone, ProvidesStaticType, Allocative, StarlarkPagablePanic)]
pub(crate) struct LocalOnly {
    #[allocative(skip)]
    sealed: Arc<Sealed>,
    #[allocative(skip)]
    secrets: Arc<Secrets>,
}

starlark_simple_value!(LocalOnly);

impl LocalOnly {
    /// What an effect gave.
    pub(crate) fn new(labelled: Labelled, secrets: &Arc<Secrets>) -> LocalOnly {
        secrets.seen(&labelled);
        LocalOnly::of(Sealed::of(labelled), secrets)
    }

    pub(super) fn of(sealed: Sealed, secrets: &Arc<Secrets>) -> LocalOnly {
        LocalOnly { sealed: Arc::new(sealed), secrets: secrets.clone() }
    }

    /// Whether what made it went well, as a labelled bool.
    pub(crate) fn went_well<'v>(&self, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let went_well = self.secrets.data(&self.sealed)?.is_some();
        Ok(self.secrets.labelled(Value::new_bool(went_well), self.join(), heap))
    }

    pub(super) fn sealed(&self) -> &Arc<Sealed> {
        &self.sealed
    }

    pub(super) fn secrets(&self) -> &Arc<Secrets> {
        &self.secrets
    }

    /// The text that stands for it.
    pub(crate) fn text(&self) -> String {
        self.secrets.with_reference(&self.sealed, |_, text| text.to_owned())
    }

    /// The text that stands for it as a JSON value.
    pub(crate) fn json(&self) -> String {
        self.secrets.with_reference(&self.sealed, |index, _| self.secrets.reference(index, Form::JSON))
    }

    /// The error where only something public can be.
    pub(crate) fn refuse<T>(&self) -> starlark::Result<T> {
        Err(fail(not_here(&self.secrets.names(&self.sealed.label))))
    }

    fn unsupported<T>(&self, what: &str) -> starlark::Result<T> {
        let sources = self.secrets.names(&self.sealed.label).join(", ");
        let error = EffectError::new(ErrorCode::FlowDenied, format!("denied: {what} cannot be a local-only value ({sources})"));
        Err(fail(error.suggest("open it first, in compute(f, x), where nothing public can depend on it")))
    }

    fn join(&self) -> Join {
        Join { label: self.sealed.label.clone(), failed: false }
    }

    /// Observes it.
    pub(super) fn opened<'v>(&self, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.secrets.raise(&self.sealed.label);
        let mut join = Join::default();
        let plain = self.secrets.unsealed(&self.sealed, heap, &mut join)?;
        if join.failed { Err(fail(failed_before())) } else { Ok(plain) }
    }

    /// Observes it, for a hook that gets no heap.
    fn with_opened<T>(&self, then: impl for<'a> FnOnce(Value<'a>) -> starlark::Result<T>) -> starlark::Result<T> {
        Heap::temp(|heap| then(self.opened(heap)?))
    }

    /// Observes it and another value; none if that is nothing that content can be.
    fn with_both<T>(
        &self,
        other: Value<'_>,
        then: impl for<'a> FnOnce(Value<'a>, Value<'a>) -> starlark::Result<T>,
    ) -> starlark::Result<Option<T>> {
        let mut join = self.join();
        let other = self.secrets.copied(other, &mut join);
        self.secrets.raise(&join.label);
        let other = other?;
        let me = self.secrets.data(&self.sealed)?;
        match (me, other) {
            _ if join.failed => Err(fail(failed_before())),
            (None, _) => Err(fail(failed_before())),
            (Some(me), Some(other)) => Heap::temp(|heap| then(me.alloc(heap), other.alloc(heap))).map(Some),
            (Some(_), None) => Ok(None),
        }
    }

    fn binary<'v>(
        &self,
        other: Value<'v>,
        heap: Heap<'v>,
        operation: impl FnOnce(Value<'v>, Value<'v>) -> starlark::Result<Value<'v>>,
    ) -> starlark::Result<Value<'v>> {
        let mut lift = Lift::new(&self.secrets, heap);
        let (me, other) = (lift.sealed(&self.sealed)?, lift.operand(other)?);
        lift.result(|| operation(me, other))
    }

    fn unary<'v>(&self, heap: Heap<'v>, operation: impl FnOnce(Value<'v>) -> starlark::Result<Value<'v>>) -> starlark::Result<Value<'v>> {
        self.binary(Value::new_none(), heap, |me, _| operation(me))
    }
}

/// What observing a delayed error ends the run with; nothing public is left to depend on it.
pub(super) fn failed_before() -> EffectError {
    EffectError::new(ErrorCode::Io, "a local-only value is missing: what made it failed; the journal has the reason")
}

/// A reference, never content.
impl fmt::Display for LocalOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// By hand: whatever fields the type gets, `{:?}` never shows them.
impl fmt::Debug for LocalOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl serde::Serialize for LocalOnly {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text())
    }
}

#[starlark_value(type = "local_only")]
impl<'v> StarlarkValue<'v> for LocalOnly {
    fn name_for_call_stack(&self, _me: Value<'v>) -> String {
        "a local-only value".to_owned()
    }

    fn collect_repr(&self, collector: &mut String) {
        self.secrets.with_reference(&self.sealed, |_, text| collector.push_str(text));
    }

    fn to_bool(&self) -> bool {
        match self.with_opened(|plain| Ok(plain.to_bool())) {
            Ok(truth) => truth,
            Err(error) => {
                // It cannot fail here, so the run is made to end at its next step.
                let error = crate::worker::effect_error(&error).cloned().unwrap_or_else(failed_before);
                self.secrets.fail_later(error);
                false
            }
        }
    }

    fn write_hash(&self, _hasher: &mut StarlarkHasher) -> starlark::Result<()> {
        self.unsupported("a dict key or set member")
    }

    fn equals(&self, other: Value<'v>) -> starlark::Result<bool> {
        self.with_both(other, |me, other| me.equals(other)).map(|equal| equal.unwrap_or(false))
    }

    fn compare(&self, other: Value<'v>) -> starlark::Result<Ordering> {
        self.with_both(other, |me, other| me.compare(other))?.ok_or_else(|| fail(failed_before()))
    }

    fn invoke(
        &self,
        _me: Value<'v>,
        _args: &starlark::eval::Arguments<'v, '_>,
        _eval: &mut starlark::eval::Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        self.unsupported("a function")
    }

    fn at(&self, index: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.binary(index, heap, |me, index| me.at(index, heap))
    }

    fn slice(
        &self,
        start: Option<Value<'v>>,
        stop: Option<Value<'v>>,
        stride: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let mut lift = Lift::new(&self.secrets, heap);
        let me = lift.sealed(&self.sealed)?;
        let mut bounds = [start, stop, stride];
        for bound in bounds.iter_mut().flatten() {
            *bound = lift.operand(*bound)?;
        }
        let [start, stop, stride] = bounds.map(|bound| bound.filter(|bound| !bound.is_none()));
        lift.result(|| me.slice(start, stop, stride, heap))
    }

    fn iterate_collect(&self, heap: Heap<'v>) -> starlark::Result<Vec<Value<'v>>> {
        Ok(self.opened(heap)?.iterate(heap)?.collect())
    }

    fn length(&self) -> starlark::Result<i32> {
        self.with_opened(|me| me.length())
    }

    fn is_in(&self, other: Value<'v>) -> starlark::Result<bool> {
        self.with_both(other, |me, other| me.is_in(other)).map(|found| found.unwrap_or(false))
    }

    fn plus(&self, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.unary(heap, |me| me.plus(heap))
    }

    fn minus(&self, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.unary(heap, |me| me.minus(heap))
    }

    fn radd(&self, lhs: Value<'v>, heap: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
        match self.secrets.joined(&self.sealed, lhs, true, heap) {
            Some(joined) => Some(Ok(joined)),
            None => Some(self.binary(lhs, heap, |me, lhs| lhs.add(me, heap))),
        }
    }

    fn add(&self, rhs: Value<'v>, heap: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
        match self.secrets.joined(&self.sealed, rhs, false, heap) {
            Some(joined) => Some(Ok(joined)),
            None => Some(self.binary(rhs, heap, |me, rhs| me.add(rhs, heap))),
        }
    }

    fn sub(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.binary(other, heap, |me, other| me.sub(other, heap))
    }

    fn rmul(&self, lhs: Value<'v>, heap: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
        Some(self.binary(lhs, heap, |me, lhs| multiplied(lhs, me, heap)))
    }

    fn mul(&self, rhs: Value<'v>, heap: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
        Some(self.binary(rhs, heap, |me, rhs| multiplied(me, rhs, heap)))
    }

    fn div(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.binary(other, heap, |me, other| me.div(other, heap))
    }

    fn floor_div(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.binary(other, heap, |me, other| me.floor_div(other, heap))
    }

    fn percent(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.binary(other, heap, |me, other| me.percent(other, heap))
    }

    fn bit_and(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.binary(other, heap, |me, other| me.bit_and(other, heap))
    }

    fn bit_or(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.binary(other, heap, |me, other| me.bit_or(other, heap))
    }

    fn bit_xor(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.binary(other, heap, |me, other| me.bit_xor(other, heap))
    }

    fn bit_not(&self, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.unary(heap, |me| me.bit_not(heap))
    }

    fn left_shift(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.binary(other, heap, |me, other| me.left_shift(other, heap))
    }

    fn right_shift(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.binary(other, heap, |me, other| me.right_shift(other, heap))
    }

    /// By type, never by content.
    fn has_attr(&self, attribute: &str, _heap: Heap<'v>) -> bool {
        Method::exists(attribute)
    }

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        Method::of(self, attribute).map(|method| heap.alloc(method))
    }

    fn dir_attr(&self) -> Vec<String> {
        Method::names()
    }
}

/// `*`, without building what would be cut off.
fn multiplied<'v>(a: Value<'v>, b: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    for (sequence, count) in [(a, b), (b, a)] {
        if let (Ok(length), Some(count)) = (sequence.length(), count.unpack_i32())
            && i64::from(length) * i64::from(count) > 1 << 20
        {
            return Err(fail(failed_before()));
        }
    }
    a.mul(b, heap)
}
