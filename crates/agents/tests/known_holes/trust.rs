//! What a project says of git, package managers and agents.

use std::os::unix::fs::PermissionsExt as _;

use aegis_agents::hooks::HookHost;
use aegis_agents::hooks::Stance::{Allow, Ask, Deny};
use serde_json::json;

use crate::{Project, USUAL, WIDE};

/// CVE-2025-59041, CVE-2025-59536, CVE-2025-59828: agents ran `git config`, hooks of the project or `yarn --version` to find something out,
/// and so ran code of the project. Here nothing is started to judge a call. Falls if anything is.
#[test]
fn judging_starts_nothing() {
    let project = Project::new(WIDE);
    let bin = project.top.join("bin");
    let marker = project.top.join("ran");
    for name in ["git", "yarn", "npm", "node", "sh", "bash", "zsh", "rg", "grep", "cargo", "python3", "ls", "cat"] {
        project.file(&format!("bin/{name}"), &format!("#!/bin/sh\necho {name} >> {}\n", marker.display()));
        std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    project.file(".git/config", "[core]\n\tfsmonitor = ./bin/git\n\thooksPath = bin\n");
    project.file(".yarnrc.yml", "yarnPath: ./bin/yarn\n");
    project.file(".claude/settings.json", "{\"hooks\":{\"SessionStart\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"./bin/sh\"}]}]}}");
    project.file(".envrc", "./bin/sh\n");
    for text in [
        "git status",
        "git config user.email",
        "yarn --version",
        "cargo test",
        "ls $(git log)",
        "grep -r x src",
        "python3 -V",
        "./bin/sh",
        "sh -c ls",
    ] {
        project.ruled(HookHost::Claude, "default", "Bash", &json!({ "command": text }), Some(&bin));
    }
    for tool in ["Read", "Write", "Edit"] {
        project.ruled(HookHost::Claude, "default", tool, &json!({"file_path": "src/a.rs", "content": "x"}), Some(&bin));
    }
    project.ruled(HookHost::Claude, "default", "Grep", &json!({"pattern": "x", "path": "src"}), Some(&bin));
    assert!(!marker.exists(), "{}", std::fs::read_to_string(&marker).unwrap_or_default());
}

/// The same calls asked for by an agent: what names programs for git and yarn is not written, and not given on the command line.
#[test]
fn settings_of_git_and_yarn_that_name_programs() {
    let project = Project::new(WIDE);
    for path in [
        ".git/config",
        ".git/hooks/post-checkout",
        "src/.git/config",
        ".gitmodules",
        ".yarnrc.yml",
        ".yarnrc",
        ".yarn/releases/yarn.cjs",
        ".yarn/plugins/x.cjs",
        ".npmrc",
        ".pnpmfile.cjs",
        ".cargo/config.toml",
        ".envrc",
        ".mise.toml",
        "bunfig.toml",
        ".husky/pre-commit",
        ".pre-commit-config.yaml",
        "lefthook.yml",
    ] {
        project.writing(path, Deny);
    }
    project.all(
        Ask,
        &[
            "git config user.email x",
            "git config core.fsmonitor ./x",
            "git config --global core.hooksPath x",
            "git -c core.fsmonitor=./x status",
            "git -c core.pager=./x log",
            "git --config-env=core.fsmonitor=X status",
            "git --exec-path=. status",
            "git -p -c alias.s='!./x' s",
            "GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.fsmonitor GIT_CONFIG_VALUE_0=./x git status",
            "GIT_PAGER=./x git log",
            "export GIT_EXTERNAL_DIFF=./x; git diff",
            "env GIT_SSH_COMMAND=./x git status",
            "HOME=. git status",
            "XDG_CONFIG_HOME=. git status",
            "XDG_CONFIG_DIRS=.:/etc git status",
            "PAGER=./x git log",
            "EDITOR=./x git log",
            "VISUAL=./x git log",
            "BROWSER=./x git log",
            "LESSOPEN=./x git log",
            "BASH_ENV=./x git log",
            "ENV=./x ls",
            "ZDOTDIR=. ls",
            "PYTHONPATH=. cargo test",
            "RUSTC_WRAPPER=./x cargo test",
            "GIT_DIR=. git status",
            "GIT_EDITOR=./x git log",
            "GCONV_PATH=. ls",
            "LOCPATH=. ls",
            "TERMINFO=. ls",
            "INPUTRC=x ls",
            "MANPAGER=./x ls",
            "GREP_OPTIONS=-f.env grep x src/a.rs",
            "RIPGREP_CONFIG_PATH=x rg a src",
            "TAR_OPTIONS=-Ish tar c src",
            "MAKEFLAGS=x ls",
            "CARGO_HOME=. cargo test",
            "RUSTUP_HOME=. cargo test",
            "SSH_ASKPASS=./x git status",
            "GIT_TEMPLATE_DIR=. git init src/y",
            "POSIXLY_CORRECT=1 ls",
            "yarn --version",
            "YARN_RC_FILENAME=x yarn --version",
            "npm --userconfig=x --version",
            "git commit -m x",
        ],
    );
    project.all(Deny, &["GIT_PAGER='rm x' git log", "Y=1; export GIT_SSH_COMMAND='rm x'; git status"]);
    let usual = Project::new(USUAL);
    usual.all(
        Deny,
        &["git config user.email x", "git -C . config user.email x", "yarn config set yarnPath x", "npm config set script-shell x"],
    );
    usual.shell("git status --porcelain", Allow);
}

/// CVE-2026-21852, CVE-2025-61260: settings of a project, or its `.env`, sent the requests of an agent with their key elsewhere, or named
/// another home for it. Neither is written by an agent, nor set in front of a command that is allowed.
#[test]
fn requests_and_homes_of_agents_sent_elsewhere() {
    let project = Project::new(WIDE);
    for name in [
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_BEDROCK_BASE_URL",
        "ANTHROPIC_VERTEX_BASE_URL",
        "OPENAI_BASE_URL",
        "OPENAI_API_BASE",
        "GOOGLE_GEMINI_BASE_URL",
        "CODEX_HOME",
        "CLAUDE_CONFIG_DIR",
        "CLAUDE_CODE_X",
        "OPENCODE_CONFIG",
        "GEMINI_CLI_HOME",
        "COPILOT_HOME",
        "CURSOR_X",
        "MCP_SERVER",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "NODE_EXTRA_CA_CERTS",
        "SSL_CERT_FILE",
        "NODE_OPTIONS",
        "LD_PRELOAD",
        "PATH",
        "HOME",
        "AWS_ENDPOINT_URL",
    ] {
        for text in [
            "@=x cargo test",
            "A=1 @=x ls",
            "export @=x; cargo test",
            "env @=x cargo test",
            "declare -x @=x; ls",
            "read @ <<< x; cargo test",
            "printf -v @ x; ls",
            "for @ in x; do ls; done",
            ": ${@:=x}; ls",
            "timeout 5 env @=x ls",
        ] {
            project.shell(&text.replace('@', name), Ask);
        }
    }
    for path in [
        ".claude/settings.json",
        ".claude/settings.local.json",
        ".codex/config.toml",
        ".gemini/settings.json",
        "opencode.json",
        ".cursor/mcp.json",
        ".mcp.json",
        "src/.claude/settings.json",
    ] {
        project.writing(path, Deny);
    }
    for path in [".env", "src/.env"] {
        project.call("Write", &json!({"file_path": path, "content": "CODEX_HOME=."}), Deny);
        project.shell(&format!("echo CODEX_HOME=. >> {path}"), Deny);
    }
    project.all(Allow, &["RUST_LOG=debug cargo test", "A=1 ls", "A=1; ls", "TMPDIR=. ls", "LC_ALL=C ls"]);
}
