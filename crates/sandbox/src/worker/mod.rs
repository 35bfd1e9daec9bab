//! The script worker: started by the broker from its own binary, locked down by itself before it reads a byte.

mod lock_down;
mod socket;
mod start;
mod zygote;

pub use lock_down::{LockedDown, WorkerLimits, lock_down};
pub use start::{EVALUATOR_STACK_BYTES, Killer, NAME, WorkerProcess, start};
pub use zygote::{ZYGOTE, Zygote, copies};
