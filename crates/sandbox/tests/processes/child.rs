//! Children that behave and children that do not.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use aegis_sandbox::child::{ChildSpec, FileId, Finished, RunLimits, RunningChild, Stdin, Stop, run, spawn};
use aegis_sandbox::{End, SandboxError, worker};
use rustix::process::{Pid, Resource, Rlimit};

use crate::look::{self, eventually, runs};
use crate::{CHILD, Test};

pub const TESTS: &[Test] = &[
    ("child_answers", answers),
    ("child_gets_only_what_is_named", gets_only_what_is_named),
    ("child_has_default_signals", has_default_signals),
    ("child_runs_in_the_judged_directory", runs_in_the_judged_directory),
    ("child_reads_and_writes_much", reads_and_writes_much),
    ("child_that_does_not_read", does_not_read),
    ("child_floods", floods),
    ("child_ignores_sigterm_and_sleeps", ignores_sigterm),
    ("child_leaves_a_daemon", leaves_a_daemon),
    ("child_runs_away", runs_away),
    ("child_is_cancelled", is_cancelled),
    ("child_memory_is_limited", memory_is_limited),
    ("child_was_swapped", was_swapped),
    ("child_cannot_start", cannot_start),
    ("child_gains_no_privilege", gains_no_privilege),
    ("child_dropped_is_gone", dropped_is_gone),
    ("others_are_spared", others_are_spared),
    ("children_of_several_threads", of_several_threads),
    ("child_starts_without_standard_descriptors", with_standard_descriptors_closed),
];

