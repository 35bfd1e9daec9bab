//! Performs effects: name, resolve, decide, flow, approve, journal, act, label.
//!
//! | module | what it holds |
//! |---|---|
//! | `gate` | `Gate`: the only way anything happens |
//! | `call` | one call on its way through, and the decisions it needed |
//! | `perform` | what the pipeline is for each kind of effect |
//! | `resolve` | from the text of a path or the name of a program to an object that is held |
//! | `files` | what is done with a held object |
//! | `net`, `network` | HTTP to vetted addresses |
//! | `proxy` | the only way of confined children to the network |
//! | `approve` | asking a person about one exact request |
//! | `ledger` | which record an effect gets, and when |
//! | `vault` | labelled content, held by the broker |
//! | `redact` | the second net over text that no label follows |
//! | `budget`, `environment` | what a run may still do; the operator's variables |
#![forbid(unsafe_code)]

mod approve;
mod budget;
mod call;
pub mod confine;
mod environment;
mod files;
mod gate;
mod ledger;
mod net;
mod network;
mod perform;
mod policy_record;
mod proxy;
mod question;
mod redact;
mod resolve;
mod vault;

pub use approve::{Answer as ApprovalAnswer, ApprovalRequest, ApproveAll, ApproveNone, Approver, TerminalApprover, escaped};
pub use environment::Environment;
pub use files::{GlobLimits, MAX_ENTRIES, MAX_PATTERN_BYTES, whole_characters};
pub use gate::{Gate, GateParts};
pub use ledger::Ledger;
pub use net::{Answer, Caps, HostAddrs, NetClient, NetError, RequestHeaders, Resolver, TlsProblem, VettedAddrs};
pub use perform::keep::Kept;
pub use policy_record::PolicyRecord;
#[doc(hidden)]
pub use proxy::fuzzing;
pub use proxy::{Denial, Proxy, ProxyCaps, ProxyParts, RecordConnections};
pub use question::resolve_question;
pub use redact::{RedactStream, Redactor};
pub use resolve::{DirEntry, Guarded, Identity, Intent, Judge, Judged, NodeKind, OpenDir, OpenFile, PathError, Prepared, Tree};
