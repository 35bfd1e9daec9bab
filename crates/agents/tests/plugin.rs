//! The plugin for OpenCode in a real Node: what it lets pass, and that nothing else does.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use aegis_agents::{Change, Hook, Host, Places, Scope, plans};

/// Asks the plugin about one call; prints `passed`, or the reason.
const DRIVER: &str = r#"
import { Aegis } from "./plugin.mjs";
const hooks = await Aegis({ directory: "/the/project" });
const args = process.argv[2] === "circular" ? {} : { command: "echo 'a b' \u00e9" };
if (process.argv[2] === "circular") args.args = args;
try {
  await hooks["tool.execute.before"]({ tool: "bash", sessionID: "s1", callID: "c1" }, { args });
  process.stdout.write("passed");
} catch (error) {
  process.stdout.write(error instanceof Error ? error.message : "not an error");
}
"#;

struct Place {
    top: tempfile::TempDir,
    program: PathBuf,
}

impl Place {
    /// `None`, said aloud, where there is no Node.
    fn new(test: &str) -> Option<Place> {
        if !Command::new("node").arg("--version").output().is_ok_and(|ended| ended.status.success()) {
            // by the handle, which the test harness does not capture
            let _ = writeln!(std::io::stderr(), "SKIPPED plugin::{test}: it needs `node`; install it and run again");
            return None;
        }
        let top = tempfile::tempdir().unwrap();
        let real = top.path().canonicalize().unwrap();
        let program = real.join("it's a place/aegis-hook");
        fs::create_dir(program.parent().unwrap()).unwrap();
        let hook = Hook::new(&program, Some(Path::new("/home/ada/$(touch x)/p.toml"))).unwrap();
        let places = Places { home: &real, project: &real, variable: &|_| None };
        for plan in plans(Host::OpenCode, Scope::User, &places, Change::Install(&hook)) {
            plan.unwrap().carry_out().unwrap();
        }
        let text = fs::read_to_string(real.join(".config/opencode/plugins/aegis.js")).unwrap();
        assert!(text.contains("const TIMEOUT_MS = 20000;"));
        fs::write(real.join("plugin.mjs"), text.replace("const TIMEOUT_MS = 20000;", "const TIMEOUT_MS = 1500;")).unwrap();
        fs::write(real.join("driver.mjs"), DRIVER).unwrap();
        Some(Place { top, program })
    }

