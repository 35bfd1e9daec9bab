//! Changes that are judged one by one.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aegis_sandbox::End;
use aegis_sandbox::confine::Confined;
use aegis_sandbox::mediate::{Change, JudgeChange};

use crate::Test;
use crate::confined::Project;

pub const TESTS: &[Test] = &[
    ("mediated_changes_are_those_allowed", those_allowed),
    ("mediated_denials_hold_by_every_call", denials_hold),
    ("mediated_renames_carry_nothing_past_the_judge", renames),
    ("mediated_links_lead_nowhere_else", links),
    ("mediated_modes_and_times", modes_and_times),
    ("mediated_scratch_is_free", scratch_is_free),
    ("mediated_writing_gives_no_reading", writing_gives_no_reading),
    ("mediated_names_give_no_reading", names_give_no_reading),
    ("mediated_deep_trees_are_not_renamed", deep_trees),
    ("mediated_by_every_call_there_is", every_call),
    ("mediated_races_change_nothing_denied", races),
    ("mediated_tools_work", tools),
];

/// Denies what has one of these in its path.
struct Deny {
    words: &'static [&'static str],
    seen: Arc<Mutex<Vec<String>>>,
}

impl JudgeChange for Deny {
    fn may(&mut self, change: &Change<'_>) -> bool {
        let (verb, path) = match change {
            Change::Write { path, .. } => ("write", path),
            Change::Read { path } => ("read", path),
            Change::Remove { path, .. } => ("remove", path),
        };
        let may = (verb != "read" || !path.ends_with("unread")) && self.words.iter().all(|word| !path.to_string_lossy().contains(word));
        self.seen.lock().unwrap().push(format!("{} {verb} {}", if may { "may" } else { "deny" }, path.display()));
        may
    }
}

struct Mediated {
    project: Project,
    confined: Confined,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Mediated {
    fn new(words: &'static [&'static str], files: &[(&str, &str)]) -> Mediated {
        let project = Project::new(true);
        for (name, content) in files {
            project.file(name, content);
        }
        let seen = Arc::new(Mutex::new(Vec::new()));
        let confined = Confined::start(&project.plan, Some(Box::new(Deny { words, seen: seen.clone() }))).unwrap();
        Mediated { project, confined, seen }
    }

    fn sh(&mut self, line: &str) -> (String, End) {
        self.project.sh(&mut self.confined, line)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.project.path(name)).unwrap_or_else(|error| format!("{:?}", error.kind()))
    }

    fn names(&self) -> Vec<String> {
        fn add(all: &mut Vec<String>, top: &Path, at: &Path) {
            for entry in std::fs::read_dir(at).unwrap() {
                let path = entry.unwrap().path();
                all.push(path.strip_prefix(top).unwrap().display().to_string());
                if path.is_dir() && !path.is_symlink() {
                    add(all, top, &path);
                }
            }
        }
        let mut all = Vec::new();
        add(&mut all, self.project.dir.path(), self.project.dir.path());
        all.sort();
        all
    }
}

fn those_allowed() {
    let mut m = Mediated::new(&[], &[("a.txt", "one\n"), ("d/b.txt", "two\n")]);
    let line = "set -e; echo more >> a.txt; echo new > c.txt; mkdir -p e/f; mv d/b.txt e/f/b; rm c.txt; ln e/f/b hard; ln -s e soft; echo three > soft/x; \
                sed -i s/one/ONE/ a.txt; chmod 600 a.txt; touch -d '2001-02-03 04:05:06 UTC' a.txt; truncate -s 3 hard; rmdir d; cp a.txt g; \
                exec 3<>g; echo x >&3; mktemp -p . >/dev/null; cat e/f/b";
    assert_eq!(m.sh(line), ("two".to_owned(), End::Exited(0)));
    assert_eq!((m.read("a.txt").as_str(), m.read("e/f/b").as_str(), m.read("e/x").as_str()), ("ONE\nmore\n", "two", "three\n"));
    let a = std::fs::metadata(m.project.path("a.txt")).unwrap();
    assert_eq!((a.mode() & 0o7777, a.mtime()), (0o600, 981_173_106));
    assert!(!m.project.path("d").exists() && !m.project.path("c.txt").exists());
    assert_eq!(std::fs::read_link(m.project.path("soft")).unwrap(), Path::new("e"));
    // the caller's own umask
    m.sh("umask 077; echo x > private; umask 0; mkdir open");
    let mode = |name: &str| std::fs::metadata(m.project.path(name)).unwrap().mode() & 0o7777;
    assert_eq!((mode("private"), mode("open")), (0o600, 0o777));
}

