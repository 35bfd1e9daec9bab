//! The worker's side: what this binary does when it was started under the worker's name.

use aegis_script::{Runner, SandboxedWorkers, sandboxed_worker};

/// The name under which the binary starts itself.
pub(crate) const NAME: &str = aegis_sandbox::worker::NAME;

/// Evaluates scripts for the broker that started us. Never comes back.
pub(crate) fn run() -> ! {
    sandboxed_worker()
}

/// A runner whose first worker starts now.
pub(crate) fn runner() -> Runner {
    Runner::process(SandboxedWorkers)
}
