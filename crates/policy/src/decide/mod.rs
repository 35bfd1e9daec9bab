//! The one function that answers "is this allowed?".

mod arguments;
mod commands;
mod declassify;
mod exec;
mod flows;
mod hosts;
pub(crate) mod layer;
pub(crate) mod path_rules;
mod paths;
mod reach;
mod shared;
mod vars;

pub use declassify::Declassification;
pub use flows::BlockedFlow;
pub use layer::Surroundings;
pub use reach::{Extent, Reach};

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::access::Access;
use crate::decision::{Atom, Decision, Reason, Verdict, Visibility};
use crate::policy::Policy;
use crate::rule::RuleRef;
use layer::Layer;

/// What one layer says.
pub(crate) struct Answer {
    verdict: Verdict,
    reason: Reason,
    rule: Option<RuleRef>,
    visibility: Visibility,
    atoms: Vec<Atom>,
    /// Of what else the outcome depends on.
    read: Vec<Atom>,
}

impl Answer {
    const fn new(verdict: Verdict, reason: Reason, rule: Option<RuleRef>) -> Answer {
        Answer { verdict, reason, rule, visibility: Visibility::Public, atoms: Vec::new(), read: Vec::new() }
    }

    const fn malformed(what: &'static str) -> Answer {
        Answer::new(Verdict::Deny, Reason::Malformed { what }, None)
    }

    fn local_only(mut self, atom: Atom) -> Answer {
        self.visibility = Visibility::LocalOnly;
        if !self.atoms.contains(&atom) {
            self.atoms.push(atom);
        }
        self
    }

    /// The stricter of two layers' answers; the earlier one where they agree.
    fn tighten(mut self, other: Answer) -> Answer {
        if other.verdict > self.verdict {
            self.verdict = other.verdict;
            self.reason = other.reason;
            self.rule = other.rule;
        }
        self.visibility = self.visibility.max(other.visibility);
        self.atoms.extend(other.atoms);
        self.read.extend(other.read);
        self
    }
}

impl Policy {
    /// Judges one access. Touches no file and no network, and cannot fail: what is not understood is denied.
    ///
    /// The order within a policy: built-in control files and reserved names, deny lists, ask, allow, default deny. Where a
    /// project's policy only tightens the user's, the stricter of both answers counts.
    #[must_use]
    pub fn decide(&self, access: &Access<'_>) -> Decision {
        let mut layers = self.layers.iter();
        let mut answer = match layers.next() {
            Some(layer) => layer.answer(access),
            None => Answer::new(Verdict::Deny, Reason::NoRule { list: "any list" }, None),
        };
        for layer in layers {
            answer = answer.tighten(layer.answer(access));
        }
        Decision {
            verdict: answer.verdict,
            visibility: answer.visibility,
            atoms: answer.atoms,
            read: answer.read,
            rule: answer.rule,
            reason: answer.reason,
        }
    }
}

impl Policy {
    /// Looks up where links lead that no answer needed so far; nothing asks the file system afterwards.
    pub fn look_up_all(&self) {
        for layer in &self.layers {
            layer.paths.linked();
        }
    }

    /// Many names below a directory will be asked for, for reading. It changes no answer, only what they cost.
    pub fn look_below(&self, directory: &Path) {
        for layer in &self.layers {
            layer.paths.look_below(directory.as_os_str().as_bytes());
        }
    }
}

impl Layer {
    fn answer(&self, access: &Access<'_>) -> Answer {
        match access {
            Access::Path { op, path } => paths::decide(self, *op, path),
            Access::PathName { op, path } => paths::decide_name(self, *op, path),
            Access::Http { method, url } => hosts::decide(self, *method, url),
            Access::Connect { url } => hosts::decide_tunnel(self, url),
            Access::Address { ip } => hosts::decide_address(self, *ip),
            Access::Env { name } => vars::decide(self, name),
            Access::ChildEnv { name } => vars::decide_child(self, name),
            Access::Exec(request) => exec::decide(self, request),
            Access::Tool { name } => vars::decide_tool(self, name),
            Access::Declassify { source, reason } => declassify::decide(self, source, reason),
        }
    }
}
