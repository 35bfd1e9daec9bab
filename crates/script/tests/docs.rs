//! The documentation says what the code says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../../docs/tests/generated.rs"]
mod generated;

#[test]
fn builtins() {
    generated::check("docs/04-scripts.md", "builtins", &aegis_script::builtin_reference());
}
