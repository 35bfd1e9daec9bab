//! Labelled values at the gate: handles, JSON, and what an outcome shows.

use std::io::Write;

use aegis_effect::{Effect, ErrorCode, Handle, HttpBody, Outcome, Part, Payload, Shape};
use aegis_policy::Method;

use crate::server::{Server, ok};
use crate::world::{SECRET, child, code, policy, request, tells};

const POLICY: &str = r#"
[filesystem]
read_allow = ["src/**"]
write_allow = ["src/**"]
local_only_read = ["src/token", "src/gone", "src/locked"]
local_only_write = ["src/out/**"]
[environment]
local_only_vars = ["TOKEN"]
[network]
local_only_hosts = ["local.test"]
[subprocess]
local_only_commands = ["sha256sum"]
"#;

#[test]
fn a_forged_handle_is_a_bad_argument_everywhere() {
    let mut w = policy(POLICY).file("src/out/a", "a").var("TOKEN", SECRET).open();
    w.secret("TOKEN");
    for handle in [1, 2, 1000, u64::from(u32::MAX), 0x1234_5678_9abc_def0, u64::MAX] {
        let payload = Payload::labelled(Handle(handle));
        let mut json = Payload::from("{");
        json.push(Part::LabelledJson(Handle(handle)));
        let (mut argv, mut stdin, mut env) = (child(&["sha256sum"]), child(&["sha256sum"]), child(&["sha256sum"]));
        argv.argv.push(payload.clone());
        stdin.stdin = payload.clone();
        env.env = vec![("A".into(), payload.clone())];
        let mut http = request(Method::Post, "https://local.test/");
        http.headers = vec![("X".into(), payload.clone())];
        let (mut param, mut body) = (request(Method::Get, "https://local.test/"), request(Method::Post, "https://local.test/"));
        param.params = vec![("x".into(), payload.clone())];
        body.body = HttpBody::Json(json.clone());
        for effect in [
            Effect::FsWrite { path: "src/out/a".into(), content: payload.clone() },
            Effect::FsAppend { path: "src/out/a".into(), content: json },
            Effect::FsReplace { path: "src/out/a".into(), old: payload.clone(), new: payload.clone() },
            Effect::Exec(argv),
            Effect::Exec(stdin),
            Effect::Exec(env),
            Effect::Http(http),
            Effect::Http(param),
            Effect::Http(body),
        ] {
            assert_eq!(code(&w.perform(effect.clone())), Some(ErrorCode::BadArgument), "{effect:?}");
        }
    }
    assert_eq!(w.content("src/out/a"), "a");
    assert!(!w.kinds().contains(&"effect.intent".to_owned()));
}

#[test]
fn labelled_json_is_one_json_value_whatever_the_secret() {
    for secret in ["plain", "\"quoted\" \\ back", "line\nfeed\ttab \u{1}", "true", "12", "}, \"admin\": true, {", "ünï 漢 \u{2028}", ""]
    {
        let mut w = policy(POLICY).var("TOKEN", secret).open();
        let token = w.secret("TOKEN");
        let Part::Labelled(handle) = token.parts()[0] else { panic!() };
        let mut json = Payload::from("{\"k\": ");
        json.push(Part::LabelledJson(handle));
        json.push(Part::Bytes(b"}".to_vec()));
        w.write("src/out/a", json).unwrap();
        let read: serde_json::Value = serde_json::from_str(&w.content("src/out/a")).unwrap();
        assert_eq!(read, serde_json::json!({ "k": secret }));
    }
}

