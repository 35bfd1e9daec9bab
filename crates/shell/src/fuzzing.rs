//! Entries for fuzzers. Not part of the interface.
#![doc(hidden)]

use std::path::Path;

use aegis_policy::{Finder, Policy, Surroundings, Verdict};

use crate::{Around, Cause, Dialect, UnknownCause, judge_text, parse};

/// Reads any bytes as shell text, and judges it. A command in front of it that is denied stays denied; what is too much is denied.
///
/// # Panics
/// If one of these does not hold.
pub fn shell(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for dialect in [Dialect::Bash, Dialect::Sh, Dialect::Zsh, Dialect::User] {
        let script = parse(&text, dialect);
        assert!(script.commands.iter().all(|command| command.span.start <= command.span.end && command.span.end <= text.len()));
    }
    let finder = Finder::of_this_user().with_home(Path::new("/nonexistent"));
    let rules = "[subprocess]\ndeny_commands = [\"denied\"]\n";
    let Ok(policy) = Policy::from_text("fuzz.toml", rules, Path::new("/"), &finder, &Surroundings::default()) else { return };
    let around = Around { cwd: Path::new("/"), home: None, lookup: None };
    let judgement = judge_text(&policy, &format!("denied x\n{text}"), Dialect::Bash, around);
    assert_eq!(judgement.verdict(), Verdict::Deny);
    let limited = |cause: &Cause| matches!(cause, Cause::Unknown(UnknownCause::Limit(_)));
    let by_rule = |cause: &Cause| matches!(cause, Cause::Decided { decision, .. } if decision.rule().is_some());
    assert!(judgement.findings().iter().any(|f| f.verdict == Verdict::Deny && (limited(&f.cause) || by_rule(&f.cause))));
}
