//! System call filters: rules as data, their translation into the kernel's filter language, and the installation.

mod assemble;
mod worker;

pub(crate) use worker::filter as worker_filter;

use crate::error::SandboxError;

/// One call and what becomes of it.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub nr: u32,
    pub then: Then,
}

/// What becomes of a call. What no rule names kills the process.
#[derive(Debug, Clone)]
pub(crate) enum Then {
    Allow,
    /// Allowed if all tests hold, else the process is killed.
    AllowIf(Vec<Test>),
    /// Not executed; the caller sees this error.
    Errno(u16),
}

/// A condition on one argument of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Test {
    /// `argument & mask == value`, for arguments of which the kernel takes the low 32 bits.
    Low { arg: u8, mask: u32, value: u32 },
    /// `argument & mask == value`, for arguments of which the kernel takes 64 bits.
    Full { arg: u8, mask: u64, value: u64 },
    /// `argument <= most` of the low 32 bits, unsigned.
    AtMost { arg: u8, most: u32 },
}

/// Binds the calling thread, and what it starts, to the filter. NO_NEW_PRIVS must be set.
pub(crate) fn install(filter: &[libc::sock_filter]) -> Result<(), SandboxError> {
    let len = u16::try_from(filter.len()).map_err(|_| SandboxError::Proc("the filter"))?;
    let program = libc::sock_fprog { len, filter: filter.as_ptr().cast_mut() };
    // SAFETY: the kernel copies the program, which is valid for the call, and checks it.
    let done = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &program) };
    if done == 0 { Ok(()) } else { Err(SandboxError::Call { call: "seccomp", source: std::io::Error::last_os_error() }) }
}
