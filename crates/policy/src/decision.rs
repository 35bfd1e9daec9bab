//! What a policy answers.

use std::fmt;

use serde::Serialize;

use crate::rule::RuleRef;

/// What may happen. Ordered from weak to strict, so that `max` of two verdicts is the stricter one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may happen.
    Allow,
    /// It may happen if a person approves this very request.
    Ask,
    /// It does not happen.
    Deny,
}

impl Verdict {
    /// For people: `allowed`, `needs approval`, `denied`.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Verdict::Allow => "allowed",
            Verdict::Ask => "needs approval",
            Verdict::Deny => "denied",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Allow => "allow",
            Verdict::Ask => "ask",
            Verdict::Deny => "deny",
        })
    }
}

/// Whether content from or to the object is public, or must stay local.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Content may be shown.
    Public,
    /// Content from it is labelled; it may receive labelled content.
    LocalOnly,
}

/// One local-only rule of a policy: the unit that labels are made of. An index into [`crate::Policy::atom_name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Atom(pub(crate) u16);

impl Atom {
    /// Its position among the atoms of its policy, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Why a decision is what it is. The text for people is made by [`crate::Policy::explain`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Reason {
    /// An allow rule matches.
    Allowed,
    /// A rule asks for approval.
    AskRule,
    /// A deny rule matches.
    DenyRule,
    /// A built-in control file (journal, policy, agent settings, git hooks, ...).
    ControlFile,
    /// A reserved variable name.
    ReservedName,
    /// No rule of this list matches.
    NoRule {
        /// The list that would have to name it, as `[section].key`.
        list: &'static str,
    },
    /// The address is not globally reachable and no `allow_ips` names it.
    ClosedAddress {
        /// What kind of address it is (`loopback`, `private`, ...).
        class: &'static str,
    },
    /// An option of the command runs programs or changes its configuration, and the policy does not name it.
    DangerousOption {
        /// The option, normalised.
        option: String,
        /// Its role (`exec`, `config`, `net`).
        role: &'static str,
    },
    /// An argument names a file that may not be read or written.
    FileArgument {
        /// The argument as given.
        argument: String,
        /// The operation it stands for.
        op: crate::PathOp,
    },
    /// A local-only file would go into a command that is not local-only.
    LocalOnlyArgument {
        /// The argument as given.
        argument: String,
    },
    /// The question itself is not well-formed (a relative path, a NUL byte, an empty argv).
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
}

/// The answer to one [`crate::Access`]. Only `Policy::decide` makes one; there is no way to build or change it elsewhere.
#[derive(Debug, Clone, Serialize)]
pub struct Decision {
    pub(crate) verdict: Verdict,
    pub(crate) visibility: Visibility,
    pub(crate) atoms: Vec<Atom>,
    pub(crate) read: Vec<Atom>,
    pub(crate) rule: Option<RuleRef>,
    pub(crate) reason: Reason,
}

impl Decision {
    /// What may happen.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }
    /// Whether the object is public or local-only.
    #[must_use]
    pub const fn visibility(&self) -> Visibility {
        self.visibility
    }
    /// The local-only rules that label what comes from the object, and that name it as a sink. At most one of each layer of the
    /// policy.
    #[must_use]
    pub fn atoms(&self) -> &[Atom] {
        &self.atoms
    }
    /// The local-only rules of the files that the arguments of a command name for reading. They label the outcome, and clear nothing.
    #[must_use]
    pub fn read_atoms(&self) -> &[Atom] {
        &self.read
    }
    /// The rule that decided, if one did.
    #[must_use]
    pub const fn rule(&self) -> Option<&RuleRef> {
        self.rule.as_ref()
    }
    /// Why.
    #[must_use]
    pub const fn reason(&self) -> &Reason {
        &self.reason
    }
    /// Whether the verdict is allow.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self.verdict, Verdict::Allow)
    }
    /// Whether the verdict is deny.
    #[must_use]
    pub const fn is_deny(&self) -> bool {
        matches!(self.verdict, Verdict::Deny)
    }
}
