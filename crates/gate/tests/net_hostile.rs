//! Servers that mean harm: what they send, and that the client ends within its caps.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod server;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use aegis_gate::{Answer, Caps, NetClient, NetError, Resolver, VettedAddrs};
use aegis_policy::{Method, RequestUrl, Verdict};
use flate2::Compression;
use flate2::write::GzEncoder;
use server::{Server, flood, ok};

fn caps() -> Caps {
    Caps::new(Instant::now() + Duration::from_secs(20), 1 << 20)
}

fn soon() -> Caps {
    Caps { deadline: Instant::now() + Duration::from_millis(400), ..caps() }
}

fn get(server: &Server, caps: Caps) -> Result<Answer, NetError> {
    get_with(&mut NetClient::new(None).unwrap(), server, caps)
}

fn get_with(client: &mut NetClient, server: &Server, caps: Caps) -> Result<Answer, NetError> {
    let url = RequestUrl::parse(&server.url("/")).unwrap();
    let addrs = Resolver::system().addresses(&url, caps.deadline).unwrap();
    let addrs = VettedAddrs::vet(addrs, &mut |_| Verdict::Allow).unwrap();
    client.send(&url, addrs, Method::Get, &[], None, caps)
}

fn raw(answer: &'static [u8]) -> Server {
    Server::start(move |_, stream| {
        let _ = stream.write_all(answer);
        let _ = stream.shutdown(Shutdown::Write);
    })
}

fn dribble(stream: &mut TcpStream, chunk: &[u8]) {
    while stream.write_all(chunk).is_ok() {
        thread::sleep(Duration::from_millis(20));
    }
}

const TOO_LARGE: Result<Answer, NetError> = Err(NetError::BodyTooLarge { max_bytes: 1 << 20 });

#[test]
fn an_endless_body_ends_at_the_cap() {
    let server = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        flood(stream, &[b'x'; 65536]);
    });
    assert_eq!(get(&server, caps()), TOO_LARGE);
}

#[test]
fn an_endless_chunked_body_ends_at_the_cap() {
    let server = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
        flood(stream, format!("1000\r\n{}\r\n", "x".repeat(4096)).as_bytes());
    });
    assert_eq!(get(&server, caps()), TOO_LARGE);
}

#[test]
fn a_stated_length_above_the_cap_is_not_read() {
    let server = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n");
    assert_eq!(get(&server, caps()), TOO_LARGE);
}

#[test]
fn a_body_of_exactly_the_cap_is_whole() {
    let server = Server::start(|_, stream| stream.write_all(&ok(&"x".repeat(1 << 20))).unwrap());
    assert_eq!(get(&server, caps()).unwrap().body.len(), 1 << 20);
}

#[test]
fn dribbled_bodies_and_headers_end_at_the_deadline() {
    let body = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        dribble(stream, b"x");
    });
    let headers = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nX: ").unwrap();
        dribble(stream, b"x");
    });
    let silent = Server::start(|_, stream| drop(stream.read(&mut [0; 1])));
    let informational = Server::start(|_, stream| dribble(stream, b"HTTP/1.1 103 Early Hints\r\n\r\n"));
    for server in [body, headers, silent, informational] {
        assert_eq!(get(&server, soon()), Err(NetError::Deadline));
        assert_eq!(server.connections(), 1);
    }
}

#[test]
fn a_flood_of_informational_answers_ends() {
    let server = Server::start(|_, stream| flood(stream, b"HTTP/1.1 100 Continue\r\n\r\n"));
    assert!(matches!(get(&server, soon()), Err(NetError::Deadline | NetError::Protocol | NetError::HeadersTooLarge)));
}

#[test]
fn informational_answers_are_passed_over() {
    let server =
        raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    assert_eq!(get(&server, caps()).unwrap().body, b"x");
}

#[test]
fn switching_protocols_unasked_is_refused() {
    let server = raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nraw bytes");
    assert!(matches!(get(&server, caps()), Err(NetError::Upgrade | NetError::Protocol)));
}

fn gzip(bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..bytes >> 20 {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}

fn compressed(body: Vec<u8>) -> Server {
    Server::start(move |_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all(&body);
    })
}

