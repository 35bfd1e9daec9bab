//! One judged program: started, fed, read, and ended with everything that it started.

mod run;
mod running;
mod spec;
mod sweep;

pub use run::{Finished, RunLimits, Stop, run};
pub use running::{RunningChild, spawn};
pub use spec::{ChildSpec, FileId, Stdin};
