//! Each tool does what it says, where the policy allows it.

use serde_json::json;

use crate::session::{POLICY, Session, kind, text};

#[test]
fn tools_are_what_the_policy_grants() {
    let mut all = Session::new();
    let names = |session: &mut Session| -> Vec<String> {
        let answer = session.ask("tools/list", json!({}));
        answer["result"]["tools"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap().to_owned()).collect()
    };
    let listed = names(&mut all);
    for name in ["aegis_run", "aegis_check", "aegis_fs_read", "aegis_fs_write", "aegis_fs_delete", "aegis_exec", "aegis_env", "aegis_why"] {
        assert!(listed.iter().any(|n| n == name), "{name} in {listed:?}");
    }
    assert!(!listed.contains(&"aegis_http".to_owned()), "no host is granted");
    // what is not listed is not there
    let answer = all.ask("tools/call", json!({ "name": "aegis_http", "arguments": { "url": "http://127.0.0.1:1/" } }));
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    all.close().well();

    let mut few = Session::with("[filesystem]\nread_allow = [\"src/**\"]\n", json!({}));
    assert_eq!(
        names(&mut few),
        ["aegis_run", "aegis_check", "aegis_fs_read", "aegis_fs_list", "aegis_why", "aegis_tool_routing", "aegis_more"]
    );
    few.close().well();
}

#[test]
fn files() {
    let mut s = Session::new();
    assert_eq!(text(&s.tool("aegis_fs_read", json!({ "path": "src/a.txt" }))), "hello\n");
    assert_eq!(text(&s.tool("aegis_fs_read", json!({ "path": "src/a.txt", "offset": 1, "limit": 3 }))), "ell");
    s.tool("aegis_fs_write", json!({ "path": "src/b.txt", "content": "one" }));
    s.tool("aegis_fs_write", json!({ "path": "src/b.txt", "content": [" ", "two"], "append": true }));
    assert_eq!(s.place.read("src/b.txt"), "one two");
    s.tool("aegis_fs_replace", json!({ "path": "src/b.txt", "old": "two", "new": "three" }));
    assert_eq!(s.place.read("src/b.txt"), "one three");
    assert_eq!(text(&s.tool("aegis_fs_list", json!({ "path": "src" }))), "a.txt\nb.txt");
    assert_eq!(text(&s.tool("aegis_fs_list", json!({ "pattern": "src/*.txt" }))), "src/a.txt\nsrc/b.txt");
    s.tool("aegis_fs_delete", json!({ "path": "src/b.txt" }));
    assert!(!s.place.project.join("src/b.txt").exists());

    let denied = s.tool("aegis_fs_write", json!({ "path": "other/x", "content": "x" }));
    assert_eq!(kind(&denied), "policy_denied");
    assert!(text(&denied).contains("way out: add \"other/x\" to [filesystem].write_allow"), "{denied}");
    assert!(!s.place.project.join("other").exists());
    assert_eq!(kind(&s.tool("aegis_fs_read", json!({ "path": "src/none" }))), "not_found");
    assert_eq!(kind(&s.tool("aegis_fs_read", json!({ "path": "/etc/passwd" }))), "policy_denied");
    assert_eq!(kind(&s.tool("aegis_fs_write", json!({ "path": "aegis.toml", "content": "" }))), "policy_denied");
    let ended = s.close().well();
    let calls = ended.of("call.start");
    assert_eq!(calls.len(), 12);
    assert!(calls.iter().all(|c| c["client"] == "tester" && c["client_version"] == "7"), "{calls:?}");
    assert!(calls.iter().all(|c| c["session"] == ended.of("session.start")[0]["run"]));
}

#[test]
fn commands_variables_and_questions() {
    let mut s = Session::new();
    let ran = s.tool("aegis_exec", json!({ "argv": ["/bin/echo", "a b", "c"] }));
    assert_eq!((text(&ran), &ran["structuredContent"]["exit_code"]), ("a b c\n", &json!(0)));
    assert_eq!(kind(&s.tool("aegis_exec", json!({ "argv": ["/bin/cat", "/etc/passwd"] }))), "policy_denied");
    assert_eq!(kind(&s.tool("aegis_exec", json!({ "argv": [] }))), "bad_argument");
    assert_eq!(kind(&s.tool("aegis_env", json!({ "name": "HOME" }))), "policy_denied");
    let why = s.tool("aegis_why", json!({ "access": "fs.write src/x" }));
    assert_eq!(why["structuredContent"]["verdict"], "allow", "{why}");
    let why = s.tool("aegis_why", json!({ "access": "exec git push" }));
    assert_eq!(why["structuredContent"]["verdict"], "deny", "{why}");
    assert_eq!(kind(&s.tool("aegis_why", json!({ "access": "nonsense" }))), "bad_argument");
    s.close().well();
}

