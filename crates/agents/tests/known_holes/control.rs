//! Files that decide about agents, or run later.

use std::os::unix::fs::symlink;

use aegis_agents::hooks::HookHost;
use aegis_agents::hooks::Stance::{Allow, Ask, Deny};
use serde_json::json;

use crate::{Project, WIDE};

/// CVE-2026-25725 and its class: a settings file that was not there could be made, and its hooks ran the next time. Every way to write one
/// is tried, whether it is there or not.
#[test]
fn control_files_that_are_missing_or_there() {
    let project = Project::new(WIDE);
    let files = [
        "aegis.toml",
        "src/aegis.toml",
        ".aegis/x",
        ".claude/settings.json",
        ".claude/hooks/x",
        ".claude/commands/x.md",
        ".mcp.json",
        ".codex/config.toml",
        ".gemini/settings.json",
        ".copilot/x",
        ".cursor/hooks.json",
        ".opencode/plugin/x.ts",
        "opencode.json",
        ".git/hooks/pre-commit",
        ".git/config",
        ".github/workflows/x.yml",
        ".gitlab-ci.yml",
        ".vscode/tasks.json",
        ".devcontainer/devcontainer.json",
        ".idea/x.xml",
        "Jenkinsfile",
        "~/.bashrc",
        "~/.claude/settings.json",
        "~/.config/aegis/policy.toml",
        "~/.config/systemd/user/x.service",
        "~/.ssh/authorized_keys",
        "~/.gitconfig",
        "~/.local/bin/ls",
    ];
    for there in [false, true] {
        for file in files {
            if there && !file.starts_with('~') {
                project.file(file, "x");
            }
            project.call("Write", &json!({"file_path": file, "content": "x"}), Deny);
            project.call("Edit", &json!({"file_path": file, "old_string": "a", "new_string": "b"}), Deny);
            project.call("MultiEdit", &json!({"file_path": file, "edits": []}), Deny);
            let (directory, name) = file.rsplit_once('/').unwrap_or((".", file));
            for text in [
                format!("echo x > {file}"),
                format!("echo x >> {directory}/./{name}"),
                format!("cp src/a.rs {file}"),
                format!("mv src/a.rs {file}"),
                format!("ln -s src/a.rs {file}"),
                format!("tee {file} < src/a.rs"),
                format!("touch {file}"),
                format!("sed -i s/a/b/ {file}"),
                format!("cat src/a.rs > {directory}/'{name}'"),
            ] {
                project.shell(&text, Deny);
            }
            if !file.starts_with('~') {
                let patch = format!("*** Begin Patch\n*** Add File: src/new.rs\n+x\n*** Add File: {file}\n+x\n*** End Patch\n");
                assert_eq!(project.ruled(HookHost::Codex, "default", "apply_patch", &json!({ "command": patch }), None).0, Deny, "{file}");
                let patch = format!("*** Begin Patch\n*** Update File: src/a.rs\n*** Move to: {file}\n@@\n+x\n*** End Patch\n");
                assert_eq!(project.ruled(HookHost::Codex, "default", "apply_patch", &json!({ "command": patch }), None).0, Deny, "{file}");
            }
        }
    }
    project.all(
        Deny,
        &[
            "mkdir .claude",
            "mkdir -p .claude/hooks",
            "mv src .claude",
            "cp -r src .claude",
            "ln -s src .claude",
            "cp src/a.rs .git/hooks",
            "mv .git old",
            "mv aegis.toml old.toml",
        ],
    );
    // a link that leads to one
    symlink("../.mcp.json", project.top.join("src/notes.json")).unwrap();
    symlink("../.claude", project.top.join("src/dir")).unwrap();
    project.writing("src/notes.json", Deny);
    project.writing("src/dir/settings.json", Deny);
    // a link that is called as one, and leads to an ordinary file
    let linked = Project::new(WIDE);
    symlink("src/sub", linked.top.join(".codex")).unwrap();
    symlink("src/a.rs", linked.top.join(".mcp.json")).unwrap();
    for file in [".codex/config.toml", ".codex/c.rs", ".mcp.json"] {
        linked.writing(file, Deny);
        linked.all(
            Deny,
            &[&format!("cp src/b.rs {file}"), &format!("sed -i s/a/b/ {file}"), &format!("mv src/b.rs {file}"), &format!("touch {file}")],
        );
    }
    // commands without a grammar that can write, where a rule allows them
    let more = Project::new(
        &WIDE.replace("\"cat **\",", "\"cat **\", \"dd **\", \"truncate **\", \"vim **\", \"git checkout **\", \"git restore **\","),
    );
    more.all(
        Ask,
        &[
            "dd if=src/a.rs of=aegis.toml",
            "truncate -s 0 aegis.toml",
            "git checkout main -- .claude/settings.json",
            "git restore .github/workflows/x.yml",
        ],
    );
    more.all(Allow, &["git checkout main", "cat aegis.toml", "dd if=src/a.rs of=src/new.rs"]);
    project.call("mcp__files__write", &json!({"path": "aegis.toml", "content": "x"}), Ask);
}

/// CVE-2026-55607: a worktree called `.git`, with `fsmonitor` in its settings; and repositories under any other name.
#[test]
fn directories_that_git_takes_for_repositories() {
    let project = Project::new(WIDE);
    project.all(
        Deny,
        &[
            "git worktree add .git",
            "git worktree add src/.git main",
            "git worktree add -b x src/.git",
            "git worktree add ./src/x/../.git",
            "git init src/.git/x/.git",
            "mkdir src/.git",
            "mkdir -p src/x/.git/hooks",
            "mv src/sub src/.git",
            "cp -r src/sub src/.git",
            "ln -s sub src/.git",
            "echo 'gitdir: x' > src/.git",
            "echo x > src/.git/config",
            "touch src/.git",
            "cp src/a.rs .git/worktrees/x/config.worktree",
            "echo x > .git/commondir",
            "echo x > .git/worktrees/x/gitdir",
        ],
    );
    for file in ["src/.git", "src/.git/config", "src/x/.git/hooks/post-checkout", ".git/info/attributes", ".git/modules/m/config"] {
        project.writing(file, Deny);
    }
    // one that came with the project, whose files are called as any other
    for file in ["src/bare/HEAD", "src/bare/config", "src/bare/objects/x", "src/bare/refs/x", "src/bare/deep/x"] {
        project.file(file, "x");
    }
    project.all(
        Ask,
        &[
            "cd src/bare && git status",
            "cd src/bare; cd deep; git log",
            "(cd src/bare && git diff)",
            "cd src && cd bare && git status | cat",
            "git -C src/bare status",
            "git --git-dir=src/bare status",
            "GIT_DIR=src/bare git status",
        ],
    );
    // one that is made
    project.all(
        Ask,
        &[
            "git init --bare src/x",
            "git init --separate-git-dir=src/x",
            "echo x > src/x/HEAD",
            "cp src/a.rs src/x/HEAD",
            "mkdir -p src/x/objects src/x/refs; echo x > src/x/HEAD; cd src/x && git status",
            "touch src/x/HEAD",
        ],
    );
    project.call("Write", &json!({"file_path": "src/x/HEAD", "content": "ref: refs/heads/main"}), Ask);
    project.all(Allow, &["cd src && git status", "git worktree add src/tree", "git init src/new", "cd src/sub && git log", "git log HEAD"]);
}
