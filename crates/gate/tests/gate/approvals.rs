//! Asking a person: the answers, and the terminal.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use aegis_effect::ErrorCode;
use aegis_gate::ApprovalAnswer::{No, Once, Stop, ThisRun};
use aegis_gate::{ApproveAll, TerminalApprover};

use crate::world::{code, policy};

const POLICY: &str = r#"
requires_approval = ["fs.write"]
[filesystem]
write_allow = ["src/**"]
read_allow = ["src/**"]
[subprocess]
ask_commands = ["printf **"]
"#;

#[test]
fn once_this_run_no_and_stop() {
    let (b, shown) = policy(POLICY).file("src/a", "").answers(&[Once, ThisRun, No, Stop]);
    let mut w = b.open();
    w.write("src/a", "1").unwrap();
    w.write("src/a", "2").unwrap();
    w.write("src/b", "no").unwrap_err();
    assert_eq!(shown.lock().unwrap().len(), 3);
    assert!(!w.gate.is_stopped());
    assert_eq!(code(&w.write("src/c", "stop")), Some(ErrorCode::ApprovalDenied));
    assert!(w.gate.is_stopped());
    assert_eq!(code(&w.read("src/a")), Some(ErrorCode::ApprovalDenied), "after `no, and stop` nothing is done");
    assert_eq!(w.content("src/a"), "2");
    assert!(!w.is_there("src/b") && !w.is_there("src/c"));
    let first = &shown.lock().unwrap()[0];
    assert_eq!((first.call, first.target.as_str()), ("fs.write", &*w.root.join("src/a").to_string_lossy()));
    assert!(first.rule.as_ref().unwrap().contains("policy.toml:2"));
    w.assert_intact();
}

#[test]
fn nobody_approves_nothing_and_yes_everything_that_a_rule_asks() {
    let mut w = policy(POLICY).open();
    assert_eq!(code(&w.write("src/a", "x")), Some(ErrorCode::ApprovalDenied));
    assert!(!w.is_there("src/a"));
    let mut w = policy(POLICY).approver(ApproveAll).open();
    w.write("src/a", "x").unwrap();
    assert_eq!(w.content("src/a"), "x");
    assert_eq!(code(&w.write("other", "x")), Some(ErrorCode::PolicyDenied), "--yes opens nothing");
    assert!(w.records().iter().any(|r| r["kind"] == "approval" && r["by"] == "--yes"));
}

const VARIABLE: &str = "AEGIS_GATE_TEST_TERMINAL";

/// Runs the test `name` of this program on a terminal of its own, given by `script`(1): what it showed, while `typed` is typed
/// when the text before it has appeared.
fn on_terminal(name: &str, typed: &[(&str, &str)]) -> String {
    let command = format!("{} approvals::{name} --exact --nocapture --test-threads=1", std::env::current_exe().unwrap().display());
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut child = Command::new("script")
        .args(["-q", "-e", "-c", &command])
        .arg(log.path())
        .env(VARIABLE, log.path().with_extension("dir"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, receiver) = mpsc::channel();
    let mut stdout = child.stdout.take().unwrap();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(n @ 1..) = stdout.read(&mut bytes) {
            sender.send(bytes[..n].to_vec()).unwrap();
        }
    });
    let mut stdin = child.stdin.take().unwrap();
    let (mut shown, deadline) = (String::new(), Instant::now() + Duration::from_secs(30));
    let mut from = 0;
    for (after, text) in typed {
        loop {
            if let Some(at) = shown[from..].find(after) {
                from += at + after.len();
                break;
            }
            let wait = deadline.saturating_duration_since(Instant::now());
            shown += &String::from_utf8_lossy(&receiver.recv_timeout(wait).unwrap_or_else(|_| panic!("no {after:?} in {shown:?}")));
        }
        stdin.write_all(text.as_bytes()).unwrap();
    }
    while let Ok(bytes) = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        shown += &String::from_utf8_lossy(&bytes);
    }
    child.wait().unwrap();
    shown
}

fn on_its_terminal() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

#[test]
fn what_was_typed_ahead_answers_nothing() {
    if on_its_terminal().is_some() {
        let mut w = policy(POLICY).approver(TerminalApprover::open().unwrap()).open();
        println!("type ahead");
        // until the terminal holds what was typed
        let tty = std::fs::File::open("/dev/tty").unwrap();
        let mut fds = [rustix::event::PollFd::new(&tty, rustix::event::PollFlags::IN)];
        rustix::event::poll(&mut fds, None).unwrap();
        println!("first: {:?}", code(&w.write("src/a", "x")));
        println!("second: {:?}", code(&w.write("src/b", "x")));
        println!("there: {} {}", w.is_there("src/a"), w.is_there("src/b"));
        return;
    }
    let typed = [("type ahead", "y\n"), ("no, and stop: ", "n\n"), ("no, and stop: ", "y\n")];
    let shown = on_terminal("what_was_typed_ahead_answers_nothing", &typed);
    assert!(shown.contains("first: Some(ApprovalDenied)"), "{shown}");
    assert!(shown.contains("second: None"), "{shown}");
    assert!(shown.contains("there: false true"), "{shown}");
}

#[test]
fn a_request_cannot_draw_on_the_terminal_and_words_are_told_apart() {
    if on_its_terminal().is_some() {
        let mut w = policy(POLICY).approver(TerminalApprover::open().unwrap()).open();
        let _ = w.run(&["printf", "\u{1b}[2J\rfake", "\u{202e}txt", "a b"]);
        let _ = w.run(&["printf", "a", "b"]);
        let _ = w.write("src/\u{1b}]0;x\u{7}\u{200b}", "x");
        println!("done");
        return;
    }
    let question = "no, and stop: ";
    let shown = on_terminal(
        "a_request_cannot_draw_on_the_terminal_and_words_are_told_apart",
        &[(question, "n\n"), (question, "n\n"), (question, "n\n")],
    );
    assert!(shown.contains("done"), "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{200b}', '\u{7}']), "{shown:?}");
    assert!(shown.contains(r#"argv: ["printf","\u001b[2J\rfake","\u{202e}txt","a b"]"#), "{shown}");
    assert!(shown.contains(r#"argv: ["printf","a","b"]"#), "{shown}");
    assert!(shown.contains("\\u{1b}]0;x\\u{7}\\u{200b}"), "{shown}");
}