fn denials_hold() {
    let files = [(".env", "secret\n"), ("src/a.txt", "hello\n"), ("hooks/pre", "old\n")];
    let mut m = Mediated::new(&[".env", "hooks", ".mcp.json"], &files);
    let before = m.names();
    let line = "echo x > .env; echo x >> .env; true > .env; rm -f .env; mv .env e; cp src/a.txt .env; mv src/a.txt .env; ln src/a.txt .env.2; ln -s a .env.3; \
                mkdir .env.d; mkfifo .env.p; truncate -s 0 .env; chmod 777 .env; touch .env; touch .env.new; tee .env </dev/null; dd if=/dev/zero of=.env count=1; \
                echo x > hooks/pre; echo x > hooks/new; rm -rf hooks; mv hooks h; mkdir x; mv x hooks/x; rmdir x; echo '{}' > .mcp.json; mkdir -p .mcp.json; \
                sed -i s/o/x/ hooks/pre; install -m 755 src/a.txt hooks/z; tar cf - src | tar xf - -C hooks; exec 3<>.env; echo x >&3";
    let (said, _) = m.sh(line);
    assert_eq!(
        (m.read(".env").as_str(), m.read("hooks/pre").as_str(), m.read("src/a.txt").as_str()),
        ("secret\n", "old\n", "hello\n"),
        "{said}"
    );
    let after: Vec<String> = m.names().into_iter().filter(|name| !name.starts_with("sed")).collect();
    assert_eq!(after, before, "{said}");
    assert_eq!(std::fs::metadata(m.project.path(".env")).unwrap().mode() & 0o7777, 0o644);
    assert!(m.seen.lock().unwrap().iter().any(|line| line.starts_with("deny write") && line.ends_with("/.mcp.json")));
}

fn renames() {
    let mut m = Mediated::new(&["secret", "keep"], &[("d/keep", "kept\n"), ("e/x", "x\n"), ("f/sub/y", "y\n")]);
    // a directory that holds what may not go; one that would become what may not come; a swap
    let (said, _) = m.sh("mv d d2; mv e secret; mv f/sub f/secret; mkdir g; mv e g/e; mv f/sub/y f/sub/secret-y");
    assert_eq!(m.names(), ["d", "d/keep", "f", "f/sub", "f/sub/y", "g", "g/e", "g/e/x"], "{said}");
    let python = "import ctypes,os\nlibc=ctypes.CDLL(None,use_errno=True)\nfor a,b in ((b'd/keep',b'g/e/x'),(b'g/e/x',b'd/keep')):\n  print(libc.renameat2(-100,a,-100,b,2), ctypes.get_errno())";
    m.project.file("swap.py", python);
    let (said, end) = m.sh("python3 swap.py");
    if end == End::Exited(127) {
        return println!("SKIPPED: no python3 here");
    }
    assert_eq!(said, "-1 13\n-1 13\n");
    assert_eq!(m.read("d/keep"), "kept\n");
}

