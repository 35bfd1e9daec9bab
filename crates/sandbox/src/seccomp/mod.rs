//! System call filters: rules as data, their translation into the kernel's filter language, and the installation.
//!
//! - `worker`: what the script worker may do; everything else kills it.
//! - `child`: what programs that scripts start may not do; everything else is allowed.
//! - `assemble`: rules into instructions, in both shapes.

pub(crate) mod assemble;
mod child;
#[cfg(test)]
mod machine;
mod worker;

pub(crate) use child::{ChildCalls, filter as child_filter};
pub(crate) use worker::filter as worker_filter;

use crate::error::{Calling, SandboxError};

/// One call and what becomes of it: the first case whose tests all hold decides.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub nr: u32,
    pub cases: Vec<Case>,
    /// If no case holds.
    pub otherwise: Verdict,
}

/// What becomes of a call with certain arguments.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub tests: Vec<Test>,
    pub then: Verdict,
}

/// What the kernel does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allow,
    /// It is not executed; the caller sees this error.
    Errno(u16),
    /// The process ends by SIGSYS.
    Kill,
}

/// A condition on one argument of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Test {
    /// `argument & mask == value`, for arguments of which the kernel takes the low 32 bits.
    Low { arg: u8, mask: u32, value: u32 },
    /// The same with one of several values.
    OneOf { arg: u8, mask: u32, values: &'static [u32] },
    /// `argument & mask == value`, for arguments of which the kernel takes 64 bits.
    Full { arg: u8, mask: u64, value: u64 },
    /// `argument <= most` of the low 32 bits, unsigned.
    AtMost { arg: u8, most: u32 },
}

impl Rule {
    /// The same for all arguments.
    fn always(nr: libc::c_long, verdict: Verdict) -> Rule {
        Rule { nr: number(nr), cases: Vec::new(), otherwise: verdict }
    }

    /// Allowed if all tests hold.
    fn allow_if(nr: libc::c_long, tests: &[Test], otherwise: Verdict) -> Rule {
        Rule { nr: number(nr), cases: vec![Case { tests: tests.to_vec(), then: Verdict::Allow }], otherwise }
    }
}

impl Verdict {
    fn errno(errno: i32) -> Verdict {
        Verdict::Errno(u16::try_from(errno).unwrap_or(1))
    }
}

/// Flags of clone that put the new process into a namespace of its own. CLONE_NEWTIME is none of them: clone takes that bit for a part of
/// the signal's number.
const NAMESPACES: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u32;

/// A number that no call has is never reached.
pub(crate) fn number(nr: libc::c_long) -> u32 {
    u32::try_from(nr).unwrap_or(u32::MAX)
}

/// Binds the calling thread, and what it starts, to the filter. NO_NEW_PRIVS must be set.
pub(crate) fn install(filter: &[libc::sock_filter]) -> Result<(), SandboxError> {
    install_with(filter, 0).map(|_| ())
}

/// The same with flags of seccomp(2); what the call gives.
pub(crate) fn install_with(filter: &[libc::sock_filter], flags: libc::c_ulong) -> Result<i32, SandboxError> {
    let len = u16::try_from(filter.len()).map_err(|_| SandboxError::Proc("the filter"))?;
    let program = libc::sock_fprog { len, filter: filter.as_ptr().cast_mut() };
    // SAFETY: the kernel copies the program, which is valid for the call, and checks it.
    let given = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &program) };
    match i32::try_from(given) {
        Ok(given) if given >= 0 => Ok(given),
        _ => Err(std::io::Error::last_os_error()).calling("seccomp"),
    }
}
