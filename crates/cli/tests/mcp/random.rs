//! Random messages: whatever comes, the server answers what can be answered, and ends well.
//!
//! 400 messages; with `AEGIS_MCP_MESSAGES=10000` as many as that. A long session, with `AEGIS_MCP_CALLS=20000` as long as that: memory is flat.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::session::{Session, text};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Takes choices from bytes; where none are left the first is taken.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::from(self.0.next().copied().unwrap_or(0)) % all.len()].clone()
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.of(&[0, 1, 2, 3, 4, 5, 6]) {
            0 => self.of(&[
                json!("src/a.txt"),
                json!(""),
                json!("\u{0}"),
                json!("aegis://local/x"),
                json!("../../etc/passwd"),
                json!("print(1)"),
            ]),
            1 => self.of(&[json!(0), json!(-1), json!(1e308), json!(18_446_744_073_709_551_615_u64)]),
            2 => Value::Null,
            3 => json!(self.of(&[true, false])),
            4 if depth > 0 => json!([self.value(depth - 1), self.value(depth - 1)]),
            5 if depth > 0 => {
                let name = self.of(&["path", "script", "argv", "local", "content", "args", "_meta", "name"]);
                json!({ name: self.value(depth - 1) })
            }
            _ => json!("x"),
        }
    }

    fn message(&mut self) -> String {
        let tools = ["aegis_run", "aegis_fs_read", "aegis_fs_write", "aegis_exec", "aegis_why", "aegis_more", "aegis_check", "nothing", ""];
        let methods = [
            "tools/call",
            "tools/list",
            "resources/read",
            "resources/list",
            "ping",
            "initialize",
            "notifications/cancelled",
            "notifications/initialized",
            "completion/complete",
            "logging/setLevel",
            "server/discover",
            "elicitation/create",
            "x",
            "",
        ];
        let method = self.of(&methods);
        let params = match method {
            "tools/call" => {
                let mut arguments = serde_json::Map::new();
                for name in ["path", "content", "script", "argv", "id", "offset", "access", "append", "args", "stdin", "timeout_seconds"] {
                    if self.of(&[false, false, true]) {
                        arguments.insert(name.to_owned(), self.value(2));
                    }
                }
                json!({ "name": self.of(&tools), "arguments": arguments })
            }
            "resources/read" => json!({ "uri": self.of(&["aegis://policy", "aegis://local/x", "", "file:///etc/passwd"]) }),
            "notifications/cancelled" => json!({ "requestId": self.of(&[json!(1), json!("a"), Value::Null, json!(1_000_001)]) }),
            _ => self.value(3),
        };
        let mut message = json!({ "jsonrpc": self.of(&["2.0", "2.0", "2.0", "1.0"]), "method": method, "params": params });
        match self.of(&[0, 0, 0, 1, 2, 3]) {
            0 => message["id"] = json!(self.of(&(1_000_001..1_000_101).collect::<Vec<u64>>())),
            1 => message["id"] = self.of(&[json!("a"), json!(-5), json!(1.5), json!({})]),
            2 => {}
            _ => message["result"] = self.value(1),
        }
        let text = message.to_string();
        match self.of(&[0, 0, 0, 0, 0, 0, 1, 2]) {
            1 => text.chars().take(text.chars().count() / 2).collect(),
            2 => format!("[{text},{text}]"),
            _ => text,
        }
    }
}

#[test]
fn random_messages_break_nothing() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut s = Session::new();
    for n in 0..number("AEGIS_MCP_MESSAGES", 400) {
        let bytes = proptest::collection::vec(proptest::num::u8::ANY, 40..80).new_tree(&mut runner).unwrap().current();
        let message = Choices(bytes.iter()).message();
        s.raw(format!("{message}\n").as_bytes()).unwrap();
        if n % 50 == 49 {
            assert_eq!(text(&s.tool("aegis_fs_read", json!({ "path": "src/a.txt" }))), "hello\n", "after {message}");
            s.aside.clear();
        }
    }
    s.close().well();
}

#[test]
fn memory_is_flat_over_many_calls() {
    let mut s = Session::new();
    let calls = number("AEGIS_MCP_CALLS", 300);
    let resident = |s: &Session| -> u64 {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", s.child.id())).unwrap();
        statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
    };
    let mut after_some = 0;
    for n in 0..calls {
        match n % 4 {
            0 => s.tool("aegis_run", json!({ "script": "print(1)" })),
            1 => s.tool("aegis_fs_read", json!({ "path": "token.txt" })),
            2 => s.tool("aegis_fs_write", json!({ "path": "src/b.txt", "content": "x" })),
            _ => s.tool("aegis_fs_read", json!({ "path": "src/none" })),
        };
        if n == calls / 5 {
            after_some = resident(&s);
        }
    }
    let grown = resident(&s).saturating_sub(after_some);
    assert!(grown < 5 << 20, "{grown} bytes more after {calls} calls");
    s.close().well();
}
