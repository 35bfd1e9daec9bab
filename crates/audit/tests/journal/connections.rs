//! Records of what confined children reached.

use std::time::Duration;

use aegis_audit::{Connection, ConnectionDenied, ConnectionEnd, ConnectionOpen, EffectResult, Record, Text};

use crate::fixture::{intact, open, place, records};

fn connection(id: u64, effect: Option<u64>, rule: Option<&'static str>) -> Connection<'static> {
    let target = Text::from("GET http://h.example/a");
    Connection { id, effect, protocol: "http", target, host: "h.example".into(), port: 80, rule }
}

fn end(result: EffectResult<'static>, address: Option<&'static str>) -> ConnectionEnd<'static> {
    let took = Duration::from_micros(1500);
    ConnectionEnd { id: 1, result, address: address.map(Text::from), bytes_up: 10, bytes_down: 20, took, detail: Some("status 200".into()) }
}

#[test]
fn each_has_its_fields_and_leaves_out_what_is_not_there() {
    let (_directory, path) = place();
    let journal = open(&path);
    let open = ConnectionOpen { connection: connection(1, Some(4), Some("aegis.toml:3")), addresses: "192.0.2.1, 192.0.2.2".into() };
    let (ok, failed) = (end(EffectResult::Ok, Some("192.0.2.1")), end(EffectResult::Error("network"), None));
    let reason = "no rule in [network].http_get_allow matches";
    let denied = ConnectionDenied { connection: connection(2, None, None), reason: reason.into(), code: "policy_denied" };
    let all: [&dyn Record; 4] = [&open, &ok, &failed, &denied];
    for record in all {
        journal.append(record).unwrap();
    }
    intact(&path);
    let found: Vec<_> = records(&path)
        .into_iter()
        .map(|mut record| {
            let fields = record.as_object_mut().unwrap();
            for common in ["v", "seq", "time", "run", "prev"] {
                fields.remove(common).unwrap();
            }
            // with all digits kept, as another crate of the workspace wants them, 1.500 is not 1.5
            if let Some(ms) = fields.get("ms").and_then(serde_json::Value::as_f64) {
                fields.insert("ms".to_owned(), format!("{ms}").into());
            }
            record
        })
        .collect();
    assert_eq!(
        found,
        [
            serde_json::json!({"kind": "connection.open", "id": 1, "effect": 4, "protocol": "http", "target": "GET http://h.example/a",
                "host": "h.example", "port": 80, "rule": "aegis.toml:3", "addresses": "192.0.2.1, 192.0.2.2"}),
            serde_json::json!({"kind": "connection.end", "id": 1, "result": "ok", "address": "192.0.2.1", "bytes_up": 10,
                "bytes_down": 20, "ms": "1.5", "detail": "status 200"}),
            serde_json::json!({"kind": "connection.end", "id": 1, "result": "error", "code": "network", "bytes_up": 10,
                "bytes_down": 20, "ms": "1.5", "detail": "status 200"}),
            serde_json::json!({"kind": "connection.denied", "id": 2, "protocol": "http", "target": "GET http://h.example/a",
                "host": "h.example", "port": 80, "reason": reason, "code": "policy_denied"}),
        ]
    );
}

#[test]
fn hosts_and_targets_of_children_cannot_break_a_line() {
    let (_directory, path) = place();
    let evil = "a\0b\r\n\u{1b}[2K\u{202e}\"}";
    let connection = Connection { target: evil.into(), host: evil.into(), ..connection(1, None, None) };
    open(&path).append(&ConnectionDenied { connection, reason: evil.into(), code: "bad_argument" }).unwrap();
    intact(&path);
    assert_eq!(records(&path)[0]["host"], evil);
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
}
