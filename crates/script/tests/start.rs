//! What a process does before its first script; alone in its test binary, since it looks at what the whole process did.

#[test]
fn the_interpreter_starts_without_compiling_an_expression() {
    let reference = aegis_script::builtin_reference();
    assert!(reference.contains("### `fs.read`") && reference.contains("### `re.sub`"), "the builtins were made");
    assert_eq!(regex::compiled(), 0, "the interpreter reads documentation by other expressions now: see crates/regex");
    assert!(regex::Regex::new("a+").is_ok_and(|r| r.is_match("aa")));
    assert_eq!(regex::compiled(), 1);
}
