//! Plain HTTP: verb, host and path are judged at every request.

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aegis_gate::ProxyCaps;

use crate::server::{Server, ok};
use crate::world::{proxy, proxy_with, read_all, read_answer, until, usual_names};

fn echo() -> Server {
    Server::start(|_, stream| stream.write_all(&ok("hello")).unwrap())
}

fn policy(port: u16) -> String {
    format!(
        r#"
requires_approval = ["net.http_get asks.test:{port}"]
[network]
http_get_allow = ["server.test:{port}", "127.0.0.1:{port}", "other.test:{port}/open/**", "asks.test:{port}"]
http_post_allow = ["other.test:{port}/open/**"]
local_only_hosts = ["local.test:{port}"]
deny_hosts = ["denied.test:{port}"]
allow_ips = ["127.0.0.1"]
"#
    )
}

#[test]
fn an_allowed_request_arrives_and_is_recorded() {
    let server = echo();
    let port = server.addr.port();
    let mut w = proxy(&policy(port));
    let url = format!("http://server.test:{port}/a/../p?token=t");
    let answer = w.request("GET", &url, "X-A: b\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nTE: trailers\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nhello"), "{answer}");
    let seen = server.last();
    assert_eq!(seen, format!("GET /p?token=t HTTP/1.1\r\nHost: server.test:{port}\r\nX-A: b\r\nConnection: close\r\n\r\n"));
    let records = w.end();
    assert_eq!(records.kinds(), ["connection.open", "connection.end"]);
    let open = &records.all()[0];
    assert_eq!(open["target"], format!("GET http://server.test:{port}/p"), "without the query");
    assert_eq!((&open["host"], &open["port"]), (&"server.test".into(), &port.into()));
    assert_eq!((&open["protocol"], &open["effect"], &open["addresses"]), (&"http".into(), &3.into(), &"127.0.0.1".into()));
    assert_eq!(open["rule"], "policy.toml:4");
    let end = &records.all()[1];
    assert_eq!((&end["id"], &end["result"], &end["detail"]), (&open["id"], &"ok".into(), &"status 200".into()));
    assert_eq!((&end["address"], &end["bytes_up"]), (&"127.0.0.1".into(), &seen.len().into()));
    assert_eq!(end["bytes_down"], ok("hello").len());
    assert!(end["ms"].as_f64().unwrap() > 0.0);
}

#[test]
fn what_is_denied_reaches_nobody() {
    let server = echo();
    let port = server.addr.port();
    let mut w = proxy(&policy(port));
    for (method, url, why) in [
        ("GET", format!("http://denied.test:{port}/"), "denied by [network].deny_hosts"),
        ("GET", format!("http://unknown.test:{port}/"), "no rule in [network].http_get_allow matches"),
        ("POST", format!("http://server.test:{port}/"), "no rule in [network].http_post_allow matches"),
        ("PUT", format!("http://server.test:{port}/"), "no rule in [network].http_put_allow matches"),
        ("PATCH", format!("http://server.test:{port}/"), "no rule in [network].http_patch_allow matches"),
        ("DELETE", format!("http://server.test:{port}/"), "no rule in [network].http_delete_allow matches"),
        ("GET", format!("http://other.test:{port}/closed"), "no rule in [network].http_get_allow matches"),
        ("GET", format!("http://other.test:{port}/open/../closed"), "no rule in [network].http_get_allow matches"),
        ("GET", format!("http://other.test:{port}/open/%2e%2e/closed"), "no rule in [network].http_get_allow matches"),
        ("GET", format!("http://other.test:{port}/open/%2f../closed"), "no rule in [network].http_get_allow matches"),
        ("HEAD", format!("http://other.test:{port}/closed"), "no rule in [network].http_get_allow matches"),
        ("GET", format!("http://asks.test:{port}/"), "cannot be approved"),
        ("GET", format!("http://local.test:{port}/"), "local-only"),
        ("GET", "http://server.test/".to_owned(), "no rule in [network].http_get_allow matches"),
    ] {
        let answer = w.request(method, &url, "Content-Length: 0\r\n");
        assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{method} {url}: {answer}");
        assert!(answer.contains(why), "{method} {url}: {answer}");
    }
    assert_eq!(server.connections(), 0);
    assert_eq!(w.resolvers.load(Ordering::SeqCst), 0, "what is denied by name is not looked up");
    let denials = w.proxy.as_ref().unwrap().denials();
    assert_eq!(denials.len(), 12);
    assert_eq!(denials[6].times, 3, "three spellings of one path");
    let unknown = &denials[1];
    assert_eq!((&*unknown.what, &*unknown.host, unknown.port), (&*format!("GET http://unknown.test:{port}/"), "unknown.test", port));
    assert_eq!(
        unknown.suggestion.as_deref(),
        Some(&*format!("add \"unknown.test:{port}\" to [network].http_get_allow in policy.toml (line 4)"))
    );
    let records = w.end();
    assert!(records.kinds().iter().all(|kind| kind == "connection.denied"));
    assert_eq!(records.all()[0]["code"], "policy_denied");
}

