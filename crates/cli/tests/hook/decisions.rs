//! Every tool of every host is decided by what it does.

use serde_json::{Value, json};

use crate::Agent;

#[test]
fn tools_of_claude_code() {
    let Some(agent) = Agent::new("decisions::tools_of_claude_code") else { return };
    let at = |path: &str| agent.place.project.join(path);
    for (tool, input, decision) in [
        ("Bash", json!({"command": "git status"}), "allow"),
        ("Bash", json!({"command": "git push"}), "ask"),
        ("Bash", json!({"command": "frobnicate"}), "ask"),
        ("Bash", json!({"command": "rm -rf x"}), "deny"),
        ("PowerShell", json!({"command": "Get-ChildItem"}), "ask"),
        ("Read", json!({"file_path": at("src/main.rs")}), "allow"),
        ("Read", json!({"file_path": at(".env")}), "deny"),
        ("Read", json!({"file_path": at("private/x")}), "deny"),
        ("Read", json!({"file_path": "/etc/shadow"}), "deny"),
        ("Read", json!({"file_path": "/opt/other"}), "ask"),
        ("Write", json!({"file_path": at("src/new.rs"), "content": "x"}), "allow"),
        ("Write", json!({"file_path": at("docs/b.md"), "content": "x"}), "ask"),
        ("Write", json!({"file_path": at("README.md"), "content": "x"}), "ask"),
        ("Write", json!({"file_path": at("aegis.toml"), "content": "x"}), "deny"),
        ("Write", json!({"file_path": at(".git/hooks/pre-commit"), "content": "x"}), "deny"),
        ("Write", json!({"file_path": at(".claude/settings.json"), "content": "x"}), "deny"),
        ("Edit", json!({"file_path": at("src/main.rs"), "old_string": "a", "new_string": "b"}), "allow"),
        ("MultiEdit", json!({"file_path": at(".mcp.json"), "edits": []}), "deny"),
        ("NotebookEdit", json!({"notebook_path": at("src/a.ipynb"), "new_source": "x"}), "allow"),
        ("Glob", json!({"pattern": "**/*.rs"}), "allow"),
        ("Glob", json!({"pattern": "*", "path": at("private")}), "deny"),
        ("Glob", json!({"pattern": "/root/.ssh/*"}), "deny"),
        ("Glob", json!({"pattern": "/opt/*"}), "ask"),
        ("Grep", json!({"pattern": "x", "path": at("src")}), "allow"),
        ("LS", json!({"path": at("src")}), "allow"),
        ("WebFetch", json!({"url": "https://docs.rs/x", "prompt": "p"}), "allow"),
        ("WebFetch", json!({"url": "https://other.org/x", "prompt": "p"}), "ask"),
        ("WebSearch", json!({"query": "x"}), "ask"),
        ("mcp__memory__get", json!({"key": "x"}), "allow"),
        ("mcp__evil__get", json!({"key": "x"}), "deny"),
        ("mcp__other__get", json!({"key": "x"}), "ask"),
        ("Task", json!({"prompt": "x", "subagent_type": "y"}), "allow"),
        ("TodoWrite", json!({"todos": []}), "allow"),
        ("Skill", json!({"skill": "x"}), "ask"),
    ] {
        agent.is(tool, input, decision);
    }
}

#[test]
fn a_search_does_not_reach_what_may_not_be_read() {
    let Some(agent) = Agent::new("decisions::a_search_does_not_reach_what_may_not_be_read") else { return };
    let reason = agent.is("Grep", json!({"pattern": "x"}), "deny");
    assert!(reason.contains("may not be read; search a directory without it"), "{reason}");
    for file in [".env", "private/x", "token.txt"] {
        std::fs::remove_file(agent.place.project.join(file)).unwrap();
    }
    std::fs::remove_dir(agent.place.project.join("private")).unwrap();
    agent.is("Grep", json!({"pattern": "x"}), "allow");
    agent.place.file("src/deep/er/id_rsa", "k");
    agent.is("Grep", json!({"pattern": "x", "path": "src"}), "deny");
}

#[test]
fn local_only_is_refused() {
    let Some(agent) = Agent::new("decisions::local_only_is_refused") else { return };
    let reason = agent.is("Read", json!({"file_path": agent.place.project.join("token.txt")}), "deny");
    assert!(reason.contains("local-only"), "{reason}");
    agent.is("Grep", json!({"pattern": "x", "path": "token.txt"}), "deny");
    agent.is("WebFetch", json!({"url": "https://secret.example.org/x", "prompt": "p"}), "deny");
    for text in ["cat token.txt", "cat < token.txt", "cat ./src/../token.txt", "git diff token.txt", "ls; cat t*.txt token.txt"] {
        agent.shell(text, "deny");
    }
    agent.is("mcp__fs__read", json!({"path": "token.txt"}), "deny");
}

