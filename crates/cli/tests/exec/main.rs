//! `aegis exec`: what a command can and cannot do, seen from outside.
//!
//! Where the kernel or a container gives no user namespaces or no notification of system calls, every test says so and does nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod agreement;
mod attacks;
mod commands;
#[path = "../cli/place.rs"]
#[allow(dead_code)]
mod place;
mod projects;
#[path = "../cli/web.rs"]
#[allow(dead_code)]
mod web;

use std::io::Write;

use place::{Ended, Place, wait};
use web::{Server, ok};

const POLICY: &str = r#"
version = 1
[filesystem]
read_allow = ["**"]
deny = ["secret/**", ".env"]
local_only_read = ["token.txt"]
write_allow = ["out/**", "a.txt"]
delete_allow = ["out/**"]
[environment]
allow_vars = ["PATH", "SHOWN"]
"#;

struct Held {
    place: Place,
}

impl Held {
    /// None where this machine cannot hold a command.
    fn new(policy: &str) -> Option<Held> {
        let place = Place::new();
        place.file("aegis.toml", policy);
        place.file("a.txt", "hello\n");
        place.file(".env", "KEY=swordfish\n");
        place.file("secret/key", "swordfish\n");
        place.file("token.txt", "swordfish\n");
        let held = Held { place };
        let ended = held.sh("true");
        if ended.err.contains("the kernel cannot hold the command here") {
            let _ = writeln!(std::io::stderr(), "SKIPPED, not shown on this machine: {}", ended.err.trim());
            return None;
        }
        ended.is(0, &[]);
        Some(held)
    }

    fn sh(&self, line: &str) -> Ended {
        let mut command = self.place.command();
        command.env("SHOWN", "yes").env("HIDDEN", "swordfish");
        command.args(["exec", "--policy", "aegis.toml", "--audit"]).arg(&self.place.journal).args(["--", "sh", "-c", line]);
        wait(command)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.place.project.join(name)).unwrap_or_else(|error| format!("{:?}", error.kind()))
    }
}

#[test]
fn reads_what_the_policy_lets_it() {
    let Some(held) = Held::new(POLICY) else { return };
    held.sh("cat a.txt").prints("hello\n");
    let ended = held.sh(
        "cat .env secret/key token.txt; cat /proc/self/root$PWD/.env; ls secret; find / -name key 2>/dev/null; cat ~/.bashrc /etc/shadow",
    );
    assert!(!ended.out.contains("swordfish"), "{}", ended.out);
    let ended = held.sh("env; cat /proc/*/environ");
    assert!(ended.out.contains("SHOWN=yes") && !ended.out.contains("swordfish"), "{}", ended.out);
}

#[test]
fn changes_what_the_policy_lets_it_and_says_what_not() {
    let Some(held) = Held::new(POLICY) else { return };
    let ended = held.sh("mkdir -p out/d && echo new > out/d/x && echo more >> a.txt; echo x > b.txt; echo x > aegis.toml; rm a.txt; mv a.txt out/a; mkdir .git; ln a.txt out/hard; echo end");
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "end\n"), "{}", ended.err);
    assert_eq!(
        (held.read("out/d/x").as_str(), held.read("a.txt").as_str(), held.read("aegis.toml").as_str()),
        ("new\n", "hello\nmore\n", POLICY)
    );
    assert!(["b.txt", ".git", "out/a"].iter().all(|name| !held.place.project.join(name).exists()));
    assert!(
        ended.err.contains("aegis: denied: fs.write b.txt: no rule in [filesystem].write_allow matches\n  way out: add \"b.txt\""),
        "{}",
        ended.err
    );
    let denied = held.place.records_of("denied");
    assert!(denied.iter().any(|record| record["target"].as_str().unwrap().ends_with("/b.txt")), "{denied:?}");
    let start = &held.place.records_of("run.start")[0];
    assert!(start["confinement_actual"].as_str().unwrap().contains("changes judged one by one"), "{start}");
}

