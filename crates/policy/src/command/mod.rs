//! Command lines: what an argv means, and patterns over it.

mod request;

pub use request::{ExecRequest, FileArgument, Hazard, Role};
