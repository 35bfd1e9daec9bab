//! Commands in namespaces of their own.

use std::ffi::OsString;
use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aegis_sandbox::End;
use aegis_sandbox::child::{ChildSpec, FileId, Stdin};
use aegis_sandbox::confine::{Confined, Grant, Plan};

use crate::Test;

pub const TESTS: &[Test] = &[
    ("confined_runs_a_command", runs_a_command),
    ("confined_sees_what_is_granted", sees_what_is_granted),
    ("confined_cannot_look_behind_masks", masked),
    ("confined_changes_nothing_outside", changes_nothing),
    ("confined_meets_no_other_process", meets_no_other_process),
    ("confined_has_no_network", has_no_network),
    ("confined_has_no_privilege", has_no_privilege),
    ("confined_leaves_nothing_running", leaves_nothing_running),
    ("confined_leaves_no_sibling_running", leaves_no_sibling_running),
    ("confined_commands_follow_each_other_quickly", follow_each_other),
    ("confined_reads_of_the_settings_what_is_granted", reads_settings),
    ("confined_copy_of_the_broker_tells_nothing_of_it", copy_tells_nothing),
    ("confined_is_killed_with_all_it_started", killed_with_all),
    ("confined_fork_bomb_ends", fork_bomb),
    ("confined_dies_with_the_broker", dies_with_the_broker),
    ("confined_program_and_directory_are_the_judged_ones", the_judged_ones),
    ("confined_scratch_is_private_and_bounded", scratch),
];

/// Whether this machine gives namespaces, and notification of system calls. What is not there is said, and its tests are not run.
pub fn available() -> (bool, bool) {
    struct All;
    impl aegis_sandbox::mediate::JudgeChange for All {
        fn may(&mut self, _: &aegis_sandbox::mediate::Change<'_>) -> bool {
            true
        }
    }
    let say = |what: &str, result: Result<Confined, aegis_sandbox::SandboxError>| {
        if let Err(error) = &result {
            println!("SKIPPED, not shown on this machine: {what}: {error}");
        }
        result.is_ok()
    };
    (say("confined commands", Confined::start(&system(), None)), say("judged changes", Confined::start(&system(), Some(Box::new(All)))))
}

/// What every program needs.
fn system() -> Plan {
    let mut plan = Plan::default();
    for path in ["/bin", "/sbin", "/lib", "/lib64"] {
        if let Ok(target) = std::fs::read_link(path) {
            plan.links.push((path.into(), target));
        }
    }
    for path in ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc"] {
        if std::fs::symlink_metadata(path).is_ok_and(|what| what.is_dir()) {
            plan.grants.push(Grant { path: path.into(), read: true, write: false, exec: true });
        }
    }
    plan
}

pub struct Project {
    pub dir: tempfile::TempDir,
    pub plan: Plan,
}

impl Project {
    pub fn new(write: bool) -> Project {
        let dir = tempfile::Builder::new().prefix("confined").tempdir_in("/var/tmp").unwrap();
        let mut plan = system();
        plan.grants.push(Grant { path: dir.path().to_path_buf(), read: true, write, exec: true });
        Project { dir, plan }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn file(&self, name: &str, content: &str) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), content).unwrap();
    }

    /// Runs a shell command line to its end: what it said, and how it ended.
    pub fn sh(&self, confined: &mut Confined, line: &str) -> (String, End) {
        run(confined, self.dir.path(), line)
    }

    fn confined(&self) -> Confined {
        Confined::start(&self.plan, None).unwrap()
    }
}

fn run(confined: &mut Confined, cwd: &Path, line: &str) -> (String, End) {
    let program = Path::new("/bin/sh");
    let expect = FileId::from(&std::fs::metadata(program).unwrap());
    let argv = ["sh", "-c", line].map(OsString::from);
    let env = [("PATH", "/usr/bin:/bin"), ("HOME", "/nowhere")].map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let directory = std::fs::File::open(cwd).unwrap();
    let spec = ChildSpec { program, expect, argv: &argv, env: &env, cwd: directory.as_fd(), stdin: Stdin::Null, max_memory_bytes: None };
    let null = std::fs::File::open("/dev/null").unwrap();
    let (mut ours, theirs) = std::io::pipe().unwrap();
    let mut child = confined.start_command(&spec, cwd, [null.as_fd(), theirs.as_fd(), theirs.as_fd()]).unwrap();
    drop(theirs);
    let end = child.wait_until(Instant::now() + Duration::from_secs(20)).unwrap().expect("it hangs");
    drop(child);
    let mut said = String::new();
    ours.read_to_string(&mut said).unwrap();
    (said, end)
}

