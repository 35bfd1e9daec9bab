//! A proxy over a policy, a child's side of it, and what was recorded.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aegis_audit::{ConnectionDenied, ConnectionEnd, ConnectionOpen, Journal, Options, Record};
use aegis_effect::{EffectError, ErrorCode};
use aegis_gate::confine::Clearance;
use aegis_gate::{Proxy, ProxyCaps, ProxyParts, RecordConnections, Resolver};
use aegis_policy::{Finder, Policy, Surroundings};
use serde_json::Value;

pub struct World {
    pub proxy: Option<Proxy>,
    pub addr: SocketAddr,
    pub records: Arc<Records>,
    /// How often a resolver was made.
    pub resolvers: Arc<AtomicUsize>,
}

/// Writes into a journal, and can be told to fail.
pub struct Records {
    journal: Journal,
    _directory: tempfile::TempDir,
    pub broken: AtomicBool,
}

impl Records {
    fn new() -> Records {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(directory.path().join("audit.jsonl"), Options::default()).unwrap();
        Records { journal, _directory: directory, broken: AtomicBool::new(false) }
    }

    fn check(&self) -> Result<(), EffectError> {
        if self.broken.load(Ordering::SeqCst) { Err(EffectError::new(ErrorCode::Journal, "the disk is full")) } else { Ok(()) }
    }

    pub fn all(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.journal.path()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub fn of(&self, kind: &str) -> Vec<Value> {
        self.all().into_iter().filter(|r| r["kind"] == kind).collect()
    }

    pub fn kinds(&self) -> Vec<String> {
        self.all().iter().map(|r| r["kind"].as_str().unwrap().to_owned()).collect()
    }
}

impl RecordConnections for Records {
    fn open(&self, record: &ConnectionOpen<'_>) -> Result<(), EffectError> {
        assert_eq!(record.kind(), "connection.open");
        self.check()?;
        RecordConnections::open(&self.journal, record)
    }
    fn end(&self, record: &ConnectionEnd<'_>) -> Result<(), EffectError> {
        self.check()?;
        RecordConnections::end(&self.journal, record)
    }
    fn denied(&self, record: &ConnectionDenied<'_>) -> Result<(), EffectError> {
        self.check()?;
        RecordConnections::denied(&self.journal, record)
    }
}

pub fn names(names: &[(&str, &[&str])]) -> BTreeMap<String, Vec<IpAddr>> {
    names.iter().map(|(name, ips)| ((*name).to_owned(), ips.iter().map(|ip| ip.parse().unwrap()).collect())).collect()
}

/// Every name that the tests use leads to this machine.
pub fn usual_names() -> BTreeMap<String, Vec<IpAddr>> {
    names(&["server.test", "other.test", "denied.test", "local.test", "tls.test", "asks.test"].map(|name| (name, ["127.0.0.1"].as_slice())))
}

pub fn proxy(policy: &str) -> World {
    proxy_with(policy, ProxyCaps::default(), |_| usual_names())
}

/// `names` says what the names are for the n-th resolver, from 0.
pub fn proxy_with(text: &str, caps: ProxyCaps, names: impl Fn(usize) -> BTreeMap<String, Vec<IpAddr>> + Send + Sync + 'static) -> World {
    let finder = Finder::of_this_user().with_home(Path::new("/nonexistent"));
    let policy = Arc::new(Policy::from_text("policy.toml", text, Path::new("/"), &finder, &Surroundings::default()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let records = Arc::new(Records::new());
    let resolvers = Arc::new(AtomicUsize::new(0));
    let made = resolvers.clone();
    let parts = ProxyParts {
        policy,
        clearance: Clearance::public(),
        resolvers: Arc::new(move || Resolver::fixed(names(made.fetch_add(1, Ordering::SeqCst)))),
        records: records.clone(),
        effect: Some(Arc::new(AtomicU64::new(3))),
        caps,
    };
    World { proxy: Some(Proxy::serve(listener, parts).unwrap()), addr, records, resolvers }
}

impl World {
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends all of it, says that no more comes, and reads to the end.
    pub fn send(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes.as_ref()).unwrap();
        read_all(&mut stream)
    }

    pub fn request(&self, method: &str, url: &str, rest: &str) -> String {
        let host = url.split('/').nth(2).unwrap();
        self.send(format!("{method} {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{rest}\r\n"))
    }

    pub fn get(&self, url: &str) -> String {
        self.request("GET", url, "")
    }

    pub fn reasons(&self) -> Vec<String> {
        self.proxy.as_ref().unwrap().denials().into_iter().map(|d| d.reason).collect()
    }

    /// Ends the proxy: then all records are there.
    pub fn end(&mut self) -> Arc<Records> {
        drop(self.proxy.take());
        self.records.clone()
    }
}

pub fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A server that reads what comes until the other side is done, and says nothing before that.
pub struct Sink {
    pub addr: SocketAddr,
    pub seen: Arc<Mutex<Vec<u8>>>,
    pub connections: Arc<AtomicUsize>,
}

impl Sink {
    /// Echoes what comes, if `echoes`.
    pub fn start(echoes: bool) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sink = Sink { addr: listener.local_addr().unwrap(), seen: Arc::default(), connections: Arc::default() };
        let (seen, connections) = (sink.seen.clone(), sink.connections.clone());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                connections.fetch_add(1, Ordering::SeqCst);
                let seen = seen.clone();
                std::thread::spawn(move || {
                    let mut block = [0; 4096];
                    while let Ok(count @ 1..) = stream.read(&mut block) {
                        seen.lock().unwrap().extend_from_slice(&block[..count]);
                        if echoes && stream.write_all(&block[..count]).is_err() {
                            break;
                        }
                    }
                    let _ = stream.shutdown(Shutdown::Write);
                });
            }
        });
        sink
    }

    pub fn seen(&self) -> Vec<u8> {
        self.seen.lock().unwrap().clone()
    }
}

pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Head of one answer, and its body by Content-Length.
pub fn read_answer(stream: &mut TcpStream) -> String {
    crate::server::read_request(stream).unwrap_or_default()
}

fn with_length(width: usize, bytes: &[u8]) -> Vec<u8> {
    [&bytes.len().to_be_bytes()[8 - width..], bytes].concat()
}

/// The first message of a TLS client that asks for this name.
pub fn client_hello(name: Option<&str>, more: &[u8]) -> Vec<u8> {
    let list = |name: &str| with_length(2, &[vec![0], with_length(2, name.as_bytes())].concat());
    let sni = name.map(|name| [vec![0, 0], with_length(2, &list(name))].concat()).unwrap_or_default();
    let extensions = with_length(2, &[sni.as_slice(), more].concat());
    let body = [&[3, 3][..], &[7; 32], &[0], &with_length(2, &[0x13, 1]), &with_length(1, &[0]), &extensions].concat();
    [vec![0x16, 3, 1], with_length(2, &[vec![1], with_length(3, &body)].concat())].concat()
}