#[test]
fn ends_as_the_command_ends() {
    let Some(held) = Held::new(POLICY) else { return };
    assert_eq!(held.sh("exit 7").code, Some(7));
    assert_eq!(held.sh("kill -TERM $$").code, Some(143));
    let mut command = held.place.command();
    command.args(["exec", "--policy", "aegis.toml", "--no-audit", "--", "no-such-program"]);
    wait(command).is(5, &["no-such-program: no such program"]);
    // who asks aegis to end asks the command, which may take its time
    let mut command = held.place.command();
    command.args(["exec", "--policy", "aegis.toml", "--no-audit", "--", "sh", "-c"]);
    command.arg("trap 'echo asked > out/asked; exit 9' TERM; mkdir -p out; echo > out/up; while :; do sleep 0.05; done");
    let mut child = command.spawn().unwrap();
    while !held.place.project.join("out/up").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(9));
    assert_eq!(held.read("out/asked"), "asked\n");
    // nothing it started is left
    let name = format!("9{}", std::process::id());
    held.sh(&format!("sleep {name} & setsid sleep {name} & exit 0"));
    assert!(!place::is_alive(&format!("sleep {name}")));
}

#[test]
fn reaches_nobody() {
    let Some(held) = Held::new(POLICY) else { return };
    let server = Server::answering(|_, stream| ok(stream, "text/plain", b"reached"));
    let ended = held.sh(&format!(
        "curl -sS -m 5 {} || python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {}))'",
        server.url(),
        server.port
    ));
    assert!(ended.code != Some(0) && server.seen().is_empty(), "{}", ended.out);
    // a socket in the project: whoever sees one can connect to it
    let at = held.place.project.join("out/socket");
    std::fs::create_dir_all(at.parent().unwrap()).unwrap();
    let listener = std::os::unix::net::UnixListener::bind(&at).unwrap();
    listener.set_nonblocking(true).unwrap();
    std::fs::set_permissions(&at, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    held.sh("python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.connect(\"out/socket\")'");
    assert!(listener.accept().is_err(), "nobody came");
}

#[test]
fn reaches_the_hosts_of_the_policy_by_the_proxy() {
    let server = Server::answering(|_, stream| ok(stream, "text/plain", b"reached"));
    let policy = format!(
        "{POLICY}\n[network]\nhttp_get_allow = [\"{}/open\"]\nallow_ips = [\"127.0.0.1\"]\n[subprocess]\nnetwork = \"proxy\"\n",
        server.url()
    );
    let Some(held) = Held::new(&policy) else { return };
    if held.sh("command -v curl").code != Some(0) {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no curl here");
        return;
    }
    let get = |path: &str, more: &str| held.sh(&format!("curl -sS -m 10 --noproxy '' {more} {}{path}", server.url()));
    assert_eq!(get("/open", "").out, "reached");
    let seen = server.seen().len();
    assert!(!get("/other", "").out.contains("reached"));
    assert!(!get("/open", "-X POST").out.contains("reached"));
    assert!(held.sh(&format!("curl -sS -m 5 --noproxy '*' {}/open", server.url())).code != Some(0));
    assert_eq!(server.seen().len(), seen, "nobody came");
    let ended = get("/other", "");
    assert!(ended.err.contains("aegis: denied: GET") && ended.err.contains("way out: "), "{}", ended.err);
    assert_eq!(held.place.records_of("connection.open").len(), 1);
}

#[test]
fn what_would_be_asked_is_denied_unless_approved_before() {
    let asks = POLICY.replace("version = 1", "version = 1\nrequires_approval = [\"fs.delete\"]");
    let Some(held) = Held::new(&asks) else { return };
    held.place.file("out/x", "x\n");
    let ended = held.sh("rm out/x");
    assert!(ended.code != Some(0) && ended.err.contains("asks for approval"), "{}", ended.err);
    assert_eq!(held.read("out/x"), "x\n");
    // what it made itself it may take away: programs write beside a file and move that over it
    let ended =
        held.sh("echo new > out/y.tmp && mv out/y.tmp out/y && mkdir out/d && echo z > out/d/z && rm -r out/d; ln out/x out/l && rm out/l");
    assert!(ended.err.contains("fs.delete out/l") && !ended.err.contains("out/y") && !ended.err.contains("out/d"), "{}", ended.err);
    assert_eq!((held.read("out/y").as_str(), held.place.project.join("out/d").exists()), ("new\n", false));
    // in another run it is no more its own
    assert!(held.sh("rm out/y").err.contains("asks for approval"));
    let mut command = held.place.command();
    command.args(["exec", "--policy", "aegis.toml", "--no-audit", "--yes", "--", "sh", "-c", "rm out/x; rm a.txt"]);
    wait(command);
    assert_eq!((held.read("out/x").as_str(), held.read("a.txt").as_str()), ("NotFound", "hello\n"), "what is denied stays denied");
}

#[test]
fn shows_what_it_would_do() {
    let Some(held) = Held::new(POLICY) else { return };
    let mut command = held.place.command();
    command.args(["exec", "--policy", "aegis.toml", "--no-audit", "--dry-run", "--", "sh", "-c", "echo x > a.txt"]);
    let ended = wait(command);
    assert!(ended.out.contains(&format!("rw- {}\n", held.place.project.display())), "{}", ended.out);
    assert!(ended.out.contains("r-x /usr\n") && ended.out.contains("3 names below are hidden"), "{}", ended.out);
    assert_eq!(held.read("a.txt"), "hello\n");
}

#[test]
fn tells_programs_what_was_denied() {
    let Some(held) = Held::new(POLICY) else { return };
    let with = |more: &[&str], line: &str| {
        let mut command = held.place.command();
        command.args(["exec", "--policy", "aegis.toml", "--no-audit", "--json"]).args(more).args(["--", "sh", "-c", line]);
        wait(command)
    };
    let ended = with(&[], "echo x > b.txt; exit 3");
    let object: serde_json::Value = serde_json::from_str(ended.err.lines().last().unwrap()).unwrap();
    assert_eq!(
        (ended.code, object["code"].as_u64(), object["denied"][0]["access"].as_str()),
        (Some(3), Some(3), Some("fs.write")),
        "{object}"
    );
    assert!(object["denied"][0]["suggestion"].as_str().unwrap().contains("write_allow"), "{object}");
    let ended = with(&["--dry-run"], "echo x > b.txt");
    let object: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert!(object["hidden"].as_array().unwrap().iter().any(|path| path.as_str().unwrap().ends_with("/token.txt")), "{object}");
}

#[test]
fn traces_what_was_looked_for() {
    let Some(held) = Held::new(&POLICY.replace("read_allow = [\"**\"]", "read_allow = [\"*.txt\", \"aegis.toml\"]")) else { return };
    held.place.file("other/x.md", "swordfish\n");
    let line = "cat a.txt other/x.md token.txt; test -e .env; cat no-such-file; /usr/bin/env true";
    let ended = held.sh(line);
    assert!(!ended.err.contains("aegis: denied"), "{}", ended.err);
    let mut command = held.place.command();
    command.args(["exec", "--policy", "aegis.toml", "--trace", "--audit"]).arg(&held.place.journal).args(["--", "sh", "-c", line]);
    let ended = wait(command);
    assert!(ended.out.starts_with("hello\n") && !ended.out.contains("swordfish"), "{}", ended.out);
    for told in ["denied: fs.read other/x.md: no rule", "denied: fs.read token.txt: it is local-only", "denied: fs.read .env:"] {
        assert!(ended.err.contains(told), "{told}: {}", ended.err);
    }
    assert!(!ended.err.contains("no-such-file: no rule"), "{}", ended.err);
}

/// What is left behind and ends later is taken care of while the command goes on: else the namespaces are full of what is no more.
#[test]
fn many_that_are_left_behind_leave_room() {
    let Some(held) = Held::new(POLICY) else { return };
    let ended = held.sh("i=0; while [ $i -lt 6000 ]; do (true &) ; i=$((i+1)); done; sleep 0.2; ls -d /proc/[0-9]* | wc -l");
    let left: u32 = ended.out.trim().parse().unwrap_or_else(|_| panic!("{ended:#?}"));
    assert!(left < 50, "{left}");
}

#[test]
fn is_refused_where_nothing_would_hold_it() {
    let Some(held) = Held::new(POLICY) else { return };
    held.place.file("aegis.toml", format!("{POLICY}\n[subprocess]\nconfine = \"off\"\n"));
    let ended = held.sh("touch out/x");
    ended.is(5, &["nothing would hold the command"]);
    assert!(!held.place.project.join("out/x").exists());
}