fn runs_a_command() {
    let project = Project::new(false);
    project.file("a.txt", "hello");
    let mut confined = project.confined();
    assert_eq!(project.sh(&mut confined, "cat a.txt; pwd"), (format!("hello{}\n", project.dir.path().display()), End::Exited(0)));
    assert_eq!(project.sh(&mut confined, "exit 3"), (String::new(), End::Exited(3)));
    assert_eq!(project.sh(&mut confined, "kill -9 $$"), (String::new(), End::Signal(9)));
}

fn sees_what_is_granted() {
    let project = Project::new(false);
    project.file("src/a.txt", "hello");
    let outside = tempfile::Builder::new().prefix("outside").tempdir_in("/var/tmp").unwrap();
    std::fs::write(outside.path().join("secret"), "secret").unwrap();
    let mut confined = project.confined();
    let sh = |confined: &mut Confined, line: &str| project.sh(confined, line).0;
    assert_eq!(sh(&mut confined, "ls /"), "bin\ndev\netc\nlib\nlib64\nproc\nrun\nsbin\ntmp\nusr\nvar\n");
    let place = outside.path().display().to_string();
    assert!(sh(&mut confined, &format!("cat {place}/secret; ls -d {place}; ls -A /var/tmp /run /root /home")).contains("No such file"));
    assert!(
        !sh(
            &mut confined,
            &format!(
                "cat {place}/secret {place}/../*/secret /proc/1/root{place}/secret /proc/*/root{place}/secret /proc/*/cwd{place}/secret"
            )
        )
        .contains("secret\n")
    );
    // nor by a link of its own
    std::os::unix::fs::symlink(outside.path().join("secret"), project.path("link")).unwrap();
    assert!(sh(&mut confined, "cat link").contains("No such file"));
    // nor in a tree that was there before
    assert!(sh(&mut confined, "cat /proc/self/mountinfo").lines().all(|line| !line.contains("/old")));
    assert_eq!(sh(&mut confined, "ls /dev | tr '\\n' ' '"), "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero ");
}

fn masked() {
    let mut project = Project::new(true);
    project.file(".env", "secret");
    project.file("keys/deep/key", "secret");
    project.file("src/a.txt", "hello");
    project.plan.masks = vec![project.path(".env"), project.path("keys"), project.path("keys/deep/key"), project.path("missing")];
    let mut confined = project.confined();
    let line = "cat .env ./src/../.env keys/deep/key; ls keys; ln .env hard; mv .env moved; mv keys other; rm -f .env; cp .env copy; chmod 777 .env keys; \
                ln -s .env soft; cat soft hard moved copy other/deep/key; cat /proc/self/cwd/.env; umount .env; cat .env";
    let (said, _) = project.sh(&mut confined, line);
    assert!(!said.contains("secret"), "{said}");
    assert_eq!(std::fs::read_to_string(project.path(".env")).unwrap(), "secret");
    assert_eq!(std::fs::read_to_string(project.path("keys/deep/key")).unwrap(), "secret");
    assert_eq!(project.sh(&mut confined, "cat src/a.txt").0, "hello", "the rest is there");
}

fn changes_nothing() {
    let project = Project::new(false);
    project.file("a.txt", "hello");
    let before = std::fs::metadata(project.path("a.txt")).unwrap();
    let mut confined = project.confined();
    let line = "echo x > a.txt; echo x > new; rm a.txt; mv a.txt b.txt; chmod 777 a.txt; touch -d 2001-01-01 a.txt; ln a.txt hard; mkdir d; truncate -s 0 a.txt; \
                echo x > /etc/x; echo x > /usr/x; chmod 777 /etc/passwd; echo x > /dev/x; rm /dev/null; mknod /tmp/n c 1 3; echo x > /x; \
                mount -t tmpfs none /usr; mount --bind /tmp /etc; echo 1 > /proc/sys/vm/drop_caches; echo x > /proc/sys/kernel/core_pattern";
    let (said, _) = project.sh(&mut confined, line);
    let after = std::fs::metadata(project.path("a.txt")).unwrap();
    assert_eq!(std::fs::read_to_string(project.path("a.txt")).unwrap(), "hello", "{said}");
    assert_eq!((before.modified().unwrap(), before.permissions()), (after.modified().unwrap(), after.permissions()));
    assert_eq!(std::fs::read_dir(project.dir.path()).unwrap().count(), 1);
    assert!(!Path::new("/etc/x").exists() && !Path::new("/usr/x").exists() && Path::new("/dev/null").exists());
}

