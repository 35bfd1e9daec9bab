//! Median time of an append, and throughput of `verify`. `cargo run --release -p aegis-audit --example append_bench [FILE]`
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss, clippy::indexing_slicing, missing_docs)]

use std::time::Instant;

use aegis_audit::{Call, Effect, Journal, Options, Result, Text, VerifyOptions, verify};

const APPENDS: usize = 1_000_000;

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let path = std::env::args_os().nth(1).map_or_else(|| directory.path().join("audit.jsonl"), Into::into);
    let journal = Journal::open(&path, Options::default()).unwrap();
    let mut nanoseconds = Vec::with_capacity(APPENDS);
    for id in 1..=APPENDS {
        let record = Effect {
            call: Call {
                id: u64::try_from(id).unwrap(),
                capability: "fs.read",
                call: "fs.read",
                line: 12,
                target: Text::from("src/main.rs"),
                resolved: Some(Text::from("/home/user/project/src/main.rs")),
                rule: Some("[filesystem].read_allow \"src/**\" (aegis.toml:4)"),
                visibility: "public",
                labels: &[],
                approver: None,
            },
            result: Result::Ok,
            bytes: Some(1024),
        };
        let start = Instant::now();
        journal.append(&record).unwrap();
        nanoseconds.push(start.elapsed().as_nanos());
    }
    nanoseconds.sort_unstable();
    println!("append: median {:.2} us, 99 % {:.2} us", nanoseconds[APPENDS / 2] as f64 / 1e3, nanoseconds[APPENDS / 100 * 99] as f64 / 1e3);

    let size = std::fs::metadata(&path).unwrap().len();
    let mut seconds: Vec<f64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            let verdict = verify(&path, &VerifyOptions::default());
            let took = start.elapsed().as_secs_f64();
            println!("verify: {verdict}");
            took
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    println!(
        "verify: {:.2} GB/s over {} bytes ({} a record)",
        size as f64 / seconds[2] / 1e9,
        size,
        size / u64::try_from(APPENDS).unwrap()
    );

    let start = Instant::now();
    let _again = Journal::open(&path, Options::default()).unwrap();
    println!("open: {} us", start.elapsed().as_micros());
}
