//! Local-only values: a client holds handles and never content.

use serde_json::{Value, json};

use crate::session::{Session, TOKEN, kind, text};

fn handle(result: &Value, field: &str) -> String {
    assert!(!result.to_string().contains(TOKEN), "{result}");
    assert_eq!(result["structuredContent"][field], "[REDACTED]", "{result}");
    result["structuredContent"]["local"][field]["handle"].as_str().unwrap().to_owned()
}

#[test]
fn a_handle_goes_where_the_value_may_go() {
    let mut s = Session::new();
    let file = handle(&s.tool("aegis_fs_read", json!({ "path": "token.txt" })), "content");
    let variable = handle(&s.tool("aegis_env", json!({ "name": "API_KEY" })), "value");
    let content = json!(["Bearer ", { "local": file }, " and ", { "local": variable }]);
    s.tool("aegis_fs_write", json!({ "path": "vault/x", "content": content }));
    assert_eq!(s.place.read("vault/x"), format!("Bearer {TOKEN} and {TOKEN}"));
    // and nowhere else
    let public = s.tool("aegis_fs_write", json!({ "path": "src/x", "content": { "local": file } }));
    assert_eq!(kind(&public), "flow_denied");
    assert!(text(&public).contains("file:token.txt"));
    assert!(!s.place.project.join("src/x").exists());
    let echoed = s.tool("aegis_exec", json!({ "argv": ["/bin/echo", { "local": file }] }));
    assert_eq!(kind(&echoed), "flow_denied");
    assert_eq!(kind(&s.tool("aegis_fs_write", json!({ "path": "vault/x", "content": { "local": "aegis://local/0000" } }))), "bad_argument");
    // text that looks like a handle is text
    s.tool("aegis_fs_write", json!({ "path": "src/y", "content": file }));
    assert_eq!(s.place.read("src/y"), file);
    let ended = s.close().well();
    assert!(!std::fs::read_to_string(&ended.place.journal).unwrap().contains(TOKEN));
}

#[test]
fn a_handle_is_an_argument_of_a_script() {
    let mut s = Session::new();
    let file = handle(&s.tool("aegis_fs_read", json!({ "path": "token.txt" })), "content");
    let run = |s: &mut Session, script: &str| s.tool("aegis_run", json!({ "script": script, "args": { "t": { "local": file } } }));
    let ran = run(&mut s, "print(args.t, args.t[:4])\nfs.write(\"vault/y\", args.t.upper())");
    assert_eq!(text(&ran), "[REDACTED] [REDACTED]\n");
    assert_eq!(s.place.read("vault/y"), TOKEN.to_uppercase());
    let withheld = run(&mut s, "print(\"before\")\nif args.t.startswith(\"tk\"):\n    print(\"yes\")");
    assert!(text(&withheld).starts_with("before\nfinished (status withheld)"), "{withheld}");
    assert_eq!(withheld["structuredContent"]["status"], "withheld");
    let failed = run(&mut s, "if args.t.startswith(\"tk\"):\n    fail(\"yes\")");
    let other = run(&mut s, "if args.t.startswith(\"xx\"):\n    fail(\"yes\")");
    assert_eq!(failed, other, "how it ended is not told");
    assert_eq!(kind(&run(&mut s, "fs.write(\"src/z\", args.t)")), "flow_denied");
    s.close().well();
}
