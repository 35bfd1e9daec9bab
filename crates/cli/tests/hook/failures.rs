//! Whatever goes wrong is answered in the form that blocks.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::Agent;
use crate::place::wait_with;

/// Blocked, as Claude Code takes it.
#[track_caller]
fn is_blocked(agent: &Agent, input: &[u8], says: &str) {
    let ended = wait_with(agent.command("claude", "PreToolUse"), input);
    ended.is(0, &[]);
    let printed: Value = serde_json::from_str(&ended.out).unwrap_or_else(|e| panic!("{e}: {ended:#?}"));
    let told = &printed["hookSpecificOutput"];
    assert_eq!(told["permissionDecision"], "deny", "{ended:#?}");
    assert_eq!(told["hookEventName"], "PreToolUse");
    assert!(told["permissionDecisionReason"].as_str().unwrap().contains(says), "no {says:?} in {ended:#?}");
}

#[test]
fn input_that_is_no_event() {
    let Some(agent) = Agent::new("failures::input_that_is_no_event") else { return };
    let good = agent.question("Bash", json!({"command": "git status"}));
    let without = |key: &str| {
        let mut other = good.clone();
        other.as_object_mut().unwrap().remove(key);
        other.to_string().into_bytes()
    };
    let with = |key: &str, value: Value| {
        let mut other = good.clone();
        other[key] = value;
        other.to_string().into_bytes()
    };
    let text = good.to_string();
    let deep = format!(
        "{{\"cwd\":\"/w\",\"tool_name\":\"Bash\",\"hook_event_name\":\"PreToolUse\",\"tool_input\":{}1{}}}",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    for (input, says) in [
        (Vec::new(), "no JSON"),
        (b"[]".to_vec(), "no JSON object"),
        (b"null".to_vec(), "no JSON object"),
        (text.as_bytes()[..text.len() - 1].to_vec(), "no JSON"),
        ([text.as_bytes(), b"x"].concat(), "no JSON"),
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), "no JSON"),
        (text.replace("git status", "git \u{1}").into_bytes(), "no JSON"),
        ([&text.as_bytes()[..20], b"\xff", &text.as_bytes()[20..]].concat(), "not UTF-8"),
        (text.replace("git status", "git \\ud800").into_bytes(), "no JSON"),
        (deep.into_bytes(), "no JSON"),
        (without("cwd"), "where the host works"),
        (with("cwd", json!("relative")), "no absolute path"),
        (with("cwd", json!("/a\0b")), "no absolute path"),
        (with("cwd", json!(5)), "no text"),
        (without("tool_name"), "names no tool"),
        (with("tool_name", json!("")), "names no tool"),
        (with("tool_name", json!(["Bash"])), "no text"),
        (without("tool_input"), "does not have what the tool takes"),
        (with("tool_input", json!("git status")), "no object"),
        (with("tool_input", json!({"command": 5})), "no text"),
        (with("tool_input", json!({})), "does not have what the tool takes"),
        (with("permission_mode", json!(5)), "no text"),
        (with("hook_event_name", json!("PostToolUse")), "was asked for"),
    ] {
        is_blocked(&agent, &input, says);
    }
    // the longest that is read, and one byte more
    let long = with("tool_input", json!({"command": "git status", "description": "x".repeat(17 << 20)}));
    is_blocked(&agent, &long, "longer than");
}

#[test]
fn a_command_line_that_is_none() {
    let Some(agent) = Agent::new("failures::a_command_line_that_is_none") else { return };
    let good = agent.question("Bash", json!({"command": "git status"})).to_string();
    for words in [
        &["hook"][..],
        &["hook", "--host", "claude"],
        &["hook", "--event", "PreToolUse"],
        &["hook", "--host", "vim", "--event", "PreToolUse"],
        &["hook", "--host", "claude", "--event", "PreToolUse", "--yes"],
        &["hook", "--host", "claude", "--event", "PreToolUse", "--policy", "relative.toml"],
        &["hook", "--host", "claude", "--event", "PreToolUse", "x"],
        &["hook", "--host", "claude", "--event"],
    ] {
        let mut command = agent.place.command();
        command.args(words);
        let ended = wait_with(command, good.as_bytes());
        ended.is(2, &["aegis: blocked: "]).prints("");
    }
    // an event that nobody knows
    let ended = agent.told("claude", "PreEverything", &agent.question("Bash", json!({"command": "git status"})));
    ended.is(2, &["blocked"]).prints("");
    let ended = wait_with(agent.command("auto", "auto"), b"{");
    ended.is(2, &["blocked"]).prints("");
}