    fn with_program(self, script: &str) -> Place {
        let text = self.top.path().join("script");
        fs::write(&text, format!("#!/bin/sh\n{script}\n")).unwrap();
        // by another process: one that this process has open to write cannot be run while any child of it holds that too
        assert!(Command::new("cp").arg(&text).arg(&self.program).status().unwrap().success());
        fs::set_permissions(&self.program, Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn ask(&self, argument: &str) -> String {
        let ended = Command::new("node").current_dir(self.top.path()).args(["driver.mjs", argument]).output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8(ended.stdout).unwrap()
    }
}

#[test]
fn only_an_allow_passes() {
    for (what, script, says) in [
        ("allow", "cat >/dev/null; echo '{\"decision\": \"allow\"}'", "passed"),
        ("allow with more", "cat >/dev/null; printf '\\n {\"reason\": \"fine\", \"decision\": \"allow\"} \\n'", "passed"),
        ("deny", "cat >/dev/null; echo '{\"decision\": \"deny\", \"reason\": \"not \\\"here\\\"\"}'", "not \"here\""),
        ("deny and exit 2", "cat >/dev/null; echo '{\"decision\": \"deny\", \"reason\": \"no\"}'; exit 2", "no"),
        ("ask", "cat >/dev/null; echo '{\"decision\": \"ask\", \"reason\": \"ask first\"}'", "ask first"),
        ("deny without a reason", "cat >/dev/null; echo '{\"decision\": \"deny\"}'", "did not allow it"),
        ("allow and exit 1", "cat >/dev/null; echo '{\"decision\": \"allow\"}'; exit 1", "did not allow it"),
        ("allow and a crash", "cat >/dev/null; echo '{\"decision\": \"allow\"}'; kill -SEGV $$", "did not allow it"),
        ("crash", "kill -KILL $$", "aegis: "),
        ("exit 1", "cat >/dev/null; exit 1", "gave no answer"),
        ("empty", "cat >/dev/null", "gave no answer"),
        ("garbage", "cat >/dev/null; echo allow", "gave no answer"),
        ("two objects", "cat >/dev/null; echo '{\"decision\": \"allow\"}{\"decision\": \"allow\"}'", "gave no answer"),
        ("log line first", "cat >/dev/null; echo 'hello'; echo '{\"decision\": \"allow\"}'", "gave no answer"),
        ("a mark first", "cat >/dev/null; printf '\\357\\273\\277{\"decision\": \"allow\"}'", "gave no answer"),
        ("not UTF-8", "cat >/dev/null; printf '{\"decision\": \"allow\", \"reason\": \"\\377\"}'", "gave no answer"),
        ("list", "cat >/dev/null; echo '[{\"decision\": \"allow\"}]'", "gave no answer"),
        ("null", "cat >/dev/null; echo null", "gave no answer"),
        ("text", "cat >/dev/null; echo '\"allow\"'", "gave no answer"),
        ("another decision", "cat >/dev/null; echo '{\"decision\": true}'", "did not allow it"),
        ("in other letters", "cat >/dev/null; echo '{\"decision\": \"ALLOW\"}'", "did not allow it"),
        ("from a prototype", "cat >/dev/null; echo '{\"__proto__\": {\"decision\": \"allow\"}}'", "did not allow it"),
        (
            "10 MB",
            "cat >/dev/null; printf '{\"decision\": \"allow\", \"x\": \"'; head -c 10000000 /dev/zero | tr '\\0' x; echo '\"}'",
            "(ENOBUFS)",
        ),
    ] {
        let Some(place) = Place::new("only_an_allow_passes") else { return };
        let said = place.with_program(script).ask("");
        assert!(if says == "passed" { said == says } else { said.contains(says) && said != "passed" }, "{what}: {said}");
    }
}

#[test]
fn what_hangs_is_ended_and_blocks() {
    for script in ["sleep 20", "trap '' TERM; while :; do sleep 20; done", "(sleep 20) & echo '{\"decision\": \"deny\"}'; sleep 20"] {
        let Some(place) = Place::new("what_hangs_is_ended_and_blocks") else { return };
        let began = Instant::now();
        let said = place.with_program(script).ask("");
        assert!(said.contains("(ETIMEDOUT)"), "{said}");
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn a_program_that_is_missing_or_cannot_run_blocks() {
    let Some(place) = Place::new("a_program_that_is_missing_or_cannot_run_blocks") else { return };
    assert!(place.ask("").contains("(ENOENT)"));
    fs::write(&place.program, "#!/bin/sh\necho '{\"decision\": \"allow\"}'\n").unwrap();
    fs::set_permissions(&place.program, Permissions::from_mode(0o644)).unwrap();
    assert!(place.ask("").contains("(EACCES)"));
    let place = place.with_program("echo '{\"decision\": \"allow\"}'");
    assert_ne!(place.ask("circular"), "passed", "what cannot be told to the hook");
}

#[test]
fn the_hook_is_told_all_and_no_shell_stands_between() {
    let Some(place) = Place::new("the_hook_is_told_all_and_no_shell_stands_between") else { return };
    let place = place.with_program("cat >event.json; printf '%s\\n' \"$@\" >arguments; echo '{\"decision\": \"allow\"}'");
    assert_eq!(place.ask(""), "passed");
    let event: serde_json::Value = serde_json::from_str(&fs::read_to_string(place.top.path().join("event.json")).unwrap()).unwrap();
    let expected = serde_json::json!({
        "hook_event_name": "tool.execute.before", "session_id": "s1", "call_id": "c1", "cwd": "/the/project",
        "tool_name": "bash", "tool_input": {"command": "echo 'a b' é"},
    });
    assert_eq!(event, expected);
    let arguments = fs::read_to_string(place.top.path().join("arguments")).unwrap();
    assert_eq!(arguments, "--host\nopencode\n--event\ntool.execute.before\n--policy\n/home/ada/$(touch x)/p.toml\n");
    assert!(!place.top.path().join("x").exists());
}