fn meets_no_other_process() {
    let project = Project::new(false);
    let mut confined = project.confined();
    let me = std::process::id();
    let (said, _) = project.sh(
        &mut confined,
        &format!("kill -9 {me}; kill -9 1; kill -9 -1; ls -d /proc/[0-9]*; cat /proc/1/environ /proc/1/maps; ls /proc/1/fd; echo alive"),
    );
    assert!(said.contains("Permission denied") && !said.contains("aegis"), "{said}");
    // the shell has killed what it may: itself at most
    assert!(!said.contains(&format!("/proc/{me}\n")), "{said}");
    assert_eq!(project.sh(&mut confined, "echo still there").0, "still there\n", "the launcher lives");
}

fn has_no_network() {
    let project = Project::new(false);
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let port = server.local_addr().unwrap().port();
    let mut confined = project.confined();
    let python = format!(
        "import socket\nfor address in ('127.0.0.1', '1.1.1.1'):\n  s = socket.socket(); s.settimeout(2)\n  try: s.connect((address, {port})); print('connected')\n  except OSError as e: print(e.errno)\n\
         u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ntry: u.sendto(b'x', ('8.8.8.8', 53)); print('sent')\nexcept OSError as e: print(e.errno)\n\
         l = socket.socket(); l.bind(('127.0.0.1', 0)); l.listen(); c = socket.create_connection(l.getsockname()); print('loopback')"
    );
    project.file("net.py", &python);
    let (said, end) = project.sh(&mut confined, "python3 net.py");
    if end == End::Exited(127) {
        println!("SKIPPED: no python3 here: {said}");
        return;
    }
    assert_eq!(said, "111\n101\n101\nloopback\n");
    assert!(server.accept().is_err(), "nobody came");
}

fn has_no_privilege() {
    let project = Project::new(false);
    let mut confined = project.confined();
    let (said, _) = project.sh(&mut confined, "grep -E 'Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs' /proc/self/status | tr -d '\\t\\n'");
    let none = "0".repeat(16);
    assert_eq!(said, format!("CapInh:{none}CapPrm:{none}CapEff:{none}CapBnd:{none}CapAmb:{none}NoNewPrivs:1"));
    let (said, _) = project.sh(&mut confined, "id -u; unshare -Ur id -u");
    let user = rustix::process::geteuid().as_raw().to_string();
    assert_eq!(said.lines().next(), Some(user.as_str()), "files belong to whom they belong");
}

fn leaves_nothing_running() {
    let project = Project::new(true);
    let mut confined = project.confined();
    project.sh(&mut confined, "(setsid sh -c 'sleep 1; echo late > late' & ) ; (sleep 1000 &) ; echo done");
    let (said, _) = project.sh(&mut confined, "ls -d /proc/[0-9]* | wc -l");
    assert!(said.trim().parse::<u32>().unwrap() <= 4, "{said}");
    std::thread::sleep(Duration::from_millis(1300));
    assert!(!project.path("late").exists());
}

/// One that the launcher never started is its child all the same, of a kind that only who asks for it is told of.
fn leaves_no_sibling_running() {
    let project = Project::new(true);
    let mut confined = project.confined();
    // clone(CLONE_PARENT), without a signal for its end
    let number = libc::SYS_clone;
    let perl = format!(
        "my $p = syscall({number}, 0x8000, 0, 0, 0, 0); if ($p == 0) {{ select(undef, undef, undef, 1); open(F, '>', 'late'); exit 0 }} print 'made ', $p > 0 ? 1 : $!, qq(\\n);"
    );
    project.file("sibling.pl", &perl);
    let (said, end) = project.sh(&mut confined, "exec perl sibling.pl");
    if end == End::Exited(127) {
        println!("SKIPPED: no perl here: {said}");
        return;
    }
    assert_eq!(said, "made 1\n");
    let (said, _) = project.sh(&mut confined, "ls -d /proc/[0-9]* | wc -l");
    assert!(said.trim().parse::<u32>().unwrap() <= 4, "{said}");
    std::thread::sleep(Duration::from_millis(1300));
    assert!(!project.path("late").exists());
}

