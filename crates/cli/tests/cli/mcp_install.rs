//! `aegis mcp install`: every host, both scopes, nothing written where nothing should be, and an entry that starts the server.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::place::{self, Place, give, text, wait, wait_with};

const POLICY: &str = "version = 1\n[filesystem]\nread_allow = [\"**\"]\n";

const HOSTS: [(&str, &str, &str); 7] = [
    ("claude", ".claude.json", ".mcp.json"),
    ("codex", ".codex/config.toml", ".codex/config.toml"),
    ("opencode", ".config/opencode/opencode.json", "opencode.json"),
    ("gemini", ".gemini/settings.json", ".gemini/settings.json"),
    ("cursor", ".cursor/mcp.json", ".cursor/mcp.json"),
    ("copilot", ".copilot/mcp-config.json", ".github/mcp.json"),
    ("vscode", ".config/Code/User/mcp.json", ".vscode/mcp.json"),
];

/// A place whose user has a policy.
fn with_policy(test: &str) -> Option<(Place, PathBuf)> {
    let place = Place::with_home(&format!("mcp_install::{test}"))?;
    let policy = place.file(place.home.join(".config/aegis/policy.toml"), POLICY);
    Some((place, policy))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn binary() -> String {
    text(&place::binary().canonicalize().unwrap())
}

#[test]
fn each_host_for_the_user() {
    let Some((place, policy)) = with_policy("each_host_for_the_user") else { return };
    for (host, file, _) in HOSTS {
        let at = place.home.join(file);
        let ended = place.aegis(&["mcp", "install", "--host", host]);
        ended.is(0, &[]);
        assert!(ended.out.starts_with(&format!("~/{file}: has the server aegis now\nnext: ")), "{ended:#?}");
        let written = fs::read_to_string(&at).unwrap();
        for part in [binary(), text(&policy)] {
            assert!(written.contains(&format!("\"{part}\"")), "{written}");
        }
        assert_eq!(mode(&at), 0o600, "{host}");
        place
            .aegis(&["mcp", "install", "--host", host])
            .is(0, &[])
            .prints(&format!("~/{file}: has the server aegis already; nothing changed\n"));
        assert_eq!(fs::read_to_string(&at).unwrap(), written);
        let ended = place.aegis(&["mcp", "install", "--host", host, "--uninstall"]);
        ended.is(0, &[]).prints(&format!("~/{file}: removed; it held the server aegis alone\n"));
        assert!(!at.exists());
        place
            .aegis(&["mcp", "install", "--host", host, "--uninstall"])
            .is(0, &[])
            .prints(&format!("~/{file}: has no server aegis; nothing changed\n"));
    }
    assert_eq!(mode(&place.home.join(".cursor")), 0o700);
}

#[test]
fn each_host_for_a_project() {
    let Some(place) = Place::with_home("mcp_install::each_host_for_a_project") else { return };
    place.dir(".git");
    place.dir("deep/down");
    place.aegis(&["init", "--lang", "rust"]).is(0, &[]);
    for (host, _, file) in HOSTS {
        let mut command = place.command();
        command.current_dir(place.project.join("deep/down")).args(["mcp", "install", "--scope", "project", "--host", host]);
        wait(command).is(0, &[]);
        let at = place.project.join(file);
        assert!(fs::read_to_string(&at).unwrap().contains(&text(&place.project.join("aegis.toml"))), "{host}");
        assert_eq!(mode(&at), 0o644, "{host}");
        place.aegis(&["mcp", "install", "--scope", "project", "--host", host, "--uninstall"]).is(0, &[]);
        assert!(!at.exists(), "{host}");
    }
}

#[test]
fn a_policy_that_was_only_found_must_be_trusted() {
    let Some(place) = Place::with_home("mcp_install::a_policy_that_was_only_found_must_be_trusted") else { return };
    place.file("aegis.toml", POLICY);
    let project = ["mcp", "install", "--host", "claude", "--scope", "project"];
    place.aegis(&project).is(5, &["aegis.toml is not trusted on this machine; read it, then: aegis trust aegis.toml"]).in_one_line();
    place.aegis(&["mcp", "install", "--host", "claude"]).is(5, &["no policy of your own", "--policy"]).in_one_line();
    assert!(!place.project.join(".mcp.json").exists());
    // whoever names it vouches for it
    place.aegis(&[&project[..], &["--policy", "aegis.toml"]].concat()).is(0, &[]);
    place.aegis(&[&project[..], &["--uninstall"]].concat()).is(0, &[]);
    place.aegis(&["trust", "aegis.toml"]).is(0, &[]);
    place.aegis(&project).is(0, &[]);
}

#[test]
fn what_does_not_load_is_not_installed() {
    let Some((place, _)) = with_policy("what_does_not_load_is_not_installed") else { return };
    place.file("broken.toml", "version = 1\nnonsense = 2\n");
    place.aegis(&["mcp", "install", "--host", "claude", "--policy", "broken.toml"]).is(5, &["broken.toml:2"]);
    place.aegis(&["mcp", "install", "--host", "claude", "--policy", "no/such.toml"]).is(5, &["no/such.toml: no such file"]).in_one_line();
    assert!(!place.home.join(".claude.json").exists());
}

#[test]
fn shown_and_not_written() {
    let Some((place, policy)) = with_policy("shown_and_not_written") else { return };
    let ended = place.aegis(&["mcp", "install", "--host", "claude", "--print"]);
    let shown: serde_json::Value = serde_json::from_str(&ended.is(0, &[]).out).unwrap();
    let entry = &shown["mcpServers"]["aegis"];
    assert_eq!(entry["command"], binary());
    assert_eq!(entry["args"], serde_json::json!(["mcp", "--policy", text(&policy)]));
    let ended = place.aegis(&["mcp", "install", "--host", "codex", "--print"]);
    assert!(ended.is(0, &[]).out.starts_with("[mcp_servers.aegis]\ncommand = \""), "{ended:#?}");

    let ended = place.aegis(&["mcp", "install", "--host", "claude", "--dry-run"]);
    assert!(ended.is(0, &[]).out.starts_with("--- /dev/null\n+++ "), "{ended:#?}");
    assert!(!place.home.join(".claude.json").exists());

    let mine = "{\n  // mine\n  \"a\": 1,\n}\n";
    let at = place.file(place.home.join(".claude.json"), mine);
    let ended = place.aegis(&["mcp", "install", "--host", "claude", "--dry-run"]);
    assert!(ended.is(0, &[]).out.contains("\n   \"a\": 1,\n+  \"mcpServers\": {\n"), "{ended:#?}");
    assert_eq!(fs::read_to_string(&at).unwrap(), mine);
    place.aegis(&["mcp", "install", "--host", "claude"]).is(0, &[]);
    let installed = fs::read_to_string(&at).unwrap();
    let ended = place.aegis(&["mcp", "install", "--host", "claude", "--dry-run", "--uninstall"]);
    assert!(ended.is(0, &[]).out.contains("\n-  \"mcpServers\": {\n"), "{ended:#?}");
    assert_eq!(fs::read_to_string(&at).unwrap(), installed);
    place
        .aegis(&["mcp", "install", "--host", "claude", "--dry-run"])
        .is(0, &[])
        .prints("~/.claude.json: has the server aegis already; nothing changed\n");
}

#[test]
fn what_is_there_stays() {
    let Some((place, _)) = with_policy("what_is_there_stays") else { return };
    let mine = "{\r\n\t\"mcpServers\": {\r\n\t\t\"x\": { \"command\": \"y\" }, // mine\r\n\t}\r\n}\r\n";
    let target = place.file(place.home.join("dotfiles/mcp.json"), mine);
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    place.dir(place.home.join(".cursor"));
    let link = place.home.join(".cursor/mcp.json");
    symlink("../dotfiles/mcp.json", &link).unwrap();
    give(&link);
    let ended = place.aegis(&["mcp", "install", "--host", "cursor"]);
    assert!(ended.is(0, &[]).out.contains("as it was before: ~/dotfiles/mcp.json.aegis-backup\n"), "{ended:#?}");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(mode(&target), 0o640);
    assert!(fs::read_to_string(&target).unwrap().contains("// mine\r\n\t\t\"aegis\": {\r\n"));
    assert_eq!(fs::read_to_string(place.home.join("dotfiles/mcp.json.aegis-backup")).unwrap(), mine);
    place.aegis(&["mcp", "install", "--host", "cursor", "--uninstall"]).is(0, &[]);
    assert_eq!(fs::read_to_string(&target).unwrap(), mine);
    assert!(!place.home.join("dotfiles/mcp.json.aegis-backup").exists());
}

#[test]
fn what_cannot_be_edited_is_not_touched() {
    let Some((place, _)) = with_policy("what_cannot_be_edited_is_not_touched") else { return };
    for (host, file, content, says) in [
        ("claude", ".claude.json", "{\n  \"a\": nope\n}\n", ".claude.json: line 2, column 8: "),
        ("codex", ".codex/config.toml", "a = 1\nb = = 2\n", "config.toml: line 2, column 5: "),
        ("gemini", ".gemini/settings.json", "{\"mcpServers\": {\"aegis\": {\"command\": \"npx\"}}}", "not Aegis's own"),
    ] {
        let at = place.file(place.home.join(file), content);
        place.aegis(&["mcp", "install", "--host", host]).is(5, &[says]).in_one_line();
        assert_eq!(fs::read_to_string(&at).unwrap(), content);
    }
    let at = place.file(place.home.join(".cursor/mcp.json"), "{}");
    fs::set_permissions(&at, fs::Permissions::from_mode(0o666)).unwrap();
    place.aegis(&["mcp", "install", "--host", "cursor"]).is(5, &["others can write it"]).in_one_line();
    fs::set_permissions(&at, fs::Permissions::from_mode(0o600)).unwrap();
    let dir = place.home.join(".cursor");
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o500)).unwrap();
    place.aegis(&["mcp", "install", "--host", "cursor"]).is(5, &["mcp.json: make a temporary file beside it: "]).in_one_line();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(fs::read_to_string(&at).unwrap(), "{}");
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
}

