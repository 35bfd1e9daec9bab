//! `print`, with the separators that Python has.

use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::none::NoneType;
use starlark::values::tuple::UnpackTuple;

use crate::worker::Context;

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// Writes the values to the run's output, with `sep` between them and `end` after them. It is seen as it happens. Local-only
    /// values show as `[REDACTED]`.
    fn print<'v>(
        #[starlark(args)] values: UnpackTuple<Value<'v>>,
        #[starlark(require = named, default = " ")] sep: &str,
        #[starlark(require = named, default = "\n")] end: &str,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<NoneType> {
        let mut text = String::new();
        for (i, value) in values.items.iter().enumerate() {
            if i > 0 {
                text.push_str(sep);
            }
            match value.unpack_str() {
                Some(s) => text.push_str(s),
                None => text.push_str(&value.to_str()),
            }
        }
        text.push_str(end);
        Context::of(eval)?.print(&text)?;
        Ok(NoneType)
    }
}
