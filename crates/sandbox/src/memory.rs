//! Files in memory alone.

use std::os::fd::OwnedFd;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;

use crate::error::{Calling, SandboxError};

/// A new one, from which nothing can be started where the kernel knows that (6.3); others, and filters like our own for children, may
/// let no other kind be made.
pub(crate) fn file_in_memory(flags: MemfdFlags) -> Result<OwnedFd, SandboxError> {
    match memfd_create("aegis", flags | MemfdFlags::CLOEXEC | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => memfd_create("aegis", flags | MemfdFlags::CLOEXEC),
        made => made,
    }
    .calling("memfd_create")
}
