//! What is wrong with a script before it runs. The worker extracts facts from the syntax tree; the broker judges them. A lint that
//! fails early: the gate never relies on it.

mod facts;
mod finding;
mod judge;
mod policy_judge;
mod scope;
mod types;
mod walk;

pub(crate) use facts::{Facts, Span, facts};
pub use facts::{LiteralCall, LiteralFlow, Target};
pub use finding::{Finding, Severity, findings_json, findings_sarif};
pub(crate) use judge::judged;
pub use judge::{Judge, Objection};
pub use policy_judge::PolicyJudge;
