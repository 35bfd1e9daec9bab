//! What others can see of the broker.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::{CHILD, Test, look};

pub const TESTS: &[Test] = &[
    ("secrets_leave_the_environment_block", secrets_leave),
    ("hardened_broker_is_closed_to_its_user", hardened_is_closed),
    ("environment_is_not_taken_with_two_threads", not_with_two_threads),
];

const SECRET: &str = "hunter2-and-more";

fn seen(args: &[&str]) -> String {
    let me = std::env::current_exe().unwrap();
    let mut child = Command::new(me).arg0(CHILD).args(args).env("SECRET", SECRET).stdout(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
    text
}

fn secrets_leave() {
    assert!(seen(&["secret", "left", "soft"]).contains(SECRET), "without it the secret is there");
    let text = seen(&["secret", "taken", "soft"]);
    assert!(text.starts_with("kept 16 bytes; ") && !text.contains("hunter2"), "{text}");
}

fn hardened_is_closed() {
    let text = seen(&["secret", "left", "hardened"]);
    // Root's capabilities open it nevertheless: that is why the block is overwritten too.
    assert_eq!(text.contains("Permission denied"), !look::is_root(), "{text}");
    assert_eq!(text.contains(SECRET), look::is_root(), "{text}");
    assert!(!seen(&["secret", "taken", "hardened"]).contains("hunter2"));
}

fn not_with_two_threads() {
    assert_eq!(seen(&["threads"]), "the process already has 2 threads");
}
