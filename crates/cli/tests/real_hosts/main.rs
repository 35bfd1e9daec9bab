//! The hooks with the programs that they are for: Claude Code, Codex, OpenCode, Gemini CLI and Copilot CLI, each started as people start it in
//! the mode that asks least, with a model that plays a script. Held against: what happened to files, what the model was told, and the journal.
//!
//! Not part of the ordinary tests; `scripts/real-hosts` installs the programs and runs this. Every command in it is a `touch` below a
//! directory that is removed afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod hosts;
#[path = "../hook/journal.rs"]
mod journal;
#[path = "../cli/place.rs"]
#[allow(dead_code)]
mod place;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hosts::{Call, Host, Start};
use place::{Place, text};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

/// A session has a few seconds of work; the first one of some programs takes long on a slow machine.
const TOO_LONG: Duration = Duration::from_secs(300);

const POLICY: &str = r#"
version = 1
[filesystem]
read_allow = ["**"]
write_allow = ["src/**"]
deny = ["private"]
[subprocess]
allow_commands = ["touch src/*.txt", "touch made.txt"]
deny_commands = ["touch src/denied.txt"]
"#;

const POLICY_OF_SPELLINGS: &str = r#"
version = 1
[filesystem]
read_allow = ["**"]
write_allow = ["src/**"]
deny = ["src/private"]
"#;

const SECRET: &str = "5ecret-w0rds";
const CHANGED: &str = "changed-w0rds";
const OPEN: &str = "0pen-w0rds";

#[test]
fn claude() {
    all(Host::Claude);
}

#[test]
fn codex() {
    all(Host::Codex);
}

#[test]
fn codex_in_code() {
    all(Host::CodexCode);
}

#[test]
fn opencode() {
    all(Host::OpenCode);
}

#[test]
fn gemini() {
    all(Host::Gemini);
}

#[test]
fn copilot() {
    all(Host::Copilot);
}

fn all(host: Host) {
    without_a_hook(host);
    decisions(host);
    a_directory_of_the_models_choice(host);
    other_spellings(host);
    a_program_that_is_killed(host);
    a_program_that_is_gone(host);
}

/// Without a hook the call happens: nothing but the hook is in its way in what follows.
fn without_a_hook(host: Host) {
    let at = Session::new(host, &[Call::Shell("touch src/denied.txt")]);
    let told = at.run();
    assert!(at.has("src/denied.txt"), "{told:?}");
}

fn decisions(host: Host) {
    let at = Session::new(
        host,
        &[
            Call::Shell("touch src/ok.txt"),
            Call::Shell("touch src/denied.txt"),
            Call::Shell("touch unlisted.txt"),
            Call::Read("src/open.txt"),
            Call::Read("private/secret.txt"),
            Call::Write("src/new.md"),
            Call::Write("other.md"),
        ],
    );
    at.install();
    let told = at.run();
    for (path, is_there) in
        [("src/ok.txt", true), ("src/denied.txt", false), ("unlisted.txt", false), ("src/new.md", true), ("other.md", false)]
    {
        assert_eq!(at.has(path), is_there, "{path}: {told:#?}");
    }
    let stances = ["allow", "deny", "ask", "allow", "deny", "allow", "ask"];
    let records = at.records();
    let journalled: Vec<_> = records.iter().map(|record| record["verdict"].as_str().unwrap_or_default()).collect();
    assert_eq!(journalled, stances, "{records:#?}");
    for (told, stance) in told.iter().zip(stances) {
        assert_eq!(told.contains("aegis: "), stance != "allow", "{told}");
    }
    if host.reads_text() {
        assert!(told[3].contains(OPEN), "{told:#?}");
    }
    assert!(!told.iter().any(|told| told.contains(SECRET)), "{told:#?}");
}

/// Where the model chooses the directory of a command, names in it are those of that directory.
fn a_directory_of_the_models_choice(host: Host) {
    if !host.has_directories() {
        return;
    }
    let calls = [Call::ShellIn("touch made.txt", "src"), Call::ShellIn("touch made.txt", "private"), Call::Shell("touch made.txt")];
    let at = Session::new(host, &calls);
    at.install();
    let told = at.run();
    let made = ["src/made.txt", "private/made.txt", "made.txt"].map(|path| at.has(path));
    assert_eq!(made, [true, false, false], "{told:#?}");
}

