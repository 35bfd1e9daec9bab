//! Starts, confines and ends processes for Aegis. The only Aegis crate with `unsafe` code.
//!
//! - [`worker`]: the broker starts its own binary as script worker; the worker takes its own rights away.
//! - [`broker`]: what the broker does to itself, once, before anything untrusted runs.
//! - [`child`]: starts one judged program, feeds and reads it, and ends it with everything it started.
//! - [`channel`]: bytes between broker and worker, in shared memory while both are awake.
//! - [`confine`]: programs in namespaces of their own, under Landlock.
//! - [`mediate`]: changes of files by confined commands, judged and done for them.
//! - [`Cancel`]: stops a child, from another thread.
//! - [`Signals`]: signals as something to wait for.
//! - [`cpu`]: broker and worker on one core while they talk.
//!
//! Linux only. A program started by [`child`] alone runs as the user who started the broker, with no descriptor, environment or signal
//! disposition of the broker; one started by [`confine`] reaches what its plan gives.

#[cfg(not(target_os = "linux"))]
compile_error!("aegis-sandbox supports only Linux");

pub mod broker;
#[doc(hidden)]
pub mod calls;
mod cancel;
pub mod channel;
pub mod child;
pub mod confine;
pub mod cpu;
mod end;
mod error;
mod landlock;
mod launch;
pub mod mediate;
mod memory;
mod passing;
mod process;
mod seccomp;
mod signals;
pub mod worker;

pub use cancel::Cancel;
pub use end::End;
pub use error::SandboxError;
pub use landlock::Enforced;
pub use rustix::process::Pid;
pub use signals::Signals;