fn path() -> Vec<(OsString, OsString)> {
    vec![("PATH".into(), "/usr/bin:/bin".into())]
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

fn limits<'a>(seconds: f64) -> RunLimits<'a> {
    RunLimits { deadline: Instant::now() + Duration::from_secs_f64(seconds), max_output: 1 << 20, cancel: None, spare: &[] }
}

/// Starts what the words say, and hands over the specification of it.
fn with<R>(program: &Path, argv: &[&str], then: impl FnOnce(&ChildSpec<'_>) -> R) -> R {
    let (argv, env, cwd) = (words(argv), path(), File::open("/").unwrap());
    let expect = FileId::from(&fs::metadata(program).unwrap());
    then(&ChildSpec { program, expect, argv: &argv, env: &env, cwd: cwd.as_fd(), stdin: Stdin::Null, max_memory_bytes: None })
}

fn shell<R>(script: &str, then: impl FnOnce(&ChildSpec<'_>) -> R) -> R {
    with(&look::program("sh"), &["sh", "-c", script], then)
}

/// Runs a shell command and says how long it took.
pub fn sh(script: &str) -> (Finished, Duration) {
    let start = Instant::now();
    (shell(script, |spec| run(spec, None, &limits(10.0))).unwrap(), start.elapsed())
}

/// A long time for `sleep` that no other process on this machine names.
fn mark(number: u32) -> String {
    format!("98{}.{number}", std::process::id())
}

/// A child that does nothing.
pub fn sleeping() -> RunningChild {
    with(&look::program("sleep"), &["sleep", &mark(9)], |spec| spawn(spec).unwrap())
}

/// Nothing of it is left: no process with that text, no child or zombie of ours.
fn nothing_left(text: &str) {
    assert_eq!(look::running(text), [""; 0]);
    assert_eq!(look::children(), []);
}

fn answers() {
    let (finished, _) = sh("echo out; echo err >&2; exit 3");
    assert_eq!(finished, Finished { end: End::Exited(3), stdout: b"out\n".into(), stderr: b"err\n".into(), stopped: None });
    assert_eq!(sh("kill -9 $$").0.end, End::Signal(9));
    assert_eq!(look::children(), []);
}

fn gets_only_what_is_named() {
    let file = File::open("/").unwrap();
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    let finished = with(&std::env::current_exe().unwrap(), &[CHILD, "descriptors"], |spec| run(spec, None, &limits(10.0))).unwrap();
    assert_eq!(finished.stdout, b"0,1,2,3", "3 lists them");
    let finished = with(&look::program("env"), &["env"], |spec| run(spec, None, &limits(10.0))).unwrap();
    assert_eq!(finished.stdout, b"PATH=/usr/bin:/bin\n");
    // Whatever this process may dump.
    let core = rustix::process::getrlimit(Resource::Core);
    rustix::process::setrlimit(Resource::Core, Rlimit { current: core.maximum, ..core }).unwrap();
    assert_ne!(core.maximum, Some(0), "else there is nothing to see");
    let (finished, _) = sh("ulimit -c; readlink /proc/self/fd/0; ps -o sid= -p $$ | tr -d ' ' | grep -qx $$ && echo session");
    assert_eq!(String::from_utf8(finished.stdout).unwrap(), "0\n/dev/null\nsession\n");
}

fn has_default_signals() {
    assert_ne!(look::status("self", "SigIgn").unwrap(), "0000000000000000", "this process ignores SIGPIPE");
    let finished = with(&look::program("cat"), &["cat", "/proc/self/status"], |spec| run(spec, None, &limits(10.0))).unwrap();
    let status = String::from_utf8(finished.stdout).unwrap();
    for line in ["SigIgn:\t0000000000000000", "SigBlk:\t0000000000000000", "SigCgt:\t0000000000000000", "NoNewPrivs:\t1"] {
        assert!(status.contains(line), "{status}");
    }
    // The mask of this thread is as before.
    assert_eq!(look::status("self", "SigBlk").unwrap(), "0000000000000000");
}

fn runs_in_the_judged_directory() {
    let root = tempfile::tempdir().unwrap();
    let (judged, moved) = (root.path().join("judged"), root.path().join("moved"));
    fs::create_dir(&judged).unwrap();
    let cwd = File::open(&judged).unwrap();
    fs::rename(&judged, &moved).unwrap();
    fs::create_dir(&judged).unwrap();
    let finished = shell("touch here", |spec| run(&ChildSpec { cwd: cwd.as_fd(), ..*spec }, None, &limits(10.0))).unwrap();
    assert!(finished.end.success());
    assert!(moved.join("here").exists() && !judged.join("here").exists());
}

fn reads_and_writes_much() {
    let input: Vec<u8> = (0..1_000_000u32).flat_map(u32::to_le_bytes).collect();
    let limits = RunLimits { max_output: 4_000_000, ..limits(20.0) };
    let finished = with(&look::program("cat"), &["cat"], |spec| run(spec, Some(&input), &limits)).unwrap();
    assert!(finished.stdout == input && finished.stopped.is_none() && finished.end.success());
    let (finished, _) = sh("head -c 400000 /dev/zero; head -c 300000 /dev/zero >&2");
    assert_eq!((finished.stdout.len(), finished.stderr.len(), finished.stopped), (400_000, 300_000, None));
    let finished = with(&look::program("cat"), &["cat"], |spec| run(spec, Some(b""), &limits)).unwrap();
    assert!(finished.stdout.is_empty() && finished.end.success(), "an empty input ends");
}

fn does_not_read() {
    let finished = shell("exec 0<&-; echo done", |spec| run(spec, Some(&vec![0; 1 << 20]), &limits(10.0))).unwrap();
    assert_eq!((finished.end, finished.stdout.as_slice()), (End::Exited(0), b"done\n".as_slice()));
}

fn floods() {
    let before = look::status("self", "VmPeak").unwrap();
    for script in ["yes", "yes >&2", "yes & yes >&2"] {
        let (finished, _) = sh(script);
        assert_eq!(finished.stopped, Some(Stop::Output));
        assert_eq!(finished.stdout.len() + finished.stderr.len(), 1 << 20);
        assert_eq!(finished.end, End::Signal(libc::SIGKILL));
    }
    let kib = |text: &str| text.trim_end_matches(" kB").trim().parse::<u64>().unwrap();
    let grown = kib(&look::status("self", "VmPeak").unwrap()) - kib(&before);
    assert!(grown < 16 << 10, "{grown} KiB");
    assert_eq!(look::children(), []);
}

fn ignores_sigterm() {
    let mark = &mark(1);
    let finished = shell(&format!("trap '' TERM INT HUP; echo begun; sleep {mark} & sleep {mark}; sleep {mark}"), |spec| {
        run(spec, None, &limits(0.3))
    });
    let finished = finished.unwrap();
    assert_eq!((finished.stopped, finished.end), (Some(Stop::Deadline), End::Signal(libc::SIGKILL)));
    assert_eq!(finished.stdout, b"begun\n", "what it wrote before is there");
    nothing_left(mark);
}

fn leaves_a_daemon() {
    let mark = &mark(2);
    let (finished, time) = sh(&format!("(setsid sh -c '(setsid sleep {mark} &) ; sleep {mark}' &); sleep {mark} & echo complete"));
    assert_eq!((finished.end, finished.stopped), (End::Exited(0), None));
    assert_eq!(finished.stdout, b"complete\n");
    assert!(time < Duration::from_secs(5), "the daemon's pipes were waited for");
    nothing_left(mark);
    // The same while it runs.
    let script = format!("(setsid sh -c '(setsid sleep {mark} &) ; sleep {mark}' &); sleep {mark}");
    let finished = shell(&script, |spec| run(spec, None, &limits(0.3))).unwrap();
    assert_eq!(finished.stopped, Some(Stop::Deadline));
    nothing_left(mark);
}

fn runs_away() {
    let me = std::env::current_exe().unwrap();
    let mark = &mark(0);
    with(&me, &[CHILD, "run away", mark], |spec| {
        let mut child = spawn(spec).unwrap();
        child.has_ended(Instant::now() + Duration::from_millis(50)).unwrap();
        child.kill_all(&[]).unwrap();
    });
    nothing_left(mark);
}

fn is_cancelled() {
    let mark = &mark(3);
    let (cancel, other) = std::os::unix::net::UnixStream::pair().unwrap();
    std::thread::spawn(move || drop(other)).join().unwrap();
    let limits = RunLimits { cancel: Some(cancel.as_fd()), ..limits(30.0) };
    let finished = shell(&format!("sleep {mark}"), |spec| run(spec, None, &limits)).unwrap();
    assert_eq!((finished.stopped, finished.end), (Some(Stop::Cancelled), End::Signal(libc::SIGKILL)));
    nothing_left(mark);
}

fn memory_is_limited() {
    let script = "head -c 200000000 /dev/zero | tail -c 150000000 | wc -c";
    let limited = |bytes| shell(script, |spec| run(&ChildSpec { max_memory_bytes: bytes, ..*spec }, None, &limits(20.0))).unwrap();
    assert_eq!(limited(None).stdout, b"150000000\n");
    assert_eq!(limited(Some(64 << 20)).stdout, b"0\n");
}

fn was_swapped() {
    let root = tempfile::tempdir().unwrap();
    let (program, other, effect) = (root.path().join("tool"), root.path().join("other"), root.path().join("effect"));
    fs::copy(look::program("true"), &program).unwrap();
    with(&program, &["tool"], |spec| {
        assert!(run(spec, None, &limits(10.0)).unwrap().end.success());
        fs::write(&other, format!("#!/bin/sh\ntouch {}\n", effect.display())).unwrap();
        fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(&other, &program).unwrap();
        let error = run(spec, None, &limits(10.0)).unwrap_err();
        assert!(matches!(&error, SandboxError::Replaced(path) if *path == program), "{error}");
        assert!(!effect.exists());
    });
    // Judged again, it runs.
    with(&program, &["tool"], |spec| assert!(run(spec, None, &limits(10.0)).unwrap().end.success()));
    assert!(effect.exists());
    assert_eq!(look::children(), []);
}

fn cannot_start() {
    let cwd = File::open("/").unwrap();
    let refused = |program: &Path, argv: &[OsString], env: &[(OsString, OsString)]| {
        let expect = FileId::from(&fs::metadata(program).unwrap());
        let spec = ChildSpec { program, expect, argv, env, cwd: cwd.as_fd(), stdin: Stdin::Null, max_memory_bytes: None };
        run(&spec, None, &limits(10.0)).unwrap_err().to_string()
    };
    let program = look::program("true");
    assert_eq!(refused(Path::new("/etc/passwd"), &[], &[]), "cannot start `/etc/passwd` (exec): Permission denied (os error 13)");
    assert_eq!(refused(Path::new("."), &[], &[]), "`.` is not an absolute path");
    assert_eq!(refused(&program, &["a\0b".into()], &[]), "an argument contains a nul byte");
    assert_eq!(refused(&program, &[], &[("a".into(), "b\0".into())]), "a variable contains a nul byte");
    assert_eq!(refused(&program, &[], &[("a=b".into(), "c".into())]), "`a=b` is no name of a variable");
    assert_eq!(look::children(), []);
    // With a file as directory the child never gets to exec.
    let file = File::open("/etc/passwd").unwrap();
    let error = shell("true", |spec| run(&ChildSpec { cwd: file.as_fd(), ..*spec }, None, &limits(10.0))).unwrap_err();
    assert!(error.to_string().contains("working directory"), "{error}");
}

fn gains_no_privilege() {
    let (finished, _) = sh("grep NoNewPrivs /proc/self/status");
    assert_eq!(finished.stdout, b"NoNewPrivs:\t1\n");
    assert_eq!(look::status("self", "NoNewPrivs").unwrap(), "0", "the broker's own is untouched");
}

fn dropped_is_gone() {
    let mark = &mark(4);
    drop(shell(&format!("setsid sleep {mark} & sleep {mark}"), |spec| spawn(spec).unwrap()));
    nothing_left(mark);
}

fn others_are_spared() {
    let mut foreign = std::process::Command::new(look::program("sleep")).arg(mark(5)).spawn().unwrap();
    let worker = worker::start(&["sleep"]).unwrap();
    let other = shell(&format!("sleep {}", mark(6)), |spec| spawn(spec).unwrap());
    let mut child = shell(&format!("sleep {}", mark(7)), |spec| spawn(spec).unwrap());
    let mut later = std::process::Command::new(look::program("sleep")).arg(mark(8)).spawn().unwrap();
    child.kill_all(&[Pid::from_child(&foreign), Pid::from_child(&later)]).unwrap();
    eventually("it is dead", || look::running(&mark(7)).is_empty());
    assert!(runs(worker.pid().as_raw_pid()) && runs(other.pid().as_raw_pid()));
    assert!(runs(Pid::from_child(&foreign).as_raw_pid()) && runs(Pid::from_child(&later).as_raw_pid()));
    for other in [&mut foreign, &mut later] {
        other.kill().unwrap();
        other.wait().unwrap();
    }
    drop((worker, other));
    (5..=8).for_each(|number| nothing_left(&mark(number)));
}

/// Each sweeps while the others run.
fn of_several_threads() {
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            std::thread::spawn(move || {
                for round in 0..20 {
                    let (finished, _) = sh(&format!("sleep 0.0{thread}; echo {thread} {round}"));
                    assert_eq!((finished.end, finished.stopped), (End::Exited(0), None));
                    assert_eq!(finished.stdout, format!("{thread} {round}\n").into_bytes());
                }
            })
        })
        .collect();
    assert!(threads.into_iter().map(std::thread::JoinHandle::join).all(|joined| joined.is_ok()));
    assert_eq!(look::children(), []);
}

/// Descriptors 0 to 2 of the broker may be closed; then its pipes get these numbers.
fn with_standard_descriptors_closed() {
    let saved = [0, 1, 2].map(|fd| {
        // SAFETY: this process owns its standard descriptors, and puts them back below.
        let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 10) };
        // SAFETY: as above.
        unsafe { libc::close(fd) };
        copy
    });
    let finished = shell("cat; echo out; echo err >&2", |spec| run(spec, Some(b"in "), &limits(10.0)));
    let worker = worker::start(&["exit"]).and_then(|mut worker| worker.wait());
    for (fd, copy) in [0, 1, 2].into_iter().zip(saved) {
        // SAFETY: as above.
        unsafe { libc::dup2(copy, fd) };
        // SAFETY: the copy made above.
        unsafe { libc::close(copy) };
    }
    let finished = finished.unwrap();
    assert_eq!((finished.stdout.as_slice(), finished.stderr.as_slice()), (b"in out\n".as_slice(), b"err\n".as_slice()));
    assert_eq!(worker.unwrap(), End::Exited(7));
}
