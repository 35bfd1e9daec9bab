//! The worker seen from its broker.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aegis_sandbox::End;
use aegis_sandbox::worker::{self, WorkerProcess, Zygote, lock_down};

use crate::look::{self, eventually, runs};
use crate::{Test, in_child};

pub const TESTS: &[Test] = &[
    ("worker_starts_with_nothing", starts_with_nothing),
    ("worker_is_limited_and_closed", is_limited_and_closed),
    ("worker_computes_in_a_thread_with_a_large_stack", computes),
    ("worker_dies_past_its_memory", dies_past_its_memory),
    ("worker_dies_of_a_huge_allocation", dies_of_a_huge_allocation),
    ("worker_dies_of_stack_overflow", dies_of_overflow),
    ("worker_is_killed_and_reaped", is_killed_and_reaped),
    ("worker_dropped_is_gone", dropped_is_gone),
    ("worker_dies_with_the_broker", dies_with_the_broker),
    ("child_dies_with_the_broker", child_dies_with_the_broker),
    ("worker_ends_when_the_socket_closes", ends_when_the_socket_closes),
    ("worker_refuses_with_two_threads", refuses_with_two_threads),
    ("others_are_no_worker", others_are_no_worker),
    ("worker_status_is_known", status_is_known),
    ("core_is_shared_and_given_back", core_is_shared),
];

/// Whether [`worker_with`] copies instead of starting: all tests of workers hold for both.
pub static COPIED: AtomicBool = AtomicBool::new(false);

pub fn worker_with(args: &[&str]) -> WorkerProcess {
    if COPIED.load(Ordering::SeqCst) { Zygote::start(args).unwrap().copy().unwrap() } else { worker::start(args).unwrap() }
}

fn start(what: &str) -> WorkerProcess {
    worker_with(&[what])
}

fn said(worker: &WorkerProcess) -> String {
    let mut text = String::new();
    worker.socket().read_to_string(&mut text).unwrap();
    text
}

fn starts_with_nothing() {
    // Inheritable on purpose.
    let file = std::fs::File::open("/").unwrap();
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    let mut worker = start("report");
    // 4 is the shared memory, 5 the descriptor that lists them.
    assert_eq!(said(&worker), "fds=0,1,2,3,4,5 null=true session=true env=0 landlock=Fully");
    assert_eq!(worker.wait().unwrap(), End::Exited(0));
}

fn is_limited_and_closed() {
    let worker = start("answer");
    worker.socket().write_all(b"x").unwrap();
    worker.socket().read_exact(&mut [0]).unwrap();
    worker.limit_memory(1 << 20).unwrap();
    let proc = format!("/proc/{}", worker.pid().as_raw_pid());
    let limits = std::fs::read_to_string(format!("{proc}/limits")).unwrap();
    let data = (1u64 << 20) + worker::EVALUATOR_STACK_BYTES + (16 << 20);
    for (name, value) in
        [("Max core file size", 0), ("Max file size", 0), ("Max open files", 4), ("Max cpu time", 30), ("Max data size", data)]
    {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        let (soft, hard) = (line[26..].split_whitespace().next().unwrap(), line[26..].split_whitespace().nth(1).unwrap());
        assert_eq!((soft, hard), (value.to_string().as_str(), value.to_string().as_str()), "{line}");
    }
    let pid = worker.pid().as_raw_pid().to_string();
    assert_eq!((look::status(&pid, "NoNewPrivs").unwrap(), look::status(&pid, "Seccomp").unwrap()), ("1".to_owned(), "2".to_owned()));
    if look::is_root() {
        let mut open: Vec<_> = std::fs::read_dir(format!("{proc}/fd")).unwrap().map(|fd| fd.unwrap().file_name()).collect();
        open.sort();
        assert_eq!(open, ["0", "1", "2", "3"], "the shared memory is mapped, its descriptor closed");
    }
    // Not dumpable: another process of the same user may not look into it.
    assert_eq!(std::fs::read_link(format!("{proc}/exe")).is_ok(), look::is_root());
}

fn computes() {
    let mut worker = start("compute");
    worker.limit_memory(64 << 20).unwrap();
    assert_eq!(said(&worker), format!("100000 true {} {} true", 10 << 20, 256 << 10));
    assert_eq!(worker.wait().unwrap(), End::Exited(0));
}

fn allocate(mib: u32, limit_mib: u64) -> (String, End) {
    let mut worker = start("allocate");
    worker.limit_memory(limit_mib << 20).unwrap();
    worker.socket().write_all(&mib.to_le_bytes()).unwrap();
    (said(&worker), worker.wait().unwrap())
}

