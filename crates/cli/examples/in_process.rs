//! `aegis run` with the script on a thread of the broker's own process, as programs that embed Aegis may have it. The noninterference tests
//! send their attacks through it too. For nobody else: a fault of the interpreter is a fault of the broker here.
//!
//! It is made of the binary's own files, so that what it shows is what the binary shows.
#![forbid(unsafe_code)]
#![allow(dead_code, reason = "the other verbs")]

#[macro_use]
#[path = "../src/output.rs"]
mod output;

#[path = "../src/chosen.rs"]
mod chosen;
#[path = "../src/cli.rs"]
mod cli;
#[path = "../src/denied.rs"]
mod denied;
#[path = "../src/exit.rs"]
mod exit;
#[path = "../src/home.rs"]
mod home;
#[path = "../src/journal.rs"]
mod journal;
#[path = "../src/operator.rs"]
mod operator;
#[path = "../src/verbs/mod.rs"]
mod verbs;

use std::process::ExitCode;

use aegis_script::Runner;
use clap::Parser;

use cli::{Cli, Verb};
use home::Start;

fn main() -> ExitCode {
    if std::env::args_os().next().is_some_and(|name| name == aegis_sandbox::confine::LAUNCHER) {
        aegis_sandbox::confine::launcher();
    }
    let start = match Start::take() {
        Ok(start) => start,
        Err(error) => return exit::internal(&error),
    };
    match Cli::try_parse() {
        Ok(Cli { verb: Verb::Run(args), .. }) => verbs::run::run(args, start, Some(Runner::in_process())),
        Ok(_) => exit::misuse(&"only `run` runs in process"),
        Err(error) => exit::usage(&error),
    }
}
