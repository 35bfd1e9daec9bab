//! `aegis completions` and `aegis man`, from the one definition of the command line.

use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::Cli;
use crate::{exit, output};

pub(crate) fn completions(shell: clap_complete::Shell) -> ExitCode {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "aegis", &mut out);
    output::put(&out)
}

pub(crate) fn man() -> ExitCode {
    let mut out = Vec::new();
    let command = Cli::command();
    if let Err(error) = clap_mangen::Man::new(command.clone()).render(&mut out) {
        return exit::internal(&error);
    }
    for sub in command.get_subcommands() {
        let name: &'static str = Box::leak(format!("aegis-{}", sub.get_name()).into_boxed_str());
        let page = sub.clone().name(name);
        if let Err(error) = clap_mangen::Man::new(page).render(&mut out) {
            return exit::internal(&error);
        }
    }
    output::put(&out)
}
