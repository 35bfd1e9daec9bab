//! `aegis check`.

use std::process::ExitCode;

use aegis_script::{PolicyJudge, Runner, findings_json, findings_sarif};

use crate::cli::Check;
use crate::home::Start;
use crate::{chosen, exit};

/// Reports what the verifier finds; exit 3 where `aegis run` would refuse the script.
pub(crate) fn check(args: Check, start: Start, runner: Option<Runner>) -> ExitCode {
    let chosen = match chosen::choose(args.policy.policy.as_deref(), &start, &start.surroundings()) {
        Ok(chosen) => chosen,
        Err(error) => return exit::failure(&error),
    };
    let source = match super::run::read_script_text(&args.script, &start) {
        Ok(source) => source,
        Err(error) => return exit::failure(&error),
    };
    if !args.json && !args.sarif {
        for line in &chosen.banner {
            complain!("aegis: {}", aegis_gate::escaped(line));
        }
    }
    let options = aegis_script::RunOptions::of(&chosen.policy);
    let report = runner.unwrap_or_else(super::worker::runner).check(&source, &options, &PolicyJudge::new(&chosen.policy));
    if let Some(error) = &report.error {
        return exit::failure(&error.message);
    }
    if args.sarif {
        say!("{}", findings_sarif(source.name(), &report.findings));
    } else if args.json {
        say!("{}", findings_json(source.name(), &report.findings));
    } else if report.findings.is_empty() {
        say!("{}: nothing found", source.name());
    } else {
        for finding in &report.findings {
            say!("{}", start.as_typed(&finding.to_string(), &chosen.policy));
        }
    }
    ExitCode::from(if report.has_errors() { 3 } else { 0 })
}
