//! Requests against real servers on loopback: what the server saw, and what came back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod server;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use aegis_gate::{Answer, Caps, NetClient, NetError, Resolver, VettedAddrs};
use aegis_policy::{Method, RequestUrl, Verdict};
use server::{Server, ok};

fn caps() -> Caps {
    Caps::new(Instant::now() + Duration::from_secs(20), 1 << 20)
}

fn within(time: Duration) -> Caps {
    Caps { deadline: Instant::now() + time, ..caps() }
}

fn open(text: &str) -> (RequestUrl, VettedAddrs) {
    open_by(&mut Resolver::system(), text)
}

fn open_by(resolver: &mut Resolver, text: &str) -> (RequestUrl, VettedAddrs) {
    let url = RequestUrl::parse(text).unwrap();
    let addrs = resolver.addresses(&url, caps().deadline).unwrap();
    let vetted = VettedAddrs::vet(addrs, &mut |ip| if ip.is_loopback() { Verdict::Allow } else { Verdict::Deny }).unwrap();
    (url, vetted)
}

fn get(client: &mut NetClient, text: &str, caps: Caps) -> Result<Answer, NetError> {
    let (url, addrs) = open(text);
    client.send(&url, addrs, Method::Get, &[], None, caps)
}

fn client() -> NetClient {
    NetClient::new(None).unwrap()
}

#[test]
fn six_methods_with_headers_and_bodies() {
    let server = Server::start(|_, stream| stream.write_all(&ok("hello")).unwrap());
    let mut client = client();
    for method in [Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch, Method::Delete] {
        let (url, addrs) = open(&server.url("/p?q=1"));
        let body = matches!(method, Method::Post | Method::Put | Method::Patch).then(|| b"content".to_vec());
        let headers = [("X-Test".to_owned(), b"yes".to_vec())];
        let answer = client.send(&url, addrs, method, &headers, body.clone(), caps()).unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, if method == Method::Head { b"".as_slice() } else { b"hello" }, "{method:?}");
        let seen = server.last();
        assert!(seen.starts_with(&format!("{} /p?q=1 HTTP/1.1\r\n", method.name())), "{seen}");
        let lower = seen.to_ascii_lowercase();
        assert!(lower.contains("\r\nx-test: yes\r\n"), "{seen}");
        assert!(lower.contains(concat!("\r\nuser-agent: aegis/", env!("CARGO_PKG_VERSION"), "\r\n")), "{seen}");
        assert!(lower.contains(&format!("\r\nhost: {}\r\n", server.addr)), "{seen}");
        assert!(lower.contains("\r\naccept-encoding: gzip\r\n"), "{seen}");
        assert_eq!(seen.ends_with("\r\n\r\ncontent"), body.is_some(), "{seen}");
        assert!(!lower.contains("referer") && !lower.contains("cookie"), "{seen}");
    }
}

