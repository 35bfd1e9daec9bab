//! What holds for copies beside everything that holds for workers.

use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aegis_sandbox::worker::{WorkerProcess, Zygote, copies};
use aegis_sandbox::{End, SandboxError};

use crate::look::{self, eventually, runs};
use crate::{Test, in_worker};

pub const TESTS: &[Test] = &[
    ("copies_are_many_and_alike", many_and_alike),
    ("copies_outlive_the_zygote", outlive_the_zygote),
    ("a_copy_has_no_way_to_the_zygote", no_way_to_the_zygote),
    ("a_dead_zygote_makes_no_copies", dead_zygote),
    ("a_stopped_zygote_is_given_up", stopped_zygote),
    ("copies_are_spared_by_a_sweep", spared_by_a_sweep),
    ("others_are_no_zygote", others_are_no_zygote),
];

/// What this binary does as zygote: its copies are workers.
pub fn main(args: &[String]) -> ExitCode {
    match copies() {
        Ok(()) => in_worker::main(args),
        Err(_) => ExitCode::from(70),
    }
}

fn answers(worker: &WorkerProcess) {
    worker.socket().write_all(b"x").unwrap();
    let mut byte = [0];
    worker.socket().read_exact(&mut byte).unwrap();
    assert_eq!(byte, *b"x");
}

/// The zygotes of this process, by what the kernel says of its children.
fn zygotes() -> Vec<i32> {
    let is_zygote = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).nth(1) == Some(b"zygote".as_slice())
    };
    let has_one_thread_and_no_filter = |pid: &i32| look::status(&pid.to_string(), "Seccomp").is_some_and(|mode| mode == "0");
    look::children().into_iter().filter(is_zygote).filter(has_one_thread_and_no_filter).collect()
}

fn many_and_alike() {
    let zygote = Zygote::start(&["answer"]).unwrap();
    let copies: Vec<WorkerProcess> = (0..20).map(|_| zygote.copy().unwrap()).collect();
    let mut pids: Vec<i32> = copies.iter().map(|copy| copy.pid().as_raw_pid()).collect();
    copies.iter().for_each(answers);
    let children = look::children();
    assert!(pids.iter().all(|pid| children.contains(pid)), "each is a child of ours");
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 20);
    drop(copies);
    assert!(pids.iter().all(|pid| !std::path::Path::new(&format!("/proc/{pid}")).exists()), "none is left, and no zombie of one");
    answers(&zygote.copy().unwrap());
}

fn outlive_the_zygote() {
    let zygote = Zygote::start(&["answer"]).unwrap();
    let mut copy = zygote.copy().unwrap();
    answers(&copy);
    drop(zygote);
    assert_eq!(zygotes(), Vec::<i32>::new());
    answers(&copy);
    assert_eq!(copy.wait_until(Instant::now() + Duration::from_millis(20)).unwrap(), None);
    copy.kill().unwrap();
    assert_eq!(copy.wait().unwrap(), End::Signal(libc::SIGKILL));
}

/// Its descriptors are those of any worker: the socket over which copies are asked for is none of them.
fn no_way_to_the_zygote() {
    let zygote = Zygote::start(&["report"]).unwrap();
    for _ in 0..2 {
        let mut text = String::new();
        zygote.copy().unwrap().socket().read_to_string(&mut text).unwrap();
        assert!(text.starts_with("fds=0,1,2,3,4,5 null=true session=true"), "{text}");
    }
}

fn dead_zygote() {
    let zygote = Zygote::start(&["answer"]).unwrap();
    let pid = zygotes()[0];
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::KILL).unwrap();
    eventually("the zygote is dead", || !runs(pid));
    let began = Instant::now();
    assert!(zygote.copy().is_err());
    assert!(began.elapsed() < Duration::from_secs(1));
}

fn stopped_zygote() {
    let zygote = Zygote::start(&["answer"]).unwrap();
    let pid = rustix::process::Pid::from_raw(zygotes()[0]).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    assert!(zygote.copy().is_err(), "it does not answer");
    drop(zygote);
    assert!(!look::children().contains(&pid.as_raw_pid()));
}

fn spared_by_a_sweep() {
    let zygote = Zygote::start(&["answer"]).unwrap();
    let copy = zygote.copy().unwrap();
    crate::child::sh("sleep 1000 & exit 0");
    answers(&copy);
    answers(&zygote.copy().unwrap());
}

fn others_are_no_zygote() {
    assert!(matches!(copies(), Err(SandboxError::NotAWorker)));
}
