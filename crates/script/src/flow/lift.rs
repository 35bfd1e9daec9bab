//! Operations on labelled values whose result is labelled: nothing is observed, so the run stays as public as it was.

use std::sync::Arc;

use starlark::values::{Heap, Value};

use super::LocalOnly;
use super::data::Data;
use super::plain::Join;
use super::sealed::{Content, Sealed};
use super::secrets::Secrets;

/// Does an operation on the content of its operands. The result depends on all of them; an error inside is stored in the result, never
/// thrown here.
///
/// # Errors
/// The worker may not see the content.
pub(crate) fn lift<'v>(
    secrets: &Arc<Secrets>,
    operands: &[Value<'v>],
    heap: Heap<'v>,
    operation: impl FnOnce(&[Value<'v>]) -> starlark::Result<Value<'v>>,
) -> starlark::Result<Value<'v>> {
    let mut join = Join::default();
    let plain: Vec<Value<'v>> = operands.iter().map(|operand| secrets.plain(*operand, heap, &mut join)).collect::<starlark::Result<_>>()?;
    let result = if join.failed { None } else { operation(&plain).ok() };
    // What it gave may itself hold labelled values, of a function that was called.
    let result = match result {
        Some(value) => Some(secrets.plain(value, heap, &mut join)?),
        None => None,
    };
    let content = match result.filter(|_| !join.failed).and_then(Data::of) {
        Some(data) => Content::Known(Arc::new(data)),
        None => Content::Failed,
    };
    Ok(heap.alloc(LocalOnly::of(Sealed::new(join, content), secrets)))
}

impl Secrets {
    /// A public value with a label: it depends on when it was read.
    pub(crate) fn labelled<'v>(self: &Arc<Self>, value: Value<'v>, join: Join, heap: Heap<'v>) -> Value<'v> {
        let content = Data::of(value).map_or(Content::Failed, |data| Content::Known(Arc::new(data)));
        heap.alloc(LocalOnly::of(Sealed::new(join, content), self))
    }

    /// Observes values: the run depends on them from here on, and they become plain. Raised first, always: that must not depend on whether
    /// one of them is a delayed error.
    ///
    /// # Errors
    /// One is a delayed error, or the worker may not see it.
    pub(crate) fn open<'v>(&self, value: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        self.open_both(value, Value::new_none(), heap).map(|(plain, _)| plain)
    }

    /// The same for two values at once.
    ///
    /// # Errors
    /// As [`Secrets::open`].
    pub(crate) fn open_both<'v>(&self, a: Value<'v>, b: Value<'v>, heap: Heap<'v>) -> starlark::Result<(Value<'v>, Value<'v>)> {
        let mut join = Join::default();
        let plain = (self.plain(a, heap, &mut join), self.plain(b, heap, &mut join));
        self.raise(&join);
        let plain = (plain.0?, plain.1?);
        if join.failed { Err(crate::worker::fail(super::value::failed_before())) } else { Ok(plain) }
    }
}
