//! SOCKS5 on the same port, judged as a tunnel.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::Ordering;

use crate::world::{Sink, World, client_hello, proxy, read_all};

fn policy(port: u16) -> String {
    format!(
        "[network]\nallow_ips = [\"127.0.0.1\"]\n[subprocess]\nconnect_hosts = [\"server.test:{port}\", \"127.0.0.1:{port}\", \"allowed.com:{port}\"]\n"
    )
}

fn named(name: &[u8]) -> Vec<u8> {
    [&[3, u8::try_from(name.len()).unwrap()], name].concat()
}

/// Asks for an address; what the proxy says.
fn ask(w: &World, command: u8, address: &[u8], port: u16) -> (TcpStream, u8) {
    let mut stream = w.connect();
    stream.write_all(&[5, 2, 2, 0]).unwrap();
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).unwrap();
    assert_eq!(chosen, [5, 0]);
    stream.write_all(&[&[5, command, 0], address, &port.to_be_bytes()].concat()).unwrap();
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!((answer[0], answer[2], answer[3]), (5, 0, 1));
    (stream, answer[1])
}

#[test]
fn names_and_addresses_that_are_listed_are_reached() {
    let server = Sink::start(true);
    let port = server.addr.port();
    let mut w = proxy(&policy(port));
    for address in [named(b"server.test"), named(b"SERVER.test."), vec![1, 127, 0, 0, 1], named(b"127.0.0.1"), named(b"0x7f.1")] {
        let (mut stream, rep) = ask(&w, 1, &address, port);
        assert_eq!(rep, 0, "{address:?}");
        stream.write_all(b"plain").unwrap();
        let mut echoed = [0; 5];
        stream.read_exact(&mut echoed).unwrap();
        assert_eq!(&echoed, b"plain");
    }
    let open = w.end().of("connection.open");
    assert_eq!((&open[0]["protocol"], &open[0]["target"]), (&"socks5".into(), &format!("SOCKS5 server.test:{port}").into()));
}

#[test]
fn whatever_else_reaches_nobody() {
    let server = Sink::start(true);
    let port = server.addr.port();
    let mut w = proxy(&policy(port));
    let mapped = [&[4][..], &"::ffff:127.0.0.2".parse::<std::net::Ipv6Addr>().unwrap().octets()].concat();
    for (address, rep) in [
        (named(b"other.test"), 2),
        (named(b"allowed.com\0.evil.com"), 2),
        (named(b"server.test\0"), 2),
        (named(b"server.test/"), 2),
        (named(b"server.test:80@evil"), 2),
        (named(b"u@server.test"), 2),
        (named(b"server%2etest"), 2),
        (named(b"server.test\r\n"), 2),
        (named(b"server.test "), 2),
        (named(b"[::1]"), 2),
        (named("sérver.test".as_bytes()), 2),
        (named(b""), 2),
        (vec![1, 127, 0, 0, 2], 2),
        (vec![1, 169, 254, 169, 254], 2),
        (mapped, 2),
        (named(b"allowed.com"), 4),
    ] {
        let (mut stream, got) = ask(&w, 1, &address, port);
        assert_eq!(got, rep, "{address:?}");
        assert_eq!(read_all(&mut stream), "");
    }
    for command in [0, 2, 3, 255] {
        assert_eq!(ask(&w, command, &named(b"server.test"), port).1, 7, "command {command}");
    }
    assert_eq!(ask(&w, 1, &named(b"server.test"), 0).1, 2);
    // no address type
    let mut stream = w.connect();
    stream.write_all(&[5, 1, 0, 5, 1, 0, 9, 1]).unwrap();
    assert_eq!(read_all(&mut stream).as_bytes().get(3), Some(&8));
    // only with a password
    assert_eq!(w.send([5, 1, 2]).as_bytes()[0], 5);
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
    assert!(!w.end().kinds().contains(&"connection.open".to_owned()));
}

#[test]
fn tls_inside_is_held_to_the_name_too() {
    let server = Sink::start(true);
    let port = server.addr.port();
    let w = proxy(&policy(port));
    let (mut stream, rep) = ask(&w, 1, &named(b"server.test"), port);
    assert_eq!(rep, 0);
    stream.write_all(&client_hello(Some("other.test"), &[])).unwrap();
    assert_eq!(read_all(&mut stream), "");
    assert!(server.seen().is_empty());
}
