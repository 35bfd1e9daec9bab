//! A script by way of `aegis mcp`: a session of one call that gives a handle of a local-only value, and one that runs the script.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::place::start;

/// What a client is told: how the call ended, as an exit code, and everything in the answer.
pub struct Told {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// `command` starts the server; `pin_file` is the local-only file that holds the value of `args.pin`.
pub fn run(mut command: Command, script: &str, args: &[(&str, String)], pin_file: &str) -> Told {
    command.stdin(Stdio::piped());
    let mut child = start(command);
    let mut line = Client { to: child.stdin.take().unwrap(), from: BufReader::new(child.stdout.take().unwrap()), asked: 0 };
    line.ask(
        "initialize",
        json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "flow", "version": "1" } }),
    );
    line.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    let read = line.ask("tools/call", json!({ "name": "aegis_fs_read", "arguments": { "path": pin_file } }));
    let read = &read["result"]["structuredContent"];
    let pin = match read["local"]["content"]["handle"].as_str() {
        Some(handle) => json!({ "local": handle }),
        // nothing is local-only here
        None => read["content"].clone(),
    };
    let mut given: serde_json::Map<String, Value> = args.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    given.insert("pin".to_owned(), pin);
    let mut answer = line.ask("tools/call", json!({ "name": "aegis_run", "arguments": { "script": script, "args": given } }));
    let Client { to, from, .. } = line;
    // closed: the session is over
    drop(to);
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    let rest: Vec<String> = from.lines().map(Result::unwrap).collect();
    let ended = child.wait().unwrap();
    let failed = answer["result"]["isError"] == true;
    let mut out = answer["result"]["structuredContent"].take();
    out["text"] = answer["result"]["content"].take();
    if failed {
        out["error"] = json!({ "kind": out["kind"] });
    } else if answer.get("error").is_some() {
        out["error"] = json!({ "kind": "protocol", "what": answer["error"] });
    }
    if !rest.is_empty() {
        out["afterwards"] = json!(rest);
    }
    let code = if ended.success() { Some(i32::from(out.get("error").is_some())) } else { ended.code() };
    Told { code, out: out.to_string(), err }
}

struct Client {
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    asked: u64,
}

impl Client {
    fn say(&mut self, message: &Value) {
        writeln!(self.to, "{message}").unwrap();
    }

    /// The answer to a request; what else is said meanwhile counts as said in the answer.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        self.say(&json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params }));
        let mut more = Vec::new();
        loop {
            let mut text = String::new();
            assert!(self.from.read_line(&mut text).unwrap() > 0, "the server has ended");
            let mut message: Value = serde_json::from_str(&text).unwrap();
            if message["id"] == self.asked {
                if !more.is_empty() {
                    message["result"]["structuredContent"]["meanwhile"] = Value::Array(more);
                }
                return message;
            }
            more.push(message);
        }
    }
}
