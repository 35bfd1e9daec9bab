//! Names and addresses: what a name resolves to is vetted, and what was vetted is what is used.

use std::io::Write as _;
use std::sync::atomic::Ordering;

use aegis_gate::ProxyCaps;

use crate::server::{Server, ok};
use crate::world::{names, proxy, proxy_with};

const CLOSED: &[&str] = &[
    "0.0.0.0",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "0x7f000001",
    "0177.1",
    "0177.0.0.01",
    "127.0.0.1.",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[::127.0.0.1]",
    "[::]",
    "0",
    "localhost",
    "a.localhost",
];

fn echo() -> Server {
    Server::start(|_, stream| stream.write_all(&ok("hello")).unwrap())
}

#[test]
fn closed_addresses_are_closed_in_every_spelling() {
    let server = echo();
    let port = server.addr.port();
    let any = [format!("*:{port}")];
    let mut w = proxy(&format!("[network]\nhttp_get_allow = {any:?}\n[subprocess]\nconnect_hosts = {any:?}\n"));
    for host in CLOSED {
        let answer = w.get(&format!("http://{host}:{port}/"));
        assert!(answer.starts_with("HTTP/1.1 403"), "{host}: {answer}");
        assert!(answer.contains("[network].allow_ips"), "{host}: {answer}");
        let answer = w.send(format!("CONNECT {host}:{port} HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 403"), "{host}: {answer}");
    }
    assert_eq!(server.connections(), 0);
    assert!(!w.end().kinds().contains(&"connection.open".to_owned()));
}

#[test]
fn an_address_is_no_name_and_a_name_no_address() {
    let server = echo();
    let port = server.addr.port();
    // the address is open, but only the name is listed
    let listed =
        format!("[network]\nhttp_get_allow = [\"server.test:{port}\", \"*.test:{port}\"]\nallow_ips = [\"127.0.0.0/8\", \"::1\"]\n");
    let w = proxy(&listed);
    for host in CLOSED {
        let answer = w.get(&format!("http://{host}:{port}/"));
        assert!(answer.starts_with("HTTP/1.1 403"), "{host}: {answer}");
    }
    assert_eq!(server.connections(), 0);
    // listed as an address, it is reached as one, and told as one
    let w = proxy(&format!("[network]\nhttp_get_allow = [\"127.0.0.1:{port}\"]\nallow_ips = [\"127.0.0.1\"]\n"));
    assert!(w.get(&format!("http://0x7f.1:{port}/")).ends_with("hello"));
    assert!(server.last().contains(&format!("\r\nHost: 127.0.0.1:{port}\r\n")));
}

#[test]
fn one_closed_address_closes_a_name() {
    let server = echo();
    let port = server.addr.port();
    let policy = format!("[network]\nhttp_get_allow = [\"*.test:{port}\"]\nallow_ips = [\"127.0.0.1\"]\n");
    let w = proxy_with(&policy, ProxyCaps::default(), |_| {
        names(&[
            ("mixed.test", &["127.0.0.1", "127.0.0.2"]),
            ("private.test", &["10.0.0.1"]),
            ("meta.test", &["169.254.169.254"]),
            ("mapped.test", &["::ffff:10.0.0.1"]),
            ("none.test", &[]),
        ])
    });
    for host in ["mixed.test", "private.test", "meta.test", "mapped.test"] {
        let answer = w.get(&format!("http://{host}:{port}/"));
        assert!(answer.starts_with("HTTP/1.1 403"), "{host}: {answer}");
    }
    for host in ["none.test", "unknown.test"] {
        let answer = w.get(&format!("http://{host}:{port}/"));
        assert!(answer.starts_with("HTTP/1.1 502"), "{host}: {answer}");
    }
    assert_eq!(server.connections(), 0);
    assert_eq!(w.reasons().len(), 4, "a name without an address is no denial");
}

#[test]
fn a_name_is_looked_up_once_and_what_was_vetted_is_used() {
    let server = echo();
    let port = server.addr.port();
    let policy = format!("[network]\nhttp_get_allow = [\"rebinding.test:{port}\"]\nallow_ips = [\"127.0.0.1\"]\n");
    // the second answer would be another one
    let w =
        proxy_with(&policy, ProxyCaps::default(), |n| names(&[("rebinding.test", if n == 0 { &["127.0.0.1"] } else { &["127.0.0.66"] })]));
    assert!(w.get(&format!("http://rebinding.test:{port}/")).ends_with("hello"));
    assert_eq!((w.resolvers.load(Ordering::SeqCst), server.connections()), (1, 1));
}

#[test]
fn the_next_of_the_vetted_addresses_is_tried() {
    let server = echo();
    let port = server.addr.port();
    let policy = format!("[network]\nhttp_get_allow = [\"two.test:{port}\"]\nallow_ips = [\"127.0.0.0/8\"]\n");
    let mut w = proxy_with(&policy, ProxyCaps::default(), |_| names(&[("two.test", &["127.0.0.77", "127.0.0.1"])]));
    assert!(w.get(&format!("http://two.test:{port}/")).ends_with("hello"));
    let records = w.end();
    assert_eq!(records.all()[0]["addresses"], "127.0.0.77, 127.0.0.1");
    assert_eq!(records.all()[1]["address"], "127.0.0.1");
}
