//! The time from the start of a worker to its first answer, and of one message and its answer, on free cores and on a shared one.
//!
//! `cargo run --release -p aegis-sandbox --example worker_bench`

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use aegis_sandbox::worker::{EVALUATOR_STACK_BYTES, NAME, WorkerLimits, WorkerProcess, lock_down, start};

fn main() {
    if std::env::args_os().next().is_some_and(|name| name == NAME) {
        return work();
    }
    let (mut starts, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..100 {
        let begin = Instant::now();
        let worker = start::<&str>(&[]).unwrap();
        starts.push(begin.elapsed());
        ask(&worker);
        answers.push(begin.elapsed());
    }
    report("start returns", starts);
    report("first answer", answers);
    let worker = start::<&str>(&[]).unwrap();
    ask(&worker);
    report("message, free", (0..2000).map(|_| ask(&worker)).collect());
    let shared = worker.share_core().unwrap();
    report("message, one core", (0..2000).map(|_| ask(&worker)).collect());
    shared.release();
}

fn work() {
    let mut socket = lock_down(&WorkerLimits::default()).unwrap().socket;
    let stack = usize::try_from(EVALUATOR_STACK_BYTES).unwrap();
    let echo = move || {
        let mut message = [0; 64];
        while socket.read(&mut message).unwrap() > 0 {
            socket.write_all(&message).unwrap();
        }
    };
    std::thread::Builder::new().stack_size(stack).spawn(echo).unwrap().join().unwrap();
}

fn ask(worker: &WorkerProcess) -> Duration {
    let begin = Instant::now();
    worker.socket().write_all(&[1; 64]).unwrap();
    worker.socket().read_exact(&mut [0; 64]).unwrap();
    begin.elapsed()
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort();
    println!("{name:18} median {:?}, p90 {:?}", times[times.len() / 2], times[times.len() * 9 / 10]);
}