#[test]
fn the_answer_says_what_to_add() {
    let w = proxy("[network]\nhttp_get_allow = [\"server.test\"]");
    let answer = w.get("http://new.test/x?secret=1");
    assert!(answer.ends_with(
        "\r\n\r\naegis: denied: GET http://new.test/x: no rule in [network].http_get_allow matches\n\
         to allow: add \"new.test\" to [network].http_get_allow in policy.toml (line 2)\n"
    ));
}

#[test]
fn every_request_of_a_connection_is_judged() {
    let server = echo();
    let port = server.addr.port();
    let mut w = proxy(&policy(port));
    let get = |host: &str, path: &str| format!("GET http://{host}:{port}{path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
    // one after the other
    let mut stream = w.connect();
    for path in ["/open/1", "/open/2"] {
        stream.write_all(get("other.test", path).as_bytes()).unwrap();
        assert!(read_answer(&mut stream).ends_with("hello"), "{path}");
    }
    stream.write_all(get("other.test", "/closed").as_bytes()).unwrap();
    assert!(read_answer(&mut stream).starts_with("HTTP/1.1 403"));
    assert_eq!(read_all(&mut stream), "", "the connection is over");
    // all at once
    let all = w.send([get("server.test", "/3"), get("other.test", "/open/4"), get("denied.test", "/5"), get("server.test", "/6")].concat());
    assert_eq!(all.matches("HTTP/1.1 200").count(), 2, "{all}");
    assert_eq!(all.matches("HTTP/1.1 403").count(), 1, "{all}");
    let paths: Vec<String> = server.requests().iter().map(|r| r.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(paths, ["/open/1", "/open/2", "/3", "/open/4"]);
    assert_eq!(w.end().of("connection.end").len(), 4);
}

#[test]
fn bodies_go_over_in_their_framing() {
    let server = Server::start(|request, stream| {
        let body = request.split_once("\r\n\r\n").unwrap().1.to_owned();
        stream.write_all(&ok(&body)).unwrap();
    });
    let port = server.addr.port();
    let w = proxy(&policy(port));
    let url = format!("http://other.test:{port}/open/x");
    let body = "x".repeat(300_000);
    let head = format!("POST {url} HTTP/1.1\r\nHost: other.test:{port}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    let answer = w.send(format!("{head}Expect: 100-continue\r\n\r\n{body}"));
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"), "{}", &answer[..100]);
    assert!(answer.ends_with(&body));
    let empty = w.request("POST", &url, "");
    assert!(empty.starts_with("HTTP/1.1 200"), "{empty}");
    assert!(server.last().contains("Content-Length: 0\r\n"));
}

#[test]
fn chunks_are_taken_apart_and_put_together_anew() {
    let server = crate::world::Sink::start(false);
    let port = server.addr.port();
    let w = proxy(&policy(port));
    let mut stream = w.connect();
    let head = format!("POST http://other.test:{port}/open/x HTTP/1.1\r\nHost: other.test:{port}\r\nTransfer-Encoding: chunked\r\n\r\n");
    stream.write_all(format!("{head}5;x=y\r\nhello\r\n0006\r\n world\r\n0\r\nTrailer: x\r\n\r\n").as_bytes()).unwrap();
    until("the body is there", || server.seen().ends_with(b"0\r\n\r\n"));
    let seen = String::from_utf8(server.seen()).unwrap();
    let (_, body) = seen.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
}

#[test]
fn answers_in_every_framing() {
    let server = Server::start(|request, stream| {
        let answer = match request.split(' ').nth(1).unwrap() {
            "/open/chunks" => {
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n3\r\nabc\r\n2;e\r\nde\r\n0\r\nX: t\r\n\r\n"
            }
            "/open/close" => "HTTP/1.0 200 OK\r\nProxy-Authenticate: x\r\n\r\nto the end",
            "/open/interim" => {
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
            }
            "/open/none" => "HTTP/1.1 204 No Content\r\n\r\n",
            "/open/cached" => "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n",
            "/open/moved" => "HTTP/1.1 302 Found\r\nLocation: http://denied.test/x\r\nContent-Length: 0\r\n\r\n",
            _ => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        };
        stream.write_all(answer.as_bytes()).unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Both);
    });
    let port = server.addr.port();
    let w = proxy(&policy(port));
    let get = |path: &str| w.get(&format!("http://other.test:{port}{path}"));
    let chunks = get("/open/chunks");
    assert!(chunks.ends_with("\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") && !chunks.contains("X-Hop"), "{chunks}");
    let old = w.send(format!("GET http://other.test:{port}/open/chunks HTTP/1.0\r\n\r\n"));
    assert!(old.ends_with("\r\n\r\nabcde") && !old.contains("chunked"), "{old}");
    let close = get("/open/close");
    assert!(close.ends_with("to the end") && close.contains("Connection: close") && !close.contains("Proxy-"), "{close}");
    let interim = get("/open/interim");
    assert!(interim.starts_with("HTTP/1.1 200 OK") && interim.ends_with("ok"), "{interim}");
    assert!(get("/open/none").starts_with("HTTP/1.1 204"));
    assert!(get("/open/cached").contains("Content-Length: 77\r\n"));
    let head = w.request("HEAD", &format!("http://other.test:{port}/open/x"), "");
    assert!(head.contains("Content-Length: 5\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    // a redirect is the child's to follow, and judged when it does
    let moved = get("/open/moved");
    assert!(moved.starts_with("HTTP/1.1 302") && moved.contains("Location: http://denied.test/x\r\n"), "{moved}");
    assert!(w.get("http://denied.test/x").starts_with("HTTP/1.1 403"));
}

#[test]
fn answers_that_make_no_sense_do_not_go_on() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "nonsense",
        "",
    ] {
        let server = Server::start(move |_, stream| {
            stream.write_all(answer.as_bytes()).unwrap();
            let _ = stream.shutdown(std::net::Shutdown::Both);
        });
        let port = server.addr.port();
        let mut w = proxy(&policy(port));
        let got = w.get(&format!("http://server.test:{port}/"));
        assert!(got.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{answer:?}: {got}");
        let end = w.end().of("connection.end").remove(0);
        assert_eq!((&end["result"], &end["code"]), (&"error".into(), &"network".into()));
    }
}

#[test]
fn a_body_that_breaks_off_is_seen_to_break_off() {
    let server = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Both);
    });
    let port = server.addr.port();
    let w = proxy(&policy(port));
    let got = w.get(&format!("http://server.test:{port}/"));
    assert!(got.ends_with("3\r\nabc\r\n"), "{got}");
}

