//! A directory in which texts run, with stubs for programs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const BASH: &str = "/bin/bash";
/// Everything that a text can start.
const NAMES: [&str; 31] = [
    "alpha", "beta", "gamma", "delta", "omega", "rm", "ls", "cat", "git", "curl", "rg", "sed", "head", "wc", "npm", "pnpm", "sleep",
    "grep", "date", "docker", "cargo", "make", "evil.sh", "victim", "xargs", "sudo", "timeout", "nice", "nohup", "env", "setsid",
];

/// What a text did.
#[derive(Debug, Default)]
pub struct Ran {
    /// Each program with its words.
    pub calls: Vec<Vec<String>>,
    /// The names of new files.
    pub files: Vec<String>,
}

pub struct Stubs {
    programs: TempDir,
}

impl Stubs {
    /// None where there is no bash.
    pub fn new() -> Option<Stubs> {
        if !Path::new(BASH).exists() {
            return None;
        }
        let programs = TempDir::new().unwrap();
        // each in a file of its own: a note with more than one line is written in parts, and programs of a pipeline run side by side
        let text = format!("#!{BASH} -p\nprintf '%s\\037' \"${{0##*/}}\" \"$@\" $'\\036' >> \"$NOTES/$$\"\n");
        for name in NAMES {
            let path = programs.path().join(name);
            fs::write(&path, &text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Some(Stubs { programs })
    }

    /// Runs a text. None if it does not end.
    pub fn run(&self, text: &str) -> Option<Ran> {
        let work = TempDir::new().unwrap();
        for name in ["sub", "deep"] {
            fs::create_dir(work.path().join(name)).unwrap();
        }
        // notes of its own: what another text left running may still write
        let notes = TempDir::new().unwrap();
        let mut child = Command::new(BASH)
            .args(["--norc", "--noprofile", "-c", text])
            .env_clear()
            .env("PATH", self.programs.path())
            .env("HOME", work.path())
            .env("NOTES", notes.path())
            .current_dir(work.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if start.elapsed() > Duration::from_secs(3) {
                child.kill().unwrap();
                child.wait().unwrap();
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // what runs beside it
        if text.contains(['&', '>', '<']) {
            std::thread::sleep(Duration::from_millis(30));
        }
        let written = fs::read_dir(notes.path()).unwrap().map(|note| fs::read(note.unwrap().path()).unwrap());
        let log = written.map(|note| String::from_utf8_lossy(&note).into_owned()).collect::<String>();
        let calls = log.split("\u{1e}\u{1f}").filter(|call| !call.is_empty()).map(|call| {
            let mut words: Vec<String> = call.split('\u{1f}').map(str::to_owned).collect();
            words.pop();
            words
        });
        let mut ran = Ran { calls: calls.collect(), files: Vec::new() };
        files(work.path(), &mut ran.files);
        Some(ran)
    }
}

fn files(directory: &Path, out: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files(&path, out);
        } else {
            out.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
}
