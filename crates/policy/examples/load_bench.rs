//! What loading a policy costs: `cargo run --release -p aegis-policy --example load_bench [POLICY]`.
//!
//! Without a file: the starter policy for Rust, which inherits `secure-defaults`, from a directory of its own. The first load of
//! a process is what a cold `aegis run` pays; the median shows what is left of it when caches are warm.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use aegis_policy::{Finder, Policy, Surroundings, starter_text};

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let policy = match std::env::args_os().nth(1) {
        Some(path) => PathBuf::from(path),
        None => {
            let path = directory.path().join("aegis.toml");
            std::fs::write(&path, starter_text("rust").unwrap()).unwrap();
            path
        }
    };
    let finder = Finder::of_this_user();
    let around = Surroundings::default();
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            let start = Instant::now();
            let loaded = Policy::load(&policy, &finder, &around);
            let time = start.elapsed();
            loaded.unwrap();
            time
        })
        .collect();
    let first = times[0];
    times.sort();
    println!("first load {first:?}, median of {} {:?}, least {:?}", times.len(), times[times.len() / 2], times[0]);
}
