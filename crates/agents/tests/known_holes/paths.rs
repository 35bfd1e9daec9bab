//! Which file it is.

use std::os::unix::fs::symlink;
use std::path::Path;

use aegis_agents::hooks::Stance::{Allow, Ask, Deny};
use aegis_agents::hooks::{Asked, HookHost, read, rule};
use serde_json::json;

use crate::{HOME, Project, USUAL, WIDE};

/// CVE-2025-54794: `/project-evil` passed for `/project`.
#[test]
fn a_directory_whose_name_begins_alike() {
    for pattern in ["**", "<TOP>/**", "<TOP>", "."] {
        let Ok(project) = std::panic::catch_unwind(|| Project::new(&WIDE.replace("[\"**\"]", &format!("[\"{pattern}\"]")))) else {
            panic!("{pattern}")
        };
        let evil = format!("{}-evil", project.top.display());
        for path in [
            format!("{evil}/x"),
            "../project-evil/x".to_owned(),
            format!("{}/../project-evil/x", project.top.display()),
            format!("{}-evil/../project-evil/x", project.top.display()),
            "src/../../project-evil/x".to_owned(),
        ] {
            project.call("Read", &json!({ "file_path": path }), Ask);
            project.call("Write", &json!({"file_path": path, "content": "x"}), Ask);
            project.call("Edit", &json!({"file_path": path, "old_string": "a", "new_string": "b"}), Ask);
            project.all(
                Ask,
                &[
                    &format!("cat {path}"),
                    &format!("echo x > {path}"),
                    &format!("cp {path} src/x"),
                    &format!("cat < {path}"),
                    &format!("ln -s {path} src/x"),
                ],
            );
        }
        project.call("Grep", &json!({"pattern": "x", "path": evil}), Ask);
        project.all(Ask, &[&format!("cd {evil} && git status"), "cd ../project-evil; cat x", &format!("git -C {evil} status")]);
    }
    // a denied name closes no longer one, and no shorter
    let project = Project::new(WIDE);
    for (path, told) in [
        ("private", Deny),
        ("private/x", Deny),
        ("src/private/x", Deny),
        ("private-notes", Allow),
        ("privat", Allow),
        ("data/key.txt", Deny),
        ("data/key.txt.md", Allow),
        ("data/key.tx", Allow),
    ] {
        project.call("Read", &json!({ "file_path": path }), told);
        project.shell(&format!("cat {path}"), told);
    }
}

/// CVE-2026-49401 and its like: another spelling of a denied path.
#[test]
fn other_spellings_of_a_denied_path() {
    let project = Project::new(&WIDE.replace("\"private\"", "\"private\", \"caf\u{e9}\""));
    project.file("private/x", "p");
    project.file("cafe\u{301}", "p");
    symlink("private", project.top.join("open")).unwrap();
    symlink("..", project.top.join("src/up")).unwrap();
    let top = project.top.display().to_string();
    for path in [
        "private/x",
        "./private//x",
        "src/../private/x",
        "open/x",
        "src/up/private/x",
        "src/up/open/x",
        "open/../.env",
        &format!("{top}/private/x"),
        &format!("//{top}//private/x"),
        &format!("/proc/self/root{top}/private/x"),
        "caf\u{e9}",
        "cafe\u{301}",
    ] {
        project.call("Read", &json!({ "file_path": path }), Deny);
        project.shell(&format!("cat '{path}'"), Deny);
    }
    project.all(
        Deny,
        &[
            "cat .e{n,}v",
            "cat .en\\v",
            "cat \".en\"'v'",
            "cat $'\\x2eenv'",
            "cat <.env",
            "echo $(<.env)",
            "cat ${x:-.env} .env",
            "cat src/../.env",
            "git log -- .env",
            "git show HEAD:.env",
            "head -n1 .env",
            "cat .env~ .env",
        ],
    );
    // a pattern of names is what it matches now
    project.file(".env", "K=v");
    project.all(Deny, &["cat .en*", "cat p*/x"]);
    project.all(Ask, &["cat .[e]nv", "cat $x", "X=.env; cat $X", "cat \"$(echo .env)\"", "cat ~+/.env"]);
    // a link that is made in the same text counts from where it lies
    project.file("data/key.txt", "k");
    project.all(
        Deny,
        &[
            "ln -s ../data/key.txt src/l; cat src/l",
            "cd src && ln -s data/key.txt ../l; cat ../l",
            "ln -s data d2 && cat d2/key.txt",
            "mv data d2 && cat d2/key.txt",
            "ln data/key.txt src/l",
            "ln -sr data/key.txt src/l",
            "cp -rs data d2",
        ],
    );
    // what is another file is another file
    project.call("Read", &json!({"file_path": "src/a.rs"}), Allow);
}

