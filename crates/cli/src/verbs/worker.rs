//! The worker's side: what this binary does when it was started under the worker's name.

use aegis_script::{Runner, SandboxWorkers, worker_main};

/// The name under which the binary starts itself.
pub(crate) const NAME: &str = "aegis-worker";

/// Evaluates scripts for the broker that started us. Never comes back.
pub(crate) fn run() -> ! {
    worker_main()
}

/// A runner whose first worker starts now.
pub(crate) fn runner() -> Runner {
    Runner::process(SandboxWorkers::new(NAME))
}