#[test]
fn compressed_bodies_are_decompressed_and_counted_so() {
    assert_eq!(get(&compressed(gzip(1 << 20)), caps()).unwrap().body, vec![0; 1 << 20]);
    let bomb = gzip(200 << 20);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(get(&compressed(bomb), caps()), TOO_LARGE);
}

#[test]
fn broken_compression_is_an_error() {
    let mut cut = gzip(1 << 20);
    cut.truncate(cut.len() / 2);
    assert_eq!(get(&compressed(cut), caps()), Err(NetError::Decompress));
    assert_eq!(get(&compressed(b"this is no gzip".to_vec()), caps()), Err(NetError::Decompress));
}

#[test]
fn header_floods() {
    let many = |count: usize| {
        Server::start(move |_, stream| {
            let fields: String = (0..count).map(|n| format!("X-{n}: y\r\n")).collect();
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{fields}\r\n");
        })
    };
    assert_eq!(get(&many(99), caps()).unwrap().headers.len(), 100);
    assert_eq!(get(&many(100), caps()), Err(NetError::TooManyHeaders));
    assert!(matches!(get(&many(5000), caps()), Err(NetError::TooManyHeaders | NetError::Protocol | NetError::HeadersTooLarge)));

    let long = |bytes: usize| {
        Server::start(move |_, stream| {
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: {}\r\n\r\n", "x".repeat(bytes));
        })
    };
    assert!(get(&long(60_000), caps()).is_ok());
    assert_eq!(get(&long(70_000), caps()), Err(NetError::HeadersTooLarge));
    assert_eq!(get(&long(2 << 20), caps()), Err(NetError::HeadersTooLarge));

    let endless = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n").unwrap();
        flood(stream, b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n");
    });
    assert!(matches!(get(&endless, caps()), Err(NetError::Protocol | NetError::HeadersTooLarge)));
}

#[test]
fn what_is_not_http() {
    for answer in [
        b"SSH-2.0-OpenSSH_9.9\r\n".as_slice(),
        b"HTTP/1.1 999999 Big\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxxxx0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"PRI * HTTP/2.0\r\n\r\n",
    ] {
        let text = String::from_utf8_lossy(answer);
        let error = get(&raw(answer), caps()).expect_err(&text);
        assert!(matches!(error, NetError::Protocol | NetError::Closed | NetError::HeadersTooLarge), "{text:?}: {error:?}");
    }
}

#[test]
fn answers_that_end_too_early() {
    for answer in [
        b"".as_slice(),
        b"HTTP/1.1 2",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nxxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n",
    ] {
        let text = String::from_utf8_lossy(answer);
        assert_eq!(get(&raw(answer), caps()).expect_err(&text), NetError::Closed, "{text:?}");
    }
}

#[test]
fn a_reset_is_an_error_and_nothing_is_sent_twice() {
    let server = Server::start(|_, stream| {
        // Unread input makes the kernel answer the close with a reset.
        let socket = rustix::net::sockopt::set_socket_linger(&*stream, Some(Duration::ZERO));
        socket.unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
    });
    assert_eq!(get(&server, caps()), Err(NetError::Closed));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_connection_that_the_server_closed_meanwhile_is_not_used() {
    static CLOSED: AtomicUsize = AtomicUsize::new(0);
    let server = Server::start(|_, stream| {
        stream.write_all(&ok("x")).unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
        CLOSED.fetch_add(1, Ordering::SeqCst);
    });
    let mut client = NetClient::new(None).unwrap();
    for round in 1..=20 {
        assert_eq!(get_with(&mut client, &server, caps()).unwrap().body, b"x");
        while CLOSED.load(Ordering::SeqCst) < round {
            thread::yield_now();
        }
    }
    assert_eq!(server.requests().len(), 20);
}

#[test]
fn bytes_behind_an_answer_are_not_the_next_answer() {
    let server = Server::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nrealHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfake");
    });
    let mut client = NetClient::new(None).unwrap();
    for _ in 0..5 {
        assert_eq!(get_with(&mut client, &server, caps()).unwrap().body, b"real");
        thread::sleep(Duration::from_millis(10));
    }
}
