//! Tests with real processes. This binary is at once the test, the worker and the misbehaving child: `argv[0]` says which.
//!
//! It runs its tests one after the other, as root also a second time as an ordinary user. Arguments select tests by a part of their name.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod attempts;
mod broker;
mod calls;
mod child;
mod confined;
mod in_child;
mod in_worker;
mod look;
mod mediated;
mod programs;
mod worker;
mod zygote;

use std::os::unix::process::CommandExt;
use std::panic::catch_unwind;
use std::process::{Command, ExitCode};
use std::sync::atomic::Ordering;

pub type Test = (&'static str, fn());

/// `argv[0]` of a child that this binary plays.
pub const CHILD: &str = "aegis-test-child";
/// An ordinary user and group.
const NOBODY: u32 = 65534;

const ALL: [&[Test]; 9] = [
    worker::TESTS,
    confined::TESTS,
    mediated::TESTS,
    attempts::TESTS,
    zygote::TESTS,
    child::TESTS,
    broker::TESTS,
    calls::TESTS,
    programs::TESTS,
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    match args[0].as_str() {
        aegis_sandbox::worker::NAME if args[1] == aegis_sandbox::worker::ZYGOTE => zygote::main(&args[2..]),
        aegis_sandbox::worker::NAME => in_worker::main(&args[1..]),
        aegis_sandbox::confine::LAUNCHER => aegis_sandbox::confine::launcher(),
        CHILD => in_child::main(&args[1..]),
        _ => tests(&args[1..]),
    }
}

fn tests(filter: &[String]) -> ExitCode {
    if look::status("self", "Seccomp").is_some_and(|mode| mode != "0") {
        println!("SKIPPED, all of it: this process is confined itself, and has not what these tests take away");
        return ExitCode::SUCCESS;
    }
    let filter: Vec<&String> = filter.iter().filter(|arg| !arg.starts_with('-')).collect();
    aegis_sandbox::broker::become_subreaper().unwrap();
    let user = if look::is_root() { "root" } else { "user" };
    let mut failed = 0;
    let (confined, mediated) = confined::available();
    for copied in [false, true] {
        worker::COPIED.store(copied, Ordering::SeqCst);
        let all = if copied { [worker::TESTS, attempts::TESTS].concat() } else { ALL.concat() };
        let how = if copied { "copied, " } else { "" };
        for (name, test) in all {
            if name.starts_with("confined") && !confined || name.starts_with("mediated") && !mediated {
                continue;
            }
            if !filter.is_empty() && !filter.iter().any(|part| name.contains(part.as_str())) {
                continue;
            }
            let passed = catch_unwind(test).is_ok();
            println!("test {name} ({how}{user}) ... {}", if passed { "ok" } else { "FAILED" });
            failed += usize::from(!passed);
        }
    }
    if look::is_root() {
        let me = std::env::current_exe().unwrap();
        let status = Command::new(me).args(filter).uid(NOBODY).gid(NOBODY).current_dir("/").status().unwrap();
        failed += usize::from(!status.success());
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
