//! The Aegis policy file: schema, presets, inheritance, matchers, and the one function that answers "is this allowed?".
//!
//! | module | what it holds |
//! |---|---|
//! | `access` | what a policy is asked: a capability and its target |
//! | `decision` | what it answers: verdict, visibility, rule, reason |
//! | `schema` | TOML text to checked entries, with positions and suggestions |
//! | `load` | files and presets to one merged set of entries: inheritance, `!`, limits, trust hash, refusals |
//! | `pattern` | matchers: paths, hosts, addresses, variables |
//! | `command` | command patterns and grammars: which words, options and files an argv means |
//! | `decide` | `Policy::decide` |
//!
//! No I/O but loading; nothing here performs an effect.
#![forbid(unsafe_code)]

mod access;
mod command;
mod decision;
#[doc(hidden)]
pub mod fuzzing;
mod merged;
mod pattern;

pub use access::{Access, Capability, Method, PathOp};
pub use command::{ExecRequest, FileArgument, Hazard, Role};
pub use decision::{Atom, Decision, Reason, Rule, RuleRef, Verdict, Visibility};
pub use merged::{ChildNetwork, Confine, Durability, Limits, Settings, Shape, SourceFile, ToolHint, Unlisted, Weakening};
pub use pattern::{AddressClass, RequestUrl, UrlError, classify};
pub use pattern::{HostKey, HostPattern, HostPatternError, HostSet, IpRangeError, IpSet, PathPatternError, parse_ip_range};
