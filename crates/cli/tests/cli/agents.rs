//! `aegis agents`: every agent's files in a home of its own, nothing written where nothing should be, and a command that a shell runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::place::{self, Place, text, wait, wait_with};

const POLICY: &str = "version = 1\n[filesystem]\nread_allow = [\"**\"]\n";

/// Each agent, the directory that tells that it is used, and its file for the user and for a project.
const HOSTS: [(&str, &str, &str, &str); 6] = [
    ("claude", ".claude", ".claude/settings.json", ".claude/settings.json"),
    ("codex", ".codex", ".codex/hooks.json", ".codex/hooks.json"),
    ("opencode", ".config/opencode", ".config/opencode/plugins/aegis.js", ".opencode/plugins/aegis.js"),
    ("gemini", ".gemini", ".gemini/settings.json", ".gemini/settings.json"),
    ("copilot", ".copilot", ".copilot/hooks/aegis.json", ".github/hooks/aegis.json"),
    ("cursor", ".cursor", ".cursor/hooks.json", ".cursor/hooks.json"),
];

/// A place whose user has a policy.
fn with_policy(test: &str) -> Option<(Place, PathBuf)> {
    let place = Place::with_home(&format!("agents::{test}"))?;
    let policy = place.file(place.home.join(".config/aegis/policy.toml"), POLICY);
    Some((place, policy))
}

fn read(place: &Place, file: &str) -> String {
    fs::read_to_string(place.home.join(file)).unwrap()
}

