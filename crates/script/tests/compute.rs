//! `compute`: looks at secrets, and nothing public comes out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use aegis_script::{Limits, RunOptions, Status};
use support::{Ran, run, run_options};

fn content(ran: &Ran) -> String {
    String::from_utf8(ran.world.files.get("out").cloned().unwrap_or_default()).unwrap()
}

const PRELUDE: &str = "
LIMIT = 3
counter = [0]

def vowels(s):
    n = 0
    for c in s.elems():
        if c in \"aeiou\":
            n += 1
    return n

def branchy(s, word = \"tok\"):
    if word in s and len(s) > LIMIT:
        return {\"yes\": vowels(s), \"t\": (1, None, [s])}
    return fail(\"never: \" + s)

def changes(s):
    counter[0] += 1
    return counter[0]

def uses_changes(s):
    return changes(s)

def wrong(s):
    return s[100]

def acts(s):
    fs.write(\"public\", s)
    return 1

def prints(s):
    print(s)
    return 1

def keeps(l):
    l.append(\"kept\")
    return l

def long(s):
    return s * 1000000

def tries(s):
    return try_(fs.read, s).ok

def inner(s):
    return compute(vowels, s) + 1

t = env.read(\"TOKEN\")
";

/// Expression, and what `fs.write("out", f"{expression}")` writes.
const RESULTS: &[(&str, &str)] = &[
    ("compute(vowels, t)", "{2}"),
    ("compute(branchy, t)[\"yes\"]", "{2}"),
    ("compute(branchy, t, \"tok\")[\"t\"][2][0]", "{tok-en 12}"),
    ("compute(branchy, t, \"no\")", "{failed}"),
    ("compute(wrong, t)", "{failed}"),
    ("compute(wrong, t).upper()", "{failed}"),
    ("compute(acts, t)", "{failed}"),
    ("compute(prints, t)", "{failed}"),
    ("compute(tries, t)", "{failed}"),
    ("compute(long, t)", "{failed}"),
    ("compute(inner, t)", "{3}"),
    ("compute(len, t)", "{9}"),
    ("compute(sorted, t.split(\" \"))", "{[\"12\", \"tok-en\"]}"),
    ("compute(print, t)", "{failed}"),
    ("compute(fs.read, t)", "{failed}"),
    ("compute(time.now)", ""),
    ("compute(vowels, \"a %s\" % t)", "{3}"),
    ("compute(vowels, \"ae\" + t) + 1", "{5}"),
    ("compute(keeps, [t])", "{[\"tok-en 12\", \"kept\"]}"),
    ("compute(vowels, \"aeiou\")", "5"),
    ("compute(vowels, env.read(\"GONE\"))", "{failed}"),
];

#[test]
fn results_are_labelled_and_the_run_stays_public() {
    for (expression, written) in RESULTS {
        let ran = run(&format!("{PRELUDE}x = {expression}\nfs.write(\"out\", f\"{{x}}\")\nprint(\"after\", x)"));
        if written.is_empty() {
            assert_eq!(ran.report.status, Status::Denied, "{expression}: {}", ran.error());
            continue;
        }
        assert_eq!((ran.report.status, ran.error().as_str()), (Status::Ok, ""), "{expression}");
        assert_eq!(&content(&ran), written, "{expression}");
        let shown = if written.starts_with('{') { "after [REDACTED]\n".to_owned() } else { format!("after {written}\n") };
        assert_eq!(ran.output, shown, "{expression}");
        assert!(!ran.world.files.contains_key("public"), "{expression}");
        assert!(ran.world.asked.iter().all(|request| request.current.is_public()), "{expression}");
    }
}

/// What a function may not be: each is an error that says so, whatever the secret.
#[test]
fn a_function_that_could_reach_outside_is_refused() {
    for expression in [
        "compute(changes, t)",
        "compute(uses_changes, t)",
        "compute(lambda x: x, t)",
        "compute(t, t)",
        "compute(partial(vowels), t)",
        "compute(vowels, vowels)",
        "compute(redefined, t)",
        "compute(assigned, t)",
        "compute(nested(), t)",
        "compute(with_default, t)",
    ] {
        let more = "
def redefined(s):
    return 1
def redefined(s):
    return 2
def assigned(s):
    return 1
assigned = changes
def nested():
    def vowels(s):
        counter[0] += len(s)
        return s
    return vowels
def with_default(s, x = counter):
    x.append(s)
    return s
";
        let more = if expression.contains("redefined") {
            more
        } else {
            more.split_once("def assigned").map(|(_, rest)| rest).map_or(more, |_| more)
        };
        let script = format!("{PRELUDE}{more}x = {expression}\nprint(\"after\")");
        let ran = run(&script);
        assert!(
            ran.error().contains("compute") || ran.error().contains("redefined"),
            "{expression}: {:?} {}",
            ran.report.status,
            ran.error()
        );
        assert!(!ran.output.contains("after"), "{expression}");
    }
}

#[test]
fn steps_inside_are_not_counted() {
    let steps = |n: u32| {
        let ran =
            run(&format!("def spin(s):\n    for i in range({n}):\n        len(s)\n    return 1\nx = compute(spin, env.read(\"TOKEN\"))"));
        assert_eq!(ran.report.status, Status::Ok, "{}", ran.error());
        ran.report.counts.steps
    };
    assert_eq!(steps(10), steps(100_000));
}

/// A limit that ends the run would tell how long a secret is.
#[test]
fn a_limit_inside_is_one_more_error_of_the_result() {
    let options =
        RunOptions { local_only: true, limits: Limits { steps: 50_000, callstack: 50, ..Limits::default() }, ..RunOptions::default() };
    for body in ["for i in range(1000000):\n        len(s)\n    return 1", "return f(s)", "return compute(f, s)"] {
        let ran = run_options(
            &format!("def f(s):\n    {body}\nx = compute(f, env.read(\"TOKEN\"))\nfs.write(\"out\", f\"{{x}}\")\nprint(\"after\")"),
            &options,
        );
        assert_eq!((ran.report.status, ran.output.as_str()), (Status::Ok, "after\n"), "{body}: {}", ran.error());
        assert_eq!(content(&ran), "{failed}", "{body}");
    }
}

#[test]
fn what_a_function_changes_is_a_copy() {
    let ran = run(&format!("{PRELUDE}l = [\"a\", t]\nx = compute(keeps, l)\nprint(len(l), type(x))"));
    assert_eq!(ran.output, "2 local_only\n", "{}", ran.error());
}
