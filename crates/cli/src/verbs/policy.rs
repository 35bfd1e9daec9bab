//! `aegis policy validate`, `show`, `schema` and `test`.

use std::path::PathBuf;
use std::process::ExitCode;

use aegis_policy::{Capability, Policy};

use crate::chosen;
use crate::exit;
use crate::home::Start;

fn load(file: Option<PathBuf>, start: &Start) -> Result<(PathBuf, Policy), ExitCode> {
    let path = chosen::file(file, start).map_err(|e| exit::failure(&e))?;
    let policy = Policy::load(&path, &start.finder(), &start.surroundings()).map_err(|e| exit::failure(&start.load_failure(&e)))?;
    Ok((path, policy))
}

pub(crate) fn validate(file: Option<PathBuf>, start: &Start) -> ExitCode {
    let (path, policy) = match load(file, start) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let tests = match policy.run_tests() {
        Ok(count) => count,
        Err(failures) => return failed(&failures, &policy, start),
    };
    if let Err(error) = policy.check_tests(&start.finder(), &start.surroundings()) {
        return exit::failure(&error);
    }
    say!("{}: valid; {tests} tests passed", start.shown(&path));
    for note in policy.notes() {
        say!("note: {} ({})", note.what, note.by);
    }
    if let Some(shared) = policy.shared_sinks() {
        say!("note: {shared}");
    }
    for weakened in policy.weakened() {
        say!("weakened: {} ({})", weakened.what, weakened.by);
    }
    ExitCode::SUCCESS
}

pub(crate) fn test(file: Option<PathBuf>, start: &Start) -> ExitCode {
    let (_, policy) = match load(file, start) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    match policy.run_tests() {
        Ok(count) => {
            say!("{count} tests passed");
            ExitCode::SUCCESS
        }
        Err(failures) => failed(&failures, &policy, start),
    }
}

fn failed(failures: &[String], policy: &Policy, start: &Start) -> ExitCode {
    for failure in failures {
        complain!("{}", start.as_typed(failure, policy));
    }
    exit::failure(&match failures.len() {
        1 => "1 test failed".to_owned(),
        n => format!("{n} tests failed"),
    })
}

pub(crate) fn show(file: Option<PathBuf>, json: bool, start: &Start) -> ExitCode {
    let (_, policy) = match load(file, start) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let rules: Vec<_> = policy.rules().collect();
    if json {
        let object = serde_json::json!({
            "files": policy.files(), "trust_hash": policy.trust_hash(), "settings": policy.settings(),
            "weakened": policy.weakened(), "rules": rules, "tools": policy.tools(),
        });
        say!("{object}");
        return ExitCode::SUCCESS;
    }
    for source in policy.files() {
        say!("file    {} (sha256 {})", source.name, source.sha256.get(..16).unwrap_or_default());
    }
    say!("root    {}", policy.root().display());
    let granted: Vec<&str> = Capability::ALL.into_iter().filter(|c| policy.has_capability(*c)).map(Capability::name).collect();
    say!("grants  {}", if granted.is_empty() { "nothing".to_owned() } else { granted.join(", ") });
    for weakened in policy.weakened() {
        say!("weakened {} ({})", weakened.what, weakened.by);
    }
    let mut list = "";
    for rule in rules {
        if rule.list() != list {
            list = rule.list();
            say!("\n{list}");
        }
        let why = rule.why().map(|w| format!("  # {w}")).unwrap_or_default();
        say!("  {:40} {}{why}", rule.pattern(), rule.place());
    }
    ExitCode::SUCCESS
}

pub(crate) fn schema() -> ExitCode {
    say!("{}", aegis_policy::json_schema());
    ExitCode::SUCCESS
}