#[test]
fn a_policy_that_is_broken() {
    let Some(agent) = Agent::new("failures::a_policy_that_is_broken") else { return };
    let good = agent.question("Bash", json!({"command": "git status"})).to_string();
    let policy = agent.place.project.join("aegis.toml");
    for text in [&b"nonsense"[..], b"\xff\xfe", b"version = 1\n[filesystem]\nread_alow = []\n"] {
        agent.place.file("aegis.toml", text);
        is_blocked(&agent, good.as_bytes(), "the policy is broken");
    }
    std::fs::remove_file(&policy).unwrap();
    std::fs::create_dir(&policy).unwrap();
    is_blocked(&agent, good.as_bytes(), "the policy is broken");
    std::fs::remove_dir(&policy).unwrap();
    std::os::unix::fs::symlink("aegis.toml", &policy).unwrap();
    is_blocked(&agent, good.as_bytes(), "the policy is broken");
    std::fs::remove_file(&policy).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &policy, rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o644), 0).unwrap();
    is_blocked(&agent, good.as_bytes(), "the policy is broken");
    std::fs::remove_file(&policy).unwrap();
    // named on the command line, and not there
    let mut command = agent.command("claude", "PreToolUse");
    command.args(["--policy", "/nowhere/policy.toml"]);
    let ended = wait_with(command, good.as_bytes());
    assert!(ended.out.contains("\"deny\""), "{ended:#?}");
    // none at all: the built-in one grants nothing
    agent.shell("git status", "ask");
    agent.shell("rm -rf /", "deny");
}

#[test]
fn a_journal_that_cannot_be_written() {
    let Some(agent) = Agent::new("failures::a_journal_that_cannot_be_written") else { return };
    agent.shell("git status", "allow");
    let good = agent.question("Bash", json!({"command": "git status"})).to_string();
    let state = agent.place.home.join(".local/state/aegis");
    let hooks = std::fs::read_dir(&state).unwrap().flatten().map(|e| e.path().join("hooks")).find(|p| p.exists()).unwrap();
    std::fs::write(hooks.join("audit.jsonl"), "no journal\n").unwrap();
    is_blocked(&agent, good.as_bytes(), "the journal cannot be written");
    std::fs::remove_dir_all(&hooks).unwrap();
    std::fs::set_permissions(hooks.parent().unwrap(), std::fs::Permissions::from_mode(0o500)).unwrap();
    is_blocked(&agent, good.as_bytes(), "the journal cannot be written");
    std::fs::set_permissions(hooks.parent().unwrap(), std::fs::Permissions::from_mode(0o700)).unwrap();
    agent.shell("git status", "allow");
}

/// A host that never ends its question is told so before its own patience ends.
#[test]
fn a_question_that_does_not_end() {
    let Some(agent) = Agent::new("failures::a_question_that_does_not_end") else { return };
    let mut command = agent.command("claude", "PreToolUse");
    command.stdin(std::process::Stdio::piped());
    let began = std::time::Instant::now();
    let mut child = crate::place::start(command);
    let held = child.stdin.take();
    let ended = crate::place::ended(child);
    drop(held);
    assert!(ended.out.contains("\"deny\"") && ended.out.contains("did not end in time"), "{ended:#?}");
    assert!(began.elapsed().as_secs() < 15);
}

/// Standard output is gone: the exit code says it.
#[test]
fn an_answer_that_nobody_takes() {
    let Some(agent) = Agent::new("failures::an_answer_that_nobody_takes") else { return };
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = agent.command("claude", "PreToolUse");
    command.stdin(std::process::Stdio::piped()).stdout(full).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(
        &mut child.stdin.take().unwrap(),
        agent.question("Bash", json!({"command": "git status"})).to_string().as_bytes(),
    )
    .unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("blocked"));
}
