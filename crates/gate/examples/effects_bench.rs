//! What effects cost in process, with policy and journal in force: `cargo run --release -p aegis-gate --example effects_bench`
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic)]

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aegis_audit::{Journal, Options};
use aegis_effect::{Child, Effect, HttpBody, HttpRequest, Payload, Perform, Request};
use aegis_gate::{ApproveNone, Environment, Gate, GateParts, Ledger};
use aegis_policy::{Finder, Method, Policy, Surroundings};

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap().join("proj");
    std::fs::create_dir_all(root.join("src")).unwrap();
    for i in 0..1000 {
        std::fs::write(root.join(format!("src/f{i}.txt")), vec![b'x'; 1024]).unwrap();
    }
    let port = serve();
    let text = format!(
        "inherits = \"secure-defaults\"\n[filesystem]\nread_allow = [\"src/**\"]\nwrite_allow = [\"src/**\"]\n[network]\n\
         http_get_allow = [\"127.0.0.1:{port}\"]\nallow_ips = [\"127.0.0.1\"]\n[environment]\nallow_vars = [\"PATH\"]\n[subprocess]\n\
         allow_commands = [\"true\"]\n[runtime]\noverride = true\nmax_total_calls = 10000000\nmax_seconds = 3600\n"
    );
    let policy = Policy::from_text("policy.toml", &text, &root, &Finder::of_this_user(), &Surroundings::default());
    let policy = Arc::new(policy.unwrap_or_else(|e| panic!("{e}")));
    let journal = Journal::open(dir.path().join("audit.jsonl"), Options::default()).unwrap();
    let parts = GateParts {
        policy: policy.clone(),
        ledger: Ledger::new(Some(journal), policy),
        approver: Box::new(ApproveNone),
        environment: Environment::new([(OsString::from("PATH"), OsString::from("/usr/bin:/bin"))]),
        home: None,
        launcher: None,
        declassified: None,
    };
    let mut gate = Gate::new(parts).unwrap();

    let reads: Vec<Effect> = (0..1000).map(|i| Effect::FsRead { path: format!("src/f{i}.txt") }).collect();
    let writes: Vec<Effect> = (0..200).map(|i| Effect::FsWrite { path: format!("src/w{i}.txt"), content: "x".into() }).collect();
    let get = HttpRequest {
        method: Method::Get,
        url: format!("http://127.0.0.1:{port}/"),
        params: Vec::new(),
        headers: Vec::new(),
        body: HttpBody::Empty,
        fail_on_status: true,
        timeout: None,
    };
    let child =
        Child { argv: vec![Payload::from("true")], stdin: Payload::empty(), cwd: None, env: Vec::new(), timeout: None, fail_on_exit: true };
    for (what, effects) in [
        ("fs.read of 1 KiB", reads),
        ("fs.write", writes),
        ("loopback GET", vec![Effect::Http(get); 200]),
        ("true", vec![Effect::Exec(child); 200]),
    ] {
        let times: Vec<Duration> = (0..7).map(|_| round(&mut gate, &effects)).collect();
        let best = times.iter().min().copied().unwrap_or_default();
        let each = best.as_secs_f64() * 1e6 / effects.len() as f64;
        println!("{:>5} x {what}: {:.2} ms, {each:.1} us each", effects.len(), best.as_secs_f64() * 1e3);
    }
}

fn round(gate: &mut Gate, effects: &[Effect]) -> Duration {
    let requests: Vec<Request> =
        effects.iter().map(|effect| Request { effect: effect.clone(), line: 1, current: Default::default() }).collect();
    let began = Instant::now();
    for request in &requests {
        if let Err(error) = gate.perform(request) {
            panic!("{error}");
        }
    }
    began.elapsed()
}

/// Answers every request on a connection that stays open.
fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                stream.set_nodelay(true).unwrap();
                let mut bytes = [0; 4096];
                while matches!(stream.read(&mut bytes), Ok(1..)) {
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").unwrap();
                }
            });
        }
    });
    port
}