/// One question of each host, in its own form.
#[test]
fn each_host_in_its_own_form() {
    let Some(agent) = Agent::new("decisions::each_host_in_its_own_form") else { return };
    let cwd = agent.place.project.to_str().unwrap().to_owned();
    let claude_like = |event: &str, tool: &str, input: Value| json!({"session_id": "s", "cwd": cwd, "hook_event_name": event, "tool_name": tool, "tool_input": input});
    let codex = |event: &str, tool: &str, input: Value| {
        let mut own = claude_like(event, tool, input);
        own["turn_id"] = json!("t");
        own
    };
    let copilot =
        |tool: &str, input: Value| json!({"sessionId": "s", "timestamp": 1, "cwd": cwd, "toolName": tool, "toolArgs": input.to_string()});
    let cursor = |event: &str, mut own: Value| {
        own["conversation_id"] = json!("c");
        own["workspace_roots"] = json!([cwd]);
        own["hook_event_name"] = json!(event);
        own
    };
    let agy = |tool: &str, args: Value| json!({"conversationId": "c", "workspacePaths": [cwd], "toolCall": {"name": tool, "args": args}});
    let patch = |body: &str| json!({"command": format!("*** Begin Patch\n{body}\n*** End Patch\n")});
    for (host, event, question, word) in [
        ("codex", "PreToolUse", codex("PreToolUse", "Bash", json!({"command": "git status"})), "{}"),
        ("codex", "PreToolUse", codex("PreToolUse", "Bash", json!({"command": "rm x"})), "deny"),
        ("codex", "PreToolUse", codex("PreToolUse", "Bash", json!({"command": "git push"})), "deny"),
        ("codex", "PreToolUse", codex("PreToolUse", "Bash", json!({"command": ["bash", "-lc", "rm x"]})), "deny"),
        ("codex", "PreToolUse", codex("PreToolUse", "apply_patch", patch("*** Add File: src/new.rs\n+x")), "{}"),
        (
            "codex",
            "PreToolUse",
            codex("PreToolUse", "apply_patch", patch("*** Add File: src/new.rs\n+x\n*** Update File: aegis.toml\n@@\n+x")),
            "deny",
        ),
        (
            "codex",
            "PreToolUse",
            codex("PreToolUse", "apply_patch", patch("*** Update File: src/main.rs\n*** Move to: .git/hooks/post-commit\n@@\n+x")),
            "deny",
        ),
        ("codex", "PreToolUse", codex("PreToolUse", "apply_patch", patch("*** Delete File: src/main.rs")), "deny"),
        ("codex", "PermissionRequest", codex("PermissionRequest", "Bash", json!({"command": "git status"})), "allow"),
        ("codex", "PermissionRequest", codex("PermissionRequest", "Bash", json!({"command": "git push"})), "{}"),
        ("claude", "PermissionRequest", claude_like("PermissionRequest", "Bash", json!({"command": "rm x"})), "deny"),
        ("gemini", "BeforeTool", claude_like("BeforeTool", "run_shell_command", json!({"command": "git status"})), "allow"),
        ("gemini", "BeforeTool", claude_like("BeforeTool", "run_shell_command", json!({"command": "git push"})), "deny"),
        ("gemini", "BeforeTool", claude_like("BeforeTool", "read_many_files", json!({"paths": ["src/main.rs", ".env"]})), "deny"),
        (
            "gemini",
            "BeforeTool",
            claude_like("BeforeTool", "web_fetch", json!({"prompt": "read https://docs.rs/a and https://docs.rs/b"})),
            "allow",
        ),
        (
            "gemini",
            "BeforeTool",
            claude_like("BeforeTool", "web_fetch", json!({"prompt": "read https://docs.rs/a and http://evil.org/b"})),
            "deny",
        ),
        ("opencode", "tool.execute.before", claude_like("tool.execute.before", "bash", json!({"command": "git status"})), "allow"),
        ("opencode", "tool.execute.before", claude_like("tool.execute.before", "bash", json!({"command": "git push"})), "deny"),
        ("opencode", "tool.execute.before", claude_like("tool.execute.before", "read", json!({"filePath": ".env"})), "deny"),
        ("copilot", "preToolUse", copilot("bash", json!({"command": "git status"})), "allow"),
        ("copilot", "preToolUse", copilot("bash", json!({"command": "git push"})), "ask"),
        ("copilot", "preToolUse", copilot("view", json!({"path": ".env"})), "deny"),
        ("copilot", "preToolUse", copilot("str_replace_editor", json!({"command": "create", "path": "aegis.toml"})), "deny"),
        ("cursor", "beforeShellExecution", cursor("beforeShellExecution", json!({"command": "git push", "cwd": cwd})), "ask"),
        ("cursor", "beforeShellExecution", cursor("beforeShellExecution", json!({"command": "rm x", "cwd": ""})), "deny"),
        (
            "cursor",
            "beforeReadFile",
            cursor("beforeReadFile", json!({"file_path": "src/main.rs", "content": "x", "attachments": []})),
            "allow",
        ),
        (
            "cursor",
            "beforeReadFile",
            cursor("beforeReadFile", json!({"file_path": "src/main.rs", "attachments": [{"type": "file", "file_path": ".env"}]})),
            "deny",
        ),
        (
            "cursor",
            "beforeMCPExecution",
            cursor("beforeMCPExecution", json!({"tool_name": "get", "tool_input": "{\"path\": \".env\"}"})),
            "deny",
        ),
        ("cursor", "preToolUse", cursor("preToolUse", json!({"tool_name": "Delete", "tool_input": {"path": "src/main.rs"}})), "deny"),
        ("cursor", "preToolUse", cursor("preToolUse", json!({"tool_name": "Shell", "tool_input": {"command": "git push"}})), "allow"),
        ("antigravity", "PreToolUse", agy("run_command", json!({"CommandLine": "git push", "Cwd": cwd})), "force_ask"),
        ("antigravity", "PreToolUse", agy("view_file", json!({"AbsolutePath": format!("{cwd}/.env")})), "deny"),
        ("antigravity", "PreToolUse", agy("run_command", json!({"CommandLine": "git status"})), "allow"),
    ] {
        let ended = agent.told(host, event, &question);
        ended.is(0, &[]);
        let printed: Value = serde_json::from_str(&ended.out).unwrap();
        let found = if word == "{}" { printed == json!({}) } else { printed.to_string().contains(&format!("\":\"{word}\"")) };
        assert!(found, "{host} {event} {question}: {printed}, not {word}");
        // and found out by its shape
        let auto = agent.told("auto", if matches!(host, "copilot" | "antigravity") { event } else { "auto" }, &question);
        assert_eq!(auto.out.contains("deny"), ended.out.contains("deny"), "{host} {event}: {auto:#?}");
    }
}

