//! `try_`: an effect that may fail.

use aegis_effect::{EffectError, ErrorCode};
use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::structs::{AllocStruct, StructRef};
use starlark::values::tuple::UnpackTuple;
use starlark::values::{Value, ValueLike, ValueOfUnchecked};

use super::EFFECTS;
use crate::flow::LocalOnly;
use crate::worker::{Context, catchable, fail};

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// Calls an effect, as in `try_(fs.read, "x.txt")`, and gives `ok`, `value` and `error`: of `error` (None if `ok`), `code` is
    /// `policy_denied`, `approval_denied`, `not_found`, `io`, `network`, `exec` or `bad_argument`, and `message` is one line. Every
    /// other failure ends the run.
    fn try_<'v>(
        #[starlark(require = pos)] effect: Value<'v>,
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] kwargs: SmallMap<&'v str, Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, StructRef<'static>>> {
        let context = Context::of(eval)?;
        if !is_effect(effect, context, eval) {
            return Err(fail(
                EffectError::new(ErrorCode::BadArgument, "try_ calls effects only")
                    .suggest("write try_(fs.read, \"path\"): the effect itself, then its arguments"),
            ));
        }
        let named: Vec<(&str, Value<'v>)> = kwargs.iter().map(|(k, v)| (*k, *v)).collect();
        let called = eval.eval_function(effect, &args.items, &named);
        let heap = eval.heap();
        let none = Value::new_none();
        let (ok, value, error) = match called {
            Ok(value) => match value.downcast_ref::<LocalOnly>() {
                Some(secret) => (secret.went_well(heap)?, value, none),
                None => (Value::new_bool(true), value, none),
            },
            Err(e) => match catchable(&e) {
                None => return Err(e),
                Some(effect) => {
                    let error = AllocStruct([("code", effect.code.name()), ("message", effect.message.as_str())]);
                    (Value::new_bool(false), none, heap.alloc(error))
                }
            },
        };
        let tried = heap.alloc(AllocStruct([("ok", ok), ("value", value), ("error", error)]));
        Ok(ValueOfUnchecked::new(tried))
    }
}

/// Whether a value is one of the effect builtins themselves; a function of the script that wraps one is not.
fn is_effect<'v>(value: Value<'v>, context: &Context, eval: &Evaluator<'v, '_, '_>) -> bool {
    EFFECTS.iter().any(|effect| {
        let (global, member) = effect.name.split_once('.').map_or((effect.name, None), |(space, member)| (space, Some(member)));
        let Some((_, global)) = context.globals().iter().find(|(name, _)| *name == global) else { return false };
        let builtin = match member {
            None => Some(global.to_value()),
            Some(member) => global.to_value().get_attr(member, eval.heap()).ok().flatten(),
        };
        builtin.is_some_and(|builtin| builtin.ptr_eq(value))
    })
}
