//! What a coding agent asks before it uses a tool, and what it is told.
//!
//! | module | what it holds |
//! |---|---|
//! | `event` | one question of a host: which tool, with which input, where, and whether a person would be asked |
//! | `hosts` | one module per host: how it asks, its tools, and how each answer is written for it |
//! | `tools` | from a tool's name and input to what it would do |
//! | `fields` | what looks like a file, an address or a command in any input |
//! | `patch` | the files that a patch names |
//! | `act` | what a call would do |
//! | `names` | where names on this machine lead |
//! | `judge` | what the policy says of it: [`rule`] |
//! | `stance` | allow, no opinion, ask, deny; and what is left of them where nobody is asked |
//! | `redact` | text without what looks like a secret |
//!
//! Nothing is performed here, and nothing decides but [`aegis_policy::Policy::decide`]. What cannot be read is blocked: an answer is never empty.

mod act;
mod event;
mod fields;
mod hosts;
mod judge;
mod names;
mod patch;
mod redact;
mod stance;
mod tools;

pub use act::Act;
pub use event::{Asked, Event, MAX_EVENT, Point, Prompts, Unreadable, read};
pub use hosts::{Answer, HookHost, answer, blocked};
pub use judge::{Part, Ruling, rule};
pub use redact::redacted;
pub use stance::{Outcome, Stance, settle};
