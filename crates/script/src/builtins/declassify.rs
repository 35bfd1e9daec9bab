//! `declassify`: the one way in which a local-only value becomes public.

use aegis_effect::{Effect, EffectError, ErrorCode, Payload};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::{Value, ValueLike};

use super::arguments::Text;
use super::outcome::value;
use crate::flow::LocalOnly;
use crate::worker::{Context, fail};

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// A local-only value as a public one, where a `[[declassify]]` of the policy says so: for its source, with these very words as
    /// reason. The value must have the shape that the rule names (an int for `int`, a bool for `bool`, else text), and every byte counts
    /// against the rule's `max_bytes` a day. What is not of that shape ends the run. A public value comes back as it is.
    fn declassify<'v>(
        #[starlark(require = pos)] data: Value<'v>,
        #[starlark(require = pos)] reason: Text<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let context = Context::of(eval)?;
        if !context.secrets().touch(data) {
            return Ok(data);
        }
        let text = match (data.downcast_ref::<LocalOnly>(), data.unpack_str()) {
            (Some(secret), _) => secret.text(),
            (None, Some(text)) => text.to_owned(),
            (None, None) => {
                return Err(fail(
                    EffectError::new(ErrorCode::BadArgument, "declassify: a container with local-only values in it")
                        .suggest("declassify the values one by one"),
                ));
            }
        };
        let effect = Effect::Declassify { value: Payload::from(text), reason: reason.0.to_owned() };
        Ok(value(context.perform(effect, eval)?, context, eval.heap()))
    }
}
