//! `net.*` through the whole pipeline. A server that saw nothing is the effect that counts.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aegis_effect::{Effect, ErrorCode, HttpBody, Outcome, Payload, Shape};
use aegis_gate::ApprovalAnswer::{Once, ThisRun};
use aegis_policy::Method;

use crate::server::{Server, flood, ok};
use crate::world::{SECRET, code, policy, request, tells};

fn echo() -> Server {
    Server::start(|_, stream| stream.write_all(&ok("hello")).unwrap())
}

/// Everything open to the server's port on loopback, by name and by address.
fn open_policy(port: u16) -> String {
    format!(
        r#"
requires_approval = ["net.http_delete"]
[network]
http_get_allow = ["server.test:{port}", "127.0.0.1:{port}", "other.test:{port}"]
http_post_allow = ["server.test:{port}"]
http_delete_allow = ["server.test:{port}"]
local_only_hosts = ["local.test:{port}"]
deny_hosts = ["denied.test"]
allow_ips = ["127.0.0.1"]
allow_plain_http = ["local.test:{port}"]
timeout_seconds = 5
max_response_bytes = 1000
[environment]
local_only_vars = ["TOKEN", "OTHER"]
"#
    )
}

#[test]
fn a_denied_or_closed_host_is_never_connected_to() {
    let server = echo();
    let port = server.addr.port();
    // every name leads to the server, so that only the policy stands in between
    let closed = policy(&format!("[network]\nhttp_get_allow = [\"*.test:{port}\", \"localhost:{port}\"]"));
    let mut w = closed
        .name("plain.test", &["127.0.0.1"])
        .name("zero.test", &["0.0.0.0"])
        .name("six.test", &["::1"])
        .name("mapped.test", &["::ffff:127.0.0.1"])
        .name("nat64.test", &["64:ff9b::7f00:1"])
        .name("compatible.test", &["::127.0.0.1"])
        .name("rebinding.test", &["93.184.216.34", "127.0.0.1"])
        .open();
    for host in [
        "plain.test",
        "zero.test",
        "six.test",
        "mapped.test",
        "nat64.test",
        "compatible.test",
        "rebinding.test",
        "denied.example",
        "localhost",
    ] {
        let error = w.get(&format!("http://{host}:{port}/")).unwrap_err();
        assert_eq!(error.code, ErrorCode::PolicyDenied, "{host}: {error}");
        assert_eq!(w.last()["kind"], "denied", "{host}");
    }
    assert_eq!(server.connections(), 0);
    assert!(!w.kinds().contains(&"effect.intent".to_owned()));
}

