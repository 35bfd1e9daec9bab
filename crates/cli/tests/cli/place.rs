//! A place of its own for each test: a project, a home, a journal, and the binary run there.
//!
//! The user database says where a user's home is, and there lies the trust store. So where the tests run as root, `aegis` runs as a user
//! whom the database does not know, for whom `$HOME` counts. Where they do not, what needs a home of its own is skipped, and says so.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// No user of any machine.
const NOBODY: u32 = 54321;

/// Longer than anything here takes, unless it hangs.
const HANGS: Duration = Duration::from_secs(60);

pub struct Place {
    top: tempfile::TempDir,
    pub home: PathBuf,
    pub project: PathBuf,
    pub journal: PathBuf,
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn new() -> Place {
        let top = tempfile::Builder::new().prefix("aegis-test-").tempdir().unwrap();
        std::fs::set_permissions(top.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let real = top.path().canonicalize().unwrap();
        let place = Place { home: real.join("home"), project: real.join("home/project"), journal: real.join("audit.jsonl"), top };
        give(&real);
        place.dir("");
        place
    }

    /// A place with a home that the binary takes for its user's; `None`, said aloud, where that cannot be had.
    pub fn with_home(test: &str) -> Option<Place> {
        if is_root() {
            return Some(Place::new());
        }
        // by the handle, which the test harness does not capture
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED {test}: it needs a home directory of its own, which only root can arrange; run the tests as root too"
        );
        None
    }

    /// The directory above home and project.
    pub fn top(&self) -> PathBuf {
        self.top.path().canonicalize().unwrap()
    }

    /// A directory of the project.
    pub fn dir(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = self.project.join(path);
        std::fs::create_dir_all(&path).unwrap();
        let mut at = path.as_path();
        while at.starts_with(self.top()) {
            give(at);
            at = at.parent().unwrap();
        }
        path
    }

    /// A file of the project.
    pub fn file(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.project.join(path);
        if let Some(parent) = path.parent() {
            self.dir(parent);
        }
        std::fs::write(&path, content).unwrap();
        give(&path);
        path
    }

    pub fn link(&self, target: impl AsRef<Path>, path: impl AsRef<Path>) -> PathBuf {
        let path = self.project.join(path);
        std::os::unix::fs::symlink(target, &path).unwrap();
        path
    }

    pub fn read(&self, path: impl AsRef<Path>) -> String {
        std::fs::read_to_string(self.project.join(path)).unwrap()
    }

    /// The binary in the project directory, with a small environment.
    pub fn command(&self) -> Command {
        self.program(binary())
    }

    /// Any program as the same user in the same place.
    pub fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.project).env_clear().stdin(Stdio::null());
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", &self.home).env("LANG", "C.UTF-8").env("USER", "tester");
        command.env("XDG_STATE_HOME", self.top().join("state"));
        // its own session: no terminal, so nobody who could answer a question
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.process_group(0);
        command
    }

    pub fn aegis<S: AsRef<OsStr>>(&self, args: &[S]) -> Ended {
        let mut command = self.command();
        command.args(args);
        wait(command)
    }

    /// Runs a script under a policy, both given as text, with the place's journal.
    pub fn run(&self, policy: &str, script: &str) -> Ended {
        wait(self.running(policy, script))
    }

    /// The command that [`Place::run`] runs.
    pub fn running(&self, policy: &str, script: &str) -> Command {
        self.file("policy.toml", policy);
        self.file("script.star", script);
        let mut command = self.command();
        command.args(["run", "--policy", "policy.toml", "--audit"]).arg(&self.journal).arg("script.star");
        command
    }

    /// The records of the place's journal, after a look at its chain.
    pub fn records(&self) -> Vec<serde_json::Value> {
        let verdict = aegis_audit::verify(&self.journal, &aegis_audit::VerifyOptions { min_seq: None, progress: None });
        assert!(matches!(verdict, aegis_audit::Verdict::Intact(_)), "{verdict}");
        let text = std::fs::read_to_string(&self.journal).unwrap();
        // of a journal that is still written the last line may not be whole
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The records of one kind.
    pub fn records_of(&self, kind: &str) -> Vec<serde_json::Value> {
        self.records().into_iter().filter(|r| r["kind"] == kind).collect()
    }
}

