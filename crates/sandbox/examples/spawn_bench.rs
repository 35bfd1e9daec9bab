//! Runs `/bin/true` 200 times by `child::run` and by `std::process::Command`, interleaved, and prints the time of each per process.
//!
//! `cargo run --release -p aegis-sandbox --example spawn_bench [MiB of heap]`

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::ffi::OsString;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aegis_sandbox::broker;
use aegis_sandbox::child::{ChildSpec, FileId, RunLimits, Stdin, run};

const RUNS: usize = 200;

fn main() {
    let heap: usize = std::env::args().nth(1).map_or(0, |arg| arg.parse().unwrap());
    let ballast = vec![1u8; heap << 20];
    broker::harden().unwrap();
    broker::become_subreaper().unwrap();
    let program = Path::new("/bin/true");
    let expect = FileId::from(&std::fs::metadata(program).unwrap());
    let cwd = std::fs::File::open("/").unwrap();
    let argv = [OsString::from("true")];
    let env = [(OsString::from("PATH"), OsString::from("/usr/bin:/bin"))];
    let spec = ChildSpec { program, expect, argv: &argv, env: &env, cwd: cwd.as_fd(), stdin: Stdin::Null, max_memory_bytes: None };
    let (mut ours, mut std) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let start = Instant::now();
        let limits = RunLimits { deadline: start + Duration::from_secs(10), max_output: 1 << 20, cancel: None, spare: &[] };
        assert!(run(&spec, None, &limits).unwrap().end.success());
        ours.push(start.elapsed());
        let start = Instant::now();
        assert!(Command::new(program).stdin(Stdio::null()).env_clear().output().unwrap().status.success());
        std.push(start.elapsed());
    }
    for (name, mut times) in [("child::run", ours), ("Command::output", std)] {
        times.sort();
        println!(
            "{name:16} {RUNS} runs {:?}, median {:?}, p90 {:?}",
            times.iter().sum::<Duration>(),
            times[RUNS / 2],
            times[RUNS * 9 / 10]
        );
    }
    drop(ballast);
}
