//! Exit codes, and the one place that ends a verb with an error.

use std::fmt::Display;
use std::process::ExitCode;

use aegis_policy::Verdict;

/// Policy, journal or i/o failure.
pub(crate) const FAILURE: u8 = 5;
/// Wrong usage.
pub(crate) const USAGE: u8 = 64;
/// A bug; nothing was allowed because of it.
pub(crate) const INTERNAL: u8 = 70;

/// What the policy says of a question: 0 allowed, 2 denied, 4 needs approval.
pub(crate) fn of_verdict(verdict: Verdict) -> ExitCode {
    ExitCode::from(match verdict {
        Verdict::Allow => 0,
        Verdict::Ask => 4,
        Verdict::Deny => 2,
    })
}

/// One line on stderr, exit code 5.
pub(crate) fn failure(error: &dyn Display) -> ExitCode {
    complain!("aegis: {error}");
    ExitCode::from(FAILURE)
}

/// One line on stderr, exit code 64.
pub(crate) fn misuse(error: &dyn Display) -> ExitCode {
    complain!("aegis: {error}");
    ExitCode::from(USAGE)
}

/// One line on stderr, exit code 70.
pub(crate) fn internal(error: &dyn Display) -> ExitCode {
    complain!("aegis: internal error: {error}");
    ExitCode::from(INTERNAL)
}

/// Why a file could not be read or written, without the system's number for it.
pub(crate) fn reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "a directory, not a file".to_owned(),
        ErrorKind::NotADirectory => "a part of the path is no directory".to_owned(),
        ErrorKind::InvalidData => "not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

/// What clap says; help and version are no errors.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(USAGE),
    }
}
