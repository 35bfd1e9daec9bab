//! Events that the real programs were seen to send (Claude Code 2.1.332, Codex 0.171.0, Gemini CLI 0.61.0, Copilot CLI 1.0.102; what the
//! plugin for OpenCode sends in 1.18.33), and what is read from each.
#![allow(clippy::unwrap_used, missing_docs)]

use aegis_agents::hooks::{Act, Asked, HookHost, read};
use serde_json::{Value, json};

fn acts(host: HookHost, event: &str, stdin: &Value) -> (String, Vec<String>) {
    let event = read(Asked { host: Some(host), event: Some(event) }, stdin.to_string().as_bytes()).unwrap();
    let shown = event.acts.iter().map(|act| match act {
        Act::Shell { text, cwd, .. } => format!("shell {text} in {}", cwd.as_deref().unwrap_or(".")),
        Act::Path { op, path } => format!("{op:?} {path}"),
        other => format!("{other:?}"),
    });
    (event.cwd.display().to_string(), shown.collect())
}

#[test]
fn claude() {
    let event = |tool: &str, input: Value| {
        json!({
            "session_id": "s", "transcript_path": "/t", "cwd": "/w/sub", "prompt_id": "p", "permission_mode": "bypassPermissions",
            "agent_id": "a6e8e31a13ce2abaa", "agent_type": "general-purpose",
            "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input, "tool_use_id": "toolu_0",
        })
    };
    let is = |tool: &str, input: Value| acts(HookHost::Claude, "PreToolUse", &event(tool, input));
    assert_eq!(is("Bash", json!({ "command": "pwd", "description": "x" })), ("/w/sub".to_owned(), vec!["shell pwd in .".to_owned()]));
    assert_eq!(is("ListAgents", json!({})).1, ["Nothing"]);
    assert_eq!(is("ReportFindings", json!({ "findings": [] })).1, ["Nothing"]);
    assert_eq!(is("Agent", json!({ "description": "d", "prompt": "p", "subagent_type": "general-purpose" })).1, ["Nothing"]);
}

/// The directory of a command is the event's. A tool in a namespace has it before its name, without anything between.
#[test]
fn codex() {
    let event = |tool: &str, input: Value| {
        json!({
            "session_id": "s", "turn_id": "t", "transcript_path": "/t", "cwd": "/w/sub", "hook_event_name": "PreToolUse", "model": "gpt-6.2-sol",
            "permission_mode": "bypassPermissions", "tool_name": tool, "tool_input": input, "tool_use_id": "exec-1",
        })
    };
    let is = |tool: &str, input: Value| acts(HookHost::Codex, "PreToolUse", &event(tool, input));
    assert_eq!(is("Bash", json!({ "command": "touch rel.txt" })), ("/w/sub".to_owned(), vec!["shell touch rel.txt in .".to_owned()]));
    assert_eq!(is("apply_patch", json!({ "command": "*** Begin Patch\n*** Add File: p.txt\n+x\n*** End Patch" })).1, ["Write p.txt"]);
    assert_eq!(is("view_image", json!({ "path": "/w/secret.txt" })).1, ["Read /w/secret.txt"]);
    for (tool, input) in [
        ("get_goal", json!({})),
        ("create_goal", json!({ "objective": "x" })),
        ("collaborationspawn_agent", json!({ "task_name": "t", "message": "p" })),
        ("collaborationwait_agent", json!({ "timeout_ms": 15_000 })),
        ("collaborationlist_agents", json!({})),
        ("clocksleep", json!({ "duration_ms": 10 })),
    ] {
        assert_eq!(is(tool, input).1, ["Nothing"], "{tool}");
    }
}

#[test]
fn opencode() {
    let event = json!({
        "hook_event_name": "tool.execute.before", "session_id": "s", "call_id": "call_0", "cwd": "/w",
        "tool_name": "bash", "tool_input": { "command": "pwd", "workdir": "sub" },
    });
    assert_eq!(acts(HookHost::OpenCode, "tool.execute.before", &event).1, ["shell pwd in sub"]);
    let event = json!({
        "hook_event_name": "tool.execute.before", "session_id": "s", "call_id": "call_0", "cwd": "/w",
        "tool_name": "task", "tool_input": { "description": "d", "prompt": "p", "subagent_type": "general" },
    });
    assert_eq!(acts(HookHost::OpenCode, "tool.execute.before", &event).1, ["Nothing"]);
}

