//! What the journal holds, and what does not happen where it cannot hold it.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use aegis_audit::{Connection, ConnectionDenied, Verdict as Audited, VerifyOptions, verify};
use aegis_effect::{Effect, ErrorCode};
use aegis_gate::ApproveAll;

use crate::server::{Server, ok};
use crate::world::{child, code, policy, records};

fn everything(port: u16) -> String {
    format!(
        r#"
requires_approval = ["fs.delete"]
[filesystem]
read_allow = ["src/**"]
write_allow = ["src/**"]
delete_allow = ["src/**"]
[network]
http_get_allow = ["server.test:{port}"]
allow_ips = ["127.0.0.1"]
[environment]
allow_vars = ["PLAIN", "PATH"]
[subprocess]
allow_commands = ["touch", "cat", "wc"]
"#
    )
}

const VARIABLE: &str = "AEGIS_GATE_TEST_TOP";

/// Another process of this test program that runs only the test `name`, which finds its directory by [`given`].
fn process(name: &str, top: &Path) -> Command {
    let mut command = Command::new("sh");
    // a write beyond a limit is an error then, and no signal
    command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(std::env::current_exe().unwrap());
    command.args([&format!("journal::{name}"), "--exact", "--nocapture", "--test-threads=1"]).env(VARIABLE, top);
    command
}

fn given() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

#[test]
fn a_child_finds_its_own_intent_and_no_outcome() {
    let top = tempfile::tempdir().unwrap();
    let log = top.path().canonicalize().unwrap().join("log.txt");
    let text = everything(1).replace("read_allow = [", &format!("read_allow = [{:?}, ", log.to_string_lossy()));
    let mut w = policy(&text).journal_at(&log).open();
    let seen = w.stdout(&["cat", &log.to_string_lossy()]);
    assert!(seen.contains("\"effect.intent\"") && !seen.contains("\"effect.outcome\""), "{seen}");
    assert_eq!(w.kinds(), ["confinement", "effect.intent", "effect.outcome"]);
}

#[test]
fn every_effect_has_its_records_with_rule_and_resolved_object() {
    let mut w = policy(&everything(1)).file("src/a", "abc").var("PLAIN", "v").approver(ApproveAll).open();
    w.read("src/a").unwrap();
    w.env("PLAIN").unwrap();
    w.write("src/b", "x").unwrap();
    w.delete("src/b").unwrap();
    w.run(&["touch", "src/c"]).unwrap();
    w.read("nothing").unwrap_err();
    let all = w.records();
    let kinds: Vec<&str> = all.iter().map(|r| r["kind"].as_str().unwrap()).collect();
    let pair = ["effect.intent", "effect.outcome"];
    assert_eq!(
        kinds,
        [vec!["effect", "effect"], pair.to_vec(), vec!["approval"], pair.to_vec(), vec!["confinement"], pair.to_vec(), vec!["denied"]]
            .concat()
    );
    let read = &all[0];
    assert_eq!(
        (read["call"].as_str(), read["target"].as_str(), read["line"].as_u64(), read["bytes"].as_u64()),
        (Some("fs.read"), Some("src/a"), Some(7), Some(3))
    );
    assert_eq!(read["resolved"].as_str().unwrap(), w.root.join("src/a").to_string_lossy());
    assert_eq!(read["rule"], "policy.toml:4");
    assert_eq!((all[4]["answer"].as_str(), all[4]["by"].as_str()), (Some("yes, for this run"), Some("--yes")));
    assert_eq!((all[5]["approver"].as_str(), all[4]["id"].as_u64()), (Some("--yes"), all[5]["id"].as_u64()));
    assert!(
        all.iter()
            .filter(|r| r["kind"] == "effect.outcome")
            .all(|r| all.iter().any(|i| i["kind"] == "effect.intent" && i["id"] == r["id"]))
    );
    w.assert_intact();
}

/// Everything that changes or shows something, on a journal that cannot take a record more.
fn nothing_happens(w: &mut crate::world::World, server: &Server) {
    let url = format!("http://server.test:{}/", server.addr.port());
    for answer in [
        w.write("src/new", "x"),
        w.append("src/a", "x"),
        w.replace("src/a", "abc", "x"),
        w.delete("src/a"),
        w.read("src/a"),
        w.env("PLAIN"),
        w.get(&url),
        w.run(&["touch", "src/touched"]),
        w.perform(Effect::FsMkdir { path: "src/dir".into() }),
        w.read("/etc/passwd"),
    ] {
        let error = answer.unwrap_err();
        assert_eq!(error.code, ErrorCode::Journal, "{error}");
        assert!(error.message.starts_with("nothing was done: "), "{error}");
    }
    assert_eq!(w.content("src/a"), "abc");
    assert!(!w.is_there("src/new") && !w.is_there("src/touched") && !w.is_there("src/dir"));
    assert_eq!(server.connections(), 0);
}

#[test]
fn nothing_happens_on_a_journal_that_was_cut() {
    let server = Server::start(|_, stream| stream.write_all(&ok("hello")).unwrap());
    let b = policy(&everything(server.addr.port())).name("server.test", &["127.0.0.1"]).file("src/a", "abc").var("PLAIN", "v");
    let mut w = b.approver(ApproveAll).open();
    w.read("src/a").unwrap();
    std::fs::OpenOptions::new().write(true).open(&w.journal).unwrap().set_len(10).unwrap();
    nothing_happens(&mut w, &server);
}

