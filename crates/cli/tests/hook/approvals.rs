//! What nobody can be asked about waits for a person at a terminal.

use std::process::Command;

use serde_json::{Value, json};

use crate::Agent;
use crate::place::{Ended, wait};

/// Asks as Codex does, from a process that is no ancestor of this one: what approves must not run under the host.
fn codex_asks(agent: &Agent, command: &str) -> String {
    let place = &agent.place;
    let question = json!({
        "session_id": "s", "cwd": place.project, "hook_event_name": "PreToolUse", "tool_name": "Bash",
        "tool_input": {"command": command, "description": format!("try {}", std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos())},
    });
    place.file("question.json", question.to_string());
    let answer = place.project.join("answer.json");
    let _ = std::fs::remove_file(&answer);
    // a program of a name of its own, which is adopted by the system when the shell that starts it ends
    let host = place.project.join("testhost");
    if !host.exists() {
        std::fs::copy("/bin/sh", &host).unwrap();
        crate::place::give(&host);
    }
    let run = format!(
        "'{}' hook --host codex --event PreToolUse < question.json > answer.tmp; mv answer.tmp answer.json",
        crate::place::binary().display()
    );
    let mut shell: Command = place.program("/bin/sh");
    shell.args(["-c", "\"$1\" -c \"$2\" > /dev/null 2>&1 &", "sh"]).arg(&host).arg(run);
    wait(shell).is(0, &[]);
    crate::place::until("the hook answers", || answer.exists());
    std::fs::read_to_string(&answer).unwrap()
}

/// `aegis approve` at a terminal of its own.
fn approve(agent: &Agent, typed: &str) -> Ended {
    let mut command = agent.place.program("/usr/bin/script");
    let typed = typed.to_owned();
    command.args(["-qec", &format!("'{}' approve", crate::place::binary().display()), "/dev/null"]);
    command.stdin(std::process::Stdio::piped());
    let mut child = crate::place::start(command);
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        // what is typed before the question is shown answers nothing, and when that is depends on the machine
        for _ in 0..20 {
            std::thread::sleep(std::time::Duration::from_millis(300));
            if std::io::Write::write_all(&mut stdin, format!("{typed}\n").as_bytes()).is_err() {
                return;
            }
        }
    });
    let ended = crate::place::ended(child);
    writer.join().unwrap();
    ended
}

fn has_script() -> bool {
    let has = std::path::Path::new("/usr/bin/script").exists();
    if !has {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), b"SKIPPED approvals: no script(1) here, which makes a terminal\n");
    }
    has
}

#[test]
fn once_and_for_this_very_call() {
    let Some(agent) = Agent::new("approvals::once_and_for_this_very_call") else { return };
    if !has_script() {
        return;
    }
    let first = codex_asks(&agent, "git push");
    assert!(first.contains("\"deny\"") && first.contains("aegis approve"), "{first}");
    let shown = agent.place.aegis(&["approve", "--list"]);
    assert!(shown.out.contains("codex asks to use Bash") && shown.out.contains("git push"), "{shown:#?}");
    let ended = approve(&agent, "y");
    assert!(ended.out.contains("approved once"), "{ended:#?}");
    // another one is not meant
    let other = codex_asks(&agent, "git push --tags");
    assert!(other.contains("\"deny\""), "{other}");
    let second = codex_asks(&agent, "git push");
    assert_eq!(serde_json::from_str::<Value>(&second).unwrap(), json!({}), "it goes through, with another description");
    let third = codex_asks(&agent, "git push");
    assert!(third.contains("\"deny\""), "once: {third}");
    let told: Vec<(String, String)> =
        agent.records().iter().map(|r| (r["verdict"].as_str().unwrap().to_owned(), r["told"].as_str().unwrap().to_owned())).collect();
    let ask = |told: &str| ("ask".to_owned(), told.to_owned());
    assert_eq!(told, [ask("deny"), ask("deny"), ask("allow"), ask("deny")]);
}

#[test]
fn what_is_denied_does_not_wait_and_no_is_no() {
    let Some(agent) = Agent::new("approvals::what_is_denied_does_not_wait") else { return };
    if !has_script() {
        return;
    }
    codex_asks(&agent, "rm -rf x");
    agent.place.aegis(&["approve", "--list"]).prints("nothing waits for approval\n");
    codex_asks(&agent, "git push");
    let ended = approve(&agent, "n");
    assert!(!ended.out.contains("approved once"), "{ended:#?}");
    agent.place.aegis(&["approve", "--list"]).prints("nothing waits for approval\n");
    assert!(codex_asks(&agent, "git push").contains("\"deny\""));
}

/// The same under the host: an agent that runs `aegis approve` itself.
#[test]
fn an_agent_approves_nothing() {
    let Some(agent) = Agent::new("approvals::an_agent_approves_nothing") else { return };
    // this process is the host, and everything it starts runs under it
    let question =
        json!({"cwd": agent.place.project, "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "git push"}});
    agent.told("codex", "PreToolUse", &question).is(0, &[]);
    agent.place.aegis(&["approve"]).is(4, &["an agent approves nothing"]);
    if has_script() {
        let ended = approve(&agent, "y");
        assert!(ended.out.contains("an agent approves nothing"), "{ended:#?}");
    }
    assert!(agent.told("codex", "PreToolUse", &question).out.contains("\"deny\""));
    // no terminal at all, and nobody above
    agent.place.aegis(&["approve", "--list"]).is(0, &[]);
}

/// A grant that is too old, not ours to read, or a link counts for nothing.
#[test]
fn forged_grants() {
    let Some(agent) = Agent::new("approvals::forged_grants") else { return };
    let question =
        json!({"cwd": agent.place.project, "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "git push"}});
    agent.told("codex", "PreToolUse", &question).is(0, &[]);
    let directory = agent.place.home.join(".local/state/aegis/approvals");
    let waiting = std::fs::read_dir(&directory).unwrap().flatten().next().unwrap().file_name().into_string().unwrap();
    let granted = directory.join(waiting.replace("waiting", "granted"));
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for text in [String::new(), "x".to_owned(), (now - 1).to_string(), (now + 100_000).to_string(), "99999999999999999999999".to_owned()] {
        std::fs::write(&granted, text).unwrap();
        crate::place::give(&granted);
        assert!(agent.told("codex", "PreToolUse", &question).out.contains("\"deny\""));
    }
    std::fs::write(directory.join("real"), (now + 60).to_string()).unwrap();
    let _ = std::fs::remove_file(&granted);
    std::os::unix::fs::symlink("real", &granted).unwrap();
    assert!(agent.told("codex", "PreToolUse", &question).out.contains("\"deny\""), "a link");
}
