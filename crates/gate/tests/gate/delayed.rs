//! What depends on local-only data is never thrown, and what the script has branched on decides where it may act.

use std::io::Write;

use aegis_effect::{Derived, Effect, ErrorCode, Handle, Label, Outcome, Part, Payload, Shape, Whole};
use aegis_policy::Method;

use crate::server::{Server, ok};
use crate::world::{SECRET, World, child, code, policy, request, tells};

const POLICY: &str = r#"
[filesystem]
read_allow = ["src/**"]
write_allow = ["src/**"]
delete_allow = ["src/**"]
local_only_read = ["src/tok*", "src/gone", "src/bad", "keys/token"]
local_only_write = ["src/out/**"]
[environment]
allow_vars = ["LANG"]
local_only_vars = ["TOKEN", "UNSET"]
[subprocess]
allow_commands = ["/bin/true"]
local_only_commands = ["sha256sum", "/bin/false", "/bin/cat"]
"#;

fn env(name: &str, default: Option<&str>) -> Effect {
    Effect::EnvRead { name: name.into(), default: default.map(str::to_owned) }
}

fn write(path: &str, content: impl Into<Payload>) -> Effect {
    Effect::FsWrite { path: path.into(), content: content.into() }
}

#[test]
fn a_local_only_variable_does_not_tell_whether_it_is_set() {
    let mut w = policy(POLICY).var("TOKEN", SECRET).open();
    let set = w.perform(env("TOKEN", None));
    assert_eq!(w.revealed(set).as_deref(), Some(SECRET));
    let with_default = w.perform(env("UNSET", Some("fallback")));
    assert_eq!(w.revealed(with_default).as_deref(), Some("fallback"));
    let unset = w.perform(env("UNSET", None));
    assert_eq!(w.revealed(unset), None);
    assert!(matches!(w.perform(env("LANG", None)), Ok(Outcome::Unset)), "a public one does");
}

#[test]
fn a_read_of_a_local_only_file_never_throws() {
    let mut w = policy(POLICY).file("src/token", SECRET).file("src/a", "a").open();
    std::fs::create_dir(w.root.join("src/bad")).unwrap();
    for path in ["src/gone", "src/bad"] {
        for effect in [
            Effect::FsRead { path: path.into() },
            Effect::FsReadBytes { path: path.into() },
            Effect::FsReadRange { path: path.into(), offset: 0, limit: 5 },
        ] {
            let answer = w.perform(effect.clone());
            assert_eq!(w.revealed(answer), None, "{effect:?}");
        }
    }
    let (there, gone) = (w.labelled(Effect::FsStat { path: "src/token".into() }), w.labelled(Effect::FsStat { path: "src/tok".into() }));
    assert_eq!((there.shape, there.label), (gone.shape, gone.label), "nothing tells them apart");
    assert_eq!(w.labelled(Effect::FsExists { path: "src/gone".into() }).shape, Shape::Bool);
    assert_eq!(code(&w.read("src/missing")), Some(ErrorCode::NotFound), "a public file that is not there is still an error");
}

