//! Approvals: the person behind the client is asked, or it is not done.

use serde_json::{Value, json};

use crate::session::{POLICY, Session, kind};

fn write(s: &mut Session) -> u64 {
    s.begin("aegis_fs_write", json!({ "path": "ask/x", "content": "text" }))
}

fn reply(s: &mut Session, question: &Value, result: Value) {
    s.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": result }));
}

#[test]
fn accepted_declined_cancelled() {
    for (action, done) in [("accept", true), ("decline", false), ("cancel", false)] {
        let mut s = Session::with(POLICY, json!({ "elicitation": {} }));
        let id = write(&mut s);
        let question = s.asked("elicitation/create");
        let message = question["params"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("fs.write") && message.contains("ask/x") && message.contains("rule: "), "{message}");
        assert!(!s.place.project.join("ask/x").exists(), "nothing is done while the question is open");
        reply(&mut s, &question, json!({ "action": action, "content": {} }));
        let result = s.answer(id)["result"].clone();
        assert_eq!(s.place.project.join("ask/x").exists(), done, "{result}");
        if !done {
            assert_eq!(kind(&result), "approval_denied");
        }
        let ended = s.close().well();
        let asked = ended.of("approval");
        assert_eq!((asked.len(), &asked[0]["by"]), (1, &json!("elicitation")));
    }
}

#[test]
fn a_client_that_cannot_ask_is_refused() {
    let mut s = Session::new();
    let id = write(&mut s);
    let result = s.answer(id)["result"].clone();
    assert_eq!(kind(&result), "approval_denied");
    assert!(!s.place.project.join("ask/x").exists());
    s.close().well();
}

#[test]
fn an_answer_that_is_none_refuses() {
    for result in [json!({}), json!({ "action": "yes" }), json!("accept"), json!({ "action": ["accept"] })] {
        let mut s = Session::with(POLICY, json!({ "elicitation": {} }));
        let id = write(&mut s);
        let question = s.asked("elicitation/create");
        reply(&mut s, &question, result.clone());
        assert_eq!(kind(&s.answer(id)["result"]), "approval_denied", "{result}");
        assert!(!s.place.project.join("ask/x").exists());
        s.close().well();
    }
}

/// What a script asks about cannot draw lines of its own into the question.
#[test]
fn a_question_is_what_it_is_about() {
    let mut s = Session::with(POLICY, json!({ "elicitation": {} }));
    s.begin("aegis_fs_write", json!({ "path": "ask/x", "content": "a\ntarget: /tmp/harmless\u{202e}" }));
    let question = s.asked("elicitation/create");
    let message = question["params"]["message"].as_str().unwrap();
    assert_eq!(message.lines().filter(|line| line.starts_with("target: ")).count(), 1, "{message}");
    assert!(!message.contains('\u{202e}'));
    reply(&mut s, &question, json!({ "action": "decline" }));
    s.close();
}

/// A call that waits for a person does not hold the others.
#[test]
fn other_calls_go_on_meanwhile() {
    let mut s = Session::with(POLICY, json!({ "elicitation": {} }));
    let id = write(&mut s);
    let question = s.asked("elicitation/create");
    s.tool("aegis_fs_read", json!({ "path": "src/a.txt" }));
    reply(&mut s, &question, json!({ "action": "accept", "content": {} }));
    assert_eq!(s.answer(id)["result"]["isError"], false);
    s.close().well();
}

#[test]
fn nobody_is_asked_where_the_operator_said_so() {
    let mut s = Session::start(POLICY, &["--approvals", "deny"]);
    let greeting =
        json!({ "protocolVersion": "2025-11-25", "capabilities": { "elicitation": {} }, "clientInfo": { "name": "t", "version": "1" } });
    s.ask("initialize", greeting);
    s.tell("notifications/initialized", json!({}));
    let id = write(&mut s);
    assert_eq!(kind(&s.answer(id)["result"]), "approval_denied");
    s.close().well();
}

/// Nor do many: all that run at once are fewer (`[mcp].max_concurrent`), and more wait than have a thread to spare.
#[test]
fn many_open_questions_do_not_hold_other_calls() {
    let mut s = Session::with(POLICY, json!({ "elicitation": {} }));
    let asking: Vec<(u64, Value)> = (0..12)
        .map(|n| {
            let id = s.begin("aegis_fs_write", json!({ "path": format!("ask/{n}"), "content": "text" }));
            (id, s.asked("elicitation/create"))
        })
        .collect();
    assert_eq!(crate::session::text(&s.tool("aegis_fs_read", json!({ "path": "src/a.txt" }))), "hello\n");
    for (n, (id, question)) in asking.iter().enumerate() {
        let action = if n % 2 == 0 { "accept" } else { "decline" };
        reply(&mut s, question, json!({ "action": action, "content": {} }));
        assert_eq!(s.answer(*id)["result"]["isError"], n % 2 == 1);
    }
    let written = (0..12).filter(|n| s.place.project.join(format!("ask/{n}")).exists()).count();
    assert_eq!(written, 6);
    s.close().well();
}

/// A session that ends with open questions ends at once, and none of what was asked is done.
#[test]
fn open_questions_end_with_the_session() {
    let mut s = Session::with(POLICY, json!({ "elicitation": {} }));
    for n in 0..6 {
        s.begin("aegis_fs_write", json!({ "path": format!("ask/{n}"), "content": "text" }));
        s.asked("elicitation/create");
    }
    let project = s.place.project.clone();
    let began = std::time::Instant::now();
    s.close().well();
    assert!(began.elapsed() < std::time::Duration::from_secs(20));
    assert!((0..6).all(|n| !project.join(format!("ask/{n}")).exists()));
}
