//! What the command line says, word for word. `TRYCMD=overwrite cargo test -p aegis --test snapshots` writes the files anew.
#![allow(missing_docs)]

#[test]
fn command_lines() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
