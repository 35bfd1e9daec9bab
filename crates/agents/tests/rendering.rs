//! What each answer looks like for each host, and the observation of the real program that it relies on (`observed.jsonl`: what Claude Code
//! 2.1.328, Codex 0.169.0 and Copilot CLI 1.0.102 did with an answer, driven by a scripted model). A rendering that no longer is the one that
//! was observed fails here, and so does one whose observation says that the host does something else.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use aegis_agents::hooks::{Asked, Event, HookHost, Outcome, Stance, answer, blocked, read, settle};
use serde_json::{Value, json};

fn observed() -> Vec<Value> {
    include_str!("observed.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a host did in each mode with what a case answers.
fn outcomes(host: &str, case: &str) -> Vec<(String, Vec<String>, Option<Value>)> {
    let rows: Vec<_> = observed()
        .iter()
        .filter(|row| row["host"] == host && row["case"] == case)
        .map(|row| {
            let outcomes = row["outcomes"].as_array().unwrap().iter().map(|o| o.as_str().unwrap().to_owned()).collect();
            let printed = row["stdout"].as_str().map(|text| serde_json::from_str(text).unwrap());
            (row["mode"].as_str().unwrap().to_owned(), outcomes, printed)
        })
        .collect();
    assert!(!rows.is_empty(), "{host}: `{case}` was not observed");
    rows
}

fn event(host: HookHost, name: &str, mode: Option<&str>) -> Event {
    let mut object = match host {
        HookHost::Copilot => json!({ "sessionId": "s", "cwd": "/w", "toolName": "bash", "toolArgs": { "command": "ls" } }),
        HookHost::Cursor => {
            json!({ "conversation_id": "s", "workspace_roots": ["/w"], "command": "ls", "file_path": "/w/a", "tool_name": "Write", "tool_input": { "file_path": "/w/a" } })
        }
        HookHost::Antigravity => {
            json!({ "conversationId": "s", "workspacePaths": ["/w"], "toolCall": { "name": "run_command", "args": { "CommandLine": "ls" } } })
        }
        _ => json!({ "session_id": "s", "cwd": "/w", "tool_name": "Bash", "tool_input": { "command": "ls" } }),
    };
    if let Some(mode) = mode {
        object["permission_mode"] = json!(mode);
    }
    read(Asked { host: Some(host), event: Some(name) }, object.to_string().as_bytes()).unwrap()
}

fn rendered(host: HookHost, name: &str, stance: Stance) -> Value {
    let answer = answer(&event(host, name, None), stance, "because");
    assert_eq!(answer.code, 0);
    assert_eq!(answer.stdout.lines().count(), 1, "one line");
    serde_json::from_str(&answer.stdout).unwrap()
}

/// The answer is the one that was observed, and the host did what it means in every mode that was tried.
fn relies_on(host: HookHost, name: &str, stance: Stance, case: &str, done: &[&str]) {
    for (mode, outcomes, printed) in outcomes(host.word(), case) {
        assert_eq!(printed.unwrap(), rendered(host, name, stance), "{host:?} {name} {stance:?}: `{case}`");
        for outcome in outcomes {
            assert!(done.contains(&outcome.as_str()), "{host:?} {name} {stance:?} in {mode}: it {outcome}");
        }
    }
}

#[test]
fn claude_code() {
    let host = HookHost::Claude;
    relies_on(host, "PreToolUse", Stance::Deny, "deny", &["blocked:hook"]);
    relies_on(host, "PreToolUse", Stance::Ask, "ask", &["asked"]);
    // in plan mode the host holds back some calls on its own
    relies_on(host, "PreToolUse", Stance::Allow, "allow", &["ran", "blocked:classifier"]);
    relies_on(host, "PreToolUse", Stance::NoOpinion, "{}", &["asked", "ran", "blocked:classifier"]);
    relies_on(host, "PermissionRequest", Stance::Deny, "PermissionRequest deny", &["blocked:hook", "ran"]);
    relies_on(host, "PermissionRequest", Stance::Allow, "PermissionRequest allow", &["ran", "asked"]);
    relies_on(host, "PermissionRequest", Stance::Ask, "PermissionRequest empty", &["asked", "ran"]);
}

/// In these modes nothing is asked after an empty answer, so that "no opinion" is a denial.
#[test]
fn no_opinion_is_a_denial_where_claude_code_asks_nobody() {
    for (observed_as, mode) in [("bypass", "bypassPermissions"), ("auto", "auto")] {
        let (_, done, _) = outcomes("claude", "{}").into_iter().find(|(mode, ..)| mode == observed_as).unwrap();
        assert_eq!(done, ["ran"], "{mode}");
        assert_eq!(settle(Stance::NoOpinion, &event(HookHost::Claude, "PreToolUse", Some(mode))), Outcome::NobodyAsks(Stance::NoOpinion));
    }
    for mode in ["dontAsk", "a mode of next year"] {
        assert_eq!(settle(Stance::NoOpinion, &event(HookHost::Claude, "PreToolUse", Some(mode))).told(), Stance::Deny, "{mode}");
    }
    for mode in [None, Some("default"), Some("plan"), Some("acceptEdits")] {
        assert_eq!(settle(Stance::NoOpinion, &event(HookHost::Claude, "PreToolUse", mode)).told(), Stance::NoOpinion, "{mode:?}");
    }
    let write = json!({ "cwd": "/w", "permission_mode": "acceptEdits", "tool_name": "Write", "tool_input": { "file_path": "/w/a" } });
    let write = read(Asked { host: Some(HookHost::Claude), event: Some("PreToolUse") }, write.to_string().as_bytes()).unwrap();
    assert_eq!(settle(Stance::NoOpinion, &write).told(), Stance::Deny, "files are written there without a question");
}

/// No mode lowers a denial, and every mode puts a question to a person.
#[test]
fn a_denial_holds_in_every_mode() {
    for mode in ["default", "plan", "acceptEdits", "dontAsk", "auto", "bypassPermissions", "x"] {
        for host in [HookHost::Claude, HookHost::Codex, HookHost::Gemini, HookHost::OpenCode] {
            let name = match host {
                HookHost::Gemini => "BeforeTool",
                HookHost::OpenCode => "tool.execute.before",
                _ => "PreToolUse",
            };
            assert_eq!(settle(Stance::Deny, &event(host, name, Some(mode))), Outcome::As(Stance::Deny));
        }
        assert_eq!(settle(Stance::Ask, &event(HookHost::Claude, "PreToolUse", Some(mode))), Outcome::As(Stance::Ask));
    }
}

#[test]
fn codex() {
    let host = HookHost::Codex;
    relies_on(host, "PreToolUse", Stance::Deny, "deny", &["blocked:hook"]);
    relies_on(host, "PreToolUse", Stance::Allow, "{}", &["ran"]);
    // whatever it does not know lets the call through, a question too: so a question is a denial before a tool
    for (_, done, _) in outcomes("codex", "ask") {
        assert_eq!(done, ["ran"]);
    }
    assert_eq!(settle(Stance::Ask, &event(host, "PreToolUse", None)), Outcome::NobodyAsks(Stance::Ask));
    relies_on(host, "PermissionRequest", Stance::Deny, "PermissionRequest deny, rule prompt", &["asked"]);
    relies_on(host, "PermissionRequest", Stance::Allow, "PermissionRequest allow, rule prompt", &["asked"]);
    relies_on(host, "PermissionRequest", Stance::Ask, "PermissionRequest {}, rule prompt", &["asked"]);
    // it takes no reason that is empty, and exit code 2 only with words on standard error
    for (case, done) in [("deny, empty reason", "ran"), ("exit 2, no stderr", "ran"), ("exit 2, stderr", "blocked:hook")] {
        for (_, outcomes, _) in outcomes("codex", case) {
            assert_eq!(outcomes, [done], "{case}");
        }
    }
    let empty = answer(&event(host, "PreToolUse", None), Stance::Deny, "");
    assert!(
        !serde_json::from_str::<Value>(&empty.stdout).unwrap()["hookSpecificOutput"]["permissionDecisionReason"]
            .as_str()
            .unwrap()
            .trim()
            .is_empty()
    );
}

#[test]
fn copilot() {
    let host = HookHost::Copilot;
    relies_on(host, "preToolUse", Stance::Deny, "deny", &["blocked:hook"]);
    relies_on(host, "preToolUse", Stance::Ask, "ask", &["blocked:hook"]);
    relies_on(host, "preToolUse", Stance::Allow, "allow", &["ran"]);
    relies_on(host, "preToolUse", Stance::NoOpinion, "{}", &["asked", "ran"]);
    // it was seen to hang on a very long reason
    let long = answer(&event(host, "preToolUse", None), Stance::Deny, &"x".repeat(2 << 20));
    assert!(long.stdout.len() < 4_000);
}

/// These were not observed; the forms are those of their documents and of reports.
#[test]
fn gemini_antigravity_cursor_and_the_plugin_of_opencode() {
    for (host, name, stance, expected) in [
        (HookHost::Gemini, "BeforeTool", Stance::Allow, json!({ "decision": "allow", "reason": "because" })),
        (HookHost::Gemini, "BeforeTool", Stance::NoOpinion, json!({})),
        (HookHost::Gemini, "BeforeTool", Stance::Deny, json!({ "decision": "deny", "reason": "because" })),
        (HookHost::Antigravity, "PreToolUse", Stance::Allow, json!({ "decision": "allow", "reason": "because" })),
        (HookHost::Antigravity, "PreToolUse", Stance::Ask, json!({ "decision": "force_ask", "reason": "because" })),
        (HookHost::Antigravity, "PreToolUse", Stance::Deny, json!({ "decision": "deny", "reason": "because" })),
        (
            HookHost::Cursor,
            "beforeShellExecution",
            Stance::Ask,
            json!({ "permission": "ask", "user_message": "because", "agent_message": "because" }),
        ),
        (HookHost::Cursor, "beforeReadFile", Stance::Allow, json!({ "permission": "allow" })),
        (
            HookHost::Cursor,
            "preToolUse",
            Stance::Deny,
            json!({ "permission": "deny", "user_message": "because", "agent_message": "because" }),
        ),
        (HookHost::OpenCode, "tool.execute.before", Stance::Allow, json!({ "decision": "allow" })),
        (HookHost::OpenCode, "tool.execute.before", Stance::Deny, json!({ "decision": "deny", "reason": "because" })),
        (HookHost::OpenCode, "permission.ask", Stance::Ask, json!({ "status": "ask", "reason": "because" })),
    ] {
        assert_eq!(rendered(host, name, stance), expected);
    }
    // who can be asked where
    for (host, name, expected) in [
        (HookHost::Gemini, "BeforeTool", Outcome::NobodyAsks(Stance::Ask)),
        (HookHost::Antigravity, "PreToolUse", Outcome::As(Stance::Ask)),
        (HookHost::Cursor, "beforeShellExecution", Outcome::As(Stance::Ask)),
        (HookHost::Cursor, "beforeMCPExecution", Outcome::As(Stance::Ask)),
        (HookHost::Cursor, "beforeReadFile", Outcome::NobodyAsks(Stance::Ask)),
        (HookHost::Cursor, "preToolUse", Outcome::NobodyAsks(Stance::Ask)),
        (HookHost::OpenCode, "tool.execute.before", Outcome::NobodyAsks(Stance::Ask)),
    ] {
        assert_eq!(settle(Stance::Ask, &event(host, name, None)), expected, "{host:?} {name}");
    }
    let shell = json!({ "workspace_roots": ["/w"], "tool_name": "Shell", "tool_input": { "command": "ls" } });
    let shell = read(Asked { host: Some(HookHost::Cursor), event: Some("preToolUse") }, shell.to_string().as_bytes()).unwrap();
    assert_eq!(settle(Stance::Ask, &shell), Outcome::AsksLater(Stance::Ask), "beforeShellExecution asks");
    assert_eq!(settle(Stance::Deny, &shell), Outcome::As(Stance::Deny));
    assert_eq!(
        settle(Stance::NoOpinion, &event(HookHost::Antigravity, "PreToolUse", None)).told(),
        Stance::Ask,
        "an empty answer blocks there"
    );
    assert_eq!(
        settle(Stance::NoOpinion, &event(HookHost::OpenCode, "tool.execute.before", None)).told(),
        Stance::Deny,
        "it asks nobody by default"
    );
}

/// What is blocked without being understood is blocked in a form that the host was seen to obey.
#[test]
fn what_cannot_be_read_is_blocked() {
    for (host, name) in [
        (HookHost::Claude, "PreToolUse"),
        (HookHost::Claude, "PermissionRequest"),
        (HookHost::Codex, "PreToolUse"),
        (HookHost::Codex, "PermissionRequest"),
        (HookHost::OpenCode, "tool.execute.before"),
        (HookHost::Gemini, "BeforeTool"),
        (HookHost::Antigravity, "PreToolUse"),
        (HookHost::Copilot, "preToolUse"),
        (HookHost::Copilot, "PreToolUse"),
        (HookHost::Cursor, "beforeShellExecution"),
        (HookHost::Cursor, "beforeReadFile"),
        (HookHost::Cursor, "beforeMCPExecution"),
        (HookHost::Cursor, "preToolUse"),
    ] {
        let answer = blocked(Some(host), Some(name), "why");
        let printed: Value = serde_json::from_str(&answer.stdout).unwrap();
        let denies = printed.to_string();
        assert!(denies.contains("\"deny\"") && answer.code == 0 && denies.contains("why"), "{denies}");
    }
    // of a host or event that is not known: exit code 2 with words, which all of them obey
    for (host, name) in [(None, None), (Some(HookHost::Claude), None), (Some(HookHost::Claude), Some("NewEvent"))] {
        let answer = blocked(host, name, "why");
        assert!(answer.stdout.is_empty() && answer.code == 2 && answer.stderr.contains("why"));
    }
    for host in ["claude", "codex", "copilot"] {
        for (mode, outcomes, _) in outcomes(host, "exit 2, stderr") {
            assert_eq!(outcomes, ["blocked:hook"], "{host} {mode}");
        }
    }
}

/// Why the installed command ends in `|| { echo ... >&2; exit 2; }`, and asks Claude Code for more: a hook that dies lets the call through.
#[test]
fn a_hook_that_dies_lets_calls_through_where_nothing_is_done_about_it() {
    for (host, case, outcome) in [
        ("claude", "killed by SIGKILL", "ran"),
        ("codex", "killed by SIGKILL", "ran"),
        ("claude", "onFailure:block, killed by SIGKILL", "blocked:hook"),
        ("claude", "onFailure:block, timeout (sleep 5, limit 1)", "blocked:hook"),
        ("claude", "onFailure:block, command missing", "blocked:hook"),
        ("copilot", "killed by SIGKILL", "blocked:hook"),
    ] {
        assert!(outcomes(host, case).iter().any(|(_, outcomes, _)| outcomes.contains(&outcome.to_owned())), "{host}: {case}");
    }
}
