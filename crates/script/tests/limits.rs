//! Every limit ends the run, as what it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::time::{Duration, Instant};

use aegis_script::{Limits, RunOptions, Runner, Source, Status};
use support::{Anything, Ran, World, process, run_with};

fn limited(limits: Limits) -> RunOptions {
    RunOptions { limits, ..RunOptions::default() }
}

fn small() -> Limits {
    Limits { time: Duration::from_secs(2), steps: 1_000_000, memory_bytes: 64 << 20, ..Limits::default() }
}

fn hit(ran: &Ran) -> &str {
    ran.report.error.as_ref().and_then(|e| e.limit.as_deref()).unwrap_or_default()
}

/// What both runners stop between steps.
#[test]
fn limits_between_steps_end_both_kinds_of_run() {
    for (script, limit) in [
        ("for i in range(100000000):\n    pass", "steps"),
        ("def f(n):\n    return f(n + 1)\nf(0)", "callstack"),
        ("def f(n):\n    return g(n)\ndef g(n):\n    return f(n)\nf(0)", "callstack"),
        ("x = []\nfor i in range(900000):\n    x.append(\"%d\" % i * 100)", "memory"),
        ("for i in range(900000):\n    print(\"x\" * 100)", "output"),
        ("for i in range(900000):\n    log.info(\"x\" * 100)", "output"),
        ("result = \"x\" * (11 << 20)", "result"),
    ] {
        for (kind, mut runner) in support::runners() {
            // time is not what stops them, however busy the machine is
            let options = limited(Limits { output_bytes: 1 << 20, time: Duration::from_secs(30), ..small() });
            let ran = run_with(&mut runner, script, &options, &Anything);
            assert_eq!(ran.report.status, Status::Limit, "{kind}: {script}: {}", ran.error());
            assert_eq!(hit(&ran), limit, "{kind}: {script}: {}", ran.error());
            assert!(ran.output.len() <= 1 << 20);
            if limit == "output" && script.contains("print") {
                assert_eq!(ran.output.len(), 1 << 20, "{kind}: what fits is shown");
                assert_eq!(ran.report.error.as_ref().unwrap().line, 2);
            }
        }
    }
}

/// What no interpreter check stops: the broker ends the worker.
#[test]
fn one_native_operation_is_stopped_too() {
    for (script, allowed) in [
        ("max(range(2000000000))", &["time"][..]),
        ("x = \"a\" * 2000000000", &["memory", "time"]),
        ("x = \"abcdefghij\" * 500000000", &["memory"]),
        ("x = [0] * 2000000000", &["memory"]),
        ("x = list(range(2000000000))", &["memory"]),
        ("x = sorted(range(2000000000))", &["memory"]),
        ("x = 3\nfor i in range(40):\n    x = x * x", &["time", "memory"]),
        ("x = \"ab\"\nfor i in range(40):\n    x = x + x", &["memory"]),
        ("x = [1]\nfor i in range(40):\n    x = x + x", &["memory"]),
        ("x = []\nfor i in range(40):\n    x = [x, x]\nstr(x)", &["memory", "time"]),
        ("print(\"a\" * 2000000000)", &["memory", "time", "output"]),
        ("x = int(\"9\" * 10000000)", &["time", "memory"]),
        ("x = set(range(2000000000))", &["memory", "time"]),
        ("map(lambda x: x, range(2000000000))", &["memory", "time"]),
    ] {
        let mut runner = process();
        let started = Instant::now();
        let ran = run_with(&mut runner, script, &limited(small()), &Anything);
        let took = started.elapsed();
        assert_eq!(ran.report.status, Status::Limit, "{script}: {}", ran.error());
        assert!(allowed.contains(&hit(&ran)), "{script}: {}: {}", hit(&ran), ran.error());
        // Not a benchmark: without the kill some of these run for minutes.
        assert!(took < Duration::from_secs(20), "{script}: {took:?}");
    }
}

#[test]
fn numbers_beyond_the_interpreter_are_errors_of_the_script() {
    for script in ["\"a\" * 10000000000", "for i in range(1000000000000000000):\n    pass", "[0] * 10000000000", "1 << 1000000"] {
        let ran = run_with(&mut process(), script, &limited(small()), &Anything);
        assert_eq!(ran.report.status, Status::ScriptError, "{script}: {}", ran.error());
    }
}

