//! What goes into `compute`, and what comes out of it.

use std::sync::Arc;

use aegis_effect::{EffectError, ErrorCode};
use starlark::values::{Heap, Value};

use super::LocalOnly;
use super::data::Data;
use super::plain::Join;
use super::sealed::{Content, Sealed};
use super::secrets::Secrets;
use crate::worker::fail;

/// Calls inside calls: each takes its part of the stack.
const DEEPEST: usize = 16;

/// Copies of arguments that a function may look at; none if one of them failed before.
type Arguments = Option<Vec<Data>>;

impl Secrets {
    /// Copies the arguments, everything labelled opened, and begins a part of the run that depends on them: what the result depends on is
    /// fixed here, before anything of it runs. None if an argument is no plain value.
    ///
    /// # Errors
    /// The worker may not see the content.
    pub(crate) fn enter(&self, arguments: &[Value<'_>]) -> starlark::Result<Option<(Join, Arguments)>> {
        if self.quiet_depth() >= DEEPEST {
            return Err(fail(EffectError::new(ErrorCode::BadArgument, format!("more than {DEEPEST} compute calls inside each other"))));
        }
        let mut join = Join::default();
        let mut copies = Vec::with_capacity(arguments.len());
        for argument in arguments {
            copies.push(self.copied(*argument, &mut join)?);
        }
        let Some(copies) = copies.into_iter().collect::<Option<Vec<Data>>>() else { return Ok(None) };
        let copies = (!join.failed).then_some(copies);
        self.begin_quiet(join.label.clone());
        Ok(Some((join, copies)))
    }

    /// Ends that part. The result (none if the arguments were a delayed error) has the label that was fixed; anything beyond it, and any
    /// error, is a delayed error.
    ///
    /// # Errors
    /// The worker may not see the content; or, where nothing labelled went in, the function's own.
    pub(crate) fn leave<'v>(
        self: &Arc<Self>,
        label: Join,
        result: Option<starlark::Result<(Option<Data>, Join)>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let mut join = label.clone();
        let (copied, error) = match result {
            Some(Ok((copied, of))) => {
                join.label.join(&of.label);
                join.failed |= of.failed;
                (copied, None)
            }
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        let beyond = self.end_quiet().is_none_or(|quiet| quiet.beyond) || !join.label.is_subset(&label.label);
        let content = match copied.filter(|_| !beyond && !join.failed) {
            // Nothing labelled went in, and nothing was looked at.
            Some(data) if label.label.is_public() => return Ok(data.alloc(heap)),
            Some(data) => Content::Known(data),
            None if label.label.is_public() => {
                // what it says itself may come from what it had no right to look at
                return Err(error.filter(|_| !beyond).unwrap_or_else(|| {
                    fail(EffectError::new(ErrorCode::BadArgument, "compute: the result is no plain value, or looks at what is no argument"))
                }));
            }
            None => Content::Failed,
        };
        Ok(heap.alloc(LocalOnly::of(Sealed::new(label.label, content), self)))
    }
}
