//! Requests that mean one thing to the proxy and another to a server.

use std::io::Write as _;

use crate::server::{Server, ok};
use crate::world::{Sink, proxy, until};

fn policy(port: u16) -> String {
    format!(
        "[network]\nhttp_get_allow = [\"server.test:{port}/open/**\"]\nhttp_post_allow = [\"server.test:{port}/open/**\"]\n\
         allow_ips = [\"127.0.0.1\"]\n"
    )
}

#[test]
fn what_is_not_clear_reaches_nobody() {
    let server = Server::start(|_, stream| stream.write_all(&ok("hello")).unwrap());
    let port = server.addr.port();
    let mut w = proxy(&policy(port));
    let h = format!("server.test:{port}");
    let u = format!("http://{h}/open/x");
    let evil = format!("GET http://evil.test:{port}/ HTTP/1.1\r\nHost: evil.test:{port}\r\n\r\n");
    let requests = [
        format!("POST {u} HTTP/1.1\r\nHost: {h}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{evil}"),
        format!("POST {u} HTTP/1.1\r\nHost: {h}\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\n{evil}"),
        format!("POST {u} HTTP/1.1\r\nHost: {h}\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
        format!("POST {u} HTTP/1.1\r\nHost: {h}\r\nContent-Length: 5, 0\r\n\r\nhello"),
        format!("POST {u} HTTP/1.1\r\nHost: {h}\r\nContent-Length: +5\r\n\r\nhello"),
        format!("POST {u} HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: identity\r\n\r\n{evil}"),
        format!("POST {u} HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked, gzip\r\n\r\n{evil}"),
        format!("POST {u} HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding:\tchunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n"),
        format!("POST {u} HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        format!("POST {u} HTTP/1.1\r\nHost: {h}\r\nTransfer_Encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("POST {u} HTTP/1.0\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("GET {u} HTTP/1.1\r\nHost: evil.test:{port}\r\n\r\n"),
        format!("GET {u} HTTP/1.1\r\nHost: {h}\r\nHost: evil.test\r\n\r\n"),
        format!("GET {u} HTTP/1.1\r\n\r\n"),
        format!("GET {u} HTTP/1.1\nHost: {h}\n\n"),
        format!("GET {u} HTTP/1.1\r\nHost: {h}\nX: y\r\n\r\n"),
        format!("GET {u} HTTP/1.1\r\nHost: {h}\r\nX: y\rZ: z\r\n\r\n"),
        format!("GET {u} HTTP/1.1\r\nHost: {h}\r\nX: y\r\n z\r\n\r\n"),
        format!("GET {u} HTTP/1.1\r\n Host: {h}\r\n\r\n"),
        format!("GET {u} HTTP/1.1\r\nHost: {h}\r\nX: a\0b\r\n\r\n"),
        format!("GET http://server.test\0.evil.test:{port}/open/x HTTP/1.1\r\nHost: {h}\r\n\r\n"),
        format!("GET http://{h}@evil.test/open/x HTTP/1.1\r\nHost: {h}\r\n\r\n"),
        format!("GET http://u:p@{h}/open/x HTTP/1.1\r\nHost: {h}\r\n\r\n"),
        format!("GET http://{h}\\@evil.test/open/x HTTP/1.1\r\nHost: {h}\r\n\r\n"),
        format!("GET http://server%2etest:{port}/open/x HTTP/1.1\r\nHost: {h}\r\n\r\n"),
        format!("GET https://{h}/open/x HTTP/1.1\r\nHost: {h}\r\n\r\n"),
        format!("GET /open/x HTTP/1.1\r\nHost: {h}\r\n\r\n"),
        format!("GET {u} HTTP/1.1 HTTP/1.1\r\nHost: {h}\r\n\r\n"),
        format!("GET {u}\r\nHost: {h}\r\n\r\n"),
        format!("GET\t{u}\tHTTP/1.1\r\nHost: {h}\r\n\r\n"),
        format!("get {u} HTTP/1.1\r\nHost: {h}\r\n\r\n"),
        format!("OPTIONS {u} HTTP/1.1\r\nHost: {h}\r\n\r\n"),
        format!("GET {u} HTTP/1.1\r\nHost: {h}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
        format!("GET {u} HTTP/1.1\r\nHost: {h}\r\nConnection: close, Host\r\n\r\n"),
        format!("POST {u} HTTP/1.1\r\nHost: {h}\r\nX-HTTP-Method-Override: DELETE\r\nContent-Length: 0\r\n\r\n"),
        format!("GET {u} HTTP/1.1\r\nHost: {h}\r\nX-Original-URL: /closed\r\n\r\n"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\r\n\r\n".to_owned(),
        "\x16\x03\x01\x02\x00".to_owned(),
        "\x04\x01\0P\x7f\0\0\x01\0".to_owned(),
        format!("GET {u} HTTP/1.1\r\nHost: {h}\r\nX: {}\r\n\r\n", "x".repeat(9000)),
        format!("GET {u} HTTP/1.1\r\nHost: {h}\r\n{}\r\n", "X: y\r\n".repeat(201)),
    ];
    let count = requests.len();
    for request in requests {
        let answer = w.send(&request);
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{request:?}: {answer:?}");
        assert_eq!(answer.matches("Content-Type: ").count(), 1, "{request:?}: one answer, and the connection is over");
    }
    assert_eq!(server.connections(), 0);
    let records = w.end();
    assert_eq!(records.of("connection.denied").len(), count);
    assert!(records.all().iter().all(|r| r["code"] == "bad_argument"));
}

#[test]
fn a_chunked_body_that_lies_ends_everything() {
    let server = Sink::start(false);
    let port = server.addr.port();
    let h = format!("server.test:{port}");
    let evil = "GET /closed HTTP/1.1\r\nHost: x\r\n\r\n";
    for body in [
        format!("5\r\nhelloXX{evil}"),
        format!("5\r\nhello\n0\r\n\r\n{evil}"),
        format!("0x5\r\nhello\r\n0\r\n\r\n{evil}"),
        format!("-1\r\n{evil}"),
        format!("5 \r\nhello\r\n0\r\n\r\n{evil}"),
        format!("5\nhello\r\n0\r\n\r\n{evil}"),
        format!("5;\x01\r\nhello\r\n0\r\n\r\n{evil}"),
        format!("ffffffffffffffff1\r\n{evil}"),
        format!("0\r\nno trailer\r\n\r\n{evil}"),
        format!("{}\r\n{evil}", "0".repeat(5000)),
    ] {
        let mut w = proxy(&policy(port));
        server.seen.lock().unwrap().clear();
        let answer = w.send(format!("POST http://{h}/open/x HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n\r\n{body}"));
        assert!(answer.starts_with("HTTP/1.1 400"), "{body:?}: {answer:?}");
        assert_eq!(w.end().of("connection.end")[0]["result"], "error");
        let seen = String::from_utf8(server.seen()).unwrap();
        assert!(!seen.contains("/closed"), "{body:?}: {seen}");
        assert!(!seen.ends_with("0\r\n\r\n"), "{body:?}: the body did not end for the server");
    }
}

#[test]
fn what_stands_behind_a_body_is_a_request_of_its_own() {
    let server = Sink::start(false);
    let port = server.addr.port();
    let h = format!("server.test:{port}");
    let mut w = proxy(&policy(port));
    let mut stream = w.connect();
    let hidden = format!("POST http://{h}/closed HTTP/1.1\r\nHost: {h}\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(format!("POST http://{h}/open/x HTTP/1.1\r\nHost: {h}\r\nContent-Length: 4\r\n\r\nbody{hidden}").as_bytes()).unwrap();
    until("the body is there", || server.seen().ends_with(b"body"));
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(server.seen().ends_with(b"\r\n\r\nbody"));
    w.end();
    assert!(!String::from_utf8(server.seen()).unwrap().contains("closed"));
}
