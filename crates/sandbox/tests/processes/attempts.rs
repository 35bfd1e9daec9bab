//! What a locked worker tries in vain. Each attempt is made twice: locked, and, to see that it would work, unlocked.

use std::ffi::CString;
use std::io::Read;

use aegis_sandbox::{End, worker};
use libc::{ENOSYS, EPERM, SIGSYS, c_long};

use crate::Test;

pub const TESTS: &[Test] = &[("worker_can_do_nothing_else", every_attempt_fails), ("worker_cannot_create_a_file", creates_no_file)];

type Attempt = fn(&Place) -> Answer;

/// What a call answered.
pub struct Answer(pub Result<i64, i32>);

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Ok(_) => f.write_str("done"),
            Err(errno) => write!(f, "errno {errno}"),
        }
    }
}

/// Things looked up before the rights are gone.
pub struct Place {
    broker: i64,
    file: CString,
    buffer: Vec<u8>,
}

pub fn place() -> Place {
    let broker = i64::from(rustix::process::getppid().unwrap().as_raw_pid());
    Place { broker, file: CString::new(new_file(broker)).unwrap(), buffer: vec![0; 4096] }
}

/// Named by the broker's pid: the worker has no other way to know it, and both users run the test.
fn new_file(broker: i64) -> String {
    format!("/tmp/aegis-sandbox-attempt-{broker}")
}

pub fn call(nr: c_long, args: [i64; 6]) -> Answer {
    // SAFETY: the calls below pass valid pointers or none, and what they change belongs to this process, which ends right after.
    let result = unsafe { libc::syscall(nr, args[0], args[1], args[2], args[3], args[4], args[5]) };
    Answer(if result == -1 { Err(std::io::Error::last_os_error().raw_os_error().unwrap()) } else { Ok(result) })
}

pub fn at<T>(pointer: *const T) -> i64 {
    i64::try_from(pointer as usize).unwrap()
}

pub const AT_FDCWD: i64 = libc::AT_FDCWD as i64;
const RW: i64 = (libc::PROT_READ | libc::PROT_WRITE) as i64;
const RX: i64 = (libc::PROT_READ | libc::PROT_EXEC) as i64;
const PRIVATE: i64 = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as i64;

fn map(prot: i64, flags: i64) -> Answer {
    call(libc::SYS_mmap, [0, 4096, prot, flags, -1, 0])
}

fn open(path: &std::ffi::CStr) -> Answer {
    call(libc::SYS_openat, [AT_FDCWD, at(path.as_ptr()), 0, 0, 0, 0])
}

pub enum Outcome {
    /// The call answers this error.
    Errno(i32),
    /// The process is killed by the filter.
    Killed,
}
use Outcome::{Errno, Killed};