#[test]
fn two_hundred_requests_use_one_connection() {
    let server = Server::start(|_, stream| stream.write_all(&ok("x")).unwrap());
    let mut client = client();
    for _ in 0..200 {
        assert_eq!(get(&mut client, &server.url("/"), caps()).unwrap().body, b"x");
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(server.requests().len(), 200);
}

#[test]
fn a_status_is_an_answer() {
    let server = Server::start(|_, stream| stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno").unwrap());
    let answer = get(&mut client(), &server.url("/"), caps()).unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (404, b"no".as_slice()));
}

#[test]
fn redirects_are_not_followed() {
    let second = Server::start(|_, stream| stream.write_all(&ok("secret")).unwrap());
    for status in [300, 301, 302, 303, 305, 307, 308] {
        let to = second.url("/target");
        let first = Server::start(move |_, stream| {
            write!(stream, "HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").unwrap();
        });
        let error = get(&mut client(), &first.url("/"), caps()).unwrap_err();
        assert_eq!(error, NetError::Redirect { status, location: second.url("/target") });
        assert!(!error.to_string().contains("target"), "{error}");
    }
    assert_eq!(second.connections(), 0);
}

#[test]
fn a_location_without_redirect_is_an_answer() {
    let server = Server::start(|_, s| s.write_all(b"HTTP/1.1 201 Created\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n").unwrap());
    assert_eq!(get(&mut client(), &server.url("/"), caps()).unwrap().location.as_deref(), Some("/new"));
}

#[test]
fn numeric_spellings_are_judged_as_the_address_they_are() {
    let server = Server::start(|_, stream| stream.write_all(&ok("x")).unwrap());
    for host in ["0x7f.1", "2130706433", "0177.0.0.1", "127.1", "127.0.0.1."] {
        let url = RequestUrl::parse(&format!("http://{host}:{}/", server.addr.port())).unwrap();
        let addrs = Resolver::system().addresses(&url, caps().deadline).unwrap();
        let mut judged = Vec::new();
        let closed = VettedAddrs::vet(addrs, &mut |ip| {
            judged.push(ip);
            Verdict::Deny
        });
        assert!(matches!(closed, Err(NetError::AddressClosed { .. })), "{host}");
        assert_eq!(judged, [IpAddr::from([127, 0, 0, 1])], "{host}");
    }
    assert_eq!(server.connections(), 0);
    assert_eq!(get(&mut client(), &format!("http://0x7f.1:{}/", server.addr.port()), caps()).unwrap().body, b"x");
    assert!(server.last().contains(&format!("host: {}\r\n", server.addr)));
}

fn table(name: &str, ips: &[&str]) -> Resolver {
    Resolver::fixed(BTreeMap::from([(name.to_owned(), ips.iter().map(|ip| ip.parse().unwrap()).collect())]))
}

#[test]
fn names_that_resolve_inside_are_refused_whole_and_nothing_connects() {
    let server = Server::start(|_, stream| stream.write_all(&ok("x")).unwrap());
    let url = RequestUrl::parse(&format!("http://evil.example:{}/", server.addr.port())).unwrap();
    for ips in [
        ["9.9.9.9", "127.0.0.1"],
        ["9.9.9.9", "0.0.0.0"],
        ["9.9.9.9", "::1"],
        ["9.9.9.9", "::"],
        ["9.9.9.9", "::ffff:127.0.0.1"],
        ["9.9.9.9", "64:ff9b::7f00:1"],
        ["9.9.9.9", "2002:7f00:1::"],
        ["9.9.9.9", "169.254.169.254"],
    ] {
        let addrs = table("evil.example", &ips).addresses(&url, caps().deadline).unwrap();
        let mut judge = |ip| if aegis_policy::classify(ip).is_global() { Verdict::Allow } else { Verdict::Deny };
        let error = VettedAddrs::vet(addrs, &mut judge).unwrap_err();
        assert_eq!(error, NetError::AddressClosed { host: "evil.example".into(), ip: ips[1].parse().unwrap() });
        assert!(!error.to_string().contains(ips[1]), "{error}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn only_the_vetted_address_is_used_when_the_name_changes() {
    let vetted = Server::start(|_, stream| stream.write_all(&ok("vetted")).unwrap());
    let mut resolver = table("rebind.example", &["127.0.0.1"]);
    let (url, addrs) = open_by(&mut resolver, &format!("http://rebind.example:{}/", vetted.addr.port()));
    // The same port on another address, as a name server that rebinds would want it.
    let other = Server::start_at(&format!("127.0.0.2:{}", vetted.addr.port()), |_, stream| stream.write_all(&ok("other")).unwrap());
    resolver = table("rebind.example", &["127.0.0.2"]);
    let mut client = client();
    assert_eq!(client.send(&url, addrs, Method::Get, &[], None, caps()).unwrap().body, b"vetted");
    assert_eq!(other.connections(), 0);
    assert!(vetted.last().contains(&format!("host: rebind.example:{}\r\n", vetted.addr.port())));

    // And the open connection is not used once its address is no longer among the vetted ones.
    let (url, addrs) = open_by(&mut resolver, &url.to_url_string());
    assert_eq!(client.send(&url, addrs, Method::Get, &[], None, caps()).unwrap().body, b"other");
    assert_eq!(vetted.requests().len(), 1);
}

#[test]
fn an_open_connection_is_forgotten_with_its_address_even_if_it_came_later() {
    let first = Server::start(|_, stream| stream.write_all(&ok("first")).unwrap());
    let port = first.addr.port();
    let second = Server::start_at(&format!("127.0.0.2:{port}"), |_, stream| stream.write_all(&ok("second")).unwrap());
    let url = format!("http://rebind.example:{port}/");
    let mut client = client();
    let mut get = |ips: &[&str]| {
        let (url, addrs) = open_by(&mut table("rebind.example", ips), &url);
        client.send(&url, addrs, Method::Get, &[], None, caps()).map(|answer| answer.body)
    };
    // Nobody listens at the third address.
    assert_eq!(get(&["127.0.0.3"]), Err(NetError::Refused));
    assert_eq!(get(&["127.0.0.3", "127.0.0.2"]).unwrap(), b"second");
    assert_eq!(get(&["127.0.0.3", "127.0.0.1"]).unwrap(), b"first");
    assert_eq!(second.requests().len(), 1);
}

#[test]
fn head_of_something_large_is_an_answer() {
    let server = Server::start(|_, stream| stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n").unwrap());
    let (url, addrs) = open(&server.url("/"));
    let answer = client().send(&url, addrs, Method::Head, &[], None, caps()).unwrap();
    assert!(answer.headers.contains(&("content-length".to_owned(), b"99999999999".to_vec())));
    assert!(answer.body.is_empty());
}

#[test]
fn ipv6_hosts_are_sent_with_brackets() {
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else { return };
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let server = Server::start_at(&addr.to_string(), |_, stream| stream.write_all(&ok("six")).unwrap());
    assert_eq!(get(&mut client(), &server.url("/"), caps()).unwrap().body, b"six");
    assert!(server.last().contains(&format!("host: [::1]:{}\r\n", addr.port())));
}

#[test]
fn addresses_vetted_for_another_host_are_refused() {
    let server = Server::start(|_, stream| stream.write_all(&ok("x")).unwrap());
    let (url, _) = open(&server.url("/"));
    let (_, addrs) = open("http://localhost/");
    assert_eq!(client().send(&url, addrs, Method::Get, &[], None, caps()), Err(NetError::NotVetted));
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_url_that_was_not_parsed_is_refused() {
    let server = Server::start(|_, stream| stream.write_all(&ok("x")).unwrap());
    for change in [
        |u: &mut RequestUrl| u.path = "/a b".into(),
        |u: &mut RequestUrl| u.path = "/a/../b".into(),
        |u: &mut RequestUrl| u.path = "/a?b".into(),
        |u: &mut RequestUrl| u.path = "@evil.example/".into(),
        |u: &mut RequestUrl| u.query = Some("a\r\nX: y".into()),
        |u: &mut RequestUrl| u.query = Some("a#b".into()),
        |u: &mut RequestUrl| u.ip = None,
        |u: &mut RequestUrl| u.port = 0,
    ] {
        let (mut url, addrs) = open(&server.url("/"));
        change(&mut url);
        assert_eq!(client().send(&url, addrs, Method::Get, &[], None, caps()), Err(NetError::NotJudged));
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn refused_headers_send_nothing() {
    let server = Server::start(|_, stream| stream.write_all(&ok("x")).unwrap());
    for (name, value) in [("Host", "evil.example"), ("content_length", "0"), ("X", "a\r\nHost: evil.example"), ("a b", "c")] {
        let (url, addrs) = open(&server.url("/"));
        let error = client().send(&url, addrs, Method::Get, &[(name.into(), value.into())], None, caps()).unwrap_err();
        assert!(matches!(error, NetError::Header { .. }), "{name}: {error:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn localhost_is_loopback_and_a_closed_half_of_it_is_not_used() {
    let server = Server::start(|_, stream| stream.write_all(&ok("x")).unwrap());
    for host in ["localhost", "LOCALHOST.", "app.localhost"] {
        let url = RequestUrl::parse(&format!("http://{host}:{}/", server.addr.port())).unwrap();
        let addrs = table("localhost", &["9.9.9.9"]).addresses(&url, caps().deadline).unwrap();
        let v4 = VettedAddrs::vet(addrs, &mut |ip| if ip.is_ipv4() { Verdict::Allow } else { Verdict::Deny }).unwrap();
        assert_eq!(v4.ips(), [IpAddr::from([127, 0, 0, 1])]);
        assert_eq!(client().send(&url, v4, Method::Get, &[], None, caps()).unwrap().body, b"x");
    }
}

#[test]
fn nobody_listens() {
    let port = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() };
    assert_eq!(get(&mut client(), &format!("http://127.0.0.1:{port}/"), caps()), Err(NetError::Refused));
}

#[test]
fn a_passed_deadline_sends_nothing() {
    let server = Server::start(|_, stream| stream.write_all(&ok("x")).unwrap());
    assert_eq!(get(&mut client(), &server.url("/"), within(Duration::ZERO)), Err(NetError::Deadline));
    assert_eq!(server.connections(), 0);
}