#[test]
fn every_decision_is_in_the_journal_without_secrets() {
    let Some(agent) = Agent::new("decisions::every_decision_is_in_the_journal_without_secrets") else { return };
    agent.shell("git status && curl -H 'Authorization: Bearer abcdefghijklmnop' https://u:pw@docs.rs/", "deny");
    agent.shell("GITHUB_TOKEN=ghp_abcdefghijklmnopqrstuv git status", "allow");
    agent.is("Read", json!({"file_path": "src/main.rs"}), "allow");
    let records = agent.records();
    assert_eq!(records.iter().map(|r| r["told"].as_str().unwrap()).collect::<Vec<_>>(), ["deny", "allow", "allow"]);
    let first = &records[0];
    assert_eq!(
        (first["kind"].as_str(), first["host"].as_str(), first["tool"].as_str()),
        (Some("hook.decision"), Some("claude"), Some("Bash"))
    );
    assert!(first["parts"].as_array().unwrap().iter().any(|part| part == "allow: exec git status"), "{first}");
    assert!(first["policy_sha256"].is_string() && first["session"] == "s1" && first["mode"] == "default");
    let all = format!("{records:?}");
    for secret in ["abcdefghijklmnop", "u:pw", "ghp_"] {
        assert!(!all.contains(secret), "{secret} is in {all}");
    }
}

/// The project's policy only tightens until a person trusts it.
#[test]
fn an_untrusted_project_only_tightens() {
    let Some(agent) = Agent::new("decisions::an_untrusted_project_only_tightens") else { return };
    let user =
        "version = 1\n[filesystem]\nread_allow = [\"/\", \"/**\"]\n[subprocess]\nallow_commands = [\"git status **\", \"cargo test **\"]\n";
    let home = agent.place.home.clone();
    agent.place.file(home.join(".config/aegis/policy.toml"), user);
    for directory in [".config", ".config/aegis"] {
        crate::place::give(&home.join(directory));
    }
    agent.shell("git status", "allow");
    // somebody else's text, which would allow everything and denies one thing
    agent.place.file("aegis.toml", "version = 1\n[filesystem]\nread_allow = [\"/\", \"/**\"]\n[subprocess]\nallow_commands = [\"curl **\", \"git status **\"]\ndeny_commands = [\"cargo test\"]\n");
    let reason = agent.shell("curl https://docs.rs", "ask");
    assert!(!reason.contains("allowed"), "{reason}");
    agent.shell("git status", "allow");
    agent.shell("cargo test", "deny");
    // a project without any word of it
    agent.place.file("aegis.toml", "version = 1\n[subprocess]\nallow_commands = [\"cargo test **\"]\n");
    agent.shell("git status", "ask");
}
