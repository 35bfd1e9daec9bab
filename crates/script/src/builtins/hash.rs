//! `hash.*`.

use sha2::{Digest, Sha256};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::{Value, ValueOfUnchecked};

use super::arguments::{Liftable, data_of, lifted};

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// SHA-256 of text (as UTF-8) or bytes, in lower-case hex.
    fn sha256<'v>(
        #[starlark(require = pos)] data: Liftable<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, String>> {
        let heap = eval.heap();
        lifted([data.0], eval, |[data]| {
            let data = data_of(data).unwrap_or_default();
            let hex: String = Sha256::digest(data).iter().map(|b| format!("{b:02x}")).collect();
            Ok::<Value<'v>, starlark::Error>(heap.alloc_str(&hex).to_value())
        })
        .map(ValueOfUnchecked::new)
    }
}
