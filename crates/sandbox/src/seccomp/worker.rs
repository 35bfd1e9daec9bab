//! What the script worker may ask the kernel for: memory, time, threads of its own, and bytes over the one socket it has.

use libc::sock_filter;

use super::assemble::{THIS_ARCH, list};
use super::{NAMESPACES, Rule, Test, Verdict};
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
/// Bits of `mmap`'s flags that do not matter; all others must be exactly private and anonymous. So no shared memory beside the
/// piece it was given, which the memory limit would not count, and no stack that grows by itself, for the same reason.
const MAP_FREE: u64 = (libc::MAP_NORESERVE | libc::MAP_STACK | libc::MAP_FIXED | libc::MAP_FIXED_NOREPLACE) as u64;
const MAP_NEEDED: u64 = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u64;
/// A thread: same memory and thread group, no namespace of its own.
const THREAD: u32 = (libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_SIGHAND) as u32;
const SOCKET: u32 = 3;

/// The filter, for the calling process: signals go to its own id only.
pub(crate) fn filter() -> Result<Vec<sock_filter>, SandboxError> {
    if THIS_ARCH == 0 {
        return Err(SandboxError::Architecture);
    }
    Ok(list(&rules(std::process::id())))
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
    let clone3 = Rule::always(libc::SYS_clone3, Verdict::errno(libc::ENOSYS));
    tested
        .into_iter()
        .map(|(nr, tests)| Rule::allow_if(nr, &tests, Verdict::Kill))
        .chain(ALLOWED.iter().map(|nr| Rule::always(*nr, Verdict::Allow)))
        .chain([clone3])
        .chain(REFUSED.iter().map(|nr| Rule::always(*nr, Verdict::errno(libc::EPERM))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::assemble::{ALLOW, ERRNO, KILL};
    use super::super::machine::{meant, run};
    use super::super::number;
    use super::*;

    #[test]
    fn the_program_says_what_the_rules_say() {
        let (rules, filter) = (rules(4711), filter_for(4711));
        let values = [0, 1, 2, 3, 4, 7, 8, 0x22, 0x21, 0x122, 0x4022, 4711, 4712, 0x0001_0900, 0x0001_0901, 0x1001_0900, 1 << 32, u64::MAX];
        let mut allowed = 0;
        for nr in (0..600).chain([0x4000_0000, 0x4000_0027, u32::MAX]) {
            for first in values {
                for other in values {
                    let args = [first, first, other, first, other, 0];
                    let (verdict, _) = run(&filter, nr, THIS_ARCH, args);
                    assert_eq!(verdict, meant(&rules, nr, args).unwrap_or(KILL), "{nr} {args:x?}");
                    allowed += u32::from(verdict == ALLOW);
                    assert_eq!(run(&filter, nr, 0x4000_0003, args).0, KILL);
                }
            }
        }
        assert!(allowed > 0);
    }

    #[test]
    fn arguments_decide() {
        let filter = filter_for(4711);
        let verdict = |nr: libc::c_long, args| run(&filter, number(nr), THIS_ARCH, args).0;
        let table = [
            (libc::SYS_read, [3, 0, 0, 0, 0, 0], ALLOW),
            (libc::SYS_read, [0, 0, 0, 0, 0, 0], KILL),
            (libc::SYS_write, [2, 0, 0, 0, 0, 0], ALLOW),
            (libc::SYS_write, [4, 0, 0, 0, 0, 0], KILL),
            (libc::SYS_mmap, [0, 4096, 3, 0x22, 0, 0], ALLOW),
            (libc::SYS_mmap, [0, 4096, 0, 0x2_0022, 0, 0], ALLOW),
            (libc::SYS_mmap, [0, 4096, 5, 0x22, 0, 0], KILL),
            (libc::SYS_mmap, [0, 4096, 3, 0x02, 0, 0], KILL),
            (libc::SYS_mmap, [0, 4096, 3, 0x21, 0, 0], KILL),
            (libc::SYS_mmap, [0, 4096, 1 << 32, 0x22, 0, 0], KILL),
            (libc::SYS_mprotect, [0, 4096, 3, 0, 0, 0], ALLOW),
            (libc::SYS_mprotect, [0, 4096, 4, 0, 0, 0], KILL),
            (libc::SYS_clone, [0x003d_0f00, 0, 0, 0, 0, 0], ALLOW),
            (libc::SYS_clone, [17, 0, 0, 0, 0, 0], KILL),
            (libc::SYS_clone, [0x1001_0900, 0, 0, 0, 0, 0], KILL),
            (libc::SYS_tgkill, [4711, 4712, 6, 0, 0, 0], ALLOW),
            (libc::SYS_tgkill, [4712, 4712, 6, 0, 0, 0], KILL),
            (libc::SYS_sendto, [3, 0, 0, 0, 0, 0], ALLOW),
            (libc::SYS_sendto, [3, 0, 0, 0, 1, 0], KILL),
            (libc::SYS_execve, [0; 6], KILL),
            (libc::SYS_clone3, [0; 6], ERRNO | 38),
            (libc::SYS_openat, [0; 6], ERRNO | 1),
        ];
        for (nr, args, expected) in table {
            assert_eq!(verdict(nr, args), expected, "{nr} {args:x?}");
        }
    }

    fn filter_for(pid: u32) -> Vec<sock_filter> {
        list(&rules(pid))
    }
}
