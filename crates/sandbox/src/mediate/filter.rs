//! The filter that stops changes. It decides by the call and its flags; names it cannot see.

use std::os::fd::{FromRawFd, OwnedFd};

use libc::sock_filter;

use super::calls::{CALLS, CHANGES, Flags, Form};
use crate::error::{Calling, SandboxError};

const NOTIFY: u32 = 0x7fc0_0000; // SECCOMP_RET_USER_NOTIF
const ALLOW: u32 = 0x7fff_0000; // SECCOMP_RET_ALLOW
const ENOSYS: u32 = 0x0005_0000 | 38; // SECCOMP_RET_ERRNO

const EOPNOTSUPP: u32 = 0x0005_0000 | 95;

const LOAD: u16 = 0x20;
const IF_EQUAL: u16 = 0x15;
const IF_ANY: u16 = 0x45;
const RETURN: u16 = 0x06;

fn filter() -> Vec<sock_filter> {
    let op = |code, k, jt, jf| sock_filter { code, jt, jf, k };
    let number = |nr: libc::c_long| u32::try_from(nr).unwrap_or(u32::MAX);
    // the filter beneath has refused other architectures already
    let mut all = vec![op(LOAD, 0, 0, 0)];
    // its flags are in memory, where they could change; programs do without
    all.extend([op(IF_EQUAL, number(libc::SYS_openat2), 0, 1), op(RETURN, ENOSYS, 0, 0)]);
    for (nr, form) in CALLS {
        let body = match form {
            Form::Open { flags: Flags::In(argument), .. } => vec![
                op(LOAD, 16 + 8 * u32::try_from(*argument).unwrap_or(0), 0, 0),
                op(IF_ANY, CHANGES.cast_unsigned(), 0, 1),
                op(RETURN, NOTIFY, 0, 0),
                op(RETURN, ALLOW, 0, 0),
            ],
            Form::Attributes => vec![op(RETURN, EOPNOTSUPP, 0, 0)],
            _ => vec![op(RETURN, NOTIFY, 0, 0)],
        };
        all.push(op(IF_EQUAL, number(*nr), 0, u8::try_from(body.len()).unwrap_or(u8::MAX)));
        all.extend(body);
    }
    all.push(op(RETURN, ALLOW, 0, 0));
    all
}

/// Binds the calling thread, and what it starts, to it; what the kernel asks from then on comes by the descriptor. NO_NEW_PRIVS must be set.
///
/// # Errors
/// EBUSY where another listener is above, as in a sandbox that works the same way.
pub(crate) fn install() -> Result<OwnedFd, SandboxError> {
    // a question that the broker has taken up can no longer be interrupted but by death: else calls would be done twice
    const WAIT_KILLABLE_RECV: libc::c_ulong = 1 << 5;
    let filter = filter();
    let len = u16::try_from(filter.len()).map_err(|_| SandboxError::Proc("the filter"))?;
    let program = libc::sock_fprog { len, filter: filter.as_ptr().cast_mut() };
    let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | WAIT_KILLABLE_RECV;
    // SAFETY: the kernel copies the program, which is valid for the call, and checks it.
    let fd = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &program) };
    match i32::try_from(fd) {
        // SAFETY: a new descriptor, which nobody else owns.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(std::io::Error::last_os_error()).calling("seccomp(NEW_LISTENER)"),
    }
}