#[test]
fn numbers_and_headers_of_an_answer_are_json_of_their_kind() {
    let server = Server::start(|_, stream| stream.write_all(&ok("hello")).unwrap());
    let port = server.addr.port();
    let text = POLICY.replace("\"local.test\"]", &format!("\"local.test:{port}\"]\nallow_ips = [\"127.0.0.1\"]"));
    let mut w = policy(&text).name("local.test", &["127.0.0.1"]).open();
    let mut http = request(Method::Get, &format!("http://local.test:{port}/"));
    http.fail_on_status = false;
    let Outcome::LabelledFields(fields) = w.perform(Effect::Http(http)).unwrap() else { panic!() };
    let mut json = Payload::from("[");
    for (i, (_, field)) in fields.iter().enumerate() {
        json.push(Part::Bytes(if i == 0 { vec![] } else { b",".to_vec() }));
        json.push(Part::LabelledJson(field.handle));
    }
    json.push(Part::Bytes(b"]".to_vec()));
    w.write("src/out/a", json).unwrap();
    let read: serde_json::Value = serde_json::from_str(&w.content("src/out/a")).unwrap();
    assert_eq!(read, serde_json::json!([200, { "content-length": "5" }, "hello"]));
}

#[test]
fn labelled_content_is_written_to_local_only_files_only() {
    let mut w = policy(POLICY).file("src/a", "old").var("TOKEN", SECRET).open();
    let token = w.secret("TOKEN");
    assert_eq!(code(&w.write("src/a", token.clone())), Some(ErrorCode::FlowDenied));
    assert_eq!(code(&w.append("src/a", token.clone())), Some(ErrorCode::FlowDenied));
    assert_eq!(code(&w.replace("src/a", "old", token.clone())), Some(ErrorCode::FlowDenied));
    assert_eq!(code(&w.replace("src/a", token.clone(), "new")), Some(ErrorCode::FlowDenied));
    assert_eq!(w.content("src/a"), "old");
    w.write("src/out/new", token).unwrap();
    assert_eq!(w.content("src/out/new"), SECRET);
    // and reading it back is labelled
    assert_eq!(w.labelled(Effect::FsRead { path: "src/out/new".into() }).sources, ["file:src/out/**"]);
    assert!(!tells(&w.journal_text(), SECRET));
}

#[test]
fn no_outcome_or_error_of_a_local_only_object_shows_content() {
    let mut w = policy(POLICY).file("src/token", SECRET).open();
    let path = || "src/token".to_owned();
    for effect in [
        Effect::FsRead { path: path() },
        Effect::FsReadBytes { path: path() },
        Effect::FsReadRange { path: path(), offset: 2, limit: 20 },
        Effect::FsExists { path: path() },
        Effect::FsStat { path: path() },
        Effect::Load { path: path() },
        Effect::FsList { path: path() },
        Effect::FsReplace { path: path(), old: "sk".into(), new: "ks".into() },
        Effect::Exec(child(&["sha256sum", "src/token"])),
    ] {
        let answer = w.perform(effect.clone());
        match &answer {
            Ok(Outcome::Labelled(_) | Outcome::LabelledFields(_)) | Err(_) => {}
            // a listing of what is local-only is empty, whatever is there
            Ok(Outcome::Names(names)) if names.is_empty() => {}
            Ok(public) => panic!("{effect:?} gave {public:?}"),
        }
        assert!(!tells(&format!("{answer:?}"), SECRET), "{effect:?}");
    }
    assert_eq!(code(&w.perform(Effect::Load { path: path() })), Some(ErrorCode::FlowDenied));
    let gone = w.labelled(Effect::FsExists { path: "src/gone".into() });
    assert_eq!((gone.shape, gone.sources.as_slice()), (Shape::Bool, ["file:src/gone".to_owned()].as_slice()));
    assert!(!tells(&w.journal_text(), SECRET));
}

/// Every labelled value was kept without a bound: a script could fill the broker's memory.
#[test]
fn a_run_holds_a_bounded_amount_of_labelled_content() {
    let mut w = policy(POLICY).file("src/token", &"x".repeat(60 << 20)).open();
    // What is too much fails as a labelled value does: how much there is depends on the content.
    let kept: Vec<bool> = (0..6)
        .map(|_| {
            let answer = w.read("src/token");
            w.revealed(answer).is_some()
        })
        .collect();
    assert_eq!(kept, [true, true, true, true, false, false]);
}