/// Name, call, what becomes of it when locked, and whether it works for an unlocked process on any machine and for any user.
const ALL: &[(&str, Attempt, Outcome, bool)] = &[
    ("read a file", |_| open(c"/etc/passwd"), Errno(EPERM), true),
    ("read its environment", |_| open(c"/proc/self/environ"), Errno(EPERM), true),
    (
        "create a file",
        |place| call(libc::SYS_openat, [AT_FDCWD, at(place.file.as_ptr()), i64::from(libc::O_CREAT | libc::O_WRONLY), 0o600, 0, 0]),
        Errno(EPERM),
        true,
    ),
    ("open by openat2", |_| call(libc::SYS_openat2, [AT_FDCWD, at(c"/".as_ptr()), at([0u64; 3].as_ptr()), 24, 0, 0]), Killed, true),
    ("delete a file", |place| call(libc::SYS_unlinkat, [AT_FDCWD, at(place.file.as_ptr()), 0, 0, 0, 0]), Killed, false),
    ("change directory", |_| call(libc::SYS_chdir, [at(c"/".as_ptr()), 0, 0, 0, 0, 0]), Killed, true),
    ("unix socket", |_| call(libc::SYS_socket, [1, 1, 0, 0, 0, 0]), Killed, true),
    ("inet socket", |_| call(libc::SYS_socket, [2, 1, 0, 0, 0, 0]), Killed, true),
    ("socketpair", |place| call(libc::SYS_socketpair, [1, 1, 0, at(place.buffer.as_ptr()), 0, 0]), Killed, true),
    ("connect", |place| call(libc::SYS_connect, [3, at(place.buffer.as_ptr()), 16, 0, 0, 0]), Killed, false),
    ("send to an address", |place| call(libc::SYS_sendto, [3, 0, 0, 0, at(place.buffer.as_ptr()), 16]), Killed, false),
    ("send a descriptor", |place| call(libc::SYS_sendmsg, [3, at(place.buffer.as_ptr()), 0, 0, 0, 0]), Killed, true),
    ("receive a descriptor", |place| call(libc::SYS_recvmsg, [3, at(place.buffer.as_ptr()), 0x40, 0, 0, 0]), Killed, false),
    ("read stdin", |place| call(libc::SYS_read, [0, at(place.buffer.as_ptr()), 1, 0, 0, 0]), Killed, true),
    ("duplicate a descriptor", |_| call(libc::SYS_dup, [3, 0, 0, 0, 0, 0]), Killed, true),
    ("exec", |_| call(libc::SYS_execve, [at(c"/bin/true".as_ptr()), at([0u64].as_ptr()), 0, 0, 0, 0]), Killed, true),
    ("execveat", |_| call(libc::SYS_execveat, [AT_FDCWD, at(c"/bin/true".as_ptr()), at([0u64].as_ptr()), 0, 0, 0]), Killed, true),
    ("fork by clone", |_| child(call(libc::SYS_clone, [i64::from(libc::SIGCHLD), 0, 0, 0, 0, 0])), Killed, true),
    ("fork by clone3", |place| call(libc::SYS_clone3, [at(place.buffer.as_ptr()), 0, 0, 0, 0, 0]), Errno(ENOSYS), false),
    ("thread in a new namespace", |_| call(libc::SYS_clone, [0x1001_0900, 0, 0, 0, 0, 0]), Killed, false),
    ("new namespace", |_| call(libc::SYS_unshare, [i64::from(libc::CLONE_NEWUSER), 0, 0, 0, 0, 0]), Killed, false),
    ("trace the broker", |place| call(libc::SYS_ptrace, [0x4206, place.broker, 0, 0, 0, 0]), Killed, false),
    ("be traced", |_| call(libc::SYS_ptrace, [0, 0, 0, 0, 0, 0]), Killed, true),
    ("read the broker's memory", |place| call(libc::SYS_process_vm_readv, [place.broker, 0, 0, 0, 0, 0]), Killed, true),
    ("signal the broker", |place| call(libc::SYS_kill, [place.broker, 0, 0, 0, 0, 0]), Killed, true),
    ("signal the broker's thread", |place| call(libc::SYS_tgkill, [place.broker, place.broker, 0, 0, 0, 0]), Killed, true),
    ("pidfd of the broker", |place| call(libc::SYS_pidfd_open, [place.broker, 0, 0, 0, 0, 0]), Killed, true),
    ("limit the broker", |place| call(libc::SYS_prlimit64, [place.broker, 7, 0, 0, 0, 0]), Errno(EPERM), true),
    ("become dumpable", |_| call(libc::SYS_prctl, [i64::from(libc::PR_SET_DUMPABLE), 1, 0, 0, 0, 0]), Errno(EPERM), true),
    ("outlive the broker", |_| call(libc::SYS_prctl, [i64::from(libc::PR_SET_PDEATHSIG), 0, 0, 0, 0, 0]), Errno(EPERM), true),
    ("io_uring", |place| call(libc::SYS_io_uring_setup, [1, at(place.buffer.as_ptr()), 0, 0, 0, 0]), Killed, false),
    ("userfaultfd", |_| call(libc::SYS_userfaultfd, [1, 0, 0, 0, 0, 0]), Killed, false),
    ("bpf", |_| call(libc::SYS_bpf, [0, 0, 0, 0, 0, 0]), Killed, false),
    ("perf", |_| call(libc::SYS_perf_event_open, [0, 0, 0, 0, 0, 0]), Killed, false),
    ("memfd", |_| call(libc::SYS_memfd_create, [at(c"x".as_ptr()), 0, 0, 0, 0, 0]), Killed, true),
    ("another filter", |_| call(libc::SYS_seccomp, [2, 0, at([0u32].as_ptr()), 0, 0, 0]), Killed, true),
    ("executable memory", |_| map(RX, PRIVATE), Killed, true),
    ("make memory executable", |_| call(libc::SYS_mprotect, [map(RW, PRIVATE).0.unwrap(), 4096, RX, 0, 0, 0]), Killed, true),
    ("shared memory", |_| map(RW, i64::from(libc::MAP_SHARED | libc::MAP_ANONYMOUS)), Killed, true),
    ("memory that grows uncounted", |_| map(RW, PRIVATE | i64::from(libc::MAP_GROWSDOWN)), Killed, true),
    ("an x32 call", |_| call(0x4000_0000 | libc::SYS_getpid, [0; 6]), Killed, false),
    #[cfg(target_arch = "x86_64")]
    ("a 32-bit call", |_| Answer(Ok(compat_getpid())), Killed, false),
    #[cfg(target_arch = "x86_64")]
    ("read by the old open", |_| call(libc::SYS_open, [at(c"/etc/passwd".as_ptr()), 0, 0, 0, 0, 0]), Errno(EPERM), true),
    #[cfg(target_arch = "x86_64")]
    ("the old fork", |_| child(call(libc::SYS_fork, [0; 6])), Killed, true),
];