/// A launcher stays on the core of who waits for it; what it starts may run on all.
fn follow_each_other() {
    let project = Project::new(false);
    let mut confined = project.confined();
    for _ in 0..5 {
        runs_on_all_cores(&project, &mut confined);
    }
    // signals that we ignore or handle are as they usually are in what it starts, SIGPIPE above all
    let (said, _) = project.sh(&mut confined, "grep -E '^Sig(Ign|Blk)' /proc/self/status | tr -d '\\t\\n'");
    let none = "0".repeat(16);
    assert_eq!(said, format!("SigBlk:{none}SigIgn:{none}"));
}

fn runs_on_all_cores(project: &Project, confined: &mut Confined) {
    let mine = std::fs::read_to_string("/proc/self/status").unwrap();
    let mine = mine.lines().find(|line| line.starts_with("Cpus_allowed_list")).unwrap();
    assert_eq!(project.sh(confined, "grep Cpus_allowed_list /proc/self/status").0.trim_end(), mine);
}

/// One rule stands for all files in /etc, unless one of them is there to be changed only.
fn reads_settings() {
    let project = Project::new(false);
    let settings = |read: [bool; 2]| {
        let mut plan = project.plan.clone();
        plan.grants.retain(|grant| grant.path != Path::new("/etc"));
        for (path, read) in ["/etc/passwd", "/etc/group"].into_iter().zip(read) {
            plan.grants.push(Grant { path: path.into(), read, write: false, exec: false });
        }
        Confined::start(&plan, None).unwrap()
    };
    let line = "head -c 5 /etc/passwd; head -c 5 /etc/group; ls /etc; cat /etc/hosts /etc/shadow; /etc/passwd";
    let (said, _) = project.sh(&mut settings([true, true]), line);
    assert!(said.starts_with("root:root:group\npasswd\n"), "{said}");
    assert!(said.contains("/etc/hosts: No such file") && said.contains("/etc/shadow: No such file"), "{said}");
    assert!(said.contains("/etc/passwd: Permission denied"), "{said}");
    let mut confined = settings([true, false]);
    if confined.lacks_landlock() {
        println!("SKIPPED: no Landlock here, so that a file can be changed only by reading it");
        return;
    }
    let (said, _) = project.sh(&mut confined, line);
    assert!(said.starts_with("root:head: cannot open '/etc/group' for reading: Permission denied"), "{said}");
}

/// The first process of the namespaces can be a copy of the broker: it has neither its command line nor its environment, holds none of its
/// files, and dies with it.
fn copy_tells_nothing() {
    if std::env::var_os("AEGIS_TEST_COPY").is_none() {
        // in a process that has one thread, and something to hide
        let outcome = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "confined_copy_of_the_broker_tells_nothing_of_it", "swordfish"])
            .env("AEGIS_TEST_COPY", "swordfish")
            .output()
            .unwrap();
        assert!(outcome.status.success(), "{}{}", String::from_utf8_lossy(&outcome.stdout), String::from_utf8_lossy(&outcome.stderr));
        return;
    }
    let secret = std::fs::File::open("/etc/passwd").unwrap();
    let project = Project::new(false);
    let preparing = aegis_sandbox::confine::Preparing::copied(false, system).unwrap();
    assert_eq!(preparing.base().unwrap().grants, system().grants);
    let mut confined = preparing.start(&project.plan, None).unwrap();
    let (said, _) =
        project.sh(&mut confined, "tr '\\0' ' ' < /proc/1/cmdline; cat /proc/1/environ; grep -E 'Seccomp:|NoNewPrivs' /proc/1/status");
    assert!(!said.contains("swordfish") && !said.contains("confined_copy") && said.contains("environ: Permission denied"), "{said}");
    assert!(said.contains("NoNewPrivs:\t1") && said.contains("Seccomp:\t2"), "{said}");
    drop(secret);
    runs_on_all_cores(&project, &mut confined);
}

fn killed_with_all() {
    let project = Project::new(true);
    let mut confined = project.confined();
    let program = Path::new("/bin/sh");
    let expect = FileId::from(&std::fs::metadata(program).unwrap());
    let argv =
        ["sh", "-c", "trap '' TERM INT HUP; setsid sh -c 'while :; do echo x >> beat; sleep 0.01; done' & while :; do sleep 1; done"]
            .map(OsString::from);
    let env = [(OsString::from("PATH"), OsString::from("/usr/bin:/bin"))];
    let directory = std::fs::File::open(project.dir.path()).unwrap();
    let spec = ChildSpec { program, expect, argv: &argv, env: &env, cwd: directory.as_fd(), stdin: Stdin::Null, max_memory_bytes: None };
    let null = std::fs::File::options().read(true).write(true).open("/dev/null").unwrap();
    let mut child = confined.start_command(&spec, project.dir.path(), [null.as_fd(); 3]).unwrap();
    crate::look::eventually("it beats", || project.path("beat").exists());
    assert_eq!(child.wait_until(Instant::now() + Duration::from_millis(10)).unwrap(), None);
    assert_eq!(child.kill_all().unwrap(), End::Signal(libc::SIGKILL));
    drop(child);
    let size = std::fs::metadata(project.path("beat")).unwrap().len();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(std::fs::metadata(project.path("beat")).unwrap().len(), size);
    assert_eq!(project.sh(&mut confined, "echo next").0, "next\n");
}

