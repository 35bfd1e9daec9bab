//! CONNECT. Neither verb nor path shows, so the policy must name the host for it, and TLS inside must ask for that host.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::server::read_request;
use crate::world::{Sink, World, client_hello, proxy, read_all, until};

fn policy(port: u16) -> String {
    format!(
        r#"
[network]
http_get_allow = ["*:{port}"]
http_post_allow = ["*:{port}"]
allow_ips = ["127.0.0.1"]
deny_hosts = ["denied.test:{port}/admin"]
local_only_hosts = ["local.test:{port}"]
[subprocess]
connect_hosts = ["server.test:{port}", "denied.test:{port}", "local.test:{port}", "127.0.0.1:{port}"]
"#
    )
}

/// A tunnel that is there.
fn tunnel(w: &World, to: &str) -> TcpStream {
    let mut stream = w.connect();
    write!(stream, "CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n").unwrap();
    assert_eq!(read_request(&mut stream).unwrap(), "HTTP/1.1 200 Connection established\r\n\r\n");
    stream
}

#[test]
fn tls_that_asks_for_the_host_goes_through() {
    let server = Sink::start(true);
    let port = server.addr.port();
    let mut w = proxy(&policy(port));
    for name in ["server.test", "SERVER.Test", "server.test."] {
        let hello = [client_hello(Some(name), &[]), b"and more".to_vec()].concat();
        server.seen.lock().unwrap().clear();
        let mut stream = tunnel(&w, &format!("server.test:{port}"));
        // in two pieces, the first of which tells nothing
        stream.write_all(&hello[..9]).unwrap();
        std::thread::sleep(Duration::from_millis(30));
        assert!(server.seen().is_empty(), "nothing goes before the name is known");
        stream.write_all(&hello[9..]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut echoed = Vec::new();
        stream.read_to_end(&mut echoed).unwrap();
        assert_eq!(echoed, hello, "{name}");
        assert_eq!(server.seen(), hello);
    }
    let records = w.end();
    let end = records.of("connection.end").remove(0);
    let hello = client_hello(Some("server.test"), b"").len() + 8;
    assert_eq!((&end["result"], &end["bytes_up"], &end["bytes_down"]), (&"ok".into(), &hello.into(), &hello.into()));
    let open = records.of("connection.open").remove(0);
    assert_eq!((&open["protocol"], &open["target"]), (&"connect".into(), &format!("CONNECT server.test:{port}").into()));
}

#[test]
fn tls_that_asks_for_another_host_sends_nothing() {
    let server = Sink::start(true);
    let port = server.addr.port();
    let ech = [&[0xfe, 0x0d, 0, 1][..], b"x"].concat();
    let hellos = [
        client_hello(Some("other.test"), &[]),
        client_hello(Some("server.test.evil.test"), &[]),
        client_hello(Some("xserver.test"), &[]),
        client_hello(Some("server.test\0.evil.test"), &[]),
        client_hello(Some("server.test.."), &[]),
        client_hello(Some(""), &[]),
        client_hello(None, &[]),
        client_hello(Some("server.test"), &ech),
        [&client_hello(Some("server.test"), &[])[..60], b"\x17\x03\x01\0\x01x"].concat(),
        b"\x16\x03\x01\xff\xff".to_vec(),
        b"\x16\x03\x01\0\x04\x02\0\0\0".to_vec(),
        client_hello(Some("server.test"), &[])[..60].to_vec(),
    ];
    for hello in hellos {
        let mut w = proxy(&policy(port));
        let mut stream = tunnel(&w, &format!("server.test:{port}"));
        stream.write_all(&hello).unwrap();
        let _ = stream.shutdown(Shutdown::Write);
        assert_eq!(read_all(&mut stream), "", "{hello:?}");
        assert!(server.seen().is_empty(), "not one byte: {hello:?}");
        let records = w.end();
        assert_eq!(records.of("connection.end")[0]["bytes_up"], 0);
        assert_eq!(records.of("connection.end")[0]["result"], "error");
    }
    let w = proxy(&policy(port));
    let mut stream = tunnel(&w, &format!("server.test:{port}"));
    stream.write_all(&client_hello(Some("other.test"), &[])).unwrap();
    read_all(&mut stream);
    until("the denial is there", || !w.reasons().is_empty());
    let denial = w.proxy.as_ref().unwrap().denials().remove(0);
    assert_eq!((&*denial.what, &*denial.host), (&*format!("CONNECT server.test:{port}"), "server.test"));
    assert!(denial.reason.ends_with("the TLS name inside is not the host of the tunnel"));
}

#[test]
fn an_address_has_no_name_in_tls() {
    let server = Sink::start(true);
    let port = server.addr.port();
    let w = proxy(&policy(port));
    let hello = client_hello(None, &[]);
    let mut stream = tunnel(&w, &format!("127.0.0.1:{port}"));
    stream.write_all(&hello).unwrap();
    let mut echoed = vec![0; hello.len()];
    stream.read_exact(&mut echoed).unwrap();
    assert_eq!(echoed, hello);
    server.seen.lock().unwrap().clear();
    let mut stream = tunnel(&w, &format!("127.0.0.1:{port}"));
    stream.write_all(&client_hello(Some("server.test"), &[])).unwrap();
    assert_eq!(read_all(&mut stream), "");
    assert!(server.seen().is_empty());
}

#[test]
fn only_the_hosts_for_tunnels_have_one() {
    let server = Sink::start(true);
    let port = server.addr.port();
    let mut w = proxy(&policy(port));
    for (to, why) in [
        ("other.test", "no rule in [subprocess].connect_hosts matches"),
        ("denied.test", "denied by [network].deny_hosts"),
        ("local.test", "local-only"),
        ("127.0.0.2", "no rule in [subprocess].connect_hosts matches"),
    ] {
        let answer = w.send(format!("CONNECT {to}:{port} HTTP/1.1\r\n\r\nhello"));
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains(why), "{to}: {answer}");
    }
    let answer = w.send("CONNECT server.test:443 HTTP/1.1\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 403"), "another port is another host: {answer}");
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
    assert_eq!(w.resolvers.load(Ordering::SeqCst), 0);
    let denial = &w.proxy.as_ref().unwrap().denials()[0];
    let add = format!("add \"other.test:{port}\" to [subprocess].connect_hosts in policy.toml (line 9)");
    assert_eq!(denial.suggestion.as_ref(), Some(&add));
    assert!(w.end().kinds().iter().all(|kind| kind == "connection.denied"));
}

