//! What a script asks of the gate, and what it is answered. Plain data, no I/O.
//!
//! | module | what it holds |
//! |---|---|
//! | `effect` | `Effect`: an access with its payload, as a script asks for it |
//! | `payload` | `Payload`: content that may hold labelled values as handles |
//! | `label` | `Label`: the set of local-only sources a value depends on |
//! | `outcome` | `Outcome`: what an effect gave back |
//! | `error` | `EffectError` with its stable `ErrorCode` |
//! | `perform` | `Perform`: whoever carries effects out |
#![forbid(unsafe_code)]

mod effect;
mod error;
mod label;
mod outcome;
mod payload;
mod perform;

pub use effect::{Child, Effect, HttpBody, HttpRequest, Request};
pub use error::{EffectError, ErrorCode};
pub use label::Label;
pub use outcome::{ExecOutput, FileKind, HttpResponse, Labelled, Outcome, Shape, Stat};
pub use payload::{Derived, Handle, Part, Payload, Whole};
pub use perform::Perform;
