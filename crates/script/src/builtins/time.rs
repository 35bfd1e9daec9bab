//! `time.*`.

use aegis_effect::Effect;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::ValueOfUnchecked;

use super::outcome::value;
use crate::worker::Context;

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// Seconds since 1970-01-01 00:00 UTC, as a float; `int(time.now())` prints in full.
    fn now<'v>(eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<ValueOfUnchecked<'v, f64>> {
        let context = Context::of(eval)?;
        let outcome = context.perform(Effect::Now, eval)?;
        Ok(ValueOfUnchecked::new(value(outcome, context, eval.heap())))
    }
}
