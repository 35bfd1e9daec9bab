//! The program `aegis-hook`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    aegis_hook::run(std::env::args_os().skip(1))
}
