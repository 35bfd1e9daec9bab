//! Clients that do what none should: the server answers or not, and goes on; the journal is whole, and nothing is left.

use serde_json::json;

use crate::session::{Session, text};

fn still_there(s: &mut Session) {
    assert_eq!(text(&s.tool("aegis_fs_read", json!({ "path": "src/a.txt" }))), "hello\n");
}

#[test]
fn lines_that_are_none() {
    let mut s = Session::new();
    for line in [
        &b"\n"[..],
        b"{\n",
        b"[]\n",
        b"null\n",
        b"\xff\xfe\xfd\n",
        b"{\"jsonrpc\": \"2.0\", \"id\": 1}\n",
        b"{\"jsonrpc\": \"1.0\", \"id\": 5, \"method\": \"tools/list\"}\n",
        b"{\"jsonrpc\": \"2.0\", \"id\": {\"a\": 1}, \"method\": \"tools/list\"}\n",
        b"{\"jsonrpc\": \"2.0\", \"id\": null, \"method\": \"tools/list\"}\n",
        b"{\"jsonrpc\": \"2.0\", \"method\": \"notifications/cancelled\", \"params\": {\"requestId\": \"never\"}}\n",
        b"{\"jsonrpc\": \"2.0\", \"id\": 77, \"result\": {}}\n",
        b"{\"jsonrpc\": \"2.0\", \"id\": 78, \"error\": {\"code\": 1, \"message\": \"x\"}}\n",
        b"[{\"jsonrpc\": \"2.0\", \"id\": 79, \"method\": \"ping\"}, {\"jsonrpc\": \"2.0\", \"id\": 80, \"method\": \"ping\"}]\n",
        b"{\"jsonrpc\": \"2.0\", \"id\": 81, \"method\": \"tools/call\", \"params\": []}\n",
        b"{\"jsonrpc\": \"2.0\", \"id\": 82, \"method\": \"tools/call\", \"params\": {\"name\": 7}}\n",
        b"{\"jsonrpc\": \"2.0\", \"id\": 83, \"method\": \"\xc3\xa4\"}\n",
        b"\x00\x01\x02\n",
    ] {
        s.raw(line).unwrap();
    }
    still_there(&mut s);
    s.close().well();
}

#[test]
fn deep_and_long_messages() {
    let mut s = Session::new();
    let deep = format!("{}{}\n", "[".repeat(200_000), "]".repeat(200_000));
    s.raw(deep.as_bytes()).unwrap();
    let nested = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":900,\"method\":\"tools/call\",\"params\":{{\"name\":\"aegis_run\",\"arguments\":{{\"script\":{}1{}}}}}}}\n",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    s.raw(nested.as_bytes()).unwrap();
    // a line of 100 MB, which nobody keeps
    let memory = |s: &Session| -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", s.child.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
        line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..100 {
        s.raw(&chunk).unwrap();
    }
    s.raw(b"\n").unwrap();
    still_there(&mut s);
    assert!(memory(&s) < 150_000, "{} kB", memory(&s));
    s.close().well();
}

#[test]
fn arguments_that_are_none() {
    let mut s = Session::new();
    for (tool, arguments) in [
        ("aegis_fs_read", json!({})),
        ("aegis_fs_read", json!({ "path": 7 })),
        ("aegis_fs_read", json!({ "path": "src/a.txt", "other": 1 })),
        ("aegis_fs_read", json!({ "path": "src/a.txt", "offset": -1 })),
        ("aegis_fs_read", json!({ "path": "src/\u{0}a" })),
        ("aegis_fs_read", json!({ "path": "" })),
        ("aegis_fs_write", json!({ "path": "src/x", "content": { "local": 7 } })),
        ("aegis_fs_write", json!({ "path": "src/x", "content": [["a"]] })),
        ("aegis_exec", json!({ "argv": "echo" })),
        ("aegis_exec", json!({ "argv": ["/bin/echo"], "timeout_seconds": -1 })),
        ("aegis_exec", json!({ "argv": ["/bin/echo"], "timeout_seconds": 1e300 })),
        ("aegis_run", json!({ "script": 1 })),
        ("aegis_run", json!({ "script": "print(1)", "args": [1] })),
        ("aegis_more", json!({ "id": "../../etc/passwd", "offset": 0 })),
    ] {
        let result = s.tool(tool, arguments.clone());
        assert_eq!(result["isError"], true, "{tool} {arguments}: {result}");
    }
    assert!(!s.place.project.join("src/x").exists());
    still_there(&mut s);
    s.close().well();
}

/// The same number for two requests, requests without end, and cancellations of what was never asked.
#[test]
fn a_flood_is_held() {
    let mut s = Session::new();
    let read = json!({ "jsonrpc": "2.0", "id": 4242, "method": "tools/call", "params": { "name": "aegis_fs_read", "arguments": { "path": "src/a.txt" } } });
    let mut flood = String::new();
    for n in 0..3000 {
        flood += &format!("{read}\n");
        flood += &format!("{}\n", json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": n * 7 } }));
    }
    s.raw(flood.as_bytes()).unwrap();
    still_there(&mut s);
    s.close().well();
}

#[test]
fn a_client_that_never_greets_gets_nothing() {
    let mut s = Session::start(crate::session::POLICY, &[]);
    s.begin("aegis_fs_write", json!({ "path": "src/x", "content": "x" }));
    // an error or nothing
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(!s.place.project.join("src/x").exists());
    s.close();
}
