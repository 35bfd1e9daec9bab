//! `aegis audit verify` and `show`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use aegis_audit::{Entries, Filter, Verdict, VerifyOptions};

use crate::home::Start;
use crate::{chosen, exit, journal};

fn log_file(log: Option<PathBuf>, start: &Start) -> Result<PathBuf, String> {
    match log {
        Some(log) => Ok(start.cwd.join(log)),
        None => {
            let chosen = chosen::choose(None, start, &start.surroundings()).map_err(|e| e.to_string())?;
            journal::path(None, &chosen.policy, start)
        }
    }
}

/// Exit 0 intact, 1 broken, 2 cannot be judged.
pub(crate) fn verify(log: Option<PathBuf>, min_seq: Option<u64>, json: bool, start: &Start) -> ExitCode {
    let path = match log_file(log, start) {
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

pub(crate) fn show(log: Option<PathBuf>, run: Option<String>, kind: Option<String>, follow: bool, json: bool, start: &Start) -> ExitCode {
    let path = match log_file(log, start) {
        Ok(path) => path,
        Err(error) => return exit::failure(&error),
    };
    let entries = match Entries::open(&path, Filter { run, kind }, follow) {
        Ok(entries) => entries,
        Err(error) => return exit::failure(&format!("{}: {error}", start.shown(&path))),
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
