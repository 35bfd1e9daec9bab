//! The Aegis policy file: schema, presets, inheritance, matchers, and the one function that answers "is this allowed?".
//!
//! | module | what it holds |
//! |---|---|
//! | `access` | what a policy is asked: a capability and its target |
//! | `decision` | what it answers: verdict, visibility, rule, reason |
//! | `rule` | one entry of a policy, with the place where it stands |
//! | `schema` | TOML text to checked entries, with positions and suggestions |
//! | `load` | files and presets to one merged set of entries: inheritance, `!`, limits, trust hash, refusals |
//! | `pattern` | matchers: paths, hosts, addresses, variables |
//! | `command` | command patterns and grammars: which words, options and files an argv means |
//! | `trust` | which project policies the operator has trusted, by hash |
//! | `preset` | the policies that come with Aegis |
//! | `decide` | `Policy::decide` |
//!
//! No I/O but loading; nothing here performs an effect.
#![forbid(unsafe_code)]

mod access;
mod command;
mod control;
mod decide;
mod decision;
mod explain;
#[doc(hidden)]
pub mod fuzzing;
mod load;
mod load_error;
mod merged;
mod pattern;
mod policy;
mod position;
mod preset;
mod question;
mod rule;
mod schema;
mod shape;
mod suggest;
mod trust;

pub use access::{Access, Capability, Method, PathOp};
pub use command::{
    ArgPattern, ArgWord, Certainty, CommandPattern, ExecRequest, FileArgument, Hazard, OptionArgument, PatternError, Role, is_unseen,
    lexical, shown,
};
pub use decide::{BlockedFlow, Declassification, Extent, Reach, Surroundings};
pub use decision::{Atom, Decision, Reason, Verdict, Visibility};
pub use explain::Explanation;
pub use load::{Choice, Chosen, Finder, Held, find_project_policy, home_dir};
pub use load_error::{LoadCode, LoadError};
pub use merged::{
    ChildNetwork, Confine, Durability, Limits, Note, SessionLimits, Settings, Shape, SourceFile, ToolHint, Unlisted, Weakening,
};
pub use pattern::{
    AddressClass, HostKey, HostPattern, HostPatternError, HostSet, IpRangeError, IpSet, PathPatternError, RequestUrl, UrlError, classify,
    parse_ip_range,
};
pub use policy::{Policy, ProjectPolicy, Untrusted};
pub use preset::{preset_names, preset_text, starter_names, starter_text};
pub use question::{Question, QuestionError};
pub use rule::{Rule, RuleRef};
pub use schema::{json_schema, key_reference, migrate};
pub use trust::{TrustError, TrustStore};
