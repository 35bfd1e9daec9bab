//! Labelled values in the worker: what comes from a source that the policy calls local-only, and everything computed from it.
//!
//! | module | what it holds |
//! |---|---|
//! | `compute` | what goes into `compute` and comes out |
//! | `data` | content in the worker, out of reach of scripts |
//! | `sealed` | a labelled value: its label, and where its content is |
//! | `reference` | what stands for a labelled value inside a string |
//! | `rope` | text that the broker puts together |
//! | `secrets` | all labelled values of a run, its current label, and the way to the broker |
//! | `plain` | values with everything labelled in them put in, and what that depends on |
//! | `lift` | operations whose result is labelled |
//! | `value` | the value that scripts hold |
//! | `method` | its methods |
//! | `payload` | effects with references replaced by what the broker puts in |

mod compute;
mod data;
mod lift;
mod method;
mod payload;
mod plain;
mod reference;
mod rope;
mod sealed;
mod secrets;
mod value;

pub(crate) use data::Data;
pub(crate) use lift::lift;
pub(crate) use method::OWN as OWN_METHODS;
pub(crate) use plain::{Join, holds_nothing, is_single};
pub(crate) use reference::{REDACTED, is_short};
pub(crate) use rope::encoded as base64;
pub(crate) use secrets::{Broker, Secrets, not_here};
pub(crate) use value::LocalOnly;
