//! The programs that people have, through the proxy.

use std::io::Write as _;
use std::process::{Command, Output};
use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::server::{Server, ok};
use crate::world::{World, proxy};

fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|out| out.status.success());
    if !found {
        eprintln!("SKIPPED: {program} is not installed, so it was not tried with the proxy");
    }
    found
}

fn run(w: &World, argv: &[&str]) -> Output {
    let url = format!("http://{}", w.addr);
    let mut command = Command::new(argv[0]);
    command.args(&argv[1..]).env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", "/nonexistent");
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env(name, &url);
    }
    command.env("GIT_TERMINAL_PROMPT", "0").env("PIP_DISABLE_PIP_VERSION_CHECK", "1").output().unwrap()
}

fn policy(port: u16) -> String {
    format!(
        "[network]\nhttp_get_allow = [\"server.test:{port}/open/**\"]\nhttp_post_allow = [\"server.test:{port}/open/**\"]\n\
         allow_ips = [\"127.0.0.1\"]\n[subprocess]\nconnect_hosts = [\"tls.test:{port}\"]\n"
    )
}

#[test]
fn curl() {
    if !is_there("curl") {
        return;
    }
    let server = Server::start(|request, stream| {
        let body = request.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        stream.write_all(&ok(&format!("hello {}", body.len()))).unwrap();
    });
    let port = server.addr.port();
    let w = proxy(&policy(port));
    let curl = |more: &[&str]| run(&w, &[&["curl", "-sS", "-m", "20"], more].concat());
    let open = format!("http://server.test:{port}/open/x");
    assert_eq!(curl(&[&open, &open]).stdout, b"hello 0hello 0");
    let big = "x".repeat(100_000);
    assert_eq!(curl(&["-d", &big, &open]).stdout, b"hello 100000");
    assert!(curl(&["-I", &open]).stdout.starts_with(b"HTTP/1.1 200 OK\r\n"));
    let denied = curl(&["-w", "%{http_code}", &format!("http://server.test:{port}/closed")]);
    let denied = String::from_utf8(denied.stdout).unwrap();
    assert!(denied.contains("to allow: add") && denied.ends_with("403"), "{denied}");
    assert_eq!(server.requests().len(), 4);
    // through a tunnel, by CONNECT and by SOCKS5
    let tunnel = format!("http://tls.test:{port}/any");
    assert_eq!(curl(&["-p", &tunnel]).stdout, b"hello 0");
    let socks = format!("socks5h://{}", w.addr);
    assert_eq!(curl(&["-x", &socks, &tunnel]).stdout, b"hello 0");
    let other = format!("http://other.test:{port}/any");
    assert!(!curl(&["-p", &other]).status.success());
    assert!(!curl(&["-x", &socks, &other]).status.success());
    assert_eq!(server.requests().len(), 6);
}

/// A server of https for `tls.test`, and the certificate of its authority.
fn https() -> (u16, String) {
    let certified = rcgen::generate_simple_self_signed(["tls.test".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            let mut tls = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), tcp);
            if crate::server::read_request(&mut tls).is_some() {
                let _ = tls.write_all(&ok(&"secure".repeat(100_000)));
                tls.conn.send_close_notify();
                let _ = tls.flush();
            }
        }
    });
    (port, certified.cert.pem())
}

#[test]
fn curl_over_https() {
    if !is_there("curl") {
        return;
    }
    let (port, authority) = https();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, authority).unwrap();
    let mut w = proxy(&policy(port));
    let trust = ["--cacert", file.to_str().unwrap()];
    for proxy in [format!("http://{}", w.addr), format!("socks5h://{}", w.addr)] {
        let url = format!("https://tls.test:{port}/");
        let got = run(&w, &[&["curl", "-sS", "-m", "20", "-x", &proxy, &url], &trust[..]].concat());
        assert_eq!(got.stdout.len(), 600_000, "{proxy}: {}", String::from_utf8_lossy(&got.stderr));
    }
    let ends = w.end().of("connection.end");
    assert_eq!(ends.len(), 2);
    assert!(ends.iter().all(|end| end["bytes_down"].as_u64().unwrap() > 600_000));
}

#[test]
fn curl_with_tls() {
    if !is_there("curl") {
        return;
    }
    // TLS that the host never finishes: what counts is the name that curl asks for
    let server = crate::world::Sink::start(false);
    let port = server.addr.port();
    let w = proxy(&policy(port));
    let out = run(&w, &["curl", "-sSk", "-m", "2", &format!("https://tls.test:{port}/")]);
    assert!(!out.status.success());
    let seen = server.seen();
    assert!(seen.windows(8).any(|part| part == b"tls.test"), "the ClientHello arrived");
    server.seen.lock().unwrap().clear();
    let to = format!("other.test:443:tls.test:{port}");
    run(&w, &["curl", "-sSk", "-m", "2", "--connect-to", &to, "https://other.test/"]);
    assert!(server.seen().is_empty(), "another name inside: not one byte");
}

#[test]
fn git() {
    if !is_there("git") {
        return;
    }
    let server = Server::start(|request, stream| {
        let advertised = request.starts_with("GET /open/repo/info/refs?service=git-upload-pack ");
        let head = "0000000000000000000000000000000000000000 capabilities^{}\0agent=x";
        let line = |text: &str| format!("{:04x}{text}", text.len() + 4);
        let body = format!("{}0000{}0000", line("# service=git-upload-pack\n"), line(&format!("{head}\n")));
        let kind = "Content-Type: application/x-git-upload-pack-advertisement";
        let answer = if advertised {
            format!("HTTP/1.1 200 OK\r\n{kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        } else {
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()
        };
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let port = server.addr.port();
    let w = proxy(&policy(port));
    let listed = run(&w, &["git", "ls-remote", &format!("http://server.test:{port}/open/repo")]);
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let count = server.requests().len();
    let denied = run(&w, &["git", "ls-remote", &format!("http://server.test:{port}/closed/repo")]);
    assert!(String::from_utf8_lossy(&denied.stderr).contains("403"), "{}", String::from_utf8_lossy(&denied.stderr));
    assert_eq!(server.requests().len(), count);
}

#[test]
fn pip() {
    if !is_there("pip") {
        return;
    }
    let server = Server::start(|_, stream| stream.write_all(&ok("<html><body></body></html>")).unwrap());
    let port = server.addr.port();
    let w = proxy(&policy(port));
    let into = tempfile::tempdir().unwrap();
    let pip = |path: &str| {
        let index = format!("http://server.test:{port}{path}");
        let argv = [
            "pip",
            "download",
            "--no-cache-dir",
            "--retries",
            "0",
            "-d",
            into.path().to_str().unwrap(),
            "--trusted-host",
            "server.test",
            "-i",
            &index,
            "no-such",
        ];
        run(&w, &argv)
    };
    assert!(!pip("/open/simple").status.success());
    assert_eq!(server.requests().len(), 1);
    assert!(server.last().starts_with("GET /open/simple/no-such/ HTTP/1.1\r\n"), "{}", server.last());
    pip("/closed/simple");
    assert_eq!(server.requests().len(), 1);
    assert!(!w.reasons().is_empty());
}
