//! A place with servers, in which a script runs in one of the worlds, and what can be seen of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use crate::place::{Place, binary, wait};
use crate::session::{self, Told};
use crate::web::{Server, ok};
use crate::worlds::{WORLDS, World};

pub struct Stage {
    place: Place,
    way: Way,
    world: Arc<AtomicUsize>,
    public: Server,
    private: Server,
    vouched: Server,
}

/// What runs the scripts.
enum Way {
    /// `aegis run`, or a program like it.
    Run(PathBuf),
    /// The tool `aegis_run` of `aegis mcp`.
    Mcp,
}

/// How a script is run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mode {
    Plain,
    Json,
}

/// All that can be seen of a run: first from outside, then by the operator.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    pub files: BTreeMap<String, Vec<u8>>,
    pub sent: Vec<String>,
    pub journal: String,
    pub private: Vec<String>,
    pub vouched: Vec<String>,
    pub vault: BTreeMap<String, Vec<u8>>,
}

impl Stage {
    /// Under a policy, with `@PUBLIC@` and the like for ports.
    pub fn under(policy: &str) -> Stage {
        let world = Arc::new(AtomicUsize::new(0));
        let public = Server::answering(|request, stream| {
            let text = String::from_utf8_lossy(request).into_owned();
            let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            let say = if text.contains(" /echo") && !body.is_empty() { body } else { "thanks" };
            ok(stream, "text/plain", say.as_bytes());
        });
        let elsewhere = public.url();
        let at = world.clone();
        let private = Server::answering(move |request, stream| {
            answer_privately(&WORLDS[at.load(Ordering::SeqCst)], &elsewhere, request, stream);
        });
        let vouched = Server::answering(answer_vouched);
        let place = Place::new();
        let ports = [("@PUBLIC@", public.port), ("@PRIVATE@", private.port), ("@VOUCHED@", vouched.port)];
        let policy = ports.iter().fold(policy.to_owned(), |text, (name, port)| text.replace(name, &port.to_string()));
        place.file("aegis.toml", policy);
        place.file("record.sh", include_str!("record.sh"));
        place.file("tool.sh", include_str!("tool.sh"));
        Stage { place, way: Way::Run(binary().to_path_buf()), world, public, private, vouched }
    }

    /// The same with another program.
    pub fn with(self, program: PathBuf) -> Stage {
        Stage { way: Way::Run(program), ..self }
    }

    /// The same through the tool of a server: always as in [`Mode::Json`].
    pub fn with_mcp(self) -> Stage {
        Stage { way: Way::Mcp, ..self }
    }

    /// Runs a script in a world.
    pub fn run(&self, script: &str, world: usize, mode: Mode) -> Seen {
        self.world.store(world, Ordering::SeqCst);
        let world = &WORLDS[world];
        self.lay_out(world);
        self.place.file("script.star", script);
        let servers = [&self.public, &self.private, &self.vouched];
        let before = servers.map(|s| s.seen().len());
        let told = self.tell(script, world, mode);
        let mut sent = servers.iter().zip(before).map(|(server, before)| server.seen().split_off(before));
        Seen {
            code: told.code,
            out: told.out,
            err: told.err,
            files: tree(&self.place.project.join("public")),
            journal: std::fs::read_to_string(&self.place.journal).unwrap_or_default(),
            vault: tree(&self.place.project.join("vault")),
            sent: sent.next().unwrap(),
            private: sent.next().unwrap(),
            vouched: sent.next().unwrap(),
        }
    }

    fn tell(&self, script: &str, world: &World, mode: Mode) -> Told {
        let servers = [("public", &self.public), ("private", &self.private), ("vouched", &self.vouched)];
        let (program, verb) = match &self.way {
            Way::Run(program) => (program.as_path(), "run"),
            Way::Mcp => (binary(), "mcp"),
        };
        let mut command = self.place.program(program);
        command.env("API_KEY", world.key).env("PUBLISHED", "7").args([verb, "--policy", "aegis.toml", "--audit"]).arg(&self.place.journal);
        if let Some(key) = world.maybe_key {
            command.env("MAYBE_KEY", key);
        }
        if let Way::Mcp = self.way {
            let args = servers.map(|(name, server)| (name, server.url()));
            return session::run(command, script, &args, "token.txt");
        }
        command.arg(format!("--local-only-arg=pin={}", world.token));
        if mode == Mode::Json {
            command.arg("--json");
        }
        for (name, server) in servers {
            command.args(["--arg", &format!("{name}={}", server.url())]);
        }
        command.arg("script.star");
        let ended = wait(command);
        Told { code: ended.code, out: ended.out, err: ended.err }
    }

