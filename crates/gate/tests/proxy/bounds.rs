//! Time, bytes and numbers; and that nothing is left when the proxy ends.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use aegis_gate::ProxyCaps;

use crate::server::{Server, flood, ok};
use crate::world::{Sink, proxy, proxy_with, read_all, until, usual_names};

fn policy(port: u16) -> String {
    format!(
        "[network]\nhttp_get_allow = [\"server.test:{port}\"]\nhttp_post_allow = [\"server.test:{port}\"]\nallow_ips = [\"127.0.0.1\"]\n\
         [subprocess]\nconnect_hosts = [\"server.test:{port}\"]\n"
    )
}

fn get(port: u16) -> String {
    format!("GET http://server.test:{port}/ HTTP/1.1\r\nHost: server.test:{port}\r\nConnection: close\r\n\r\n")
}

#[test]
fn an_idle_connection_ends() {
    let server = Sink::start(true);
    let port = server.addr.port();
    let caps = ProxyCaps { idle: Duration::from_millis(200), ..ProxyCaps::default() };
    let mut w = proxy_with(&policy(port), caps, |_| usual_names());
    let begun = Instant::now();
    // silent from the start, in the middle of a head, in a tunnel, and waiting for a host that never answers
    for start in ["", "GET http://ser", &format!("CONNECT server.test:{port} HTTP/1.1\r\n\r\nx")] {
        let mut stream = w.connect();
        stream.write_all(start.as_bytes()).unwrap();
        read_all(&mut stream);
    }
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mute_port = mute.local_addr().unwrap().port();
    let v = proxy_with(&policy(mute_port), caps, |_| usual_names());
    assert!(v.send(get(mute_port)).starts_with("HTTP/1.1 502"));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(w.end().of("connection.end")[0]["detail"], "idle for too long");
}

#[test]
fn what_flows_one_way_keeps_the_other_way_open() {
    let server = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n").unwrap();
        for _ in 0..20 {
            thread::sleep(Duration::from_millis(40));
            let _ = stream.write_all(b"x");
        }
    });
    let port = server.addr.port();
    let caps = ProxyCaps { idle: Duration::from_millis(400), ..ProxyCaps::default() };
    let w = proxy_with(&policy(port), caps, |_| usual_names());
    assert!(w.send(get(port)).ends_with(&"x".repeat(20)));
}

#[test]
fn the_time_of_a_connection_is_bounded() {
    let server = Server::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(10));
        }
    });
    let port = server.addr.port();
    let caps = ProxyCaps { total: Duration::from_millis(400), ..ProxyCaps::default() };
    let mut w = proxy_with(&policy(port), caps, |_| usual_names());
    let begun = Instant::now();
    w.send(get(port));
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(w.end().of("connection.end")[0]["detail"], "open for too long");
}

#[test]
fn the_bytes_of_a_connection_are_bounded() {
    let server = Server::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        flood(stream, &[b'x'; 4096]);
    });
    let port = server.addr.port();
    let caps = ProxyCaps { bytes_down: 100_000, ..ProxyCaps::default() };
    let mut w = proxy_with(&policy(port), caps, |_| usual_names());
    assert!(w.send(get(port)).len() <= 100_000);
    assert_eq!(w.end().of("connection.end")[0]["detail"], "too many bytes");

    let sink = Sink::start(false);
    let port = sink.addr.port();
    let caps = ProxyCaps { bytes_up: 100_000, ..ProxyCaps::default() };
    let w = proxy_with(&policy(port), caps, |_| usual_names());
    let mut stream = w.connect();
    let _ = write!(stream, "CONNECT server.test:{port} HTTP/1.1\r\n\r\n");
    flood(&mut stream, &[b'x'; 4096]);
    assert!(sink.seen().len() <= 100_000);
}