#[test]
fn a_runner_outlives_the_workers_it_loses() {
    let mut runner = process().keep_warm();
    for _ in 0..3 {
        assert_eq!(run_with(&mut runner, "x = [0] * 2000000000", &limited(small()), &Anything).report.status, Status::Limit);
        let ran = run_with(&mut runner, "print(fs.read(\"a.txt\"))", &limited(small()), &Anything);
        assert_eq!(ran.output, "hello\n\n", "{}", ran.error());
    }
}

#[test]
fn text_that_would_break_a_parser_is_refused_before_it() {
    let n = 100_000;
    for (script, limit) in [
        (format!("x = {}{}", "[".repeat(n), "]".repeat(n)), "nesting"),
        (format!("x = {}True", "not ".repeat(2 * n)), "nesting"),
        (format!("x = {}1", "1 + ".repeat(n)), "nesting"),
        (format!("x = {}1", "lambda: ".repeat(n)), "nesting"),
        (format!("if 1:\n  pass\n{}", "elif 1:\n  pass\n".repeat(n)), "nesting"),
        (format!("x = \"{}\"", "a".repeat(10 << 20)), "source_size"),
    ] {
        for (kind, mut runner) in support::runners() {
            let ran = run_with(&mut runner, &script, &RunOptions::default(), &Anything);
            assert_eq!(ran.report.status, Status::Limit, "{kind}: {}", ran.error());
            assert_eq!(hit(&ran), limit);
            assert_eq!(ran.report.error.as_ref().unwrap().message.lines().count(), 1);
            let checked = runner.check(&Source::new("t.star", script.clone()), &RunOptions::default(), &Anything);
            assert_eq!(checked.findings.len(), 1, "{:?}", checked.error);
            assert!(checked.has_errors());
        }
    }
}

#[test]
fn deep_values_do_not_break_the_worker() {
    for script in [
        "x = []\nfor i in range(100000):\n    x = [x]\nprint(len(str(x)))",
        "x = []\ny = []\nfor i in range(2000):\n    x = [x]\n    y = [y]\nprint(x == y)",
        "x = []\nfor i in range(100000):\n    x = [x]\nnet.http_post(\"http://h/\", json=x)",
    ] {
        let ran = run_with(&mut process(), script, &RunOptions::default(), &Anything);
        assert_ne!(ran.report.status, Status::Internal, "{script}: {}", ran.error());
    }
}

#[test]
fn in_process_loops_end_at_the_clock() {
    let limits = Limits { time: Duration::from_millis(200), steps: u64::MAX, ..Limits::default() };
    for (kind, mut runner) in [("process", process()), ("in process", Runner::in_process())] {
        let ran = run_with(&mut runner, "print(1)\nfor i in range(2000000000):\n    pass", &limited(limits.clone()), &Anything);
        assert_eq!((ran.report.status, hit(&ran)), (Status::Limit, "time"), "{kind}: {}", ran.error());
        assert_eq!(ran.output, "1\n");
    }
}

#[test]
fn a_sink_that_fails_ends_the_run() {
    struct Full;
    impl aegis_script::OutputSink for Full {
        fn print(&mut self, _: &str) -> std::io::Result<()> {
            Err(std::io::Error::other("no space left"))
        }
    }
    for (_, mut runner) in support::runners() {
        let mut world = World::default();
        let script = Source::new("t.star", "print(1)\nfs.exists(\"a\")\nfs.write(\"b\", \"\")");
        let report = runner.run(&script, &RunOptions::default(), &mut world, &mut Full, &Anything);
        assert_eq!(report.status, Status::Failure);
        assert!(!world.files.contains_key("b"));
    }
}

/// Output does not wait for the next print: it is there while the script goes on with something else.
#[test]
fn output_is_seen_while_the_script_runs_on() {
    struct Times(Instant, Vec<(String, Duration)>);
    impl aegis_script::OutputSink for Times {
        fn print(&mut self, text: &str) -> std::io::Result<()> {
            self.1.push((text.to_owned(), self.0.elapsed()));
            Ok(())
        }
    }
    let limits = Limits { time: Duration::from_secs(3), steps: u64::MAX, ..Limits::default() };
    let script = Source::new("t.star", "print(1)\nprint(2)\nfor i in range(2000000000):\n    pass");
    let mut times = Times(Instant::now(), Vec::new());
    let report = process().run(&script, &limited(limits), &mut World::default(), &mut times, &Anything);
    assert_eq!(report.status, Status::Limit);
    let second = times.1.iter().find(|(text, _)| text.contains('2')).unwrap();
    assert!(second.1 < Duration::from_secs(2), "seen before the run's end: {:?}", second.1);
}
