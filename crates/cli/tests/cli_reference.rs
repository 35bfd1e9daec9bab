//! `docs/reference/cli.md` is what the program says about itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, dead_code, missing_docs)]

#[path = "../src/cli.rs"]
mod cli;
#[path = "../../../docs/tests/generated.rs"]
mod generated;

use clap::CommandFactory;

#[test]
fn every_verb() {
    let mut command = cli::Cli::command();
    command.build();
    let mut text = String::new();
    describe(&mut command, &mut text);
    generated::check("docs/reference/cli.md", "verbs", &text);
}

/// A verb as its `--help` shows it, then the verbs below it.
fn describe(command: &mut clap::Command, text: &mut String) {
    let name = command.get_bin_name().unwrap_or("aegis").to_owned();
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    text.push_str(&format!("## `{name}`\n\n```\n{}\n```\n\n", help.join("\n").trim()));
    for verb in command.get_subcommands_mut() {
        describe(verb, text);
    }
}
