//! What is answered, and what is left of it where nobody is asked.

use super::event::{Event, Prompts};
use super::hosts;

/// What the policy says of a call. The order is that of strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stance {
    /// It may happen.
    Allow,
    /// No rule names it, and the policy leaves such to the host (`[agents] unlisted = "none"`).
    NoOpinion,
    /// A person is asked.
    Ask,
    /// It does not happen.
    Deny,
}

impl Stance {
    /// As journals have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Stance::Allow => "allow",
            Stance::NoOpinion => "none",
            Stance::Ask => "ask",
            Stance::Deny => "deny",
        }
    }
}

/// What the host is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The stance itself.
    As(Stance),
    /// A deny, since the host or its mode puts no question to a person. `aegis approve` can let it through once.
    NobodyAsks(Stance),
    /// It passes here: another event of the same call puts the question.
    AsksLater(Stance),
}

impl Outcome {
    /// The stance that the host sees.
    #[must_use]
    pub const fn told(self) -> Stance {
        match self {
            Outcome::As(stance) => stance,
            Outcome::NobodyAsks(_) => Stance::Deny,
            Outcome::AsksLater(_) => Stance::Allow,
        }
    }
}

/// What is left of a stance at this host, in this mode.
#[must_use]
pub fn settle(stance: Stance, event: &Event) -> Outcome {
    match stance {
        Stance::Allow | Stance::Deny => Outcome::As(stance),
        Stance::Ask if hosts::can_ask(event) => Outcome::As(stance),
        Stance::Ask | Stance::NoOpinion if hosts::asks_later(event) => Outcome::AsksLater(stance),
        Stance::NoOpinion if event.prompts == Prompts::Yes && hosts::can_pass(event) => Outcome::As(stance),
        // a host without a word for "no opinion" asks by itself where it can
        Stance::NoOpinion if event.prompts == Prompts::Yes && hosts::can_ask(event) => Outcome::As(Stance::Ask),
        Stance::Ask | Stance::NoOpinion => Outcome::NobodyAsks(stance),
    }
}
