//! What scripts get that are broken, or would take the machine: one line with a position, an exit code, and nothing left running.

use crate::place::{Place, wait, wait_with};

const POLICY: &str = "[filesystem]\nread_allow = [\"**\"]\nwrite_allow = [\"out\", \"out/**\"]\n[runtime]\nmax_seconds = 30\n";

/// Runs a script that writes a file first, and shows that this was done or not.
#[track_caller]
fn refused(script: &str, code: i32, says: &[&str]) {
    let place = Place::new();
    let ended = place.run(POLICY, script);
    ended.is(code, says).in_one_line();
    assert!(!place.project.join("out").exists(), "half of it was done");
    let end = place.records_of("run.end");
    assert_eq!(end.len(), 1, "the journal says how it ended");
    assert_eq!(end[0]["exit_code"], code);
}

const EFFECT: &str = "fs.write(\"out/done\", \"x\")\n";

#[test]
fn a_hundred_thousand_brackets() {
    refused(
        &format!("{EFFECT}x = {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        6,
        &["script.star:2:", "nested deeper than", "way out: "],
    );
}

#[test]
fn two_hundred_thousand_not() {
    refused(&format!("{EFFECT}x = {}True", "not ".repeat(200_000)), 6, &["script.star:2:", "nested deeper than", "way out: "]);
}

#[test]
fn a_literal_of_ten_megabytes() {
    let place = Place::new();
    let ended = place.run(POLICY, &format!("{EFFECT}x = \"{}\"\n", "a".repeat(10_000_000)));
    ended.is(5, &["aegis: script.star: larger than 4194304 bytes"]).in_one_line();
    assert!(!place.project.join("out").exists());
}

#[test]
fn a_syntax_error_comes_before_any_effect() {
    refused(&format!("{EFFECT}while True:\n    pass\n"), 1, &["script.star:2:1: ", "way out: no while"]);
    refused(&format!("{EFFECT}x = (1,\n"), 1, &["script.star:"]);
    refused("import os\nfs.write(\"out/done\", \"x\")\n", 1, &["script.star:1:1: ", "no import"]);
}

#[test]
fn an_unknown_name_comes_before_any_effect() {
    refused(&format!("{EFFECT}open(\"x\")\n"), 3, &["script.star:2:1", "fs.read(path)"]);
    refused(&format!("{EFFECT}fs.raed(\"x\")\n"), 3, &["script.star:2:"]);
}

#[test]
fn a_string_times_ten_billion() {
    let place = Place::new();
    let started = place.run(POLICY, "n = 1\nfor _ in range(10):\n    n *= 10\nx = \"a\" * n\nprint(len(x))\n");
    assert!(matches!(started.code, Some(1 | 6)), "{started:#?}");
    started.in_one_line().prints("");
    // the most that fits a factor
    place.run(POLICY, "x = \"abcd\" * 2000000000\nprint(len(x))\n").is(6, &["memory"]).in_one_line().prints("");
}

#[test]
fn a_sum_over_a_range_without_end() {
    let place = Place::new();
    place
        .run(POLICY, "t = 0\nfor i in range(1000000000000000000):\n    t += i\nprint(t)\n")
        .is(1, &["script.star:2:10: ", "way out: sizes, counts and indexes go up to 2147483647"])
        .in_one_line()
        .prints("");
    let policy = "[runtime]\nmax_steps = 1000000\n";
    place.run(policy, "t = 0\nfor i in range(2000000000):\n    t += i\nprint(t)\n").is(6, &["steps"]).in_one_line().prints("");
    let policy = "[runtime]\nmax_seconds = 1\n";
    place.run(policy, "t = sorted([-i for i in range(100000000)])\nprint(t[0])\n").in_one_line().prints("");
}

#[test]
fn doubling_a_string() {
    let place = Place::new();
    place.run(POLICY, "x = \"ab\"\nfor _ in range(64):\n    x = x + x\nprint(len(x))\n").is(6, &["memory"]).in_one_line().prints("");
    place.run(POLICY, "x = [0]\nfor _ in range(64):\n    x = x + x\nprint(len(x))\n").is(6, &["memory"]).in_one_line().prints("");
    assert_eq!(place.records_of("limit").len(), 2);
}

#[test]
fn recursion_without_end() {
    let place = Place::new();
    place.run(POLICY, "def f(n):\n    return f(n + 1)\nf(0)\n").is(6, &["script.star:2:12: more than 200 nested calls"]).in_one_line();
}

#[test]
fn two_gigabytes_of_print() {
    let place = Place::new();
    let ended = place.run(POLICY, "s = \"x\" * 1048576\nfor _ in range(2048):\n    print(s)\n");
    ended.is(6, &["script.star:3:5: more than 10485760 bytes of output"]).in_one_line();
    assert!(ended.out.len() <= 10_485_760, "{} bytes came out", ended.out.len());
    let ended = place.run(POLICY, "for _ in range(100000000):\n    log.info(\"x\" * 100000)\n");
    ended.is(6, &["bytes of output"]);
    assert!(ended.err.len() < 12_000_000, "{} bytes came out", ended.err.len());
}

#[test]
fn no_script_and_no_text() {
    let place = Place::new();
    place.file("policy.toml", POLICY);
    let ended = place.aegis(&["run", "--policy", "policy.toml", "--no-audit", "missing.star"]);
    ended.is(5, &["aegis: missing.star: no such script\n"]).in_one_line();
    place.file("latin.star", b"print(1)\nprint(\"\xe9\")\n");
    let ended = place.aegis(&["run", "--policy", "policy.toml", "--no-audit", "latin.star"]);
    ended.is(5, &["aegis: latin.star:2: not UTF-8"]).in_one_line().prints("");
    let ended = place.aegis(&["check", "--policy", "policy.toml", "latin.star"]);
    ended.is(5, &["aegis: latin.star:2: not UTF-8"]).in_one_line().prints("");
    let mut command = place.command();
    command.args(["run", "--policy", "policy.toml", "--no-audit", "-"]);
    wait_with(command, b"print(\"\xff\")").is(5, &["not UTF-8"]).prints("");
}

#[test]
fn a_script_that_is_no_file() {
    let place = Place::new();
    place.file("policy.toml", POLICY);
    rustix::fs::mknodat(rustix::fs::CWD, place.project.join("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o666), 0)
        .unwrap();
    for script in ["pipe", "/dev/zero", "/dev/null", "."] {
        let ended = place.aegis(&["run", "--policy", "policy.toml", "--no-audit", script]);
        ended.is(5, &[&format!("aegis: {script}: not a regular file\n")]).in_one_line();
    }
}

#[test]
fn a_script_without_an_end_on_stdin() {
    let place = Place::new();
    place.file("policy.toml", POLICY);
    let mut command = place.command();
    command.args(["run", "--policy", "policy.toml", "--no-audit", "-"]);
    command.stdin(std::fs::File::open("/dev/zero").unwrap());
    wait(command).is(5, &["larger than 4194304 bytes"]).in_one_line();
}