#[test]
fn the_number_of_requests_is_bounded() {
    let server = Server::start(|_, stream| stream.write_all(&ok("x")).unwrap());
    let port = server.addr.port();
    let caps = ProxyCaps { requests: 3, ..ProxyCaps::default() };
    let mut w = proxy_with(&policy(port), caps, |_| usual_names());
    let answers: Vec<bool> = (0..6).map(|_| w.send(get(port)).starts_with("HTTP/1.1 200")).collect();
    assert_eq!(answers, [true, true, true, false, false, false]);
    assert_eq!(server.connections(), 3);
    let records = w.end();
    assert_eq!(records.of("connection.denied").len(), 1, "said once");
    assert_eq!(records.of("connection.denied")[0]["code"], "limit");
}

#[test]
fn two_hundred_at_once() {
    let server = Server::start(|_, stream| {
        thread::sleep(Duration::from_millis(20));
        stream.write_all(&ok("hello")).unwrap();
    });
    let port = server.addr.port();
    let mut w = proxy(&policy(port));
    thread::scope(|scope| {
        for _ in 0..200 {
            scope.spawn(|| assert!(w.send(get(port)).ends_with("hello")));
        }
    });
    assert_eq!(server.connections(), 200);
    let records = w.end();
    assert_eq!((records.of("connection.open").len(), records.of("connection.end").len()), (200, 200));
}

#[test]
fn more_than_may_be_served_wait_their_turn() {
    let server = Server::start(|_, stream| stream.write_all(&ok("hello")).unwrap());
    let port = server.addr.port();
    let w = proxy_with(&policy(port), ProxyCaps { connections: 2, ..ProxyCaps::default() }, |_| usual_names());
    let (first, second) = (w.connect(), w.connect());
    let mut third = w.connect();
    third.write_all(get(port).as_bytes()).unwrap();
    third.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(third.read(&mut [0]).is_err(), "nobody serves it yet");
    drop(first);
    third.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!(read_all(&mut third).ends_with("hello"));
    drop(second);
}

#[test]
fn the_end_takes_everything_with_it() {
    let sink = Sink::start(false);
    let port = sink.addr.port();
    let mut w = proxy(&policy(port));
    let mut open: Vec<TcpStream> = Vec::new();
    for start in [
        String::new(),
        "GET http://ser".to_owned(),
        get(port),
        format!("CONNECT server.test:{port} HTTP/1.1\r\n\r\nhello"),
        format!("CONNECT server.test:{port} HTTP/1.1\r\n\r\n\x16\x03\x01"),
        format!("POST http://server.test:{port}/ HTTP/1.1\r\nHost: server.test:{port}\r\nContent-Length: 10\r\n\r\nhalf"),
        "\x05\x01\0".to_owned(),
    ] {
        let mut stream = w.connect();
        stream.write_all(start.as_bytes()).unwrap();
        open.push(stream);
    }
    until("all are under way", || sink.connections.load(Ordering::SeqCst) == 4);
    let begun = Instant::now();
    let records = w.end();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    for mut stream in open {
        read_all(&mut stream);
    }
    assert!(TcpStream::connect(w.addr).is_err(), "nobody listens any more");
    assert_eq!(records.of("connection.open").len(), records.of("connection.end").len());
    assert!(records.of("connection.end").iter().all(|r| r["result"] == "error"));
    // every thread had a share in them
    assert_eq!(Arc::strong_count(&records), 2);
}

#[test]
fn the_end_does_not_wait_for_a_host_that_cannot_be_reached() {
    // nobody takes from the queue, and it is full
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    rustix::net::listen(&listener, 0).unwrap();
    let _full: Vec<_> =
        (0..3).filter_map(|_| TcpStream::connect_timeout(&listener.local_addr().unwrap(), Duration::from_millis(100)).ok()).collect();
    let mut w = proxy(&policy(port));
    let mut stream = w.connect();
    stream.write_all(get(port).as_bytes()).unwrap();
    until("it is being connected to", || !w.records.of("connection.open").is_empty());
    let begun = Instant::now();
    w.end();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}