/// However a file's name is written, what the hook takes it for is what the host takes it for.
fn other_spellings(host: Host) {
    let spelled = |project: &Path, name: &str| -> Vec<String> {
        let (relative, whole) = (format!("src/private/{name}"), text(&project.join("src/private").join(name)));
        let bare = whole.trim_start_matches('/');
        vec![
            relative.clone(),
            format!("docs/../{relative}"),
            format!("src/.//..//src/private/./{name}"),
            format!("~/project/{relative}"),
            format!("$HOME/project/{relative}"),
            format!("${{HOME}}/project/{relative}"),
            format!("file://{whole}"),
            format!("file://localhost{whole}"),
            format!("//{bare}"),
            format!("@{relative}"),
            format!("@{whole}"),
            format!(" {whole}"),
            format!("{whole} "),
            format!("{whole}\n"),
            format!("{whole}/"),
            format!("\"{whole}\""),
            format!("'{whole}'"),
            format!("`{whole}`"),
            format!("<{whole}>"),
            format!("src/private\\/{name}"),
            format!("src/private\\{name}"),
            format!("src/privat\\e/{name}"),
            format!("src/private%2F{name}"),
            format!("src/privat%65/{name}"),
            format!("{whole}:1"),
            format!("{whole}#L1"),
            format!("{whole}?x"),
            format!("src/privat?/{name}"),
            format!("src/{{private,x}}/{name}"),
            format!("src/privat\u{200b}e/{name}"),
            format!("src/\u{ff50}rivate/{name}"),
            format!("src/link/{name}"),
            name.to_owned(),
        ]
    };
    let calls = |project: &Path| -> Vec<Value> {
        let here = Path::new("");
        let reads = spelled(project, "secret.txt").into_iter().filter(|_| host.reads_text()).map(|path| host.call(Call::Read(&path), here));
        let writes = spelled(project, "new.txt").into_iter().map(|path| host.call(Call::Write(&path), here));
        let edits = spelled(project, "secret.txt").into_iter().filter_map(|path| host.edit(&path, SECRET, CHANGED));
        reads.chain(writes).chain(edits).collect()
    };
    let reads = if host.reads_text() { spelled(Path::new("/"), "").len() } else { 0 };
    let most = host.most_calls();
    for from in (0..calls(Path::new("/")).len()).step_by(most) {
        let at = Session::with(host, POLICY_OF_SPELLINGS, |place| {
            place.file("src/private/secret.txt", SECRET);
            place.link(place.project.join("src/private"), "src/link");
            calls(&place.project).into_iter().skip(from).take(most).collect()
        });
        at.install();
        let told = at.run();
        // what fails to change a file may say what it was asked to change
        let leaks: Vec<_> = told.iter().enumerate().filter(|(at, told)| from + at < reads && told.contains(SECRET)).collect();
        assert!(leaks.is_empty(), "from {from}: {leaks:#?}");
        assert!(!at.has("src/private/new.txt"), "{told:#?}");
        assert_eq!(at.place.read("src/private/secret.txt"), SECRET, "{told:#?}");
    }
}

