//! What the script worker may ask the kernel for: memory, time, threads of its own, and bytes over the one socket it has.

use libc::sock_filter;

use super::assemble::{THIS_ARCH, assemble};
use super::{Rule, Test, Then};
use crate::error::SandboxError;

/// Computing, and nothing that reaches outside.
const ALLOWED: &[libc::c_long] = &[
    // memory
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    // time; most of it needs no call
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    // threads of its own
    libc::SYS_futex,
    libc::SYS_rseq,
    libc::SYS_set_robust_list,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    // signals to itself: the runtime's stack overflow handler, abort
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_getrandom,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // no descriptor can be opened, so these reach the socket and /dev/null only
    libc::SYS_close,
    libc::SYS_ppoll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
];

/// Asked in vain by the runtime, by allocators and by drop code, all of which can do without.
const REFUSED: &[libc::c_long] = &[
    libc::SYS_openat,
    libc::SYS_readlinkat,
    libc::SYS_newfstatat,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_ioctl,
    libc::SYS_fcntl,
    libc::SYS_prctl,
    libc::SYS_prlimit64,
    libc::SYS_getcpu,
    libc::SYS_mbind,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
];

/// Readable and writable at most; never executable.
const DATA: u64 = (libc::PROT_READ | libc::PROT_WRITE) as u64;
/// Bits of `mmap`'s flags that do not matter; all others must be exactly private and anonymous. So no shared memory, which the memory
/// limit would not count, and no stack that grows by itself, for the same reason.
const MAP_FREE: u64 = (libc::MAP_NORESERVE | libc::MAP_STACK | libc::MAP_FIXED | libc::MAP_FIXED_NOREPLACE) as u64;
const MAP_NEEDED: u64 = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u64;
/// A thread: same memory and thread group, no namespace of its own.
const THREAD: u32 = (libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_SIGHAND) as u32;
const NAMESPACES: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u32;
const SOCKET: u32 = 3;

/// The filter, for the calling process: signals go to its own id only.
pub(crate) fn filter() -> Result<Vec<sock_filter>, SandboxError> {
    if THIS_ARCH == 0 {
        return Err(SandboxError::Architecture);
    }
    Ok(assemble(&rules(std::process::id())))
}

fn rules(own_pid: u32) -> Vec<Rule> {
    let socket = |arg| Test::Low { arg, mask: u32::MAX, value: SOCKET };
    let tested = [
        (libc::SYS_read, vec![socket(0)]),
        (libc::SYS_readv, vec![socket(0)]),
        (libc::SYS_recvfrom, vec![socket(0)]),
        // A panic's message goes to 2, which is /dev/null.
        (libc::SYS_write, vec![Test::AtMost { arg: 0, most: SOCKET }]),
        (libc::SYS_writev, vec![Test::AtMost { arg: 0, most: SOCKET }]),
        (libc::SYS_sendto, vec![socket(0), Test::Full { arg: 4, mask: u64::MAX, value: 0 }]),
        (libc::SYS_mmap, vec![Test::Full { arg: 2, mask: !DATA, value: 0 }, Test::Full { arg: 3, mask: !MAP_FREE, value: MAP_NEEDED }]),
        (libc::SYS_mprotect, vec![Test::Full { arg: 2, mask: !DATA, value: 0 }]),
        (libc::SYS_clone, vec![Test::Low { arg: 0, mask: THREAD | NAMESPACES, value: THREAD }]),
        (libc::SYS_tgkill, vec![Test::Low { arg: 0, mask: u32::MAX, value: own_pid }]),
    ];
    // Its flags lie in memory, where no filter sees them; libc then falls back to clone.
    let clone3 = Rule { nr: number(libc::SYS_clone3), then: Then::Errno(errno(libc::ENOSYS)) };
    tested
        .into_iter()
        .map(|(nr, tests)| Rule { nr: number(nr), then: Then::AllowIf(tests) })
        .chain(ALLOWED.iter().map(|nr| Rule { nr: number(*nr), then: Then::Allow }))
        .chain([clone3])
        .chain(REFUSED.iter().map(|nr| Rule { nr: number(*nr), then: Then::Errno(errno(libc::EPERM)) }))
        .collect()
}

/// A number that no call has is never reached.
fn number(nr: libc::c_long) -> u32 {
    u32::try_from(nr).unwrap_or(u32::MAX)
}

fn errno(errno: i32) -> u16 {
    u16::try_from(errno).unwrap_or(1)
}
