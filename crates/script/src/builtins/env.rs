//! `env.*`: variables of the operator's environment, as far as the policy allows.

use aegis_effect::{Effect, EffectError, ErrorCode, Outcome};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::none::NoneOr;
use starlark::values::{Value, ValueOfUnchecked};

use super::arguments::Text;
use super::outcome::value;
use crate::worker::{Context, fail};

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// The variable's value. One that is not set is an error without a `default`. A local-only variable gives a local-only value.
    fn read<'v>(
        name: Text<'v>,
        default: Option<NoneOr<Value<'v>>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, String>> {
        let context = Context::of(eval)?;
        let text = default.and_then(NoneOr::into_option).and_then(|value| value.unpack_str()).map(str::to_owned);
        let outcome = context.perform(Effect::EnvRead { name: name.0.to_owned(), default: text }, eval)?;
        let read = match (outcome, default) {
            (Outcome::Unset, Some(default)) => default.into_option().unwrap_or_else(Value::new_none),
            (Outcome::Unset, None) => {
                let message = format!("env.read: {} is not set", name.0);
                return Err(fail(EffectError::new(ErrorCode::NotFound, message).suggest("give a default: env.read(name, default=\"\")")));
            }
            (outcome, _) => value(outcome, context, eval.heap()),
        };
        Ok(ValueOfUnchecked::new(read))
    }
}
