//! https against a local server with its own authority.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod server;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use aegis_gate::{Answer, Caps, NetClient, NetError, Resolver, TlsProblem, VettedAddrs};
use aegis_policy::{Method, RequestUrl, Verdict};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

struct Https {
    port: u16,
    authority: String,
    /// The name each client asked for, and whether its request was read.
    seen: Arc<Mutex<Vec<(Option<String>, bool)>>>,
}

fn start(names: &[&str], expired: bool) -> Https {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    // Of its own name, so that another authority is unknown and not only wrongly signed.
    params.distinguished_name.push(DnType::CommonName, format!("authority of {names:?}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let own_key = KeyPair::generate().unwrap();
    let mut own = CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap();
    if expired {
        own.not_after = rcgen::date_time_ymd(2001, 1, 1);
        own.not_before = rcgen::date_time_ymd(2000, 1, 1);
    }
    let certificate = own.signed_by(&own_key, &issuer).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own_key.serialize_der())))
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let https = Https { port: listener.local_addr().unwrap().port(), authority: authority.pem(), seen: Arc::default() };
    let seen = https.seen.clone();
    thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            let mut tls = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), tcp);
            let request = server::read_request(&mut tls);
            seen.lock().unwrap().push((tls.conn.server_name().map(str::to_owned), request.is_some()));
            if request.is_some() {
                let _ = tls.write_all(&server::ok("secure"));
                let _ = tls.flush();
            }
        }
    });
    https
}

fn get(client: &mut NetClient, url: &str) -> Result<Answer, NetError> {
    let url = RequestUrl::parse(url).unwrap();
    let loopback: Vec<IpAddr> = vec![Ipv4Addr::LOCALHOST.into()];
    let mut resolver = Resolver::fixed(BTreeMap::from([("api.example".to_owned(), loopback)]));
    let caps = Caps::new(Instant::now() + Duration::from_secs(20), 1 << 20);
    let addrs = VettedAddrs::vet(resolver.addresses(&url, caps.deadline).unwrap(), &mut |_| Verdict::Allow).unwrap();
    client.send(&url, addrs, Method::Get, &[], None, caps)
}

fn trusting(directory: &tempfile::TempDir, pem: &str) -> NetClient {
    let file: PathBuf = directory.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    NetClient::new(Some(file)).unwrap()
}

#[test]
fn an_authority_in_ssl_cert_file_is_trusted_and_the_name_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&["api.example"], false);
    let mut client = trusting(&directory, &server.authority);
    assert_eq!(get(&mut client, &format!("https://api.example:{}/", server.port)).unwrap().body, b"secure");
    assert_eq!(*server.seen.lock().unwrap(), [(Some("api.example".to_owned()), true)]);
}

#[test]
fn an_address_is_compared_with_the_addresses_of_the_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&["127.0.0.1"], false);
    let mut client = trusting(&directory, &server.authority);
    assert_eq!(get(&mut client, &format!("https://127.0.0.1:{}/", server.port)).unwrap().body, b"secure");
}

#[test]
fn who_is_not_trusted_gets_no_request() {
    let directory = tempfile::tempdir().unwrap();
    let (right, wrong_name, expired) = (start(&["api.example"], false), start(&["other.example"], false), start(&["api.example"], true));
    for (server, trusted, problem) in [
        (&right, &wrong_name, TlsProblem::UnknownIssuer),
        (&wrong_name, &wrong_name, TlsProblem::WrongName),
        (&expired, &expired, TlsProblem::Expired),
    ] {
        let mut client = trusting(&directory, &trusted.authority);
        let answer = get(&mut client, &format!("https://api.example:{}/", server.port));
        assert_eq!(answer, Err(NetError::Tls(problem)));
        assert!(server.seen.lock().unwrap().iter().all(|(_, read)| !read));
    }
}

#[test]
fn without_ssl_cert_file_the_local_authority_is_not_trusted() {
    let server = start(&["api.example"], false);
    let answer = get(&mut NetClient::new(None).unwrap(), &format!("https://api.example:{}/", server.port));
    // The second where the machine has no authorities at all.
    assert!(matches!(answer, Err(NetError::Tls(TlsProblem::UnknownIssuer | TlsProblem::NoAuthorities))), "{answer:?}");
    assert!(server.seen.lock().unwrap().iter().all(|(_, read)| !read));
}

#[test]
fn a_file_without_authorities_trusts_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&["api.example"], false);
    let mut missing = NetClient::new(Some(directory.path().join("missing.pem"))).unwrap();
    for client in [&mut trusting(&directory, "no certificate here"), &mut missing] {
        let answer = get(client, &format!("https://api.example:{}/", server.port));
        assert_eq!(answer, Err(NetError::Tls(TlsProblem::NoAuthorities)));
    }
    assert!(server.seen.lock().unwrap().is_empty());
}

#[test]
fn plain_http_where_https_was_asked_is_no_answer() {
    let directory = tempfile::tempdir().unwrap();
    let mut client = trusting(&directory, &start(&["api.example"], false).authority);
    let url = format!("https://api.example:{}/", plain_banner().port());
    assert!(matches!(get(&mut client, &url), Err(NetError::Tls(TlsProblem::Handshake))));
}

/// A server that speaks first, and no TLS.
fn plain_banner() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        }
    });
    addr
}
