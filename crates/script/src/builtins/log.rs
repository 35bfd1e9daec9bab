//! `log.*`: lines for the operator, apart from the run's output.

use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::none::NoneType;

use crate::wire::LogLevel;
use crate::worker::Context;

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// A line for the operator.
    fn info<'v>(#[starlark(require = pos)] message: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<NoneType> {
        Context::of(eval)?.log(LogLevel::Info, &message.to_str(), eval)?;
        Ok(NoneType)
    }

    /// A line for the operator that something is not as it should be.
    fn warn<'v>(#[starlark(require = pos)] message: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<NoneType> {
        Context::of(eval)?.log(LogLevel::Warn, &message.to_str(), eval)?;
        Ok(NoneType)
    }
}
