//! The time from the start of a worker to its first answer, and of one message and its answer: in shared memory,
//! by the socket on free cores, and on a shared one.
//!
//! `cargo run --release -p aegis-sandbox --example worker_bench`

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use aegis_sandbox::channel::Channel;
use aegis_sandbox::worker::{EVALUATOR_STACK_BYTES, NAME, WorkerLimits, WorkerProcess, lock_down, start};

fn main() {
    if std::env::args_os().next().is_some_and(|name| name == NAME) {
        return work();
    }
    let (mut starts, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..100 {
        let begin = Instant::now();
        let worker = start::<&str>(&["socket"]).unwrap();
        starts.push(begin.elapsed());
        ask(&worker);
        answers.push(begin.elapsed());
    }
    report("start returns", starts);
    report("first answer", answers);
    let mut worker = start::<&str>(&[]).unwrap();
    let mut channel = worker.take_channel().unwrap().unwrap();
    channel.spin_for(Duration::from_micros(60));
    ask_by(&mut channel);
    report("shared memory", (0..2000).map(|_| ask_by(&mut channel)).collect());
    let worker = start::<&str>(&["socket"]).unwrap();
    ask(&worker);
    report("message, free", (0..2000).map(|_| ask(&worker)).collect());
    let shared = worker.share_core().unwrap();
    report("message, one core", (0..2000).map(|_| ask(&worker)).collect());
    shared.release();
}

fn work() {
    let locked = lock_down(&WorkerLimits::default()).unwrap();
    let by_socket = std::env::args_os().nth(1).is_some();
    let stack = usize::try_from(EVALUATOR_STACK_BYTES).unwrap();
    let echo = move || {
        if by_socket { answer(locked.socket) } else { answer(Channel::of_worker(locked.socket, locked.pages.unwrap())) }
    };
    std::thread::Builder::new().stack_size(stack).spawn(echo).unwrap().join().unwrap();
}

fn answer(mut line: impl Read + Write) {
    let mut message = [0; 64];
    while line.read(&mut message).unwrap() > 0 {
        line.write_all(&message).unwrap();
    }
}

fn ask(worker: &WorkerProcess) -> Duration {
    ask_by(&mut worker.socket())
}

fn ask_by(line: &mut (impl Read + Write)) -> Duration {
    let begin = Instant::now();
    line.write_all(&[1; 64]).unwrap();
    line.read_exact(&mut [0; 64]).unwrap();
    begin.elapsed()
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort();
    println!("{name:18} median {:?}, p90 {:?}", times[times.len() / 2], times[times.len() * 9 / 10]);
}