#[test]
fn an_early_answer_comes_through_an_unfinished_request() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let mut block = [0; 1024];
        let _ = stream.read(&mut block).unwrap();
        stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig").unwrap();
        std::thread::sleep(Duration::from_secs(30));
    });
    let w = proxy(&policy(port));
    let head = format!("POST http://other.test:{port}/open/x HTTP/1.1\r\nHost: other.test:{port}\r\nContent-Length: 1000000\r\n\r\nhalf");
    let answer = w.send(head);
    assert!(answer.starts_with("HTTP/1.1 413") && answer.ends_with("big"), "{answer}");
}

#[test]
fn without_a_record_there_is_no_connection() {
    let server = echo();
    let port = server.addr.port();
    let w = proxy(&policy(port));
    w.records.broken.store(true, Ordering::SeqCst);
    let answer = w.get(&format!("http://server.test:{port}/"));
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(!answer.contains("disk"), "what is wrong with the journal is the operator's");
    assert_eq!(server.connections(), 0);
}

#[test]
fn the_intent_is_there_before_the_server_is() {
    let recorded = Arc::new(AtomicBool::new(false));
    let journal: Arc<std::sync::Mutex<Option<Arc<crate::world::Records>>>> = Arc::default();
    let (seen, place) = (recorded.clone(), journal.clone());
    let server = Server::start(move |_, stream| {
        let records = place.lock().unwrap().clone().unwrap();
        seen.store(records.kinds() == ["connection.open"], Ordering::SeqCst);
        stream.write_all(&ok("x")).unwrap();
    });
    let port = server.addr.port();
    let w = proxy(&policy(port));
    *journal.lock().unwrap() = Some(w.records.clone());
    w.get(&format!("http://server.test:{port}/"));
    assert!(recorded.load(Ordering::SeqCst));
}

#[test]
fn a_host_that_does_not_answer_is_a_502() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut w = proxy_with(&policy(port), ProxyCaps::default(), |_| usual_names());
    let answer = w.get(&format!("http://server.test:{port}/"));
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    let records = w.end();
    assert_eq!(records.kinds(), ["connection.open", "connection.end"]);
    assert_eq!(records.all()[1]["code"], "network");
}
