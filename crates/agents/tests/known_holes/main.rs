//! What went wrong in agents (`docs/agent-cve.md`), put to the hook as events: each test is one kind of hole, and is named after what happened.
//! Nothing is run; texts are only judged. `Deny` is a denial by a rule or by something built in, in every mode; `Ask` is all that no rule
//! allows. Beside the attacks stand ordinary calls, which pass.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod control;
mod hooks;
mod page;
mod paths;
mod shell;
mod trust;

use std::path::{Path, PathBuf};

use aegis_agents::hooks::Stance::{Allow, Deny};
use aegis_agents::hooks::{Asked, HookHost, Ruling, Stance, answer, read, rule, settle};
use aegis_policy::{Finder, Policy, Surroundings};
use serde_json::{Value, json};

const HOME: &str = "/home/ada";

/// Grants much and inherits nothing: what stops a call here is no list of names.
const WIDE: &str = r#"
version = 1
[filesystem]
read_allow = ["**"]
write_allow = ["**"]
delete_allow = ["**"]
deny = [".env", "private", "data/key.txt"]
[network]
http_get_allow = ["docs.rs"]
[subprocess]
allow_commands = [
  "cat **", "cargo test **", "cp **", "find **", "git add **", "git diff **", "git grep **", "git init **", "git log **", "git mv **", "git show **",
  "git status **", "git worktree **", "grep **", "head **", "ln **", "ls **", "mkdir **", "mv **", "rg **", "sed **", "sort **", "tar **", "tee **", "touch **",
]
deny_commands = ["rm", "curl"]
"#;

/// What most people have: the preset, and a few commands.
const USUAL: &str = r#"
version = 1
inherits = "secure-defaults"
[filesystem]
read_allow = ["**"]
write_allow = ["src/**"]
[network]
http_get_allow = ["docs.rs"]
[subprocess]
allow_commands = ["cat **", "cargo test **", "echo **", "git log **", "git status **", "grep **", "ls **"]
"#;

/// A throw-away project, its policy, and a directory beside it whose name begins alike.
struct Project {
    _dir: tempfile::TempDir,
    top: PathBuf,
    policy: Policy,
}

impl Project {
    fn new(policy: &str) -> Project {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap().join("project");
        std::fs::create_dir_all(&top).unwrap();
        let finder = Finder::of_this_user().with_home(Path::new(HOME));
        let policy =
            Policy::from_text("aegis.toml", &policy.replace("<TOP>", top.to_str().unwrap()), &top, &finder, &Surroundings::default())
                .unwrap();
        let project = Project { _dir: dir, top, policy };
        for file in [
            "src/a.rs",
            "src/b.rs",
            "src/sub/c.rs",
            "Cargo.toml",
            ".git/HEAD",
            ".git/config",
            "../project-evil/x",
            "../project-evil/.git/HEAD",
        ] {
            project.file(file, "text\n");
        }
        project
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.top.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn ruled(&self, host: HookHost, mode: &str, tool: &str, input: &Value, path: Option<&Path>) -> (Stance, Ruling) {
        let question = json!({
            "session_id": "s", "turn_id": "t", "cwd": self.top, "permission_mode": mode, "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input,
        });
        let event = read(Asked { host: Some(host), event: Some("PreToolUse") }, question.to_string().as_bytes()).unwrap();
        let ruling = rule(&self.policy, &event, Some(Path::new(HOME)), path.map(Path::as_os_str));
        let told = settle(ruling.stance, &event).told();
        // what is printed says the same
        if told == Deny || host == HookHost::Claude {
            let printed = answer(&event, told, "because").stdout;
            assert!(printed.contains(&format!(r#""permissionDecision":"{}""#, told.word())), "{printed}");
        }
        (told, ruling)
    }

    /// What Claude Code is told in two modes, and Codex where it has the tool.
    #[track_caller]
    fn call(&self, tool: &str, input: &Value, expected: Stance) -> String {
        let (told, ruling) = self.ruled(HookHost::Claude, "default", tool, input, None);
        let parts: Vec<String> =
            ruling.parts.iter().map(|part| format!("\n    {}: {}: {}", part.stance.word(), part.asked, part.cause)).collect();
        let shown = format!("{tool} {input}:{}", parts.concat());
        assert_eq!(told, expected, "{shown}");
        assert_eq!(self.ruled(HookHost::Claude, "bypassPermissions", tool, input, None).0, expected, "no mode changes it: {shown}");
        if tool == "Bash" && input.get("command").is_some() {
            let nobody_asked = if expected == Allow { Allow } else { Deny };
            assert_eq!(self.ruled(HookHost::Codex, "never", tool, input, None).0, nobody_asked, "Codex, which cannot ask: {shown}");
        }
        ruling.decisive().map(|part| format!("{}: {}", part.asked, part.cause)).unwrap()
    }

    #[track_caller]
    fn shell(&self, text: &str, expected: Stance) -> String {
        self.call("Bash", &json!({ "command": text }), expected)
    }

    #[track_caller]
    fn all(&self, expected: Stance, texts: &[&str]) {
        for text in texts {
            self.shell(text, expected);
        }
    }

    /// Every tool of Claude Code that writes one file, and the shell.
    #[track_caller]
    fn writing(&self, path: &str, expected: Stance) {
        self.call("Write", &json!({"file_path": path, "content": "x"}), expected);
        if !path.starts_with('~') {
            self.call("Write", &json!({"file_path": self.top.join(path), "content": "x"}), expected);
        }
        self.call("NotebookEdit", &json!({"notebook_path": path, "new_source": "x"}), expected);
        self.shell(&format!("echo x > {path}"), expected);
        self.shell(&format!("cat src/a.rs | tee -a {path}"), expected);
    }
}