/// Whether a file is there is not told by a question that anybody may ask.
#[test]
fn why_looks_at_nothing() {
    let mut s = Session::new();
    std::os::unix::fs::symlink("/etc", s.place.project.join("src/link")).unwrap();
    let mut ask = |path: &str| s.tool("aegis_why", json!({ "access": format!("fs.read {path}") }))["structuredContent"]["verdict"].clone();
    assert_eq!(ask("src/link/passwd"), "allow", "by name alone; the gate looks where the link leads");
    assert_eq!(ask("src/not-there"), "allow");
    let read = s.tool("aegis_fs_read", json!({ "path": "src/link/passwd" }));
    assert_eq!(kind(&read), "policy_denied");
    s.close().well();
}

#[test]
fn scripts() {
    let mut s = Session::new();
    let ran = s.tool("aegis_run", json!({ "script": "print(args.who)\nresult = {\"n\": 1}", "args": { "who": "mia" } }));
    assert_eq!(text(&ran), "mia\nresult: {\"n\":1}");
    assert_eq!(ran["structuredContent"]["result"], json!({ "n": 1 }));
    for (script, expected) in [
        ("fs.raed(\"x\")", "refused"),
        ("p = \"/etc/passwd\"\nfs.read(p)", "policy_denied"),
        ("x = 1 +", "syntax"),
        ("fail(\"no\")", "script"),
        ("while True:\n    pass", "syntax"),
        ("for i in range(1000000000):\n    pass", "limit"),
        ("def f(n):\n    return f(n + 1)\nf(0)", "limit"),
        ("x = \"ab\"\nfor i in range(40):\n    x = x + x", "limit"),
    ] {
        assert_eq!(kind(&s.tool("aegis_run", json!({ "script": script }))), expected, "{script}");
    }
    assert_eq!(text(&s.tool("aegis_run", json!({ "script": "print(\"still here\")" }))), "still here\n");
    let checked = s.tool("aegis_check", json!({ "script": "fs.raed(\"x\")" }));
    assert_eq!(checked["structuredContent"]["ok"], false);
    assert!(text(&checked).contains("did you mean fs.read?"), "{checked}");
    assert!(s.tool("aegis_check", json!({ "script": "print(1)" }))["structuredContent"]["ok"] == true);
    s.close().well();
}

#[test]
fn long_answers_are_cut_and_read_on() {
    let mut s = Session::new();
    let whole = "zeile äöü\n".repeat(20_000);
    s.place.file("src/long.txt", &whole);
    let mut part = s.tool("aegis_fs_read", json!({ "path": "src/long.txt" }));
    assert!(text(&part).contains("read on with aegis_more"), "{}", &text(&part)[text(&part).len() - 200..]);
    let mut read = part["structuredContent"]["content"].as_str().unwrap().to_owned();
    while let Some(more) = part["structuredContent"].get("more").cloned() {
        part = s.tool("aegis_more", json!({ "id": more["id"], "offset": more["offset"] }));
        read += part["structuredContent"]["text"].as_str().unwrap();
    }
    assert_eq!(read, whole);
    assert_eq!(kind(&s.tool("aegis_more", json!({ "id": "unknown", "offset": 0 }))), "not_found");
    s.close().well();
}

#[test]
fn resources_tell_what_is_granted_and_nothing_else() {
    let mut s = Session::with(&format!("inherits = \"secure-defaults\"\n{POLICY}"), json!({}));
    let listed = s.ask("resources/list", json!({}));
    assert_eq!(listed["result"]["resources"].as_array().unwrap().len(), 3);
    let mut read = |uri: &str| s.ask("resources/read", json!({ "uri": uri }));
    for uri in ["aegis://policy", "aegis://capabilities"] {
        let answer = read(uri).to_string();
        assert!(answer.contains("src/**"), "{answer}");
        for secret in ["token.txt", "vault", "API_KEY", "deny", ".ssh"] {
            assert!(!answer.contains(secret) || secret == "deny" && answer.contains("is denied"), "{secret} in {answer}");
        }
    }
    assert!(read("aegis://builtins").to_string().contains("fs.read_range"));
    assert!(read("aegis://local/unknown")["error"].is_object());
    assert!(read("file:///etc/passwd")["error"].is_object());
    s.close().well();
}
