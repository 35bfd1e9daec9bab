//! The filter for children, on the calling thread: for this crate's tests and measurements, which have no other way to it.

use crate::error::{Calling, SandboxError};
use crate::seccomp::{ChildCalls, child_filter, install};

/// Which sockets there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sockets {
    /// Unix sockets with a name.
    pub unix: bool,
    /// As if in a network namespace of its own.
    pub own_network: bool,
    /// IPv4 and IPv6.
    pub network: bool,
}

/// A filter that is not installed.
#[derive(Debug)]
pub struct Filter(Vec<libc::sock_filter>);

impl Filter {
    /// Makes it.
    ///
    /// # Errors
    /// There is none for this processor.
    pub fn new(sockets: Sockets) -> Result<Filter, SandboxError> {
        let Sockets { unix: unix_sockets, own_network, network } = sockets;
        child_filter(ChildCalls { unix_sockets, own_network, network, own_processes: false }).map(Filter)
    }

    /// How many instructions.
    #[must_use]
    pub fn instructions(&self) -> usize {
        self.0.len()
    }

    /// Binds the calling thread, and what it starts, for good.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn bind(&self) -> Result<(), SandboxError> {
        rustix::thread::set_no_new_privs(true).calling("prctl(PR_SET_NO_NEW_PRIVS)")?;
        install(&self.0)
    }
}
