//! Limits of calls and of the session; calls that are cancelled, or whose client goes away.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::place::{is_alive, until};
use crate::session::{POLICY, Session, kind, text};

#[test]
fn a_session_has_so_many_calls_and_effects() {
    let mut s = Session::with(&format!("{POLICY}[mcp]\nmax_session_calls = 3\n"), json!({}));
    for _ in 0..3 {
        s.tool("aegis_fs_read", json!({ "path": "src/a.txt" }));
    }
    let over = s.tool("aegis_fs_read", json!({ "path": "src/a.txt" }));
    assert_eq!(kind(&over), "limit");
    assert!(text(&over).contains("max_session_calls"));
    s.close().well();

    let mut s = Session::with(&format!("{POLICY}[mcp]\nmax_session_effects = 5\n"), json!({}));
    let script = json!({ "script": "for i in range(3):\n    fs.read(\"src/a.txt\")\nprint(\"done\")" });
    assert_eq!(text(&s.tool("aegis_run", script.clone())), "done\n");
    assert_eq!(kind(&s.tool("aegis_run", script.clone())), "limit", "two are left");
    assert_eq!(kind(&s.tool("aegis_run", script)), "limit");
    s.close().well();
}

#[test]
fn a_cancelled_call_ends_with_all_it_started() {
    let mut s = Session::new();
    let id = s.begin("aegis_exec", json!({ "argv": ["/bin/sleep", "9741"] }));
    until("the child runs", || is_alive("/bin/sleep 9741"));
    let began = Instant::now();
    s.tell("notifications/cancelled", json!({ "requestId": id, "reason": "enough" }));
    until("the child is gone", || !is_alive("/bin/sleep 9741"));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let id = s.begin("aegis_run", json!({ "script": "for i in range(100000000):\n    pass" }));
    std::thread::sleep(Duration::from_millis(300));
    s.tell("notifications/cancelled", json!({ "requestId": id }));
    assert_eq!(text(&s.tool("aegis_fs_read", json!({ "path": "src/a.txt" }))), "hello\n", "the server goes on");
    until("both have ended", || s.place.records_of("call.end").len() == 3);
    assert!(s.aside.is_empty(), "what is cancelled is not answered: {:?}", s.aside);
    let ended = s.close().well();
    assert_eq!(ended.of("call.end").iter().filter(|c| c["status"] != "ok").count(), 2);
}

#[test]
fn a_client_that_goes_away_leaves_nothing_behind() {
    let mut s = Session::new();
    s.begin("aegis_exec", json!({ "argv": ["/bin/sleep", "9742"] }));
    s.begin("aegis_run", json!({ "script": "for i in range(100000000):\n    pass" }));
    until("the child runs", || is_alive("/bin/sleep 9742"));
    let ended = s.close().well();
    assert!(!is_alive("/bin/sleep 9742"));
    assert_eq!(ended.of("session.end")[0]["why"], "closed");
}

#[test]
fn a_server_that_is_told_to_stop_ends_what_runs() {
    let mut s = Session::new();
    s.begin("aegis_exec", json!({ "argv": ["/bin/sleep", "9743"] }));
    until("the child runs", || is_alive("/bin/sleep 9743"));
    let pid = rustix::process::Pid::from_child(&s.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    until("the child is gone", || !is_alive("/bin/sleep 9743"));
    let ended = s.close().well();
    assert_eq!(ended.of("session.end")[0]["why"], "signal");
}

#[test]
fn progress_is_told_to_a_client_that_wants_it() {
    let mut s = Session::new();
    let call = json!({ "name": "aegis_exec", "arguments": { "argv": ["/bin/sleep", "2.5"] }, "_meta": { "progressToken": "p" } });
    let id = s.request("tools/call", call);
    let told = s.asked("notifications/progress");
    assert_eq!(told["params"]["progressToken"], "p");
    assert_eq!(s.answer(id)["result"]["isError"], false);
    s.close().well();
}

#[test]
fn more_calls_than_threads_are_all_answered() {
    let mut s = Session::new();
    let ids: Vec<u64> = (0..40).map(|n| s.begin("aegis_run", json!({ "script": format!("print({n})") }))).collect();
    for (n, id) in ids.into_iter().enumerate() {
        assert_eq!(text(&s.answer(id)["result"]), format!("{n}\n"));
    }
    s.close().well();
}
