//! A worker that is broken or taken over: the broker ends it, says so, and does nothing that it should not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use aegis_script::{Limits, RunOptions, RunReport, Runner, Source, StartWorker, Status, WorkerProcess};
use support::{Anything, World};

/// A shell as worker; the stream is its standard input.
#[derive(Debug)]
struct Shell(&'static str);

impl StartWorker for Shell {
    fn start(&mut self) -> io::Result<WorkerProcess> {
        let (broker, worker) = UnixStream::pair()?;
        let child = Command::new("/bin/sh")
            .args(["-c", self.0])
            .stdin(Stdio::from(OwnedFd::from(worker)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(WorkerProcess::new(broker, child))
    }
}

/// Bytes sent as a worker would, beside a process that does nothing.
#[derive(Debug)]
struct Bytes(Vec<u8>);

impl StartWorker for Bytes {
    fn start(&mut self) -> io::Result<WorkerProcess> {
        let (broker, mut worker) = UnixStream::pair()?;
        let bytes = self.0.clone();
        std::thread::spawn(move || {
            let _ = worker.write_all(&bytes);
            let _ = worker.read_to_end(&mut Vec::new());
        });
        Ok(WorkerProcess::new(broker, Command::new("/bin/sleep").arg("100").spawn()?))
    }
}

fn frame(body: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(body.len()).unwrap().to_le_bytes().to_vec();
    frame.extend_from_slice(body);
    frame
}

const NO_FACTS: &[u8] = &[0, 0, 0, 0, 0];

/// `fs.read(path)` on line 1.
fn read(path: &str) -> Vec<u8> {
    let mut body = vec![1, 0, u8::try_from(path.len()).unwrap()];
    body.extend_from_slice(path.as_bytes());
    // line 1, and a current label without words: public
    body.extend_from_slice(&[1, 0]);
    frame(&body)
}

fn run(worker: impl StartWorker + 'static) -> (RunReport, World, String) {
    let options = RunOptions { limits: Limits { time: Duration::from_millis(500), ..Limits::default() }, ..RunOptions::default() };
    let mut world = World::default();
    let mut output = String::new();
    let report = Runner::process(worker).run(&Source::new("t.star", "1"), &options, &mut world, &mut output, &Anything);
    (report, world, output)
}

#[test]
fn a_worker_that_ends_without_a_word_is_a_crash() {
    for (script, message) in [
        ("exit 3", "exit status: 3"),
        ("echo broken >&2; exit 70", "broken"),
        ("kill -SEGV $$", "signal: 11"),
        ("kill -ABRT $$", "signal: 6"),
        ("kill -SYS $$", "signal: 31"),
        ("kill -KILL $$", "signal: 9"),
        ("exec 0<&-; sleep 100", "closed its connection"),
    ] {
        let (report, world, _) = run(Shell(script));
        assert_eq!(report.status, Status::Internal, "{script}");
        let error = report.error.unwrap();
        assert_eq!(error.kind, "worker_crashed", "{script}");
        assert!(error.message.contains(message), "{script}: {}", error.message);
        assert!(world.asked.is_empty());
    }
}

#[test]
fn a_worker_without_memory_is_a_limit() {
    let (report, ..) = run(Shell("echo 'memory allocation of 100 bytes failed' >&2; kill -ABRT $$"));
    assert_eq!(report.status, Status::Limit);
    assert_eq!(report.error.unwrap().limit.as_deref(), Some("memory"));
}

#[test]
fn a_worker_that_does_nothing_is_ended_at_the_clock() {
    for script in ["sleep 100", "while :; do :; done", "trap '' TERM; while :; do :; done"] {
        let (report, ..) = run(Shell(script));
        assert_eq!(report.status, Status::Limit, "{script}");
        assert_eq!(report.error.unwrap().limit.as_deref(), Some("time"));
    }
}

#[test]
fn bytes_that_are_no_messages_end_the_worker() {
    for (bytes, message) in [
        (vec![0xff; 64], "a message too large"),
        (frame(&[99]), "bytes that are no message"),
        (frame(&[]), "bytes that are no message"),
        (frame(&[0, 0, 0, 0, 7]), "bytes that are no message"),
        (frame(&[2, 1, b'a']), "a message out of order"),
        (read("a.txt"), "a message out of order"),
        ([frame(NO_FACTS), frame(NO_FACTS)].concat(), "a message out of order"),
        (frame(&[0, 0xff, 0xff, 0xff, 0xff, 0x0f]), "bytes that are no message"),
    ] {
        let (report, world, output) = run(Bytes(bytes.clone()));
        assert_eq!(report.status, Status::Internal, "{bytes:?}: {:?}", report.error);
        let error = report.error.unwrap();
        assert_eq!((error.kind.as_str(), error.message.contains(message)), ("worker_crashed", true), "{bytes:?}: {}", error.message);
        assert!(world.asked.is_empty());
        assert_eq!(output, "");
    }
}

/// Bytes sent one by one, each before the broker loses patience with a silent worker.
#[derive(Debug)]
struct Drips(Vec<u8>);

impl StartWorker for Drips {
    fn start(&mut self) -> io::Result<WorkerProcess> {
        let (broker, mut worker) = UnixStream::pair()?;
        let bytes = self.0.clone();
        std::thread::spawn(move || {
            for byte in bytes {
                if worker.write_all(&[byte]).is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(3));
            }
        });
        Ok(WorkerProcess::new(broker, Command::new("/bin/sleep").arg("100").spawn()?))
    }
}

/// Found by reading: a message that never became whole kept the broker from its clock for as long as bytes came.
#[test]
fn a_message_in_drips_does_not_stop_the_clock() {
    let begin = std::time::Instant::now();
    let (report, ..) = run(Drips(frame(&vec![2; 3000])));
    assert_eq!((report.status, report.error.unwrap().limit.as_deref()), (Status::Limit, Some("time")));
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    // and one that does is read
    let (report, ..) = run(Drips(frame(&[99])));
    assert_eq!(report.error.unwrap().kind, "worker_crashed");
}

#[test]
fn after_an_error_that_ends_the_run_nothing_is_performed() {
    let (report, world, _) = run(Bytes([frame(NO_FACTS), read("journal"), read("a.txt")].concat()));
    assert_eq!(report.status, Status::Internal);
    assert_eq!(world.asked.len(), 1, "the second read is not performed");
    // A worker that claims success after such an error is not believed.
    let ok = frame(&[4, 0, 0, 0]);
    let (report, ..) = run(Bytes([frame(NO_FACTS), read("journal"), ok].concat()));
    assert_eq!(report.status, Status::Failure);
}

#[test]
fn output_above_the_limit_is_cut_by_the_broker_too() {
    let mut body = vec![2];
    let text = "x".repeat(20 << 20);
    let mut length = text.len();
    while length >= 128 {
        body.push(u8::try_from(length & 127).unwrap() | 128);
        length >>= 7;
    }
    body.push(u8::try_from(length).unwrap());
    body.extend_from_slice(text.as_bytes());
    let (report, _, output) = run(Bytes([frame(NO_FACTS), frame(&body)].concat()));
    assert_eq!(report.status, Status::Limit);
    assert_eq!(report.error.unwrap().limit.as_deref(), Some("output"));
    assert_eq!(output.len(), 10 << 20);
}

#[test]
fn a_worker_that_cannot_be_started_is_a_failure() {
    #[derive(Debug)]
    struct None;
    impl StartWorker for None {
        fn start(&mut self) -> io::Result<WorkerProcess> {
            Err(io::Error::other("no processes left"))
        }
    }
    let (report, ..) = run(None);
    assert_eq!(report.status, Status::Failure);
    assert!(report.error.unwrap().message.contains("no processes left"));
}

/// Text that only the operator may see comes after a branch, and only where the operator asks for it.
#[test]
fn text_for_the_operator_comes_when_it_may_or_ends_the_run() {
    let withheld = frame(&[6, 2, b'h', b'i']);
    let (report, _, output) = run(Bytes([frame(NO_FACTS), withheld.clone()].concat()));
    assert_eq!((report.status, output.as_str()), (Status::Internal, ""));
    let raised = frame(&[5, 0, 0]);
    let (report, _, output) = run(Bytes([frame(NO_FACTS), raised, withheld].concat()));
    assert_eq!((report.status, report.withheld, output.as_str()), (Status::Withheld, None, ""));
}
