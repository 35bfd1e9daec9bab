//! Hosts that lead inside, and servers that never stop.

use std::io::Write;
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};

use crate::place::Place;
use crate::web::{Server, ok};

#[test]
fn addresses_of_this_machine_are_closed_in_every_spelling() {
    let server = Server::saying("inside");
    let port = server.port;
    let place = Place::new();
    let hosts = [
        "0.0.0.0", "0", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "localhost", "LOCALHOST.", "127.0.0.1.",
    ];
    let listed: Vec<String> =
        ["0.0.0.0", "127.0.0.1", "[::1]", "[::]", "[::ffff:7f00:1]", "[::7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost"]
            .iter()
            .map(|host| format!("\"{host}:{port}\""))
            .collect();
    let policy = format!("[network]\nhttp_get_allow = [{}]\n", listed.join(", "));
    for host in hosts {
        let ended = place.run(&policy, &format!("host = args.host\nprint(net.http_get(\"http://\" + host + \":{port}/\"))\n").replace("args.host", &format!("\"{host}\"")));
        assert!(matches!(ended.code, Some(2 | 3)), "{host}: {ended:#?}");
        ended.in_one_line().prints("");
    }
    assert!(server.seen().is_empty(), "the server was reached: {:?}", server.seen());
    // and with allow_ips it is reached, so that the above shows something
    let policy = format!("[network]\nhttp_get_allow = [\"localhost:{port}\"]\nallow_ips = [\"127.0.0.0/8\", \"::1/128\"]\n");
    place.run(&policy, &format!("print(net.http_get(\"http://localhost:{port}/\"))")).is(0, &[]).prints("inside\n");
    assert_eq!(server.seen().len(), 1);
}

/// A policy that opens one server on loopback.
fn open(server: &Server) -> String {
    format!("[network]\nhttp_get_allow = [\"127.0.0.1:{}\"]\nallow_ips = [\"127.0.0.1\"]\nmax_response_bytes = 1000000\ntimeout_seconds = 2\n", server.port)
}

fn get(server: &Server) -> String {
    format!("print(len(net.http_get(\"{}/x\")))\n", server.url())
}

#[test]
fn a_redirect_is_told_and_not_followed() {
    let inside = Server::saying("inside");
    let target = format!("{}/secret", inside.url());
    let location = target.clone();
    let server = Server::answering(move |_, stream| {
        let _ = write!(stream, "HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    });
    let place = Place::new();
    place.run(&open(&server), &get(&server)).is(1, &["script.star:1:", "redirect", &target]).in_one_line().prints("");
    assert_eq!(server.seen().len(), 1);
    assert!(inside.seen().is_empty());
}

#[test]
fn a_body_without_an_end_is_cut_off() {
    let server = Server::answering(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
    });
    let place = Place::new();
    place.run(&open(&server), &get(&server)).is(1, &["script.star:1:", "longer than 1000000 bytes"]).in_one_line().prints("");
}

#[test]
fn a_gzip_bomb_is_cut_off() {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..200 {
        bomb.write_all(&[0; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 1_000_000, "small on the wire");
    let server = Server::answering(move |_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
        let _ = stream.write_all(&bomb);
    });
    let place = Place::new();
    place.run(&open(&server), &get(&server)).is(1, &["script.star:1:", "longer than 1000000 bytes"]).in_one_line().prints("");
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let server = Server::answering(|_, _| std::thread::sleep(Duration::from_secs(600)));
    let place = Place::new();
    place.run(&open(&server), &get(&server)).is(1, &["script.star:1:", "net.http_get"]).in_one_line().prints("");
}

#[test]
fn an_error_status_is_an_error() {
    let server = Server::answering(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nnope");
    });
    let place = Place::new();
    place.run(&open(&server), &get(&server)).is(1, &["script.star:1:", "404"]).in_one_line().prints("");
}

#[test]
fn verbs_and_hosts_that_are_not_named() {
    let server = Server::answering(|_, stream| ok(stream, "text/plain", b"x"));
    let place = Place::new();
    place.run(&open(&server), &format!("u = \"{}/\"\nnet.http_post(u, body = \"x\")", server.url())).is(3, &["script.star:2:", "net.http_post"]);
    place.run(&open(&server), "net.http_get(\"http://other.invalid/\")").is(3, &["no rule in [network].http_get_allow matches"]);
    place.run(&open(&server), &format!("u = \"http://user@127.0.0.1:{}/\"\nnet.http_get(u)", server.port)).is(1, &["script.star:2:"]);
    assert!(server.seen().is_empty());
}
