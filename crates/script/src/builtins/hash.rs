//! `hash.*`.

use sha2::{Digest, Sha256};
use starlark::environment::GlobalsBuilder;
use starlark::starlark_module;

use super::arguments::Data;

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// SHA-256 of text (as UTF-8) or bytes, in lower-case hex.
    fn sha256<'v>(#[starlark(require = pos)] data: Data<'v>) -> starlark::Result<String> {
        Ok(Sha256::digest(data.0).iter().map(|b| format!("{b:02x}")).collect())
    }
}