/// `getpid` of the 32-bit table, by its own gate.
#[cfg(target_arch = "x86_64")]
pub fn compat_getpid() -> i64 {
    let result: i64;
    // SAFETY: number 20 takes no argument and changes nothing but its result.
    unsafe { std::arch::asm!("int 0x80", inlateout("rax") 20i64 => result, out("r8") _, out("r9") _, out("r10") _, out("r11") _) };
    result
}

/// Ends the child of a fork that worked.
pub fn child(answer: Answer) -> Answer {
    if let Ok(0) = answer.0 {
        // SAFETY: ends this process only.
        unsafe { libc::_exit(0) };
    }
    answer
}

pub fn find(name: &str) -> Attempt {
    ALL.iter().find(|attempt| attempt.0 == name).unwrap().1
}

fn try_it(name: &str, how: &str) -> (String, End) {
    // a copy cannot be looked into even before it is locked down; what works without the lock is shown by one that was started
    let args = ["attempt", name, how];
    let mut worker = if how == "locked" { crate::worker::worker_with(&args) } else { worker::start(&args).unwrap() };
    let mut said = String::new();
    worker.socket().read_to_string(&mut said).unwrap();
    let end = worker.wait().unwrap();
    // Forks that worked come to us, the subreaper.
    while matches!(rustix::process::wait(rustix::process::WaitOptions::NOHANG), Ok(Some(_))) {}
    (said, end)
}

fn every_attempt_fails() {
    let mut wrong = Vec::new();
    for (name, _, outcome, works) in ALL {
        let (said, end) = try_it(name, "locked");
        let as_told = match outcome {
            Errno(errno) => said == format!("ready errno {errno}") && end == End::Exited(0),
            Killed => said == "ready " && end == End::Signal(SIGSYS),
        };
        if !as_told {
            wrong.push(format!("{name}: said `{said}`, {end}"));
        }
        let (said, end) = try_it(name, "free");
        let _ = std::fs::remove_file(new_file(i64::from(std::process::id())));
        if end == End::Signal(SIGSYS) || said.contains(&format!("errno {EPERM}")) && *works || *works && end != End::Exited(0) {
            wrong.push(format!("{name} without the lock: said `{said}`, {end}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn creates_no_file() {
    let file = new_file(i64::from(std::process::id()));
    try_it("create a file", "locked");
    assert!(!std::path::Path::new(&file).exists());
    try_it("create a file", "free");
    assert!(std::path::Path::new(&file).exists(), "the attempt is a real one");
    std::fs::remove_file(file).unwrap();
}