fn links() {
    let outside = tempfile::Builder::new().prefix("outside").tempdir_in("/var/tmp").unwrap();
    std::fs::write(outside.path().join("target"), "outside\n").unwrap();
    let mut m = Mediated::new(&["denied"], &[("denied/x", "kept\n"), ("a", "a\n")]);
    std::os::unix::fs::symlink(outside.path().join("target"), m.project.path("out")).unwrap();
    std::os::unix::fs::symlink("denied/x", m.project.path("in")).unwrap();
    std::os::unix::fs::symlink("/proc/self/environ", m.project.path("proc")).unwrap();
    std::os::unix::fs::symlink("denied/new", m.project.path("dangling")).unwrap();
    let line = "echo x > out; echo x > in; echo x > proc; echo x > dangling; echo x > soft/x; ln -s denied soft; echo x > soft/x; rm soft/x; mv soft/x y; \
                cd soft; echo x > x; cd ..; ln denied/x hard; echo x > hard; echo x > a/../denied/x; echo x > ./denied/./x; echo x > /proc/self/cwd/denied/x; \
                (exec 4<denied; echo x > /proc/self/fd/4/x); exec 5<denied/x; echo x > /proc/self/fd/5; echo x > /dev/fd/5; cat /proc/self/fd/5";
    let (said, _) = m.sh(line);
    assert_eq!(
        (m.read("denied/x").as_str(), std::fs::read_to_string(outside.path().join("target")).unwrap().as_str()),
        ("kept\n", "outside\n"),
        "{said}"
    );
    assert!(!m.project.path("denied/new").exists(), "{said}");
    assert_eq!(std::fs::metadata(m.project.path("denied/x")).unwrap().nlink(), 1);
    assert!(said.ends_with("kept\n"), "{said}");
}

