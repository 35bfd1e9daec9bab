//! Programs that do not behave: they are stopped at their limits, with all they started.

use crate::place::{Place, is_alive};

fn policy(limits: &str) -> String {
    format!("[filesystem]\nread_allow = [\"**\"]\n[subprocess]\nallow_commands = [\"/bin/sh\", \"sleep\", \"yes\", \"cat\", \"true\", \"false\"]\n{limits}\n")
}

#[test]
fn one_that_sleeps_for_ever() {
    let place = Place::new();
    place.run(&policy("timeout_seconds = 1"), "subprocess.run([\"sleep\", \"86401\"])").is(1, &["script.star:1:1: ", "timed out and was killed"]).in_one_line();
    assert!(!is_alive("sleep 86401"));
    place.run(&policy(""), "subprocess.run([\"sleep\", \"86402\"], timeout = 1)").is(1, &["timed out and was killed"]);
    assert!(!is_alive("sleep 86402"));
    // the run's own time ends it too
    place.run(&policy("[runtime]\nmax_seconds = 1"), "subprocess.run([\"sleep\", \"86403\"])").is(6, &["ran longer than 1 s"]).in_one_line();
    assert!(!is_alive("sleep 86403"));
}

#[test]
fn one_that_ignores_sigterm() {
    let place = Place::new();
    place.file("stubborn.sh", "trap '' TERM INT HUP\nwhile :; do sleep 86404; done\n");
    place.run(&policy("timeout_seconds = 1"), "subprocess.run([\"/bin/sh\", \"stubborn.sh\"])").is(1, &["timed out and was killed"]);
    assert!(!is_alive("sleep 86404"));
    assert!(!is_alive("/bin/sh stubborn.sh"));
}

#[test]
fn one_that_leaves_others_behind() {
    let place = Place::new();
    place.file("forks.sh", "for i in 1 2 3 4 5 6 7 8; do (sleep 86405 &) ; done\nsetsid sleep 86406 >/dev/null 2>&1 &\necho started\n");
    place.run(&policy(""), "print(subprocess.run([\"/bin/sh\", \"forks.sh\"]).stdout)").is(0, &[]).prints("started\n\n");
    assert!(!is_alive("sleep 86405"), "children in the background");
    assert!(!is_alive("sleep 86406"), "children in a session of their own");
}

#[test]
fn one_that_floods() {
    let place = Place::new();
    let policy = policy("max_output_bytes = 100000");
    place.run(&policy, "subprocess.run([\"yes\", \"flood86407\"])").is(1, &["script.star:1:1: ", "max_output_bytes"]).in_one_line();
    assert!(!is_alive("yes flood86407"));
    place.file("flood.sh", "yes flood86408 >&2\n");
    place.run(&policy, "subprocess.run([\"/bin/sh\", \"flood.sh\"])").is(1, &["max_output_bytes"]);
    assert!(!is_alive("yes flood86408"));
}

#[test]
fn one_that_does_not_read_what_it_is_given() {
    let place = Place::new();
    place.run(&policy(""), "print(subprocess.run([\"true\"], stdin = \"x\" * 1000000).exit_code)").is(0, &[]).prints("0\n");
}

#[test]
fn one_that_fails_and_one_that_is_not_there() {
    let place = Place::new();
    place.run(&policy(""), "subprocess.exec([\"false\"])").is(1, &["script.star:1:1: "]).in_one_line();
    place.run(&policy(""), "print(subprocess.run([\"false\"]).exit_code)").is(0, &[]).prints("1\n");
    let policy = "[subprocess]\nallow_commands = [\"no-such-program-86409\"]\n";
    place.run(policy, "subprocess.exec([\"no-such-program-86409\"])").is(1, &["script.star:1:1: ", "no-such-program-86409"]).in_one_line();
}

#[test]
fn a_child_gets_only_the_variables_that_are_named() {
    let place = Place::new();
    place.file("env.sh", "echo \"${HOME-none} ${SECRET_86410-none} ${LD_PRELOAD-none}\"\n");
    let policy = policy("[environment]\nallow_vars = [\"HOME\"]");
    let mut command = place.running(&policy, "print(subprocess.exec([\"/bin/sh\", \"env.sh\"]).strip())");
    command.env("SECRET_86410", "x");
    let ended = crate::place::wait(command);
    ended.is(0, &[]).prints(&format!("{} none none\n", place.home.display()));
}