fn dies_past_its_memory() {
    assert_eq!(allocate(60, 64), ("60".to_owned(), End::Exited(0)));
    assert_eq!(allocate(100, 64), (String::new(), End::Signal(libc::SIGABRT)));
    assert_eq!(allocate(100, 128), ("100".to_owned(), End::Exited(0)));
}

fn dies_of_a_huge_allocation() {
    assert_eq!(allocate(u32::MAX, 64).1, End::Signal(libc::SIGABRT));
}

fn dies_of_overflow() {
    let mut worker = start("recurse");
    assert_eq!(said(&worker), "");
    assert!(matches!(worker.wait().unwrap(), End::Signal(libc::SIGSEGV | libc::SIGABRT | libc::SIGBUS)));
}

fn is_killed_and_reaped() {
    let mut worker = start("sleep");
    assert_eq!(worker.wait_until(Instant::now() + Duration::from_millis(20)).unwrap(), None);
    let killer = worker.killer().unwrap();
    std::thread::spawn(move || killer.kill().unwrap()).join().unwrap();
    assert_eq!(worker.wait().unwrap(), End::Signal(libc::SIGKILL));
    assert_eq!(worker.wait().unwrap(), End::Signal(libc::SIGKILL), "asked again");
    worker.kill().unwrap();
    assert!(!look::children().contains(&worker.pid().as_raw_pid()));
}

fn dropped_is_gone() {
    let pid = start("sleep").pid().as_raw_pid();
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}

/// A broker in a process of its own, that is killed while its worker sleeps.
fn dies_with_the_broker() {
    dies_with(if COPIED.load(Ordering::SeqCst) { &["broker of a copy"] } else { &["broker"] });
}

/// The same with a plain child.
fn child_dies_with_the_broker() {
    dies_with(&["broker of a child"]);
}

fn dies_with(role: &[&str]) {
    let mut broker = in_child::start(role);
    let mut line = [0; 16];
    let length = broker.stdout.as_mut().unwrap().read(&mut line).unwrap();
    let worker: i32 = std::str::from_utf8(&line[..length]).unwrap().trim().parse().unwrap();
    assert!(runs(worker));
    broker.kill().unwrap();
    broker.wait().unwrap();
    eventually("the worker is dead", || !runs(worker));
    // We are a subreaper, so it came to us.
    let _ = rustix::process::waitpid(rustix::process::Pid::from_raw(worker), rustix::process::WaitOptions::empty());
}

fn ends_when_the_socket_closes() {
    let mut worker = start("answer");
    worker.socket().write_all(b"x").unwrap();
    let mut byte = [0];
    worker.socket().read_exact(&mut byte).unwrap();
    assert_eq!(byte, *b"x");
    worker.socket().shutdown(std::net::Shutdown::Both).unwrap();
    assert!(matches!(worker.wait_until(Instant::now() + Duration::from_secs(10)).unwrap(), Some(End::Exited(0))));
}

fn refuses_with_two_threads() {
    assert_eq!(said(&start("two threads")), "the process already has 2 threads");
}

fn others_are_no_worker() {
    assert!(lock_down(&worker::WorkerLimits::default()).is_err());
    assert!(std::fs::read("/etc/passwd").is_ok(), "nothing was taken away");
}

fn status_is_known() {
    assert_eq!(start("exit").wait().unwrap(), End::Exited(7));
    assert_eq!(End::Signal(libc::SIGSYS).to_string(), "killed by SIGSYS");
}

fn core_is_shared() {
    let cores = |pid: &str| look::status(pid, "Cpus_allowed_list").unwrap();
    let before = cores("self");
    let worker = start("answer");
    worker.socket().write_all(b"x").unwrap();
    worker.socket().read_exact(&mut [0]).unwrap();
    let shared = worker.share_core().unwrap();
    let core = cores("self");
    assert!(core.parse::<u32>().is_ok(), "{core}");
    let pid = worker.pid().as_raw_pid().to_string();
    let tasks: Vec<_> = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().map(|task| task.unwrap().file_name()).collect();
    assert_eq!(tasks.len(), 2);
    assert!(tasks.iter().all(|task| cores(task.to_str().unwrap()) == core));
    let (finished, _) = crate::child::sh("grep Cpus_allowed_list /proc/self/status");
    assert_eq!(String::from_utf8(finished.stdout).unwrap(), format!("Cpus_allowed_list:\t{before}\n"), "not inherited");
    shared.release();
    assert_eq!(cores("self"), before);
    assert_eq!(cores(&pid), before);
}