fn modes_and_times() {
    let mut m = Mediated::new(&["denied"], &[("denied", "kept\n"), ("a", "a\n")]);
    let before = std::fs::metadata(m.project.path("denied")).unwrap();
    let python = "import os\nfd=os.open('denied',os.O_RDONLY)\n\
                  for f in (lambda: os.fchmod(fd,0o777), lambda: os.utime(fd,(1,1)), lambda: os.chmod('/proc/self/fd/%d'%fd,0o777), lambda: os.utime('denied'), lambda: os.setxattr('a','user.x',b'y'), \
                  lambda: os.chmod('a',0o4755), lambda: os.chown('a',0,0) if os.getuid() else os.chown('a',1,1), lambda: os.chown('a',-1,-1), lambda: os.fchmod(os.open('a',os.O_RDONLY),0o640), lambda: os.chmod('/dev/null',0o600)):\n\
                  \x20 try: f(); print('did')\n  except OSError as e: print(e.errno)\n";
    m.project.file("m.py", python);
    let (said, end) = m.sh("python3 m.py");
    if end == End::Exited(127) {
        return println!("SKIPPED: no python3 here");
    }
    let after = std::fs::metadata(m.project.path("denied")).unwrap();
    assert_eq!((before.mode(), before.mtime(), before.ctime_nsec()), (after.mode(), after.mtime(), after.ctime_nsec()), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    // of the set-user-id bit: the system call filter beneath refuses it, or it is not set
    assert_eq!((&lines[..2], &lines[3..5], &lines[6..9]), (&["13", "13"][..], &["13", "95"][..], &["1", "did", "did"][..]), "{said}");
    assert_eq!(std::fs::metadata(m.project.path("a")).unwrap().mode() & 0o6000, 0);
    assert!(lines[9] != "did", "{said}");
}

fn scratch_is_free() {
    let mut m = Mediated::new(&["/"], &[("a", "a\n")]);
    let line = "set -e; echo out > /dev/stdout; echo err >> /dev/stderr; echo fd > /proc/self/fd/1; cd /tmp; echo x > f; mkdir d; mv f d/g; ln -s d l; echo y >> l/g; chmod 700 d; rm l; cat d/g; rm -r d; echo z > /dev/null; echo w > /dev/shm/x; \
                test -e /dev/shm/x; mkfifo p; (echo through > p &); cat p";
    assert_eq!(m.sh(line), ("out\nerr\nfd\nx\ny\nthrough\n".to_owned(), End::Exited(0)));
    // between the two there is no way but by copy
    let (said, _) = m.sh("mv a /tmp/b; echo c > /tmp/c; mv /tmp/c c; ln a /tmp/l");
    assert_eq!(m.names(), ["a"], "{said}");
}

fn writing_gives_no_reading() {
    let mut m = Mediated::new(&[], &[("unread", "content\n"), ("a", "a\n")]);
    let (said, _) = m.sh("exec 3<>a && cat <&3; echo x >> unread; exec 4<>unread && cat <&4");
    assert!(said.starts_with("a\n") && !said.contains("content"), "{said}");
    assert_eq!(m.read("unread"), "content\nx\n");
}

/// A new name is a new way to read, for programs that come later too.
fn names_give_no_reading() {
    let mut m = Mediated::new(&[], &[("unread", "content\n"), ("d/unread", "content\n"), ("a", "a\n")]);
    let line =
        "ln unread b; mv unread c; mv d e; python3 -c 'import os; os.rename(\"unread\", \"f\")' 2>/dev/null; mv -n a g; ln g h; cat g h";
    let (said, _) = m.sh(line);
    assert!(said.ends_with("a\na\n") && !said.contains("content"), "{said}");
    assert_eq!(m.names(), ["d", "d/unread", "g", "h", "unread"]);
    assert_eq!(m.read("d/unread"), "content\n");
}

/// A tree so deep that judging it would take all of our stack and descriptors.
fn deep_trees() {
    let mut m = Mediated::new(&[], &[("a", "a\n")]);
    let line = "i=0; mkdir top; cd -P top; while [ $i -lt 3000 ]; do mkdir d && cd -P d || break; i=$((i+1)); done; echo $i";
    m.sh(line);
    let (said, _) = m.sh("mv top other; ls -d top; echo alive; mkdir -p s/t/u; mv s z; ls z/t");
    assert!(said.ends_with("top\nalive\nu\n"), "{said}");
    let _ = std::process::Command::new("rm").arg("-rf").arg(m.project.path("top")).status();
}

/// Each call of the table by its number, so that none goes past unseen: all must fail on a denied name, and none may change anything.
fn every_call() {
    let mut m = Mediated::new(&["denied"], &[("denied", "kept\n"), ("denied.d/x", "kept\n"), ("a", "a\n")]);
    let python = r#"
import ctypes, os, platform
if platform.machine() != "x86_64": print("SKIPPED"); raise SystemExit
libc = ctypes.CDLL(None, use_errno=True)
P = ctypes.c_char_p
AT, W = -100, os.O_WRONLY | os.O_CREAT
n, d, a = P(b"denied"), P(b"denied.d"), P(b"a")
new = P(b"denied.new")
calls = [
  (2, n, W, 0o644), (2, n, os.O_RDONLY | os.O_TRUNC, 0), (85, n, 0o644), (257, AT, n, W, 0o644), (257, AT, new, W | os.O_EXCL, 0o644), (257, AT, new, os.O_RDWR | 0o20200000, 0o644),
  (437, AT, n, P(b"\1" + b"\0" * 23), 24), (83, new, 0o755), (258, AT, new, 0o755), (87, n), (263, AT, n, 0), (84, d), (263, AT, d, 0x200),
  (82, n, P(b"b")), (82, a, n), (264, AT, n, AT, P(b"b")), (316, AT, n, AT, P(b"b"), 0), (316, AT, a, AT, n, 2), (86, n, P(b"b")), (86, a, new), (265, AT, n, AT, P(b"b"), 0),
  (88, P(b"x"), new), (266, P(b"x"), AT, new), (76, n, 0), (90, n, 0o777), (268, AT, n, 0o777), (452, AT, n, 0o777, 0), (132, n, None), (235, n, None), (261, AT, n, None), (280, AT, n, None, 0),
  (133, new, 0o100644, 0), (259, AT, new, 0o100644, 0), (133, new, 0o010644, 0), (188, n, P(b"user.x"), P(b"y"), 1, 0), (197, n, P(b"user.x")),
  (257, AT, P(b"denied/"), W, 0o644), (2, P(b"./denied"), W, 0o644), (2, P(b"//proc/self/cwd/denied"), W, 0o644), (2, None, W, 0o644), (2, 1, W, 0o644), (2, P(b"x" * 5000), W, 0o644), (2, P(b""), W, 0o644),
]
for call in calls:
    ctypes.set_errno(0)
    got = libc.syscall(*call)
    if got != -1: print("DONE", call[0], got)
print("end")
"#;
    m.project.file("calls.py", python);
    let before = m.names();
    let (said, end) = m.sh("python3 calls.py");
    if end == End::Exited(127) || said == "SKIPPED\n" {
        return println!("SKIPPED: no python3 here, or another processor");
    }
    assert_eq!(said, "end\n");
    assert_eq!(m.names(), before);
    assert_eq!((m.read("denied").as_str(), m.read("denied.d/x").as_str(), m.read("a").as_str()), ("kept\n", "kept\n", "a\n"));
}

/// Names and links that change under the judge: what is changed in the end is never what is denied.
fn races() {
    let mut m = Mediated::new(&["denied"], &[("denied/x", "kept\n"), ("free/x", "free\n")]);
    let line = "ln -s free way; (while :; do ln -sfn denied way; ln -sfn free way; done) & \
                i=0; while [ $i -lt 400 ]; do echo changed > way/x; chmod 600 way/x; rm -f way/y; echo new > way/y; mv way/y way/z; i=$((i+1)); done 2>/dev/null; kill $!; echo end";
    let (said, _) = m.sh(line);
    assert!(said.ends_with("end\n"), "{said}");
    assert_eq!(m.read("denied/x"), "kept\n");
    assert_eq!(std::fs::read_dir(m.project.path("denied")).unwrap().count(), 1);
    assert_eq!(std::fs::metadata(m.project.path("denied/x")).unwrap().mode() & 0o7777, 0o644);
    assert_eq!(m.read("free/x"), "changed\n", "the other half of the time it worked");
}

fn tools() {
    let mut m = Mediated::new(&[".env"], &[("a.txt", "hello\n")]);
    let has = |m: &mut Mediated, tool: &str| {
        let there = m.sh(&format!("command -v {tool} >/dev/null")).1 == End::Exited(0);
        if !there {
            let _ = writeln!(std::io::stdout(), "SKIPPED: no {tool} here");
        }
        there
    };
    if has(&mut m, "git") {
        let line = "export HOME=/tmp GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b; git init -q . && git add a.txt && git commit -qm one && echo x >> a.txt && git commit -qam two \
                    && git mv a.txt b.txt && git commit -qm three && git gc -q && git log --oneline | wc -l";
        let (said, end) = m.sh(line);
        assert_eq!((said.lines().last().map(str::trim), end), (Some("3"), End::Exited(0)), "{said}");
    }
    if has(&mut m, "python3") {
        let (said, end) = m.sh("python3 -m venv --without-pip v && v/bin/python -c 'import json, multiprocessing; print(multiprocessing.Pool(2).map(abs, [-1, 2]))'");
        assert_eq!((said.as_str(), end), ("[1, 2]\n", End::Exited(0)));
    }
    if has(&mut m, "make") && has(&mut m, "cc") {
        m.project.file("Makefile", "all: m.o\n\tcc -o m m.o\n\t./m\nm.o: m.c\n\tcc -c m.c\n");
        m.project.file("m.c", "#include <stdio.h>\nint main(void) { puts(\"made\"); return 0; }\n");
        let (said, end) = m.sh("make -s -j2");
        assert_eq!((said.as_str(), end), ("made\n", End::Exited(0)));
    }
}