#[test]
fn gemini() {
    let event = |tool: &str, input: Value| {
        json!({
            "session_id": "s", "transcript_path": "/t", "cwd": "/w", "hook_event_name": "BeforeTool", "timestamp": "2026-11-30T21:06:28.185Z",
            "tool_name": tool, "tool_input": input,
        })
    };
    let is = |tool: &str, input: Value| acts(HookHost::Gemini, "BeforeTool", &event(tool, input)).1;
    assert_eq!(is("run_shell_command", json!({ "command": "pwd", "description": "x", "dir_path": "sub" })), ["shell pwd in sub"]);
    for (tool, input) in [
        ("update_topic", json!({ "title": "t", "summary": "s", "strategic_intent": "i" })),
        ("list_background_processes", json!({})),
        ("read_background_output", json!({ "pid": 1 })),
        ("invoke_agent", json!({ "agent_name": "generalist", "prompt": "p" })),
    ] {
        assert_eq!(is(tool, input), ["Nothing"], "{tool}");
    }
}

/// Gemini CLI drops NUL and a leading `@`, decodes percent signs, and edits a file of the name wherever one is.
#[test]
fn gemini_takes_names_for_other_files() {
    let is = |tool: &str, input: Value| {
        let event = json!({ "session_id": "s", "cwd": "/w", "hook_event_name": "BeforeTool", "tool_name": tool, "tool_input": input });
        acts(HookHost::Gemini, "BeforeTool", &event).1
    };
    let read = |path: &str| is("read_file", json!({ "file_path": path }));
    assert_eq!(read("src/a.txt"), ["Read src/a.txt"]);
    assert_eq!(read("private%2Fa.txt"), ["Read private%2Fa.txt", "Read /w/private/a.txt"]);
    assert_eq!(read("/w/privat%65/a"), ["Read /w/privat%65/a", "Read /w/private/a"]);
    assert_eq!(read("a%2565"), ["Read a%2565", "Read /w/a%65", "Read /w/ae"]);
    assert_eq!(read("100%"), ["Read 100%"]);
    assert_eq!(read("@private/a"), ["Read @private/a", "Read private/a"]);
    assert_eq!(read("@/private/a"), ["Read @/private/a", "Read private/a"]);
    assert_eq!(read("@privat%65"), ["Read @privat%65", "Read privat%65", "Read /w/@private", "Read /w/private"]);
    assert_eq!(read("priv\0ate"), ["Read priv\0ate", "Read private"]);
    assert_eq!(is("list_directory", json!({ "dir_path": "privat%65" })).last().unwrap(), r#"List { path: Some("/w/private") }"#);
    assert_eq!(
        is("grep_search", json!({ "pattern": "x", "dir_path": "privat%65" })).last().unwrap(),
        r#"Search { path: Some("/w/private") }"#
    );
    let edit = |path: &str| is("replace", json!({ "file_path": path, "old_string": "a", "new_string": "b" }));
    assert!(edit("nowhere.txt").last().unwrap().starts_with("Unclear"));
    assert_eq!(edit("/nowhere.txt"), ["Read /nowhere.txt", "Write /nowhere.txt"]);
}

#[test]
fn copilot() {
    let event = |tool: &str, input: Value| {
        json!({
            "sessionId": "s", "timestamp": 1_796_072_746_825_u64, "cwd": "/w", "toolName": tool, "toolArgs": input,
            "agentId": "a", "agentType": "general-purpose", "parentAgentId": "p",
        })
    };
    let is = |tool: &str, input: Value| acts(HookHost::Copilot, "preToolUse", &event(tool, input)).1;
    assert_eq!(is("bash", json!({ "command": "pwd", "description": "x", "shellId": "one" })), ["shell pwd in ."]);
    // the directories of a pattern are `paths`, a text or a list
    assert_eq!(is("glob", json!({ "pattern": "*", "paths": "/etc" })), [r#"List { path: Some("/etc") }"#]);
    assert_eq!(is("glob", json!({ "pattern": "*", "paths": ["/etc"] })), [r#"List { path: Some("/etc") }"#]);
    for (tool, input) in [
        ("task", json!({ "description": "d", "prompt": "p", "agent_type": "general-purpose", "name": "n" })),
        ("list_agents", json!({})),
        ("fetch_copilot_cli_documentation", json!({})),
    ] {
        assert_eq!(is(tool, input), ["Nothing"], "{tool}");
    }
    // the session's database could be made to open any file
    assert_ne!(is("session_store_sql", json!({ "description": "d", "query": "select 1" })), ["Nothing"]);
}
