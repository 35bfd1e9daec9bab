//! `load`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use aegis_effect::Effect;
use aegis_script::{RunOptions, Runner, Status};
use support::{Anything, Ran, World, process, run_in};

fn run(files: &[(&str, &str)], script: &str) -> Ran {
    let world = || World { files: files.iter().map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec())).collect(), asked: Vec::new() };
    let a = run_in(&mut process(), script, &RunOptions::default(), &Anything, world());
    let b = run_in(&mut Runner::in_process(), script, &RunOptions::default(), &Anything, world());
    assert_eq!(a.report, b.report);
    assert_eq!(a.output, b.output);
    a
}

#[test]
fn a_loaded_file_is_asked_for_once() {
    let ran = run(
        &[
            ("lib.star", "print(\"loading\")\ndef f(x):\n    return x + base\nbase = 10"),
            ("other.star", "load(\"//lib.star\", \"f\")\ng = f"),
        ],
        "load(\"//lib.star\", \"f\", b=\"base\")\nload(\"//other.star\", \"g\")\nprint(f(1), g(2), b)",
    );
    assert_eq!(ran.report.status, Status::Ok, "{}", ran.error());
    assert_eq!(ran.output, "loading\n11 12 10\n");
    let asked: Vec<_> = ran.world.asked.iter().map(|r| &r.effect).collect();
    assert_eq!(asked, [&Effect::Load { path: "lib.star".into() }, &Effect::Load { path: "other.star".into() }]);
}

#[test]
fn what_cannot_be_loaded_is_an_error() {
    let deep = format!("x = {}", "[".repeat(10_000));
    for (files, script, status, message) in [
        (
            &[("a", "load(\"//b\", \"x\")"), ("b", "load(\"//a\", \"x\")\nx = 1")][..],
            "load(\"//a\", \"x\")",
            Status::ScriptError,
            "load cycle: a -> b -> a",
        ),
        (&[][..], "load(\"//none\", \"x\")", Status::ScriptError, "no such file: none"),
        (&[][..], "load(\"lib.star\", \"x\")", Status::ScriptError, "a path starts with //"),
        (&[("a", "x = (")][..], "load(\"//a\", \"x\")", Status::ScriptError, "//a:"),
        (&[("a", deep.as_str())][..], "load(\"//a\", \"x\")", Status::ScriptError, "//a:1:"),
        (&[("a", "y = 1")][..], "load(\"//a\", \"x\")", Status::ScriptError, "x"),
        (&[("a", "x = 1\nfail(\"inner\")")][..], "load(\"//a\", \"x\")", Status::ScriptError, "inner"),
    ] {
        let ran = run(files, script);
        assert_eq!(ran.report.status, status, "{script}: {}", ran.error());
        assert!(ran.error().contains(message), "{script}: {}", ran.error());
    }
}

#[test]
fn loaded_values_are_frozen() {
    let ran = run(&[("a", "x = []")], "load(\"//a\", \"x\")\nx.append(1)");
    assert_eq!(ran.report.status, Status::ScriptError);
    assert!(ran.error().contains("Immutable") || ran.error().contains("rozen"), "{}", ran.error());
}
