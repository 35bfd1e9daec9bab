//! `compute`: a part of a run that may look at secrets, from which nothing public comes out.

use aegis_effect::{EffectError, ErrorCode};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::tuple::UnpackTuple;

use crate::worker::{Context, fail};

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// Calls a function with local-only values opened, and gives its result as a local-only value: `compute(longest, token, names)`. The
    /// function is one defined at the top level of the script, loaded, or built in; it gets copies of its arguments, and can neither act
    /// nor print. An error in it is part of the result. Without local-only arguments the result is public.
    fn compute<'v>(
        #[starlark(require = pos)] function: Value<'v>,
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let context = Context::of(eval)?;
        let Some(function) = context.frozen(function, eval) else {
            let hint =
                "write it with def at the top level, under a name of its own, using only its parameters, literals and other such functions";
            return Err(fail(
                EffectError::new(ErrorCode::BadArgument, "compute: the function may reach or change what is outside of it").suggest(hint),
            ));
        };
        let secrets = context.secrets();
        let Some((label, arguments)) = secrets.enter(&args.items)? else {
            return Err(fail(EffectError::new(
                ErrorCode::BadArgument,
                "compute: an argument is no plain value (a function, or too large)",
            )));
        };
        // A module and an evaluator of its own: what it uses is charged to a budget fixed beforehand, and reaching that is one more error
        // of the result.
        let called = arguments.map(|arguments| context.call_apart(function, &arguments));
        secrets.leave(label, called, eval.heap())
    }
}