#[test]
fn a_closed_address_is_closed_in_every_spelling() {
    let server = echo();
    let port = server.addr.port();
    let hosts = [
        "0.0.0.0",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0177.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[::]",
        "0",
    ];
    let literals = [
        format!("0.0.0.0:{port}"),
        format!("127.0.0.1:{port}"),
        format!("[::1]:{port}"),
        format!("[::]:{port}"),
        format!("[::ffff:7f00:1]:{port}"),
        format!("[64:ff9b::7f00:1]:{port}"),
    ];
    let mut w = policy(&format!("[network]\nhttp_get_allow = {literals:?}")).open();
    for host in hosts {
        let error = w.get(&format!("http://{host}:{port}/")).unwrap_err();
        assert_eq!(error.code, ErrorCode::PolicyDenied, "{host}: {error}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn an_open_host_answers() {
    let server = echo();
    let port = server.addr.port();
    let mut w = policy(&open_policy(port)).name("server.test", &["127.0.0.1"]).open();
    let mut http = request(Method::Get, &format!("http://server.test:{port}/p?a=1"));
    http.params = vec![("q x".into(), "1&r=2#/../\r\n".into())];
    assert_eq!(w.perform(Effect::Http(http)).unwrap(), Outcome::Text("hello".into()));
    let seen = server.last();
    assert!(seen.starts_with("GET /p?a=1&q%20x=1%26r%3D2%23%2F..%2F%0D%0A HTTP/1.1\r\n"), "{seen}");
    assert!(seen.to_lowercase().contains(&format!("host: server.test:{port}")), "{seen}");
    assert_eq!(w.kinds(), ["effect.intent", "effect.outcome"]);
}

#[test]
fn statuses_and_redirects() {
    let server = Server::start(|seen, stream| {
        let answer: &[u8] = if seen.contains("/moved") {
            b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/next\r\nContent-Length: 0\r\n\r\n"
        } else {
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"
        };
        stream.write_all(answer).unwrap();
    });
    let port = server.addr.port();
    let mut w = policy(&open_policy(port)).name("server.test", &["127.0.0.1"]).name("local.test", &["127.0.0.1"]).open();
    let error = w.get(&format!("http://server.test:{port}/moved")).unwrap_err();
    assert_eq!(error.code, ErrorCode::Network);
    assert!(error.message.contains("http://elsewhere.test/next"), "{error}");
    let answer = w.get(&format!("http://local.test:{port}/moved"));
    assert_eq!(w.revealed(answer), None, "what a local-only host did is its readers' to know");
    assert!(!w.last().to_string().contains("elsewhere"), "a local-only host's words are no detail for the journal");
    let error = w.get(&format!("http://server.test:{port}/x")).unwrap_err();
    assert!(error.message.contains("404"), "{error}");
    let mut http = request(Method::Get, &format!("http://server.test:{port}/x"));
    http.fail_on_status = false;
    let Outcome::Response(r) = w.perform(Effect::Http(http)).unwrap() else { panic!() };
    assert_eq!((r.status, r.body.as_str()), (404, "gone"));
    assert_eq!(server.requests().len(), 4, "no redirect was followed");
}

#[test]
fn a_token_reaches_the_local_only_host_whole_and_its_answer_is_labelled() {
    let server = Server::start(|_, stream| stream.write_all(b"HTTP/1.1 500 No\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello").unwrap());
    let port = server.addr.port();
    let mut w = policy(&open_policy(port)).name("local.test", &["127.0.0.1"]).var("TOKEN", &format!("{SECRET}\n")).open();
    let mut header = Payload::from("Bearer ");
    for part in w.secret("TOKEN").parts() {
        header.push(part.clone());
    }
    let mut http = request(Method::Post, &format!("http://local.test:{port}/"));
    http.headers = vec![("Authorization".into(), header), ("X-Public".into(), "as is ".into())];
    http.fail_on_status = false;
    let Outcome::LabelledFields(fields) = w.perform(Effect::Http(http.clone())).unwrap() else { panic!() };
    assert!(server.last().contains(&format!("authorization: Bearer {SECRET}\r\n")), "{}", server.last());
    for (name, shape) in [("status", Shape::Int), ("headers", Shape::Headers), ("body", Shape::Text)] {
        let field = &fields.iter().find(|(n, _)| n == name).unwrap().1;
        assert_eq!(field.shape, shape);
        assert_eq!(
            field.sources,
            ["env:TOKEN".to_owned(), format!("host:local.test:{port}")].iter().rev().cloned().collect::<Vec<_>>(),
            "{name}"
        );
    }
    // a status of 500 is no error: whether it is one is content
    http.fail_on_status = true;
    assert!(matches!(w.perform(Effect::Http(http)).unwrap(), Outcome::Labelled(_)));
    assert!(!tells(&w.journal_text(), SECRET));
}

#[test]
fn labelled_data_never_reaches_a_public_host() {
    let server = echo();
    let port = server.addr.port();
    let mut w = policy(&open_policy(port)).name("server.test", &["127.0.0.1"]).var("TOKEN", SECRET).open();
    let token = w.secret("TOKEN");
    let url = format!("http://server.test:{port}/");
    let mut header = request(Method::Get, &url);
    header.headers = vec![("X".into(), token.clone())];
    let mut param = request(Method::Get, &url);
    param.params = vec![("x".into(), token.clone())];
    let (mut raw, mut json) = (request(Method::Post, &url), request(Method::Post, &url));
    (raw.body, json.body) = (HttpBody::Raw(token.clone()), HttpBody::Json(token));
    for http in [header, param, raw, json] {
        let error = w.perform(Effect::Http(http)).unwrap_err();
        assert_eq!(error.code, ErrorCode::FlowDenied);
        assert!(error.message.contains("env:TOKEN") && !tells(&format!("{error:?}"), SECRET), "{error}");
    }
    assert_eq!(server.connections(), 0);
    assert!(!tells(&w.journal_text(), SECRET));
}

#[test]
fn labelled_data_goes_over_plain_http_only_where_that_is_accepted() {
    let server = echo();
    let port = server.addr.port();
    let text = open_policy(port).replace("allow_plain_http", "no_echo_hosts");
    let mut w = policy(&text).name("local.test", &["127.0.0.1"]).var("TOKEN", SECRET).open();
    let token = w.secret("TOKEN");
    let mut http = request(Method::Get, &format!("http://local.test:{port}/"));
    http.headers = vec![("X".into(), token)];
    assert_eq!(code(&w.perform(Effect::Http(http))), Some(ErrorCode::FlowDenied));
    assert_eq!(server.connections(), 0);
}

#[test]
fn headers_that_frame_or_route_are_refused_before_anything_is_sent() {
    let server = echo();
    let port = server.addr.port();
    let mut w = policy(&open_policy(port)).name("server.test", &["127.0.0.1"]).open();
    for (name, value) in [
        ("Host", "x"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Proxy-Authorization", "x"),
        ("X-HTTP-Method-Override", "PUT"),
        ("A", "b\r\nHost: x"),
        ("A b", "c"),
    ] {
        let mut http = request(Method::Get, &format!("http://server.test:{port}/"));
        http.headers = vec![(name.into(), value.into())];
        assert_eq!(code(&w.perform(Effect::Http(http))), Some(ErrorCode::BadArgument), "{name}");
    }
    for url in ["http://user:pw@server.test/", "ftp://server.test/", "http://server.test/\r\nX: y", "http://"] {
        assert_eq!(code(&w.get(url)), Some(ErrorCode::BadArgument), "{url}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn silence_and_floods_end_at_the_policys_bounds() {
    let server = Server::start(|seen, stream| {
        if seen.contains("/silent") {
            std::thread::sleep(Duration::from_secs(60));
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        flood(stream, &[b'x'; 1000]);
    });
    let port = server.addr.port();
    let text = open_policy(port).replace("timeout_seconds = 5", "timeout_seconds = 1");
    let mut w = policy(&text).name("server.test", &["127.0.0.1"]).open();
    let began = Instant::now();
    let mut http = request(Method::Get, &format!("http://server.test:{port}/silent"));
    http.timeout = Some(Duration::from_secs(3600));
    assert_eq!(code(&w.perform(Effect::Http(http))), Some(ErrorCode::Network));
    assert!(began.elapsed() < Duration::from_secs(30), "the script's own hour does not count");
    assert_eq!(code(&w.get(&format!("http://server.test:{port}/"))), Some(ErrorCode::Network));
    assert_eq!(w.last()["code"], "network");
}

#[test]
fn an_approval_shows_the_address_and_the_query_and_is_for_this_request() {
    let server = echo();
    let port = server.addr.port();
    let (b, shown) = policy(&open_policy(port)).name("server.test", &["127.0.0.1"]).answers(&[ThisRun, Once]);
    let mut w = b.open();
    let delete = |query: &str, body: &str| {
        let mut http = request(Method::Delete, &format!("http://server.test:{port}/x?{query}"));
        http.body = HttpBody::Raw(body.into());
        Effect::Http(http)
    };
    w.perform(delete("a", "one")).unwrap();
    w.perform(delete("a", "one")).unwrap();
    w.perform(delete("b", "one")).unwrap();
    assert_eq!(code(&w.perform(delete("a", "two"))), Some(ErrorCode::ApprovalDenied));
    let shown = shown.lock().unwrap();
    assert_eq!(shown.len(), 3);
    assert_eq!(shown[0].target, format!("DELETE http://server.test:{port}/x?a at 127.0.0.1"));
    assert_eq!(shown[0].content.as_deref(), Some("3 bytes: one"));
    assert_eq!(server.requests().len(), 3);
    let intents: Vec<_> = w.records().into_iter().filter(|r| r["kind"] == "effect.intent").collect();
    assert!(intents.iter().all(|r| r["approver"] == "scripted"), "{intents:?}");
}

#[test]
fn the_intent_stands_in_the_journal_before_the_server_sees_anything() {
    let (seen, top) = (Arc::new(AtomicUsize::new(0)), tempfile::tempdir().unwrap());
    let (journal, count) = (top.path().join("log"), seen.clone());
    let path = journal.clone();
    let server = Server::start(move |_, stream| {
        let text = std::fs::read_to_string(&path).unwrap();
        count.store(text.matches("effect.intent").count() * 10 + text.matches("effect.outcome").count(), Ordering::SeqCst);
        stream.write_all(&ok("hello")).unwrap();
    });
    let port = server.addr.port();
    let mut w = policy(&open_policy(port)).name("server.test", &["127.0.0.1"]).journal_at(&journal).open();
    w.get(&format!("http://server.test:{port}/")).unwrap();
    assert_eq!(seen.load(Ordering::SeqCst), 10);
    assert_eq!(w.kinds(), ["effect.intent", "effect.outcome"]);
}

/// The bytes of a redirect's location went into the journal as they came, the token that was sent before among them.
#[test]
fn what_a_server_sends_back_is_not_journalled_with_a_secret_in_it() {
    let location = format!("HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/?t={SECRET}\r\nContent-Length: 0\r\n\r\n");
    let server = Server::start(move |_, stream| stream.write_all(location.as_bytes()).unwrap());
    let port = server.addr.port();
    let mut w =
        policy(&open_policy(port)).name("server.test", &["127.0.0.1"]).name("local.test", &["127.0.0.1"]).var("TOKEN", SECRET).open();
    let token = w.secret("TOKEN");
    let mut http = request(Method::Get, &format!("http://local.test:{port}/"));
    http.headers = vec![("X".into(), token)];
    let answer = w.perform(Effect::Http(http));
    assert_eq!(w.revealed(answer), None);
    w.get(&format!("http://server.test:{port}/")).unwrap_err();
    assert!(!tells(&w.journal_text(), SECRET));
}