#[test]
fn what_is_not_tls_goes_through_where_https_is_not() {
    let server = Sink::start(true);
    let port = server.addr.port();
    let w = proxy(&policy(port));
    let mut stream = tunnel(&w, &format!("server.test:{port}"));
    stream.write_all(b"SSH-2.0-x\r\n").unwrap();
    let mut echoed = [0; 11];
    stream.read_exact(&mut echoed).unwrap();
    assert_eq!(&echoed, b"SSH-2.0-x\r\n");
}

#[test]
fn a_host_that_speaks_first_is_heard() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"220 ready\r\n").unwrap();
        let mut line = [0; 6];
        stream.read_exact(&mut line).unwrap();
        stream.write_all(&line).unwrap();
    });
    let w = proxy(&policy(port));
    let mut stream = tunnel(&w, &format!("server.test:{port}"));
    let mut line = [0; 11];
    stream.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"220 ready\r\n");
    stream.write_all(b"QUIT\r\n").unwrap();
    assert_eq!(read_all(&mut stream), "QUIT\r\n");
}

#[test]
fn on_the_port_of_https_only_tls_goes_through() {
    let Ok(listener) = TcpListener::bind("127.0.0.43:443") else {
        eprintln!("SKIPPED: port 443 of this machine is not to be had, so tunnels to it were not tried");
        return;
    };
    listener.set_nonblocking(true).unwrap();
    let policy = "[network]\nallow_ips = [\"127.0.0.43\"]\n[subprocess]\nconnect_hosts = [\"tls.test\"]\n";
    let names = |_| crate::world::names(&[("tls.test", &["127.0.0.43"])]);
    let w = crate::world::proxy_with(policy, aegis_gate::ProxyCaps::default(), names);
    let accepted = || {
        let mut stream = None;
        until("the proxy connects", || {
            stream = listener.accept().ok();
            stream.is_some()
        });
        let (stream, _) = stream.unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    };
    for bytes in [b"GET / HTTP/1.1\r\nHost: tls.test\r\n\r\n".to_vec(), b"SSH-2.0-x\r\n".to_vec(), client_hello(Some("other.test"), &[])] {
        let mut stream = tunnel(&w, "tls.test:443");
        let mut host = accepted();
        stream.write_all(&bytes).unwrap();
        assert_eq!(read_all(&mut stream), "");
        assert_eq!(read_all(&mut host), "", "not one byte");
    }
    let mut stream = tunnel(&w, "tls.test:443");
    let mut host = accepted();
    let hello = client_hello(Some("tls.test"), &[]);
    stream.write_all(&hello).unwrap();
    let mut seen = vec![0; hello.len()];
    host.read_exact(&mut seen).unwrap();
    assert_eq!(seen, hello);
    host.write_all(b"back").unwrap();
    drop(host);
    assert_eq!(read_all(&mut stream), "back");
}
