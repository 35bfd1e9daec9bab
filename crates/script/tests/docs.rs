//! The documentation says what the code says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../../docs/tests/generated.rs"]
mod generated;

/// In alphabetical order: the interpreter's own order is nobody's.
#[test]
fn builtins() {
    let text = aegis_script::builtin_reference();
    let mut calls: Vec<&str> = text.split("### ").filter(|call| !call.is_empty()).collect();
    calls.sort_unstable();
    generated::check("docs/04-scripts.md", "builtins", &format!("### {}", calls.join("### ")));
}