/// CVE-2024-34346: memory and environment of processes, read as files.
#[test]
fn processes_read_as_files() {
    let usual = Project::new(&USUAL.replace("read_allow = [\"**\"]", "read_allow = [\"**\", \"/\", \"/**\"]"));
    symlink("/proc/self/environ", usual.top.join("src/e")).unwrap();
    symlink("/proc", usual.top.join("src/p")).unwrap();
    for path in [
        "/proc/self/environ",
        "/proc/self/mem",
        "/proc/1/environ",
        "/proc/self/fd/0",
        "/proc/thread-self/environ",
        "//proc/./self/environ",
        "/proc/self/root/proc/self/environ",
        "src/p/self/environ",
        "src/e",
    ] {
        usual.call("Read", &json!({ "file_path": path }), Deny);
        usual.all(Deny, &[&format!("cat {path}"), &format!("cat < {path}"), &format!("grep -a x {path}")]);
    }
    // and what shows them all
    usual.all(Ask, &["set", "set | grep TOKEN", "ls; set", "declare -p", "export -p", "typeset", "compgen -v"]);
    usual.all(Deny, &["env", "printenv", "ls; printenv TOKEN"]);
    usual.all(Allow, &["set -e; ls", "set -euo pipefail; ls"]);
    let wide = Project::new(WIDE);
    wide.all(Ask, &["cat /proc/self/environ", "cat /proc/$$/environ", "cat < /proc/self/mem"]);
    wide.call("Read", &json!({"file_path": "/proc/self/environ"}), Ask);
}

/// CVE-2025-59532: a working directory that the model chose counted as one it may write.
#[test]
fn a_directory_that_the_model_chose() {
    let project = Project::new(WIDE);
    for directory in ["/", "/etc", "..", "../project-evil", "~", "/tmp"] {
        for text in ["echo x > y", "touch y", "cat y", "git status"] {
            for field in ["workdir", "cwd", "directory"] {
                let (told, ruling) = project.ruled(HookHost::Claude, "default", "Bash", &json!({"command": text, field: directory}), None);
                assert!(told >= Ask, "{field} {directory} {text}: {:?}", ruling.parts);
            }
            project.shell(&format!("cd {directory} && {text}"), Ask);
        }
    }
    // the same where the agent itself says that it works there
    let question = json!({"session_id": "s", "cwd": "/etc", "hook_event_name": "PreToolUse", "tool_name": "Write", "tool_input": {"file_path": "y", "content": "x"}});
    let event = read(Asked { host: Some(HookHost::Claude), event: Some("PreToolUse") }, question.to_string().as_bytes()).unwrap();
    assert_eq!(rule(&project.policy, &event, Some(Path::new(HOME)), None).stance, Ask);
    project.call("Bash", &json!({"command": "echo x > y", "workdir": "src"}), Allow);
}

/// CVE-2026-47128: the session's bus starts programs outside of what holds the agent.
#[test]
fn buses_that_start_programs() {
    let usual = Project::new(USUAL);
    for text in [
        "systemd-run --user ./x",
        "busctl --user call a b c d",
        "dbus-send --session x",
        "gdbus call --session",
        "dbus-run-session ./x",
        "systemctl --user start x",
        "ls; systemd-run true",
        "at now < src/a.rs",
        "crontab src/a.rs",
        "tmux new ./x",
        "screen -dm ./x",
        "docker run x",
        "echo $DBUS_SESSION_BUS_ADDRESS",
    ] {
        usual.shell(text, Deny);
    }
    usual.writing("~/.config/systemd/user/x.service", Deny);
}
