//! The worker's side: everything that touches the script's text or values. It has no rights of its own; what it wants done, it asks
//! the broker for.

mod context;
mod deadline;
mod dialect;
mod evaluate;
mod failure;
mod hints;
mod json;
mod library;
mod loader;
pub(crate) mod precheck;
mod serve;
mod warm_up;

pub(crate) use context::{Context, catchable, effect_error};
pub(crate) use dialect::DIALECT;
pub(crate) use evaluate::inspect;
pub(crate) use failure::fail;
pub(crate) use hints::name_hint;
pub(crate) use json::JsonWalk;
pub use serve::{LockDown, sandboxed_worker, worker_main};
pub(crate) use serve::{on_big_stack, serve};
