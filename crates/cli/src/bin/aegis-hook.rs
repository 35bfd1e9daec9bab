//! The program `aegis-hook`: `aegis hook` without the rest of `aegis`, so that it starts in a fraction of the time.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    aegis_hook::run(std::env::args_os().skip(1))
}