/// By another process: one that this process has open to write cannot be run while any child of it holds that too.
fn copy_of_the_binary(at: &Path) {
    assert!(Command::new("cp").arg(place::binary()).arg(at).status().unwrap().success());
    fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn whatever_is_used_gets_the_hook_and_loses_it_again() {
    let Some((place, policy)) = with_policy("whatever_is_used_gets_the_hook_and_loses_it_again") else { return };
    place.aegis(&["agents", "install"]).is(5, &["no coding agent found here"]).in_one_line();
    for (_, directory, _, _) in HOSTS {
        place.dir(place.home.join(directory));
    }
    let ended = place.aegis(&["agents", "install"]);
    ended.is(0, &[]);
    for (host, _, file, _) in HOSTS {
        assert!(ended.out.contains(&format!("wrote ~/{file}\n")), "{host}: {ended:#?}");
        let written = read(&place, file);
        for part in [text(&place::binary().canonicalize().unwrap()), text(&policy)] {
            assert!(written.contains(&part), "{host}: {written}");
        }
    }
    assert!(ended.out.contains("wrote ~/.codex/config.toml\n") && ended.out.contains("/hooks"), "{ended:#?}");
    let ended = place.aegis(&["agents", "install"]);
    let lines: Vec<&str> = ended.is(0, &[]).out.lines().filter(|line| !line.starts_with("warning: codex: ")).collect();
    assert!(lines.len() == 7 && lines.iter().all(|line| line.starts_with("up to date ~/")), "{ended:#?}");

    let ended = place.aegis(&["agents", "status", "--json", "--scope", "user"]);
    let status: Value = serde_json::from_str(&ended.is(0, &[]).out).unwrap();
    assert_eq!(status["agents"].as_array().unwrap().len(), 6, "{status}");
    for agent in status["agents"].as_array().unwrap() {
        let installed = &agent["installed"];
        assert_eq!((&installed["program_exists"], &installed["policy_exists"]), (&Value::Bool(true), &Value::Bool(true)), "{agent}");
        let is_codex = agent["host"] == "codex";
        assert_eq!(agent["warnings"].as_array().unwrap().is_empty(), !is_codex, "{agent}");
    }
    let ended = place.aegis(&["agents", "status"]);
    assert!(ended.is(0, &[]).out.contains("cursor (user): installed in ~/.cursor/hooks.json\n  program: "), "{ended:#?}");
    assert!(ended.out.contains("cursor (project): not installed in .cursor/hooks.json\n"), "{ended:#?}");

    let ended = place.aegis(&["agents", "uninstall"]);
    ended.is(0, &[]);
    for (host, _, file, _) in HOSTS {
        assert!(ended.out.contains(&format!("removed ~/{file}\n")), "{host}: {ended:#?}");
        assert!(!place.home.join(file).exists(), "{host}");
    }
    assert!(!place.home.join(".codex/config.toml").exists());
}

#[test]
fn for_a_project() {
    let Some(place) = Place::with_home("agents::for_a_project") else { return };
    place.dir(".git");
    place.dir("deep");
    for (host, _, _, file) in HOSTS {
        let mut command = place.command();
        command.current_dir(place.project.join("deep")).args(["agents", "install", "--scope", "project", "--host", host]);
        wait(command).is(0, &[]);
        let written = fs::read_to_string(place.project.join(file)).unwrap();
        assert!(!written.contains("--policy"), "no policy of the user's, none named: {written}");
        assert_eq!(fs::metadata(place.project.join(file)).unwrap().permissions().mode() & 0o777, 0o644, "{host}");
        place.aegis(&["agents", "uninstall", "--scope", "project", "--host", host]).is(0, &[]);
        assert!(!place.project.join(file).exists(), "{host}");
    }
    assert!(!place.home.join(".codex").exists());
}

#[test]
fn a_policy_that_does_not_load_is_not_installed() {
    let Some((place, policy)) = with_policy("a_policy_that_does_not_load_is_not_installed") else { return };
    place.file("broken.toml", "version = 1\nnonsense = 2\n");
    place.aegis(&["agents", "install", "--host", "claude", "--policy", "broken.toml"]).is(5, &["broken.toml:2"]);
    place
        .aegis(&["agents", "install", "--host", "claude", "--policy", "no/such.toml"])
        .is(5, &["no/such.toml: no such file"])
        .in_one_line();
    fs::write(&policy, "nonsense = 1\n").unwrap();
    place.aegis(&["agents", "install", "--host", "claude"]).is(5, &["policy.toml"]);
    assert!(!place.home.join(".claude").exists());
}

#[test]
fn shown_and_not_written() {
    let Some((place, _)) = with_policy("shown_and_not_written") else { return };
    let mine = "{\n  \"model\": \"opus\"\n}\n";
    let at = place.file(place.home.join(".claude/settings.json"), mine);
    let ended = place.aegis(&["agents", "install", "--dry-run"]);
    assert!(ended.is(0, &[]).out.starts_with("would write ~/.claude/settings.json\n--- "), "{ended:#?}");
    assert!(ended.out.contains("\n+  \"hooks\": {\n"), "{ended:#?}");
    assert_eq!(fs::read_to_string(&at).unwrap(), mine);
    place.aegis(&["agents", "install"]).is(0, &[]);
    let installed = fs::read_to_string(&at).unwrap();
    let ended = place.aegis(&["agents", "uninstall", "--dry-run"]);
    assert!(ended.is(0, &[]).out.contains("\n-  \"hooks\": {\n"), "{ended:#?}");
    assert_eq!(fs::read_to_string(&at).unwrap(), installed);
    place.aegis(&["agents", "uninstall"]).is(0, &[]);
    assert_eq!(fs::read_to_string(&at).unwrap(), mine);
    assert_eq!(fs::read_dir(at.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn one_that_fails_does_not_hold_up_the_others() {
    let Some((place, _)) = with_policy("one_that_fails_does_not_hold_up_the_others") else { return };
    let commented = "// mine\n{}\n";
    let at = place.file(place.home.join(".claude/settings.json"), commented);
    place.dir(place.home.join(".cursor"));
    let ended = place.aegis(&["agents", "install"]);
    ended
        .is(1, &["failed ", "settings.json: it has comments; Claude Code ignores a file with that"])
        .prints("wrote ~/.cursor/hooks.json\n");
    assert_eq!(fs::read_to_string(&at).unwrap(), commented);
}

#[test]
fn by_rulesync() {
    let Some((place, _)) = with_policy("by_rulesync") else { return };
    for directory in [".claude", ".cursor"] {
        place.dir(place.home.join(directory));
    }
    place.aegis(&["agents", "install", "--mode", "rulesync"]).is(2, &["there is no ~/.rulesync here"]).in_one_line();
    assert_eq!(fs::read_dir(place.home.join(".claude")).unwrap().count(), 0);
    let mine = "{\n  \"version\": 1\n}\n";
    let at = place.file(place.home.join(".rulesync/hooks.json"), mine);
    let ended = place.aegis(&["agents", "install"]);
    ended.is(0, &[]);
    assert!(ended.out.starts_with("wrote ~/.rulesync/hooks.json\nwrote ~/.cursor/hooks.json\nnext: rulesync generate"), "{ended:#?}");
    assert!(!place.home.join(".claude/settings.json").exists());
    assert!(fs::read_to_string(&at).unwrap().contains("--host claude --event PreToolUse"));
    place.aegis(&["agents", "uninstall"]).is(0, &[]);
    assert_eq!(fs::read_to_string(&at).unwrap(), mine);
    assert!(!place.home.join(".cursor/hooks.json").exists());
    place.aegis(&["agents", "install", "--mode", "direct"]).is(0, &[]);
    assert!(place.home.join(".claude/settings.json").exists());
    assert_eq!(fs::read_to_string(&at).unwrap(), mine);
}

/// What is written is a command for `sh`, and it blocks whenever the program gives no answer.
#[test]
fn the_command_blocks_where_the_program_is_gone() {
    let Some((place, _)) = with_policy("the_command_blocks_where_the_program_is_gone") else { return };
    let program = place.file(place.home.join("it's \"here\" $(x)/aegis"), "");
    copy_of_the_binary(&program);
    let mut command = place.program(&program);
    command.args(["agents", "install", "--host", "claude"]);
    wait(command).is(0, &[]);
    fs::remove_file(&program).unwrap();
    let settings: Value = serde_json::from_str(&read(&place, ".claude/settings.json")).unwrap();
    for event in ["PreToolUse", "PermissionRequest"] {
        let entry = &settings["hooks"][event][0]["hooks"][0];
        let mut command = place.program("/bin/sh");
        command.args(["-c", entry["command"].as_str().unwrap()]);
        wait_with(command, b"{}").is(2, &["the hook gave no answer, so this is blocked"]).prints("");
    }
    let ended = place.aegis(&["agents", "status", "--host", "claude"]);
    assert!(ended.is(0, &[]).out.contains("no such program, so every call is blocked"), "{ended:#?}");
}

#[test]
fn a_program_beside_it_that_is_the_hook_alone_is_taken() {
    let Some((place, _)) = with_policy("a_program_beside_it_that_is_the_hook_alone_is_taken") else { return };
    let program = place.file(place.home.join("bin/aegis"), "");
    copy_of_the_binary(&program);
    let beside = place.file(place.home.join("bin/aegis-hook"), "#!/bin/sh\n");
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = place.program(&program);
    command.args(["agents", "install", "--host", "cursor"]);
    wait(command).is(0, &[]);
    assert!(read(&place, ".cursor/hooks.json").contains(&format!("'{}' --host cursor --event preToolUse", text(&beside))));
}

#[test]
fn usage() {
    let place = Place::new();
    place.aegis(&["agents"]).is(64, &["install"]);
    place.aegis(&["agents", "install", "--host", "vscode"]).is(64, &["vscode", "claude"]);
    place.aegis(&["agents", "uninstall", "--policy", "p"]).is(64, &["--policy"]);
}
