//! The documentation says what the code says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../../docs/tests/generated.rs"]
mod generated;

#[test]
fn keys() {
    generated::check("docs/03-policy-file.md", "keys", &aegis_policy::key_reference());
}