    fn lay_out(&self, world: &World) {
        for folder in ["public", "private", "vault"] {
            let _ = std::fs::remove_dir_all(self.place.project.join(folder));
            self.place.dir(folder);
        }
        let _ = std::fs::remove_file(&self.place.journal);
        let dated = |path: &str, content: &[u8], modified: u64| {
            let path = self.place.file(path, content);
            let when = SystemTime::UNIX_EPOCH + Duration::from_secs(modified);
            File::options().write(true).open(path).unwrap().set_modified(when).unwrap();
        };
        dated("public/seed.txt", b"seed", 1_400_000_000);
        dated("public/data.json", br#"{"items": ["one", "two", "three"]}"#, 1_400_000_000);
        dated("public/lib.star", b"def twice(x):\n    return x + x\n\ndef same(x):\n    return x\n\nSEP = \"-\"\n", 1_400_000_000);
        dated("public/peek.star", include_bytes!("peek.star"), 1_400_000_000);
        let local = |path: &str, content: &[u8]| dated(path, content, world.modified);
        local("token.txt", world.token.as_bytes());
        local("private/lines.txt", (world.lines.join("\n") + "\n").as_bytes());
        let items: Vec<String> = (0..world.lines.len()).map(|i| format!("{}{i}", &world.config[..4])).collect();
        let config = serde_json::json!({ "key": world.config, "items": items, "n": world.lines.len() });
        local("private/config.json", config.to_string().as_bytes());
        local("private/count.txt", world.count.as_bytes());
        local(&format!("private/names/{}.txt", world.name), world.name.as_bytes());
        if let Some(content) = world.maybe {
            local("private/maybe.txt", content.as_bytes());
        }
        local("private/odd.bin", world.odd);
        local("private/path.txt", world.path.as_bytes());
        // larger than is read whole, in one world
        let large = self.place.file("private/large.bin", "x");
        File::options().write(true).open(large).unwrap().set_len(world.large).unwrap();
        local("private/tool.out", world.tool.as_bytes());
        local("private/tool.err", world.config.as_bytes());
        local("private/tool.exit", world.tool_exit.to_string().as_bytes());
        local("private/lib.star", format!("VALUE = {:?}\n", world.name).as_bytes());
        local("vault/old.txt", world.answer.as_bytes());
    }
}

/// All below a directory: what is no file has no bytes.
fn tree(top: &Path) -> BTreeMap<String, Vec<u8>> {
    fn add(all: &mut BTreeMap<String, Vec<u8>>, top: &Path, at: &Path) {
        for entry in std::fs::read_dir(at).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(top).unwrap().to_string_lossy().into_owned();
            all.insert(name, std::fs::read(&path).unwrap_or_default());
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                add(all, top, &path);
            }
        }
    }
    let mut all = BTreeMap::new();
    add(&mut all, top, top);
    all
}

fn reply(stream: &mut TcpStream, status: u16, header: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {status} X\r\ncontent-type: text/plain\r\n{header}content-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

fn answer_privately(world: &World, elsewhere: &str, request: &[u8], stream: &mut TcpStream) {
    let text = String::from_utf8_lossy(request).into_owned();
    let path = text.split_whitespace().nth(1).unwrap_or_default();
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let short = world.count.len() > 1;
    let secret = format!("x-secret: {}\r\n", world.answer);
    match path.split('?').next().unwrap_or_default() {
        "/echo" => reply(stream, 200, &secret, serde_json::json!({ "key": body, "all": text }).to_string().as_bytes()),
        "/bit" => reply(stream, 200, "", if short { b"1" } else { b"0" }),
        "/status" => reply(stream, world.status, &secret, world.answer.as_bytes()),
        "/json" => {
            let json = serde_json::json!({ "key": world.answer, "n": world.lines.len(), "list": world.lines }).to_string();
            reply(stream, 200, "", if world.count == "x" { b"{not json" } else { json.as_bytes() });
        }
        "/drop" if short => {
            let _ = stream.shutdown(Shutdown::Both);
        }
        "/away" if short => reply(stream, 302, &format!("location: {elsewhere}/{}\r\n", world.name), b""),
        "/raw" => reply(stream, 200, "", world.odd),
        "/ok" => reply(stream, 200, "", b"fine"),
        "/many" => reply(stream, 200, "", world.answer.repeat(40 * world.lines.len()).as_bytes()),
        _ => reply(stream, 200, &secret, world.answer.as_bytes()),
    }
}

/// A host that keeps its promise, and no more: it never sends back a whole secret, nor whether one was there in the usual headers.
/// Everything else it tells.
fn answer_vouched(request: &[u8], stream: &mut TcpStream) {
    let text = String::from_utf8_lossy(request).into_owned();
    let path = text.split_whitespace().nth(1).unwrap_or_default();
    if !path.starts_with("/oracle") {
        return ok(stream, "application/json", br#"{"user": "bob", "items": [1, 2, 3]}"#);
    }
    // of every world, since a host that hides only its own would tell a guess from a miss; the empty one would be found everywhere
    let secrets: Vec<_> = crate::worlds::WORLDS.iter().flat_map(|world| world.secrets()).filter(|s| s.len() > 3).collect();
    let counts: Vec<_> = crate::worlds::WORLDS.iter().map(|world| world.count).collect();
    let holds = |text: &str| secrets.iter().any(|s| text.contains(&**s));
    let whole = |line: &str| {
        // put into text before it was encoded, too
        let encoded = line.split_whitespace().any(|word| holds(&String::from_utf8_lossy(&crate::base64::unbase64(word))));
        // short ones as words of a value
        let value = line.split_once(": ").map_or(line, |(_, value)| value);
        let is_count = value.split(|c: char| !c.is_alphanumeric()).any(|word| counts.contains(&word));
        encoded || is_count || holds(line)
    };
    let usual = ["authorization:", "x-api-key:", "cookie:"];
    let told: Vec<&str> = text
        .lines()
        .filter(|line| {
            !whole(line) && !line.trim_end().ends_with(':') && !usual.iter().any(|name| line.to_ascii_lowercase().starts_with(name))
        })
        .collect();
    ok(stream, "text/plain", told.join("\n").as_bytes());
}
