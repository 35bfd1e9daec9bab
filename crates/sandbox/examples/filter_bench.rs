//! The filter for children: its length, the time to make and to install it, and what it adds to calls.
//!
//! `cargo run --release -p aegis-sandbox --example filter_bench`

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::time::{Duration, Instant};

use aegis_sandbox::calls::{Filter, Sockets};

const LAYOUTS: [(&str, Sockets); 2] = [
    ("no sockets", Sockets { unix: false, own_network: false, network: false }),
    ("all sockets", Sockets { unix: true, own_network: true, network: true }),
];

fn main() {
    for (name, sockets) in LAYOUTS {
        println!("{name}: {} instructions", Filter::new(sockets).unwrap().instructions());
        report("made", (0..500).map(|_| timed(|| drop(Filter::new(sockets).unwrap()))).collect());
        let filter = Filter::new(sockets).unwrap();
        let install = || std::thread::scope(|scope| scope.spawn(|| timed(|| filter.bind().unwrap())).join().unwrap());
        report("installed", (0..500).map(|_| install()).collect());
    }
    let filter = Filter::new(LAYOUTS[0].1).unwrap();
    for round in ["first", "again"] {
        println!("{round}: nanoseconds per call, without and with");
        let free = std::thread::spawn(calls).join().unwrap();
        let bound = std::thread::scope(|scope| {
            let bound = || {
                filter.bind().unwrap();
                calls()
            };
            scope.spawn(bound).join().unwrap()
        });
        for ((name, free), (_, bound)) in free.into_iter().zip(bound) {
            println!("  {name:28} {free:7.1} {bound:7.1}");
        }
    }
}

fn timed(what: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    what();
    begin.elapsed()
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort();
    println!("  {name:28} median {:?}, p90 {:?}", times[times.len() / 2], times[times.len() * 9 / 10]);
}

/// The best of several rounds each.
fn calls() -> Vec<(&'static str, f64)> {
    let per_call = |call: &dyn Fn() -> libc::c_int| {
        let rounds = (0..20).map(|_| {
            timed(|| {
                for _ in 0..20_000 {
                    std::hint::black_box(call());
                }
            })
        });
        rounds.min().unwrap().as_secs_f64() * 1e9 / 20_000.0
    };
    // SAFETY: these calls change nothing; descriptor -1 is none.
    unsafe {
        vec![
            ("getppid", per_call(&|| libc::getppid())),
            ("ioctl, by argument", per_call(&|| libc::ioctl(-1, libc::FIONREAD))),
            ("fchmod, by argument", per_call(&|| libc::fchmod(-1, 0o644))),
            ("open and close", per_call(&|| libc::close(libc::open(c"/etc/passwd".as_ptr(), libc::O_RDONLY)))),
        ]
    }
}
