//! Variables that a text sets.

use std::path::Path;

use aegis_policy::{Access, Reason, Verdict};

use super::{Cause, Judge, Subject};
use crate::script::{Assignment, Dialect};

/// Names that steer programs and the shell itself, and that policies may still pass on, so that they are not reserved ones.
const STEERING: [&str; 5] = ["PATH", "HOME", "SHELL", "PWD", "OLDPWD"];

impl Judge<'_> {
    pub fn variable(&mut self, assignment: &Assignment, here: Option<&Path>) {
        let name = assignment.name.as_str();
        let access = Access::ChildEnv { name };
        let decision = self.policy.decide(&access);
        let is_reserved = matches!(decision.reason(), Reason::ReservedName);
        let subject = Subject::Variable(name.to_owned());
        if !is_reserved && !STEERING.contains(&name) {
            self.push(subject, Verdict::Allow, Cause::Builtin);
            return;
        }
        if name.starts_with("AEGIS_") {
            let cause = self.decided(&access, &subject, decision);
            self.push(subject, Verdict::Deny, cause);
        } else {
            self.push(subject, Verdict::Ask, Cause::Steers);
        }
        // many of them hold a command
        for text in assignment.value.iter().filter_map(|word| word.known()) {
            self.denies(|judge| judge.text(text, Dialect::Bash, here));
        }
    }
}
