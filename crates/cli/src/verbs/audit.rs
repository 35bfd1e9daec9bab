//! `aegis audit verify` and `show`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use aegis_audit::{Entries, Filter, Verdict, VerifyOptions};

use crate::home::Start;
use crate::{chosen, exit, journal};

fn log_file(log: Option<PathBuf>, of_hooks: bool, start: &Start) -> Result<PathBuf, String> {
    if let Some(log) = log {
        return Ok(start.cwd.join(log));
    }
    let chosen = chosen::choose(None, start, &start.surroundings()).map_err(|e| e.to_string())?;
    if of_hooks {
        // no variable moves this one
        return Ok(aegis_hook::journal_of(&start.trust_dir()?, chosen.policy.root()));
    }
    journal::path(None, &chosen.policy, start)
}

/// Exit 0 intact, 1 broken, 2 cannot be judged.
pub(crate) fn verify(log: Option<PathBuf>, hooks: bool, min_seq: Option<u64>, json: bool, start: &Start) -> ExitCode {
    let path = match log_file(log, hooks, start) {
        Ok(path) => path,
        Err(error) => return exit::failure(&error),
    };
    let verdict = aegis_audit::verify(&path, &VerifyOptions { min_seq, progress: None });
    let code = match &verdict {
        Verdict::Intact(_) => 0,
        Verdict::Broken(_) => 1,
        Verdict::CannotJudge { .. } => 2,
    };
    if json {
        say!("{}", serde_json::to_string(&verdict).unwrap_or_default());
    } else {
        say!("{}: {verdict}", start.shown(&path));
    }
    ExitCode::from(code)
}

pub(crate) fn show(log: Option<PathBuf>, hooks: bool, filter: Filter, follow: bool, json: bool, start: &Start) -> ExitCode {
    let path = match log_file(log, hooks, start) {
        Ok(path) => path,
        Err(error) => return exit::failure(&error),
    };
    let entries = match Entries::open(&path, filter, follow) {
        Ok(entries) => entries,
        Err(error) => return exit::failure(&format!("{}: {}", start.shown(&path), exit::reason(&error))),
    };
    let mut out = std::io::stdout().lock();
    for entry in entries {
        let written = match entry {
            Ok(entry) if json => writeln!(out, "{}", String::from_utf8_lossy(&entry.raw)),
            Ok(entry) => writeln!(out, "{}", aegis_audit::render_line(&entry)),
            Err(error) => return exit::failure(&error),
        };
        if written.is_err() {
            // whoever read us has had enough
            return ExitCode::SUCCESS;
        }
    }
    ExitCode::SUCCESS
}