#[test]
fn nothing_happens_on_a_full_disk() {
    let Some(top) = given() else {
        let top = tempfile::tempdir().unwrap();
        let out = process("nothing_happens_on_a_full_disk", top.path()).output().unwrap();
        assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(String::from_utf8_lossy(&out.stdout).contains("it was full"));
        return;
    };
    let server = Server::start(|_, stream| stream.write_all(&ok("hello")).unwrap());
    let b = policy(&everything(server.addr.port())).name("server.test", &["127.0.0.1"]).file("src/a", "abc").var("PLAIN", "v");
    let log = top.join("log");
    let mut w = b.approver(ApproveAll).journal_at(&log).open();
    w.read("src/a").unwrap();
    // no file of this process grows beyond what the log has now: a write there is EFBIG, like ENOSPC on a full disk
    let size = std::fs::metadata(&log).unwrap().len();
    let limit = rustix::process::Rlimit { current: Some(size + 20), maximum: None };
    rustix::process::setrlimit(rustix::process::Resource::Fsize, limit).unwrap();
    nothing_happens(&mut w, &server);
    println!("it was full");
    assert!(matches!(verify(&log, &VerifyOptions::default()), Audited::Intact(_)));
}

#[test]
fn two_gates_on_one_journal_make_one_chain() {
    let top = tempfile::tempdir().unwrap();
    let log = top.path().join("log");
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let log = log.clone();
            std::thread::spawn(move || {
                let mut w = policy(&everything(1)).file("src/a", "abc").journal_at(&log).open();
                for i in 0..50 {
                    w.write(&format!("src/f{i}"), "x").unwrap();
                    w.read("src/a").unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(matches!(verify(&log, &VerifyOptions::default()), Audited::Intact(_)));
    let all = records(&log);
    assert_eq!(all.len(), 4 * 50 * 3);
    let runs: std::collections::BTreeSet<_> = all.iter().map(|r| r["run"].to_string()).collect();
    assert_eq!(runs.len(), 4);
}

#[test]
fn a_broker_killed_within_an_effect_leaves_an_intent_and_a_whole_chain() {
    let Some(top) = given() else {
        let top = tempfile::tempdir().unwrap();
        let status = process("a_broker_killed_within_an_effect_leaves_an_intent_and_a_whole_chain", top.path()).output().unwrap().status;
        assert_eq!(status.signal(), Some(9));
        let log = top.path().join("log");
        let kinds: Vec<String> = records(&log).iter().map(|r| r["kind"].as_str().unwrap().to_owned()).collect();
        assert_eq!(kinds, ["effect.intent", "effect.outcome", "confinement", "effect.intent"]);
        assert!(matches!(verify(&log, &VerifyOptions::default()), Audited::Intact(_)));
        // and another run goes on behind it
        let mut w = policy(&everything(1)).file("src/a", "abc").journal_at(&log).open();
        w.read("src/a").unwrap();
        w.assert_intact();
        return;
    };
    let text = everything(1).replace("allow_commands = [", "allow_commands = [\"sh -c **\", ");
    let mut w = policy(&text).journal_at(&top.join("log")).open();
    w.write("src/a", "x").unwrap();
    let kill = child(&["sh", "-c", &format!("kill -9 {}", std::process::id())]);
    let _ = w.perform(Effect::Exec(kill));
    unreachable!("killed");
}

#[test]
fn budgets_end_the_run_and_are_journalled_as_limits() {
    let runtime = "[runtime]\nmax_total_calls = 3\nmax_calls_per_capability = { \"fs.write\" = 1 }\n";
    let mut w = policy(&format!("{}{runtime}", everything(1))).file("src/a", "abc").open();
    w.write("src/one", "x").unwrap();
    let error = w.write("src/two", "x").unwrap_err();
    assert!(error.code == ErrorCode::Limit && !error.code.is_catchable(), "{error}");
    assert!(!w.is_there("src/two"));
    w.read("src/a").unwrap();
    for _ in 0..3 {
        assert_eq!(code(&w.read("src/a")), Some(ErrorCode::Limit));
    }
    let limits: Vec<_> =
        w.records().into_iter().filter(|r| r["kind"] == "limit").map(|r| (r["name"].to_string(), r["limit"].as_u64())).collect();
    assert_eq!(limits[0], ("\"max_calls_per_capability\"".to_owned(), Some(1)));
    assert_eq!(limits[1], ("\"max_total_calls\"".to_owned(), Some(3)));
    w.assert_intact();
}

#[test]
fn the_runs_time_also_ends_a_child() {
    let text = everything(1).replace("\"touch\"", "\"sleep\", \"touch\"") + "[runtime]\nmax_seconds = 1\n";
    let mut w = policy(&text).open();
    assert_eq!(code(&w.run(&["sleep", "30"])), Some(ErrorCode::Exec));
    assert_eq!(code(&w.run(&["touch", "src/late"])), Some(ErrorCode::Limit));
    assert!(!w.is_there("src/late"));
}

#[test]
fn connections_of_children_stand_in_the_journal_of_their_run() {
    let mut w = policy(&everything(1)).file("src/a", "abc").open();
    w.read("src/a").unwrap();
    let connection =
        Connection { id: 1, effect: Some(1), protocol: "http", target: "GET http://h/".into(), host: "h".into(), port: 80, rule: None };
    let connections = w.gate.ledger().connections();
    std::thread::spawn(move || connections.denied(&ConnectionDenied { connection, reason: "no".into(), code: "policy_denied" }).unwrap())
        .join()
        .unwrap();
    w.read("src/a").unwrap();
    assert_eq!(w.kinds(), ["effect", "connection.denied", "effect"]);
    assert!(w.records().iter().all(|r| r["run"] == w.records()[0]["run"]));
    w.assert_intact();
}
