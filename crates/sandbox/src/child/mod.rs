//! One judged program: started, fed, read, and ended with everything that it started.

mod pipes;
mod run;
mod running;
mod spec;
mod sweep;

pub use run::{Finished, RunLimits, Stop, run, run_confined};
pub use running::{RunningChild, spawn};
pub use spec::{ChildSpec, FileId, Stdin};
