//! A client that says exactly what it is told to.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::place::Place;

pub const POLICY: &str = r#"
requires_approval = ["fs.write ask/**"]
[filesystem]
read_allow = ["src/**", "src"]
write_allow = ["src/**", "ask/**"]
delete_allow = ["src/**"]
local_only_read = ["token.txt"]
local_only_write = ["vault/**"]
[environment]
allow_vars = ["LANG"]
local_only_vars = ["API_KEY"]
[subprocess]
allow_commands = ["/bin/echo **", "/bin/sleep **"]
[runtime]
max_seconds = 10
"#;

pub const TOKEN: &str = "tk-4711-QwErTz-0815";

/// Longer than any answer takes, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Session {
    pub place: Place,
    pub child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    next: u64,
    /// What came while something else was waited for.
    pub aside: Vec<Value>,
}

impl Session {
    /// Started, and not greeted.
    pub fn start(policy: &str, args: &[&str]) -> Session {
        let place = Place::new();
        place.file("aegis.toml", policy);
        place.file("src/a.txt", "hello\n");
        place.file("token.txt", TOKEN);
        place.dir("vault");
        let mut command = place.command();
        command.args(["mcp", "--policy", "aegis.toml", "--audit"]).arg(&place.journal).args(args).env("API_KEY", TOKEN);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let (said, lines) = channel();
        let out = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if said.send(line).is_err() {
                    return;
                }
            }
        });
        let input = child.stdin.take();
        Session { place, child, input, lines, next: 0, aside: Vec::new() }
    }

    /// Greeted, by a client with these capabilities.
    pub fn with(policy: &str, capabilities: Value) -> Session {
        let mut session = Session::start(policy, &[]);
        let info = json!({ "name": "tester", "version": "7" });
        let greeting = json!({ "protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": info });
        let answer = session.ask("initialize", greeting);
        assert_eq!(answer["result"]["serverInfo"]["name"], "aegis", "{answer}");
        session.tell("notifications/initialized", json!({}));
        session
    }

    pub fn new() -> Session {
        Session::with(POLICY, json!({}))
    }

    pub fn raw(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes)?;
        input.flush()
    }

    pub fn send(&mut self, message: &Value) {
        self.raw(format!("{message}\n").as_bytes()).unwrap();
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request; its id.
    pub fn request(&mut self, method: &str, params: Value) -> u64 {
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        self.next
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.answer(id)
    }

    pub fn begin(&mut self, tool: &str, arguments: Value) -> u64 {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// What a tool gave.
    pub fn tool(&mut self, name: &str, arguments: Value) -> Value {
        let id = self.begin(name, arguments);
        let answer = self.answer(id);
        assert!(answer["result"].is_object(), "{answer}");
        answer["result"].clone()
    }

    /// The answer to a request; whatever else comes is put aside.
    pub fn answer(&mut self, id: u64) -> Value {
        if let Some(at) = self.aside.iter().position(|m| m["id"] == id && m["method"].is_null()) {
            return self.aside.remove(at);
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let message = self.message(until);
            if message["id"] == id && message["method"].is_null() {
                return message;
            }
            self.aside.push(message);
        }
    }

    /// The next request or notification of the server's with that method.
    pub fn asked(&mut self, method: &str) -> Value {
        if let Some(at) = self.aside.iter().position(|m| m["method"] == method) {
            return self.aside.remove(at);
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let message = self.message(until);
            if message["method"] == method {
                return message;
            }
            self.aside.push(message);
        }
    }

    fn message(&mut self, until: Instant) -> Value {
        let line = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())).expect("an answer in time");
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"))
    }

    /// Closes the connection; the exit code, and nothing is left of it.
    pub fn close(mut self) -> Closed {
        self.input.take();
        let pid = self.child.id();
        let until = Instant::now() + PATIENCE;
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            assert!(Instant::now() < until, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(crate::place::children(pid).is_empty());
        let verified = self.place.aegis(&["audit", "verify", &crate::place::text(&self.place.journal)]);
        verified.is(0, &[]);
        Closed { code, records: self.place.records(), place: self.place }
    }
}

pub struct Closed {
    pub code: Option<i32>,
    pub records: Vec<Value>,
    pub place: Place,
}

impl Closed {
    pub fn of(&self, kind: &str) -> Vec<&Value> {
        self.records.iter().filter(|r| r["kind"] == kind).collect()
    }

    /// It ended well, and every call that was begun ended.
    pub fn well(self) -> Closed {
        assert_eq!(self.code, Some(0));
        assert_eq!(self.of("session.start").len(), 1);
        assert_eq!(self.of("session.end").len(), 1);
        assert_eq!(self.of("call.start").len(), self.of("call.end").len());
        self
    }
}

/// The text that a model reads.
pub fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

/// The stable name of an error.
pub fn kind(result: &Value) -> &str {
    assert_eq!(result["isError"], true, "{result}");
    result["structuredContent"]["kind"].as_str().unwrap()
}