fn fork_bomb() {
    let mut project = Project::new(false);
    project.plan.max_processes = 400;
    let mut confined = project.confined();
    let began = Instant::now();
    let (said, _) = project.sh(&mut confined, "i=0; while [ $i -lt 1000 ]; do sleep 100 & i=$((i+1)); done; echo all");
    assert!(!said.contains("all"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(15));
    assert_eq!(project.sh(&mut confined, "echo next").0, "next\n");
}

fn dies_with_the_broker() {
    let mut broker = crate::in_child::start(&["broker of a confined child"]);
    let mut line = [0; 256];
    let length = broker.stdout.as_mut().unwrap().read(&mut line).unwrap();
    let beat = PathBuf::from(std::str::from_utf8(&line[..length]).unwrap().trim());
    crate::look::eventually("it beats", || beat.exists());
    broker.kill().unwrap();
    broker.wait().unwrap();
    crate::look::eventually("it beats no more", || {
        let size = std::fs::metadata(&beat).unwrap().len();
        std::thread::sleep(Duration::from_millis(100));
        std::fs::metadata(&beat).unwrap().len() == size
    });
    let _ = std::fs::remove_dir_all(beat.parent().unwrap());
    while matches!(rustix::process::wait(rustix::process::WaitOptions::NOHANG), Ok(Some(_))) {}
}

/// Runs until it is killed, in a broker that is killed.
pub fn broker() {
    let project = Project::new(true);
    let mut confined = project.confined();
    println!("{}", project.path("beat").display());
    project.sh(&mut confined, "while :; do echo x >> beat; sleep 0.01; done");
}

fn the_judged_ones() {
    let project = Project::new(true);
    std::fs::copy("/bin/true", project.path("tool")).unwrap();
    let mut confined = project.confined();
    let tool = project.path("tool");
    let expect = FileId::from(&std::fs::metadata(&tool).unwrap());
    let elsewhere = tempfile::tempdir_in("/var/tmp").unwrap();
    let (inside, outside) = (std::fs::File::open(project.dir.path()).unwrap(), std::fs::File::open(elsewhere.path()).unwrap());
    let argv = [OsString::from("tool")];
    let null = std::fs::File::options().read(true).write(true).open("/dev/null").unwrap();
    let mut start = |expect: FileId, cwd: &std::fs::File| {
        let spec =
            ChildSpec { program: &tool, expect, argv: &argv, env: &[], cwd: cwd.as_fd(), stdin: Stdin::Null, max_memory_bytes: None };
        let mut child = confined.start_command(&spec, project.dir.path(), [null.as_fd(); 3])?;
        child.wait_until(Instant::now() + Duration::from_secs(10)).map(Option::unwrap)
    };
    assert_eq!(start(expect, &inside).unwrap(), End::Exited(0));
    assert!(start(expect, &outside).is_err(), "another directory lies at the path");
    assert!(matches!(start(FileId { inode: expect.inode + 1, ..expect }, &inside), Err(aegis_sandbox::SandboxError::Replaced(_))));
    assert_eq!(start(expect, &inside).unwrap(), End::Exited(0), "and it goes on");
}

fn scratch() {
    let mut project = Project::new(false);
    project.plan.scratch_bytes = 1 << 20;
    let mut confined = project.confined();
    let name = format!("aegis-scratch-{}", std::process::id());
    let (said, _) = project.sh(
        &mut confined,
        &format!(
            "echo x > /tmp/{name}; cat /tmp/{name}; echo x > /dev/shm/{name}; head -c 5000000 /dev/zero > /tmp/large; wc -c < /tmp/large"
        ),
    );
    assert!(said.starts_with("x\n"), "{said}");
    assert!(said.trim().rsplit('\n').next().unwrap().parse::<u64>().unwrap() <= 1 << 20, "{said}");
    assert!(!Path::new("/tmp").join(&name).exists() && !Path::new("/dev/shm").join(&name).exists());
}
