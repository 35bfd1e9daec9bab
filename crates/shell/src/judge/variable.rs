//! Variables that a text sets.

use std::path::Path;

use aegis_policy::{Access, Reason, Verdict, Visibility};

use super::{Cause, Judge, Subject, is_firm};
use crate::script::{Assignment, Dialect};

/// Names that steer programs and the shell itself, and that policies may still pass on, so that they are not reserved ones.
const STEERING: [&str; 9] =
    ["PATH", "HOME", "SHELL", "PWD", "OLDPWD", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_DATA_DIRS"];

impl Judge<'_> {
    /// A variable whose value is used. It is the agent's own, and may be read, unless a rule denies it or it is a secret.
    pub fn used(&mut self, name: &str) {
        let access = Access::Env { name };
        let decision = self.policy.decide(&access);
        let subject = Subject::Used(name.to_owned());
        if decision.visibility() == Visibility::LocalOnly || self.policy.is_secret_variable(name) {
            self.push(subject, Verdict::Deny, Cause::LocalOnly);
        } else if is_firm(&decision) {
            let cause = self.decided(&access, &subject, decision);
            self.push(subject, Verdict::Deny, cause);
        }
    }

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
