//! Where the journal lies, and its first and last record.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aegis_audit::{Durability, Journal, Options, RunEnd, RunStart, Sha256Digest, Text};
use aegis_gate::{Ledger, PolicyRecord};
use aegis_policy::{Confine, Policy};

use crate::cli::JournalChoice;
use crate::home::Start;

/// The journal of a policy: named on the command line, by the policy, or the default one of its root.
pub(crate) fn path(named: Option<&Path>, policy: &Policy, start: &Start) -> Result<PathBuf, String> {
    if let Some(path) = named {
        return Ok(start.cwd.join(path));
    }
    if let Some(path) = &policy.settings().audit_path {
        return Ok(path.clone());
    }
    default_path(policy.root(), start)
}

/// The same as the command line has it; none where there is to be no journal.
pub(crate) fn chosen(choice: &JournalChoice, policy: &Policy, start: &Start) -> Result<Option<PathBuf>, String> {
    if choice.no_audit { Ok(None) } else { path(choice.audit.as_deref(), policy, start).map(Some) }
}

pub(crate) fn default_path(root: &Path, start: &Start) -> Result<PathBuf, String> {
    Ok(state_of(root, start)?.join("audit.jsonl"))
}

/// What is kept for a policy root.
pub(crate) fn state_of(root: &Path, start: &Start) -> Result<PathBuf, String> {
    Ok(aegis_audit::directory_of_root(&start.state_dir()?, root))
}

pub(crate) fn open(path: &Path, policy: &Policy) -> Result<Journal, aegis_audit::JournalError> {
    let durability = match policy.settings().durability {
        aegis_policy::Durability::Fsync => Durability::Fsync,
        aegis_policy::Durability::Os => Durability::Os,
    };
    Journal::open(path, Options { durability })
}

/// What holds the commands of scripts: that is made when the first one comes.
pub(crate) fn of_scripts(policy: &Policy) -> &'static str {
    match policy.settings().confine {
        Confine::Off => "none: commands run in their own session with a clean environment, not confined by the kernel",
        Confine::Auto | Confine::Required => "as the record \"confinement\" says before the first command",
    }
}

/// Writes `run.start`. `text` is that of a script; `confinement` says what the kernel gives.
pub(crate) fn begin(
    ledger: &mut Ledger,
    policy: &Policy,
    script: &Path,
    text: Option<&str>,
    confinement: &str,
    start: &Start,
) -> Result<(), aegis_effect::EffectError> {
    let record = PolicyRecord::of(policy);
    let argv = without_values(std::env::args_os());
    let argv: Vec<Text<'_>> = argv.iter().map(|a| Text::from(a.as_slice())).collect();
    let host = rustix::system::uname();
    let user = user(start);
    ledger.write(&RunStart {
        script: Text::from(script.as_os_str().as_bytes()),
        script_sha256: text.map(|text| Sha256Digest::of(text.as_bytes())),
        policy_sha256: record.sha256,
        policy_files: &record.files(),
        weakened: &record.weakened(),
        confinement_requested: policy.settings().confine.word(),
        confinement_actual: confinement,
        version: env!("CARGO_PKG_VERSION"),
        user: Text::from(user.as_str()),
        host: Text::from(host.nodename().to_bytes()),
        pid: std::process::id(),
        argv: &argv,
    })
}

/// Who runs us, for the journal.
pub(crate) fn user(start: &Start) -> String {
    start.var("USER").unwrap_or_else(|| rustix::process::geteuid().as_raw().to_string())
}

/// Writes `run.end`.
pub(crate) fn end(ledger: &mut Ledger, status: &str, exit_code: u8, began: Instant) -> Result<(), aegis_effect::EffectError> {
    let (effects, denied, failed) = ledger.counts();
    ledger.write(&RunEnd { status, exit_code: i32::from(exit_code), effects, denied, failed, took: began.elapsed() })
}

/// The command line as the journal has it: the values of local-only arguments are not in it.
fn without_values(argv: impl Iterator<Item = std::ffi::OsString>) -> Vec<Vec<u8>> {
    const OPTION: &[u8] = b"--local-only-arg";
    let mut is_value = false;
    let mut out = Vec::new();
    for word in argv {
        let word = word.as_bytes();
        let attached = word.strip_prefix(OPTION).is_some_and(|rest| rest.starts_with(b"="));
        let secret = is_value || attached;
        is_value = word == OPTION;
        let at = word.iter().position(|b| *b == b'=').filter(|_| secret).map(|first| match attached {
            true => first + 1 + word.iter().skip(first + 1).position(|b| *b == b'=').unwrap_or(0),
            false => first,
        });
        match at.and_then(|at| word.get(..=at)) {
            Some(before) => out.push([before, b"[REDACTED]"].concat()),
            None => out.push(word.to_vec()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_local_only_arguments_are_not_in_the_journal() {
        let argv = ["aegis", "run", "--arg", "a=b=c", "--local-only-arg", "t=se=cret", "--local-only-arg=u=other", "x=y.star"];
        let shown: Vec<String> =
            without_values(argv.into_iter().map(Into::into)).into_iter().map(|word| String::from_utf8(word).unwrap()).collect();
        assert_eq!(
            shown,
            ["aegis", "run", "--arg", "a=b=c", "--local-only-arg", "t=[REDACTED]", "--local-only-arg=u=[REDACTED]", "x=y.star"]
        );
    }
}