#[test]
fn the_hosts_own_variable_moves_its_file() {
    let Some((place, _)) = with_policy("the_hosts_own_variable_moves_its_file") else { return };
    let mut command = place.command();
    command.args(["mcp", "install", "--host", "codex"]).env("CODEX_HOME", place.home.join("codex"));
    wait(command).is(0, &[]);
    assert!(place.home.join("codex/config.toml").exists());
    assert!(!place.home.join(".codex").exists());
}

#[test]
fn usage() {
    let place = Place::new();
    place.aegis(&["mcp", "install"]).is(64, &["--host"]);
    place.aegis(&["mcp", "install", "--host", "emacs"]).is(64, &["emacs", "claude"]);
    place.aegis(&["mcp", "install", "--host", "claude", "--print", "--dry-run"]).is(64, &["cannot be used with"]);
    place.aegis(&["mcp", "install", "--host", "claude", "--uninstall", "--policy", "p"]).is(64, &["cannot be used with"]);
    place.aegis(&["mcp", "--no-audit", "install", "--host", "claude"]).is(64, &["cannot be used with"]);
}

/// What was written is a command that answers as an MCP server.
#[test]
fn the_entry_starts_the_server() {
    let Some((place, _)) = with_policy("the_entry_starts_the_server") else { return };
    place.aegis(&["mcp", "install", "--host", "claude"]).is(0, &[]);
    let settings: serde_json::Value = serde_json::from_str(&fs::read_to_string(place.home.join(".claude.json")).unwrap()).unwrap();
    let entry = &settings["mcpServers"]["aegis"];
    let mut command = place.program(entry["command"].as_str().unwrap());
    command.args(entry["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()));
    let hello = serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
    let ended = wait_with(command, format!("{hello}\n").as_bytes());
    let answer: serde_json::Value =
        serde_json::from_str(ended.out.lines().next().unwrap_or_default()).unwrap_or_else(|e| panic!("{e}: {ended:#?}"));
    assert_eq!(answer["result"]["serverInfo"]["name"], "aegis", "{answer}");
}
