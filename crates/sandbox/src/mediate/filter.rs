//! The filter that stops changes. It decides by the call and its flags; names it cannot see.

use std::os::fd::{FromRawFd, OwnedFd};

use libc::sock_filter;

use super::calls::{CALLS, CHANGES, Flags, Form, LOOKS};
use crate::error::SandboxError;
use crate::seccomp::assemble::{ALLOW, ERRNO, IF_ANY_BIT, IF_EQUAL, LOAD, NR, RETURN, low};
use crate::seccomp::{install_with, number};

const NOTIFY: u32 = 0x7fc0_0000; // SECCOMP_RET_USER_NOTIF

fn filter(is_traced: bool) -> Vec<sock_filter> {
    let op = |code, k, jt, jf| sock_filter { code, jt, jf, k };
    let refused = |errno: i32| op(RETURN, ERRNO | errno.cast_unsigned(), 0, 0);
    // the filter beneath has refused other architectures already
    let mut all = vec![op(LOAD, NR, 0, 0)];
    // its flags are in memory, where they could change; programs do without
    all.extend([op(IF_EQUAL, number(libc::SYS_openat2), 0, 1), refused(libc::ENOSYS)]);
    let looks = if is_traced { LOOKS } else { &[] };
    for (nr, form) in CALLS.iter().chain(looks) {
        let body = match form {
            Form::Open { flags: Flags::In(argument), .. } if !is_traced => vec![
                op(LOAD, low(u8::try_from(*argument).unwrap_or(0)), 0, 0),
                op(IF_ANY_BIT, CHANGES.cast_unsigned(), 0, 1),
                op(RETURN, NOTIFY, 0, 0),
                op(RETURN, ALLOW, 0, 0),
            ],
            Form::Attributes => vec![refused(libc::EOPNOTSUPP)],
            _ => vec![op(RETURN, NOTIFY, 0, 0)],
        };
        all.push(op(IF_EQUAL, number(*nr), 0, u8::try_from(body.len()).unwrap_or(u8::MAX)));
        all.extend(body);
    }
    all.push(op(RETURN, ALLOW, 0, 0));
    all
}

/// Binds the calling thread, and what it starts, to it; traced, calls that only look for names are asked about too. What the kernel asks from then on comes by the descriptor. NO_NEW_PRIVS must be set.
///
/// # Errors
/// EBUSY where another listener is above, as in a sandbox that works the same way.
pub(crate) fn install(is_traced: bool) -> Result<OwnedFd, SandboxError> {
    // a question that the broker has taken up can no longer be interrupted but by death: else calls would be done twice
    const WAIT_KILLABLE_RECV: libc::c_ulong = 1 << 5;
    let fd = install_with(&filter(is_traced), libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | WAIT_KILLABLE_RECV)?;
    // SAFETY: a new descriptor, which nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
