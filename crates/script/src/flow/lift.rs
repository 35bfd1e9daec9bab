//! Operations on labelled values whose result is labelled: nothing is observed, so the run stays as public as it was.

use std::sync::Arc;

use starlark::values::{Heap, Value};

use super::LocalOnly;
use super::data::Data;
use super::plain::Join;
use super::sealed::{Content, Sealed};
use super::secrets::Secrets;

/// An operation on the content of its operands. The result depends on all of them; an error inside is stored in the result, never thrown
/// here.
pub(super) struct Lift<'s, 'v> {
    secrets: &'s Arc<Secrets>,
    heap: Heap<'v>,
    join: Join,
}

impl<'s, 'v> Lift<'s, 'v> {
    pub(super) fn new(secrets: &'s Arc<Secrets>, heap: Heap<'v>) -> Lift<'s, 'v> {
        Lift { secrets, heap, join: Join::default() }
    }

    /// One more operand, as plain as the operation needs it.
    ///
    /// # Errors
    /// The worker may not see the content.
    pub(super) fn operand(&mut self, value: Value<'v>) -> starlark::Result<Value<'v>> {
        self.secrets.plain(value, self.heap, &mut self.join)
    }

    /// The same for a labelled value that is no value of the interpreter.
    ///
    /// # Errors
    /// As [`Lift::operand`].
    pub(super) fn sealed(&mut self, sealed: &Sealed) -> starlark::Result<Value<'v>> {
        self.secrets.unsealed(sealed, self.heap, &mut self.join)
    }

    /// Does it, unless an operand is a delayed error.
    ///
    /// # Errors
    /// As [`Lift::operand`].
    pub(super) fn result(mut self, operation: impl FnOnce() -> starlark::Result<Value<'v>>) -> starlark::Result<Value<'v>> {
        let result = if self.join.failed { None } else { operation().ok() };
        // What it gave may itself hold labelled values, of a function that was called.
        let result = match result {
            Some(value) => Some(self.operand(value)?),
            None => None,
        };
        let content = match result.filter(|_| !self.join.failed).and_then(Data::of) {
            Some(data) => Content::Known(data),
            None => Content::Failed,
        };
        Ok(self.heap.alloc(LocalOnly::of(Sealed::new(self.join.label, content), self.secrets)))
    }
}

/// Does an operation on the content of its operands.
///
/// # Errors
/// The worker may not see the content.
pub(crate) fn lift<'v, const N: usize>(
    secrets: &Arc<Secrets>,
    operands: [Value<'v>; N],
    heap: Heap<'v>,
    operation: impl FnOnce([Value<'v>; N]) -> starlark::Result<Value<'v>>,
) -> starlark::Result<Value<'v>> {
    let mut lift = Lift::new(secrets, heap);
    let mut plain = operands;
    for operand in &mut plain {
        *operand = lift.operand(*operand)?;
    }
    lift.result(|| operation(plain))
}

impl Secrets {
    /// A public value with a label: it depends on when it was read.
    pub(crate) fn labelled<'v>(self: &Arc<Self>, value: Value<'v>, join: Join, heap: Heap<'v>) -> Value<'v> {
        let content = Data::of(value).map_or(Content::Failed, Content::Known);
        heap.alloc(LocalOnly::of(Sealed::new(join.label, content), self))
    }

    /// Observes two values: the run depends on them from here on, and they become plain. Raised first, always: that must not depend on
    /// whether one of them is a delayed error. Where neither holds anything labelled, nothing is observed and both stay what they are;
    /// otherwise `before` is called first.
    ///
    /// # Errors
    /// One is a delayed error, or the worker may not see it.
    pub(crate) fn open_both<'v>(
        &self,
        a: Value<'v>,
        b: Value<'v>,
        heap: Heap<'v>,
        before: impl FnOnce(),
    ) -> starlark::Result<(Value<'v>, Value<'v>)> {
        let mut join = Join::default();
        let plain = (self.plain(a, heap, &mut join), self.plain(b, heap, &mut join));
        if !join.label.is_public() {
            before();
            self.raise(&join.label);
        }
        let plain = (plain.0?, plain.1?);
        if join.failed { Err(crate::worker::fail(super::value::failed_before())) } else { Ok(plain) }
    }
}
