//! Questions to the hook itself.

use std::os::unix::fs::symlink;

use aegis_agents::hooks::Stance::{Allow, Ask, Deny};
use aegis_agents::hooks::{Asked, HookHost, read};
use serde_json::json;

use crate::{Project, WIDE};

/// A recursive search read what a rule for reading denies. Falls if only the directory is judged, and not what lies below it.
#[test]
fn searches_that_reach_denied_files() {
    let project = Project::new(WIDE);
    project.file(".env", "K=v");
    project.file("data/key.txt", "k");
    project.file("data/open.rs", "o");
    project.file("src/deep/er/private/x", "p");
    for text in [
        "grep -r K .",
        "grep -rn K",
        "grep -R K .",
        "grep -nri K ./",
        "grep -r K data",
        "grep -d recurse K .",
        "grep --directories=recurse K data",
        "grep --recurs K data",
        "grep -rE K src/sub/../../data",
        "rg K data",
        "rg K",
        "rg -uu K .",
        "rg --hidden K .",
        "git grep --no-index K",
        "git diff --no-index data src",
        "cp -r . out",
        "cp -a data out",
        "tar -cf out.tar data",
        "tar c .",
        "mv data other",
        "ln -s data other",
        "git mv data other",
        "ln -s . other",
        "cd data && grep -r k .",
        "grep -r K src/deep",
        "timeout 5 grep -r K .",
        "ls | xargs grep -r K .",
        "grep -r --include='*.txt' k data",
        "grep -r --include='k*' k data",
        "grep -r --exclude='*.rs' k data",
        "grep -r --exclude=key.txt --include=key.txt k data",
        "bash -c 'grep -r K .'",
        "ls $(grep -rl K .)",
    ] {
        project.shell(text, Deny);
    }
    for path in [None, Some("."), Some("data"), Some("src"), Some("src/../data")] {
        project.call("Grep", &json!({"pattern": "K", "path": path}), Deny);
    }
    // links: those that are followed
    symlink("../../data/key.txt", project.top.join("src/sub/link")).unwrap();
    project.all(Deny, &["grep -R k src/sub", "rg -L k src/sub", "cp -rL src/sub out"]);
    project.all(
        Allow,
        &[
            "grep -rn K src/sub",
            "grep K src/a.rs",
            "rg K src/sub",
            "grep -r --include='*.rs' o data",
            "grep -r --exclude=key.txt k data",
            "grep -rn --exclude-dir=private --exclude=.env --exclude=key.txt K .",
            "cp -r src/sub out",
            "ls -R .",
            "find . -name '*.rs'",
            "ls -la data",
            "mv src/sub src/other",
        ],
    );
    project.call("Grep", &json!({"pattern": "K", "path": "src/sub"}), Allow);
}

/// A hook that could not make sense of its question let the call through: what it cannot read is no event, and what a tool does not take is denied.
#[test]
fn questions_that_make_no_sense() {
    let project = Project::new(WIDE);
    for text in [
        "",
        "{",
        "[]",
        "null",
        r#"{"tool_name":"Bash"}"#,
        r#"{"tool_name":"Bash","hook_event_name":"PreToolUse","tool_input":{"command":"ls"}}"#,
        r#"{"cwd":"x","tool_name":"Bash","hook_event_name":"PreToolUse","tool_input":{"command":"ls"}}"#,
    ] {
        assert!(read(Asked { host: Some(HookHost::Claude), event: Some("PreToolUse") }, text.as_bytes()).is_err(), "{text}");
    }
    for input in
        [json!({}), json!({"command": 5}), json!({"command": ["ls", 5]}), json!({"cmd": "ls"}), json!("ls"), json!({"command": null})]
    {
        project.call("Bash", &input, Deny);
    }
    project.call("Read", &json!({"path": "src/a.rs"}), Deny);
    project.call("Read", &json!({"file_path": "src/a\0.rs"}), Deny);
    project.call("Bash", &json!({"command": ""}), Ask);
    project.call("NoToolOfOurs", &json!({"x": 1}), Ask);
    project.call("mcp__x__read", &json!({"path": ".env"}), Deny);
    project.call("mcp__x__run", &json!({"deep": [{"command": "rm x"}]}), Deny);
}
