//! What this binary does as worker.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aegis_sandbox::worker::{EVALUATOR_STACK_BYTES, LockedDown, WorkerLimits, lock_down};

use crate::attempts;

pub fn main(args: &[String]) -> ExitCode {
    match args[0].as_str() {
        "report" => report(),
        "attempt" => attempt(&args[1], args[2] == "locked"),
        "compute" => in_thread(compute),
        "allocate" => in_thread(allocate),
        "recurse" => in_thread(|socket| {
            recurse(1, u64::MAX);
            socket.write_all(b"survived").unwrap();
        }),
        "answer" => in_thread(answer),
        "sleep" => in_thread(|_| std::thread::sleep(Duration::from_secs(1000))),
        "two threads" => refused_with_threads(),
        "exit" => return ExitCode::from(7),
        other => panic!("{other}"),
    }
    ExitCode::SUCCESS
}

fn locked() -> LockedDown {
    let mut limits = WorkerLimits::default();
    limits.max_cpu_seconds = Some(30);
    lock_down(&limits).unwrap()
}

/// The socket of a worker that is not locked down.
fn unlocked() -> UnixStream {
    // SAFETY: `start` put it there, and nothing else in this process uses it.
    UnixStream::from(unsafe { OwnedFd::from_raw_fd(3) })
}

/// As the evaluator does it: one thread, after all rights are gone.
fn in_thread(what: fn(&mut UnixStream)) {
    let mut socket = locked().socket;
    let stack = usize::try_from(EVALUATOR_STACK_BYTES).unwrap();
    let thread = std::thread::Builder::new().name("evaluator".to_owned()).stack_size(stack).spawn(move || what(&mut socket)).unwrap();
    thread.join().unwrap();
}

fn report() {
    let mut fds: Vec<String> =
        std::fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    fds.sort();
    let null = (0..3).all(|fd| std::fs::read_link(format!("/proc/self/fd/{fd}")).unwrap() == std::path::Path::new("/dev/null"));
    let session = rustix::process::getsid(None).unwrap() == rustix::process::getpid();
    let env = std::env::vars_os().count();
    let mut locked = locked();
    write!(locked.socket, "fds={} null={null} session={session} env={env} landlock={:?}", fds.join(","), locked.landlock).unwrap();
}

fn attempt(name: &str, lock: bool) {
    let attempt = attempts::find(name);
    let place = attempts::place();
    let mut socket = if lock { locked().socket } else { unlocked() };
    socket.write_all(b"ready ").unwrap();
    let answer = attempt(&place);
    write!(socket, "{answer}").unwrap();
}

fn compute(socket: &mut UnixStream) {
    let start = Instant::now();
    let map: HashMap<u64, String> = (0..100_000).map(|n| (n, n.to_string())).collect();
    let caught = catch_unwind(|| panic!("caught")).is_err();
    let inner = std::thread::spawn(|| vec![1u8; 10 << 20].iter().map(|one| u64::from(*one)).sum::<u64>()).join().unwrap();
    // More than 256 MiB of stack.
    let depth = recurse(1, 256 << 10);
    std::thread::sleep(Duration::from_millis(1));
    write!(socket, "{} {caught} {inner} {depth} {}", map.len(), start.elapsed() > Duration::ZERO).unwrap();
}

/// Uses at least 1 KiB of stack per level.
#[inline(never)]
fn recurse(level: u64, most: u64) -> u64 {
    let mut frame = [level; 128];
    std::hint::black_box(&mut frame);
    if level == most { level } else { recurse(frame[64] + 1, most).max(frame[5]) }
}

/// Allocates as many MiB as it is told, one by one.
fn allocate(socket: &mut UnixStream) {
    let mut number = [0; 4];
    socket.read_exact(&mut number).unwrap();
    let all: Vec<Vec<u8>> = (0..u32::from_le_bytes(number)).map(|_| vec![1u8; 1 << 20]).collect();
    write!(socket, "{}", all.len()).unwrap();
}

/// Sends every byte back until the other end closes.
fn answer(socket: &mut UnixStream) {
    let mut byte = [0];
    while socket.read(&mut byte).unwrap() > 0 {
        socket.write_all(&byte).unwrap();
    }
}

fn refused_with_threads() {
    let thread = std::thread::spawn(std::thread::park);
    let error = lock_down(&WorkerLimits::default()).unwrap_err();
    write!(unlocked(), "{error}").unwrap();
    thread.thread().unpark();
    thread.join().unwrap();
}