impl Ended {
    /// Ended with this exit code, and said this on stderr.
    #[track_caller]
    pub fn is(&self, code: i32, says: &[&str]) -> &Ended {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for part in says {
            assert!(self.err.contains(part), "no {part:?} in {self:#?}");
        }
        assert!(!self.err.contains("panicked"), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn prints(&self, text: &str) -> &Ended {
        assert_eq!(self.out, text, "{self:#?}");
        self
    }

    /// Its complaint is one line, frames and the way out aside.
    #[track_caller]
    pub fn in_one_line(&self) -> &Ended {
        let complaints = self
            .err
            .lines()
            .filter(|l| l.starts_with("aegis: ") || l.starts_with("error: "))
            .filter(|l| !l.ends_with("refused before anything ran"))
            // where this machine gives none
            .filter(|l| !l.starts_with("aegis: commands ran without confinement by the kernel: "))
            .count();
        assert_eq!(complaints, 1, "{self:#?}");
        assert!(self.err.lines().all(|l| l.len() < 600), "{self:#?}");
        self
    }
}

/// Runs to the end, with both outputs read.
pub fn wait(command: Command) -> Ended {
    ended(start(command))
}

/// The same with something on stdin.
pub fn wait_with(mut command: Command, input: &[u8]) -> Ended {
    command.stdin(Stdio::piped());
    let mut child = start(command);
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let ended = ended(child);
    writer.join().unwrap();
    ended
}

pub fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"))
}

pub fn ended(mut child: Child) -> Ended {
    fn text(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            from.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        })
    }
    let (out, err) = (text(child.stdout.take().unwrap()), text(child.stderr.take().unwrap()));
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > HANGS {
            child.kill().unwrap();
            panic!("it hangs");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    Ended { code: status.code(), signal: status.signal(), out: out.join().unwrap(), err: err.join().unwrap() }
}

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < HANGS, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The children of a process, by id.
pub fn children(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
        .collect()
}

/// Whether a process with these words in its command line is there.
pub fn is_alive(words: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = line.split(|b| *b == 0).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ");
        line.trim_end() == words
    })
}

/// Root that can give files away and become others; under confinement, also our own, it cannot.
pub fn is_root() -> bool {
    static IS: OnceLock<bool> = OnceLock::new();
    *IS.get_or_init(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let held = status.lines().find_map(|line| line.strip_prefix("CapEff:")).map(str::trim).unwrap_or_default();
        const CHOWN_AND_SETUID: u64 = 1 | 1 << 7;
        let held = u64::from_str_radix(held, 16).unwrap_or_default();
        rustix::process::geteuid().is_root() && held & CHOWN_AND_SETUID == CHOWN_AND_SETUID
    })
}

/// The repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The binary, where the user it runs as can reach it.
pub fn binary() -> &'static Path {
    static AT: OnceLock<PathBuf> = OnceLock::new();
    AT.get_or_init(|| reachable(Path::new(env!("CARGO_BIN_EXE_aegis"))))
}

/// Another program that cargo built with it, for example `examples/embed`.
pub fn beside_the_binary(name: &str) -> PathBuf {
    let built = Path::new(env!("CARGO_BIN_EXE_aegis")).with_file_name(name);
    let written = |path: &Path| path.metadata().and_then(|meta| meta.modified()).ok();
    if written(&built) < written(Path::new(env!("CARGO_BIN_EXE_aegis"))) {
        // `cargo test` builds examples, `cargo test --test cli` does not
        let profile = built.parent().and_then(Path::parent).unwrap();
        let mut command = Command::new(env!("CARGO"));
        command
            .args(["build", "-p", "aegis", "--example", built.file_name().unwrap().to_str().unwrap(), "--target-dir"])
            .arg(profile.parent().unwrap());
        // what the cargo that runs the tests says of this package: build scripts would take it for a change
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
        if profile.ends_with("release") {
            command.arg("--release");
        }
        assert!(command.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
    }
    reachable(&built)
}

fn reachable(built: &Path) -> PathBuf {
    if !is_root() || built.ancestors().all(|p| std::fs::metadata(p).is_ok_and(|m| m.permissions().mode() & 0o001 != 0)) {
        return built.to_path_buf();
    }
    // below root's home, for example: then the user gets a name for it elsewhere
    let dir = tempfile::Builder::new().prefix("aegis-test-bin-").tempdir().unwrap().keep();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    let at = dir.join(built.file_name().unwrap());
    if std::fs::hard_link(built, &at).is_err() {
        std::fs::copy(built, &at).unwrap();
    }
    at
}

/// Makes something the property of the user that the binary runs as.
pub fn give(path: &Path) {
    if is_root() && std::fs::symlink_metadata(path).unwrap().uid() == 0 {
        std::os::unix::fs::lchown(path, Some(NOBODY), Some(NOBODY)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
}

/// A path as text in a policy or script.
pub fn text(path: &Path) -> String {
    String::from_utf8(path.as_os_str().as_bytes().to_vec()).unwrap()
}
