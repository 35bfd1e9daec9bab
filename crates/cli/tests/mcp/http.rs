//! Streamable HTTP: only for this machine, only with the token, and not for web pages.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::place::{Place, wait};
use crate::session::POLICY;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

struct Server {
    place: Place,
    child: Child,
    port: u16,
}

struct Answered {
    status: u16,
    head: String,
    body: String,
}

impl Server {
    fn start() -> Server {
        let place = Place::new();
        place.file("aegis.toml", POLICY);
        place.file("src/a.txt", "hello\n");
        let file = place.file("token", TOKEN);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let mut command = place.command();
        command.args(["mcp", "--policy", "aegis.toml", "--http", "127.0.0.1:0", "--token-file", "token", "--audit"]).arg(&place.journal);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().trim_end_matches("/mcp").rsplit(':').next().unwrap().parse().unwrap_or_else(|e| panic!("{e}: {line}"));
        Server { place, child, port }
    }

    fn post(&self, headers: &str, body: &Value) -> Answered {
        let body = body.to_string();
        self.say(&format!(
            "POST /mcp HTTP/1.1\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ))
    }

    fn say(&self, text: &str) -> Answered {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        let (head, body) = all.split_once("\r\n\r\n").unwrap_or((&all, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        Answered { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    fn host(&self) -> String {
        format!("host: 127.0.0.1:{}\r\n", self.port)
    }

    fn stop(mut self) -> Place {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        self.place
    }
}

fn greeting() -> Value {
    let info = json!({ "name": "web", "version": "1" });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": { "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info } })
}

#[test]
fn only_who_has_the_token_and_is_no_web_page() {
    let s = Server::start();
    let host = s.host();
    let auth = format!("authorization: Bearer {TOKEN}\r\n");
    for (headers, status) in [
        (host.clone(), 401),
        (format!("{host}authorization: Bearer {}\r\n", "0".repeat(32)), 401),
        (format!("{host}authorization: Bearer\r\n"), 401),
        (format!("{host}authorization: Basic {TOKEN}\r\n"), 401),
        (format!("{host}{auth}origin: https://evil.example\r\n"), 403),
        (format!("{host}{auth}origin: null\r\n"), 403),
        (format!("host: evil.example\r\n{auth}"), 403),
        (format!("host: 127.0.0.1.evil.example:{}\r\n{auth}", s.port), 403),
        (format!("{host}{auth}"), 200),
        (format!("{host}{auth}origin: http://localhost:{}\r\n", s.port), 200),
    ] {
        let answered = s.post(&headers, &greeting());
        assert_eq!(answered.status, status, "{headers}: {}", answered.body);
        assert!(status == 200 || !answered.body.contains("aegis"), "no hint of what is here: {}", answered.body);
    }
    assert_eq!(s.say(&format!("GET /other HTTP/1.1\r\n{host}{auth}connection: close\r\n\r\n")).status, 404);
    assert_eq!(s.say(&format!("PUT /mcp HTTP/1.1\r\n{host}{auth}connection: close\r\n\r\n")).status, 405);
    s.stop();
}

#[test]
fn a_session_over_http() {
    let s = Server::start();
    let headers = format!("{}authorization: Bearer {TOKEN}\r\n", s.host());
    let greeted = s.post(&headers, &greeting());
    assert_eq!(greeted.status, 200);
    let id = greeted.head.lines().find_map(|l| l.strip_prefix("mcp-session-id: ")).unwrap_or_else(|| panic!("{}", greeted.head));
    let headers = format!("{headers}mcp-session-id: {id}\r\nmcp-protocol-version: 2025-11-25\r\n");
    assert_eq!(s.post(&headers, &json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).status, 202);
    let call = |name: &str, arguments: Value| json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": name, "arguments": arguments } });
    let read = s.post(&headers, &call("aegis_fs_read", json!({ "path": "src/a.txt" })));
    assert!(read.body.contains("hello"), "{}", read.body);
    let denied = s.post(&headers, &call("aegis_fs_read", json!({ "path": "/etc/passwd" })));
    assert!(denied.body.contains("policy_denied") && !denied.body.contains("root:"), "{}", denied.body);
    let place = s.stop();
    let calls = place.records_of("call.start");
    assert_eq!(calls.len(), 2);
    assert!(calls.iter().all(|c| c["client"] == "web"), "{calls:?}");
    assert_eq!(place.records_of("session.end")[0]["why"], "signal");
}

#[test]
fn a_token_is_made_kept_and_only_its_owners() {
    let place = Place::new();
    place.file("aegis.toml", POLICY);
    let refused = |file: &str, says: &str| {
        let mut command = place.command();
        command.args(["mcp", "--policy", "aegis.toml", "--no-audit", "--http", "127.0.0.1:0", "--token-file", file]);
        wait(command).is(5, &[says]);
    };
    place.file("open", TOKEN);
    refused("open", "others can read it");
    let short = place.file("short", "abc");
    std::fs::set_permissions(&short, std::fs::Permissions::from_mode(0o600)).unwrap();
    refused("short", "16 visible characters");
    let mut command = place.command();
    command.args(["mcp", "--policy", "aegis.toml", "--no-audit", "--http", "0.0.0.0:0", "--token-file", "new"]);
    wait(command).is(5, &["no address of this machine alone"]);
    let mut command = place.command();
    command.args(["mcp", "--policy", "aegis.toml", "--http", "127.0.0.1:0"]);
    wait(command).is(64, &["--token-file"]);
}