/// The program of the hook starts, and is killed before it answers.
fn a_program_that_is_killed(host: Host) {
    let at = Session::new(host, &[Call::Shell("touch src/ok.txt")]);
    at.install();
    let started = at.place.top().join("started");
    for program in at.programs() {
        std::fs::remove_file(&program).unwrap();
        std::fs::write(&program, format!("#!/bin/sh\necho started >> '{}'\nkill -KILL $$\n", text(&started))).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let told = at.run();
    assert!(started.exists(), "the hook never ran: {told:?}");
    assert!(!at.has("src/ok.txt"), "{told:?}");
}

fn a_program_that_is_gone(host: Host) {
    let at = Session::new(host, &[Call::Shell("touch src/ok.txt")]);
    at.install();
    for program in at.programs() {
        std::fs::remove_file(program).unwrap();
    }
    let told = at.run();
    assert!(!at.has("src/ok.txt"), "{told:?}");
}

/// A home, a project, and a model that asks for some calls.
struct Session {
    host: Host,
    place: Place,
    calls: usize,
    model: Model,
    start: Start,
}

impl Session {
    /// With the host's settings, but without a hook.
    fn new(host: Host, calls: &[Call]) -> Session {
        Session::with(host, POLICY, |place| calls.iter().map(|call| host.call(*call, &place.project)).collect())
    }

    fn with(host: Host, policy: &str, calls: impl FnOnce(&Place) -> Vec<Value>) -> Session {
        let installed = std::env::var_os("AEGIS_REAL_HOSTS").map(PathBuf::from).expect("AEGIS_REAL_HOSTS: run scripts/real-hosts");
        let place = Place::with_home(host.word()).expect("run it as root: else a hook takes the home of the user who runs this");
        place.file("aegis.toml", policy);
        place.file("private/secret.txt", SECRET);
        place.file("src/open.txt", OPEN);
        place.dir(".git");
        let calls = calls(&place);
        let model = Model::start(&place, &calls);
        let start = host.start(&installed, &model.address);
        for (path, content) in &start.files {
            place.file(place.home.join(path), content);
        }
        let at = Session { host, place, calls: calls.len(), model, start };
        at.place.dir(at.bin());
        let aegis = std::env::var_os("AEGIS_REAL_HOSTS_BINARY").map_or_else(|| place::binary().to_path_buf(), PathBuf::from);
        for name in ["aegis", "aegis-hook"] {
            let from = aegis.with_file_name(name);
            if from.exists() && std::fs::hard_link(&from, at.bin().join(name)).is_err() {
                std::fs::copy(&from, at.bin().join(name)).unwrap();
            }
        }
        at.aegis(&["trust", "aegis.toml"]);
        at
    }

    fn bin(&self) -> PathBuf {
        self.place.top().join("bin")
    }

    /// The programs, one of which the installed command names.
    fn programs(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.bin()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    fn aegis(&self, arguments: &[&str]) {
        let mut command = self.place.program(self.bin().join("aegis"));
        command.args(arguments);
        place::wait(command).is(0, &[]);
    }

    fn install(&self) {
        self.aegis(&["agents", "install", "--host", self.host.word()]);
    }

    fn has(&self, path: &str) -> bool {
        self.place.project.join(path).exists()
    }

    /// Runs the host until it ends, and gives what its model was told of each call.
    fn run(&self) -> Vec<String> {
        let mut command = self.place.program(&self.start.program);
        command.args(&self.start.arguments).envs(self.start.variables.iter().cloned()).env_remove("XDG_STATE_HOME");
        // where a host wants more than its model, nobody is there
        for variable in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
            command.env(variable, "http://127.0.0.1:9");
        }
        for variable in ["NO_PROXY", "no_proxy"] {
            command.env(variable, "127.0.0.1");
        }
        command.env("DO_NOT_TRACK", "1").env("CI", "1").env("NO_COLOR", "1").env("TERM", "dumb");
        let said = self.place.top().join("said");
        let (out, err) = (File::create(&said).unwrap(), File::options().append(true).open(&said).unwrap());
        run_within(command.stdout(out).stderr(err), TOO_LONG);
        let told = self.model.told();
        let said = || std::fs::read(&said).map(|said| String::from_utf8_lossy(&said).into_owned()).unwrap();
        assert_eq!(told.len(), self.calls, "results of calls: {told:#?}\nthe host said:\n{}", said());
        told
    }

    /// The decisions in the journal of hooks.
    fn records(&self) -> Vec<Value> {
        journal::records(&self.place).into_iter().filter(|record| record["kind"] == "hook.decision").collect()
    }
}

/// The model, as a process; it ends when this is dropped.
struct Model {
    child: Child,
    address: String,
    log: PathBuf,
}

impl Model {
    fn start(place: &Place, calls: &[Value]) -> Model {
        let (script, log) = (place.top().join("script.json"), place.top().join("requests.jsonl"));
        std::fs::write(&script, json!(calls).to_string()).unwrap();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real_hosts/model.py");
        let mut command = Command::new("python3");
        command.arg("-B").arg(program).arg(&script).arg(&log).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        assert!(port.trim().parse::<u16>().is_ok(), "the model did not start");
        Model { child, address: format!("http://127.0.0.1:{}", port.trim()), log }
    }

    /// What it was told of each call: the longest list of results that a request held.
    fn told(&self) -> Vec<String> {
        let requests = std::fs::read_to_string(&self.log).unwrap();
        let results = requests.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["results"].take());
        let longest = results.max_by_key(|results| results.as_array().map_or(0, Vec::len)).unwrap_or_default();
        serde_json::from_value(longest).unwrap_or_default()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command that is a process group of its own, and ends all of it.
fn run_within(command: &mut Command, most: Duration) {
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let group = Pid::from_child(&child);
    let began = Instant::now();
    let ended = loop {
        if child.try_wait().unwrap().is_some() {
            break true;
        }
        if began.elapsed() > most {
            break false;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait();
    assert!(ended, "it hangs: {command:?}");
}