#[test]
fn listings_leave_local_only_entries_out_and_list_local_has_only_them() {
    let mut w = policy(POLICY).file("src/a", "a").file("src/token", SECRET).file("src/out/x", "x").open();
    let list = |w: &mut World, path: &str| match w.perform(Effect::FsList { path: path.into() }) {
        Ok(Outcome::Names(names)) => names,
        other => panic!("{other:?}"),
    };
    assert_eq!(list(&mut w, "src"), ["a"]);
    let local = w.perform(Effect::FsListLocal { path: "src".into() });
    assert_eq!(w.revealed(local).as_deref(), Some(r#"["out/","token"]"#));
    // a local-only directory that is not there is no different from one that is
    assert_eq!(list(&mut w, "src/gone"), Vec::<String>::new());
    let (there, gone) =
        (w.labelled(Effect::FsListLocal { path: "src".into() }), w.labelled(Effect::FsListLocal { path: "src/gone".into() }));
    assert_eq!((there.shape, there.label), (gone.shape, gone.label));
    assert_eq!(code(&w.perform(Effect::FsList { path: "src/none".into() })), Some(ErrorCode::NotFound));
}

#[test]
fn what_failed_before_is_not_written_sent_or_run() {
    let server = Server::start(|_, stream| stream.write_all(&ok("hello")).unwrap());
    let port = server.addr.port();
    let hosts = format!(
        "[network]\nlocal_only_hosts = [\"local.test:{port}\"]\nallow_ips = [\"127.0.0.1\"]\nallow_plain_http = [\"local.test:{port}\"]\n"
    );
    let mut w = policy(&format!("{POLICY}{hosts}")).name("local.test", &["127.0.0.1"]).file("src/out/old", "old").open();
    let failed = Payload::labelled(w.labelled(env("UNSET", None)).handle);
    assert!(matches!(w.perform(write("src/out/old", failed.clone())), Ok(Outcome::Labelled(l)) if l.shape == Shape::Unit));
    assert_eq!(w.content("src/out/old"), "old");
    let mut http = request(Method::Get, &format!("http://local.test:{port}/"));
    http.headers = vec![("X".into(), failed.clone())];
    let answer = w.perform(Effect::Http(http));
    assert_eq!(w.revealed(answer), None);
    assert!(server.requests().is_empty(), "nothing was sent");
    let mut cat = child(&["/bin/cat"]);
    cat.stdin = failed;
    let Ok(Outcome::LabelledFields(fields)) = w.perform(Effect::Exec(cat)) else { panic!() };
    assert_eq!(fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["exit_code", "stdout", "stderr"]);
}

/// Everybody is told that nothing holds commands here, and so it must not depend on whether a local-only part lets one start.
#[test]
fn one_that_cannot_start_told_that_by_the_silence_on_confinement() {
    let said = |name: &str| {
        let mut w = policy(POLICY).var("TOKEN", SECRET).open();
        let mut cat = child(&["/bin/cat"]);
        cat.stdin = Payload::labelled(w.labelled(env(name, None)).handle);
        assert!(matches!(w.perform(Effect::Exec(cat)), Ok(Outcome::LabelledFields(_))));
        w.gate.unconfined().map(str::to_owned)
    };
    assert!(said("TOKEN").is_some());
    assert_eq!(said("TOKEN"), said("UNSET"));
}

#[test]
fn a_header_that_cannot_be_sent_is_content() {
    let server = Server::start(|_, stream| stream.write_all(&ok("hello")).unwrap());
    let port = server.addr.port();
    let hosts = format!(
        "[network]\nlocal_only_hosts = [\"local.test:{port}\"]\nallow_ips = [\"127.0.0.1\"]\nallow_plain_http = [\"local.test:{port}\"]\n"
    );
    let mut w = policy(&format!("{POLICY}{hosts}")).name("local.test", &["127.0.0.1"]).var("TOKEN", "with\nline feed").open();
    let token = w.secret("TOKEN");
    let mut http = request(Method::Get, &format!("http://local.test:{port}/"));
    http.headers = vec![("X".into(), token)];
    let answer = w.perform(Effect::Http(http));
    assert_eq!(w.revealed(answer), None);
    assert!(server.requests().is_empty(), "nothing was sent");
    // a public one is the script's mistake, whatever stands beside it
    let (token, unset) = (w.secret("TOKEN"), Payload::labelled(w.labelled(env("UNSET", None)).handle));
    for beside in ["fine".into(), token, unset] {
        let mut public = request(Method::Get, &format!("http://local.test:{port}/"));
        public.headers = vec![("X".into(), "a\nb".into()), ("Y".into(), beside)];
        assert_eq!(code(&w.perform(Effect::Http(public))), Some(ErrorCode::BadArgument));
    }
    assert!(server.requests().is_empty(), "nothing was sent");
}

#[test]
fn the_exit_code_of_a_local_only_command_is_not_thrown() {
    let mut w = policy(POLICY).open();
    let mut fails = child(&["/bin/false"]);
    fails.fail_on_exit = true;
    let answer = w.perform(Effect::Exec(fails));
    assert_eq!(w.revealed(answer), None);
}

/// Reads, writes and commands of a run that has branched on TOKEN.
#[test]
fn after_a_branch_only_cleared_sinks_act() {
    let mut w = policy(POLICY).file("src/token", SECRET).file("src/a", "a").var("TOKEN", SECRET).var("LANG", "C").open();
    let label = w.labelled(env("TOKEN", None)).label;
    let before = w.kinds().len();
    let denied = |w: &mut World, effect: Effect| {
        assert_eq!(code(&w.perform_raised(effect.clone(), &label)), Some(ErrorCode::FlowDenied), "{effect:?}");
    };
    denied(&mut w, Effect::FsRead { path: "src/a".into() });
    denied(&mut w, Effect::FsExists { path: "src/a".into() });
    denied(&mut w, Effect::FsList { path: "src".into() });
    denied(&mut w, write("src/b", "x"));
    denied(&mut w, Effect::FsDelete { path: "src/a".into() });
    denied(&mut w, Effect::FsMkdir { path: "src/dir".into() });
    denied(&mut w, env("LANG", None));
    denied(&mut w, Effect::Exec(child(&["/bin/true"])));
    assert!(w.is_there("src/a") && !w.is_there("src/b") && !w.is_there("src/dir"));
    assert!(w.kinds()[before..].iter().all(|kind| kind == "denied"), "{:?}", w.kinds());

    w.perform_raised(write("src/out/x", "yes"), &label).unwrap();
    assert_eq!(w.content("src/out/x"), "yes");
    let read = w.perform_raised(Effect::FsRead { path: "src/token".into() }, &label).unwrap();
    let Outcome::Labelled(read) = read else { panic!() };
    assert!(label.is_subset(&read.label), "what was read because of TOKEN depends on it");
}

#[test]
fn what_a_worker_derived_goes_where_its_label_may() {
    let mut w = policy(POLICY).var("TOKEN", SECRET).open();
    let label = w.labelled(env("TOKEN", None)).label;
    let mut payload = Payload::from("half: ");
    payload.push(Part::Derived(Derived { bytes: b"sk-".to_vec(), label: label.clone() }));
    assert_eq!(code(&w.perform(write("src/b", payload.clone()))), Some(ErrorCode::FlowDenied));
    assert!(!w.is_there("src/b"));
    w.perform(write("src/out/b", payload)).unwrap();
    assert_eq!(w.content("src/out/b"), "half: sk-");
    // a label that names no source is what a worker says of public bytes; one beyond the policy's sources goes nowhere
    let mut beyond = Label::public();
    beyond.insert(500);
    let payload = |label| {
        let mut payload = Payload::empty();
        payload.push(Part::Derived(Derived { bytes: b"x".to_vec(), label }));
        payload
    };
    assert_eq!(code(&w.perform(write("src/out/c", payload(beyond)))), Some(ErrorCode::FlowDenied));
}

#[test]
fn reveal_can_be_denied() {
    let mut w = policy(&format!("{POLICY}[runtime]\nreveal = \"deny\"\n")).var("TOKEN", SECRET).open();
    let token = w.labelled(env("TOKEN", None));
    assert_eq!(code(&w.perform(Effect::Reveal { handle: token.handle })), Some(ErrorCode::FlowDenied));
    assert_eq!(w.kinds().last().unwrap(), "denied");
    w.perform(write("src/out/x", Payload::labelled(token.handle))).unwrap();
    assert_eq!(w.content("src/out/x"), SECRET);
}

#[test]
fn json_text_is_escaped_by_its_form() {
    let mut w = policy(POLICY).var("TOKEN", "a\"b\\c\nd").open();
    let handle = w.labelled(env("TOKEN", None)).handle;
    let mut payload = Payload::from("{\"k\": \"Bearer ");
    payload.push(Part::LabelledJsonText(handle));
    payload.push(Part::Bytes(b"\"}".to_vec()));
    w.perform(write("src/out/j", payload)).unwrap();
    let value: serde_json::Value = serde_json::from_str(&w.content("src/out/j")).unwrap();
    assert_eq!(value["k"], "Bearer a\"b\\c\nd");
}

/// A host that does not send back what it was sent: its answer is public, but only to a whole secret in a header.
#[test]
fn a_vouched_host_answers_publicly_to_whole_secrets_only() {
    let server = Server::start(|_, stream| stream.write_all(&ok("hello")).unwrap());
    let port = server.addr.port();
    let hosts = format!(
        "[network]\nlocal_only_hosts = [\"local.test:{port}\"]\nno_echo_hosts = [\"local.test:{port}\"]\nallow_ips = [\"127.0.0.1\"]\nallow_plain_http = [\"local.test:{port}\"]\n"
    );
    let mut w = policy(&format!("{POLICY}{hosts}"))
        .name("local.test", &["127.0.0.1"])
        .file("keys/token", SECRET)
        .file("src/token", SECRET)
        .file("src/out/derived", "x")
        .var("TOKEN", SECRET)
        .open();
    let token = w.secret("TOKEN");
    let label = w.labelled(env("TOKEN", None)).label;
    let get = |header: Payload| {
        let mut http = request(Method::Get, &format!("http://local.test:{port}/"));
        http.headers = vec![("X".into(), header)];
        http
    };
    let mut bearer = Payload::from("Bearer ");
    bearer.push(token.parts()[0].clone());
    let file = Payload::labelled(w.labelled(Effect::FsRead { path: "keys/token".into() }).handle);
    let unset = Payload::labelled(w.labelled(env("UNSET", None)).handle);
    for whole in [bearer.clone(), file, unset, "public".into()] {
        assert!(matches!(w.perform(Effect::Http(get(whole.clone()))), Ok(Outcome::Text(body)) if body == "hello"), "{whole:?}");
    }
    assert!(server.requests()[0].contains(&format!("Bearer {SECRET}")));
    assert!(
        server.requests()[2].to_lowercase().contains("x: \r\n") || server.requests()[2].to_lowercase().contains("x:\r\n"),
        "sent empty"
    );

    let part = Payload::labelled(w.labelled(Effect::FsReadRange { path: "src/token".into(), offset: 0, limit: 1 }).handle);
    let written = Payload::labelled(w.labelled(Effect::FsRead { path: "src/out/derived".into() }).handle);
    let default = Payload::labelled(w.labelled(env("UNSET", Some("chosen"))).handle);
    let with_default = Payload::labelled(w.labelled(env("TOKEN", Some("chosen"))).handle);
    let writable = Payload::labelled(w.labelled(Effect::FsRead { path: "src/token".into() }).handle);
    let base64 = |handle: Handle| {
        let mut text = Payload::from("Basic ");
        text.push(Part::Base64 { of: vec![Whole::Bytes(b"u:".to_vec()), Whole::Labelled(handle)], url: false });
        text
    };
    assert!(matches!(w.perform(Effect::Http(get(base64(token.handles().next().unwrap())))), Ok(Outcome::Text(_))));
    let encoded = "Basic dTpzay1saXZlLTAxMjM0NTY3ODlhYmNkZWZYWVo=";
    assert!(server.requests().last().unwrap().contains(encoded), "{:?}", server.requests().last());
    let of_part = base64(part.handles().next().unwrap());
    let mut derived = Payload::empty();
    derived.push(Part::Derived(Derived { bytes: b"s".to_vec(), label: label.clone() }));
    let mut in_body = request(Method::Post, &format!("http://local.test:{port}/"));
    in_body.body = aegis_effect::HttpBody::Raw(token.clone());
    let mut in_query = get("x".into());
    in_query.params = vec![("k".into(), token)];
    for http in [get(part), get(of_part), get(written), get(writable), get(default), get(with_default), get(derived), in_body, in_query] {
        assert!(matches!(w.perform(Effect::Http(http.clone())), Ok(Outcome::Labelled(_))), "{http:?}");
    }
    assert!(matches!(w.perform_raised(Effect::Http(get(bearer)), &label), Ok(Outcome::Labelled(_))), "after a branch no answer is public");
}

/// Found by random scripts: a URL made of an opened secret was denied, and its text stood in the journal.
#[test]
fn after_a_branch_the_journal_has_marks_in_place_of_the_script_s_text() {
    let mut w = policy(POLICY).file("src/token", SECRET).var("TOKEN", SECRET).open();
    let label = w.labelled(env("TOKEN", None)).label;
    for effect in [
        Effect::FsRead { path: format!("src/{SECRET}") },
        Effect::FsRead { path: format!("/{SECRET}") },
        write(&format!("src/out/{SECRET}"), "x"),
        write(&format!("src/out/{SECRET}/{}", "x".repeat(300)), "x"),
        env(SECRET, None),
        Effect::Http(request(Method::Get, &format!("http://{SECRET}.test/"))),
        Effect::Exec(child(&["/bin/true", SECRET])),
        Effect::Exec(child(&["/bin/cat", SECRET])),
        Effect::FsGlob { pattern: format!("src/{SECRET}*") },
        Effect::FsList { path: format!("src/{SECRET}") },
    ] {
        let _ = w.perform_raised(effect, &label);
    }
    assert!(w.kinds().len() > 10);
    assert!(!tells(&w.journal_text(), SECRET), "{}", w.journal_text());
}
