//! What programs that scripts start may not ask the kernel for. Everything else is allowed: shells, compilers and language runtimes have
//! to work.
//!
//! The list is for what no path or host rule can hold: other processes, namespaces and mounts, kernel interfaces with a history of holes,
//! sockets that a network namespace or a Landlock rule does not cover. Errors are such that programs fall back: ENOSYS where they try an
//! older call then, EPERM elsewhere.

use libc::{c_long, sock_filter};

use super::assemble::{THIS_ARCH, tree};
use super::{Case, NAMESPACES, Rule, Test, Verdict};
use crate::error::SandboxError;

/// What differs from run to run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChildCalls {
    /// Unix sockets with a name: connect, bind and datagrams.
    pub unix_sockets: bool,
    /// The child is in a network namespace of its own: UDP is harmless there (if there is network at all), and so is the list of its
    /// interfaces.
    pub own_network: bool,
    /// IPv4 and IPv6 sockets.
    pub network: bool,
    /// They are in a PID namespace of their own: no other process has a number there.
    pub(crate) own_processes: bool,
}

/// The last number read by a person: `file_setattr` of Linux 6.17. Newer calls do not exist for children.
const HIGHEST: u32 = 469;

/// Not in `libc` for both architectures; numbers from 424 are the same on both.
const FCHMODAT2: c_long = 452;
const OPEN_TREE_ATTR: c_long = 467;

/// Numbers below the highest that no call of this architecture has.
#[cfg(not(target_arch = "aarch64"))]
const UNASSIGNED: &[std::ops::RangeInclusive<c_long>] = &[337..=423];
#[cfg(target_arch = "aarch64")]
const UNASSIGNED: &[std::ops::RangeInclusive<c_long>] = &[244..=259, 295..=423];

/// EPERM, whatever the arguments.
const REFUSED: &[c_long] = &[
    // other processes: their memory, their descriptors
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    // mounts and roots: what is masked or read-only stays so
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    OPEN_TREE_ATTR,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    // namespaces of others; new ones are below, by argument
    libc::SYS_setns,
    // files without a path, past every path rule
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    // large interfaces of the kernel that programs like these do not need, and that most of its escapes went through
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    // keys of the user, which no namespace separates
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // memory that its owner's tracer and the memory limit do not see
    libc::SYS_memfd_secret,
    // where other processes' memory lies
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    // the machine: a child that runs as root must not reach it either
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_acct,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_reboot,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    // x86's ports and segments
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
    // old, used by nothing
    libc::SYS_lookup_dcookie,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ustat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_sysfs,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_uselib,
];

/// ENOSYS, whatever the arguments: programs then do without.
const MISSING: &[c_long] = &[
    // its flags lie in memory, where no filter sees them; libc falls back to clone
    libc::SYS_clone3,
    // does sockets and files behind the filter's back
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
];

const EPERM: Verdict = Verdict::Errno(1);
const ALL: u32 = u32::MAX;

/// The filter for a child, and for all that it starts.
pub(crate) fn filter(options: ChildCalls) -> Result<Vec<sock_filter>, SandboxError> {
    if THIS_ARCH == 0 {
        return Err(SandboxError::Architecture);
    }
    Ok(tree(&rules(options), HIGHEST))
}

fn rules(options: ChildCalls) -> Vec<Rule> {
    let refused = REFUSED.iter().map(|nr| Rule::always(*nr, EPERM));
    let missing = MISSING.iter().copied().chain(UNASSIGNED.iter().cloned().flatten());
    let missing = missing.map(|nr| Rule::always(nr, Verdict::errno(libc::ENOSYS)));
    let tested = [terminal(), memfd(), personality(), unshare(), clone(), socket(options), socketpair(options)];
    let tested = tested.into_iter().chain(other_processes(options)).chain(modes()).chain(fast_open());
    refused.chain(missing).chain(tested).collect()
}

/// Characters typed in the user's name (TIOCSTI, TIOCLINUX), the console's output, the line discipline; attributes of files that are open to be read only. The kernel takes 32 bits of
/// the command, so a filter that compared 64 could be passed.
fn terminal() -> Rule {
    const COMMANDS: &[u32] = &[
        0x5412,
        0x541c,
        0x541d,
        0x5423, // TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD
        // of files: these need no right to write
        0x4008_6602,
        0x4004_6602,
        0x401c_5820, // FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS, FS_IOC_FSSETXATTR
        0x4080_6685,
        0x800c_6613, // FS_IOC_ENABLE_VERITY, FS_IOC_SET_ENCRYPTION_POLICY
    ];
    let refused = Case { tests: vec![Test::OneOf { arg: 1, mask: ALL, values: COMMANDS }], then: EPERM };
    Rule { cases: vec![refused], ..Rule::always(libc::SYS_ioctl, Verdict::Allow) }
}

/// A file in memory has no path, so neither a noexec mount nor Landlock keeps it from being executed. EACCES is the kernel's own answer
/// under `vm.memfd_noexec = 2`.
fn memfd() -> Rule {
    const MFD_NOEXEC_SEAL: u32 = 8;
    let sealed = Test::Low { arg: 1, mask: MFD_NOEXEC_SEAL, value: MFD_NOEXEC_SEAL };
    Rule::allow_if(libc::SYS_memfd_create, &[sealed], Verdict::errno(libc::EACCES))
}

/// Others make memory executable or map page 0. Asking, 32-bit machine names, and addresses that do not vary remain.
fn personality() -> Rule {
    const FREE: u32 = 0x0004_0008; // ADDR_NO_RANDOMIZE, PER_LINUX32
    let asks = Case { tests: vec![Test::Low { arg: 0, mask: ALL, value: ALL }], then: Verdict::Allow };
    let mut rule = Rule::allow_if(libc::SYS_personality, &[Test::Low { arg: 0, mask: !FREE, value: 0 }], EPERM);
    rule.cases.push(asks);
    rule
}

/// What a thread shares with others it may stop sharing; no namespaces, nor what else the kernel will put there.
fn unshare() -> Rule {
    const FREE: u64 = (libc::CLONE_FS | libc::CLONE_FILES | libc::CLONE_SYSVSEM) as u64;
    Rule::allow_if(libc::SYS_unshare, &[Test::Full { arg: 0, mask: !FREE, value: 0 }], EPERM)
}

/// In a namespace of its own a process has all capabilities, and with them the kernel's less tested half.
fn clone() -> Rule {
    Rule::allow_if(libc::SYS_clone, &[Test::Low { arg: 0, mask: NAMESPACES, value: 0 }], EPERM)
}

/// Limits and scheduling of processes other than the caller, above all of the broker: a lower RLIMIT_CPU or RLIMIT_FSIZE kills it. Where it
/// can name only processes that it started, it may bound those.
fn other_processes(options: ChildCalls) -> impl Iterator<Item = Rule> {
    let calls =
        [libc::SYS_prlimit64, libc::SYS_sched_setparam, libc::SYS_sched_setscheduler, libc::SYS_sched_setaffinity, libc::SYS_sched_setattr];
    let calls = calls.into_iter().filter(move |_| !options.own_processes);
    calls.map(|nr| Rule::allow_if(nr, &[Test::Low { arg: 0, mask: ALL, value: 0 }], EPERM))
}

/// No program that gives its caller the rights of the child's user. The modes of open, creat and mknod are free: with them a file is
/// set-id only while it is empty, since the kernel takes the bits away with the first change of its content, unless the writer has
/// CAP_FSETID, which no child has. mkdir ignores them. (The mode of openat2 could not be seen.)
fn modes() -> impl Iterator<Item = Rule> {
    let calls = [
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_chmod, 1),
        (libc::SYS_fchmod, 1),
        (libc::SYS_fchmodat, 2),
        (FCHMODAT2, 2),
    ];
    calls.into_iter().map(|(nr, arg)| Rule::allow_if(nr, &[Test::Low { arg, mask: libc::S_ISUID | libc::S_ISGID, value: 0 }], EPERM))
}

/// A connection made by sending, without connect, which Landlock and a judge of connect would see.
fn fast_open() -> impl Iterator<Item = Rule> {
    const MSG_FASTOPEN: u32 = 0x2000_0000;
    let refused = Verdict::errno(libc::EOPNOTSUPP);
    [(libc::SYS_sendto, 3), (libc::SYS_sendmsg, 2), (libc::SYS_sendmmsg, 3)]
        .into_iter()
        .map(move |(nr, arg)| Rule::allow_if(nr, &[Test::Low { arg, mask: MSG_FASTOPEN, value: 0 }], refused))
}

const UNIX: Test = Test::Low { arg: 0, mask: ALL, value: libc::AF_UNIX as u32 };
const INET: Test = Test::OneOf { arg: 0, mask: ALL, values: &[libc::AF_INET as u32, libc::AF_INET6 as u32] };
const NETLINK: Test = Test::Low { arg: 0, mask: ALL, value: libc::AF_NETLINK as u32 };

/// The type's own bits; the others are SOCK_CLOEXEC and SOCK_NONBLOCK.
const TYPE: u32 = 0xf;
const STREAM: Test = Test::Low { arg: 1, mask: TYPE, value: libc::SOCK_STREAM as u32 };
const DGRAM: Test = Test::Low { arg: 1, mask: TYPE, value: libc::SOCK_DGRAM as u32 };
const CONNECTED: Test = Test::OneOf { arg: 1, mask: TYPE, values: &[libc::SOCK_STREAM as u32, libc::SOCK_SEQPACKET as u32] };

const TCP: Test = Test::OneOf { arg: 2, mask: ALL, values: &[0, libc::IPPROTO_TCP as u32] };
const UDP: Test = Test::OneOf { arg: 2, mask: ALL, values: &[0, libc::IPPROTO_UDP as u32] };
const ROUTE: Test = Test::Low { arg: 2, mask: ALL, value: libc::NETLINK_ROUTE as u32 };

/// Only sockets that the network rules hold: TCP, and no MPTCP, which Landlock's rules for TCP do not know. A network namespace does not
/// cover AF_VSOCK, which reaches the host of a virtual machine.
fn socket(options: ChildCalls) -> Rule {
    let ChildCalls { unix_sockets, own_network, network, .. } = options;
    let no_protocol = Verdict::errno(libc::EPROTONOSUPPORT);
    let cases: [(bool, &[Test], Verdict); 6] = [
        (unix_sockets, &[UNIX], Verdict::Allow),
        (network, &[INET, STREAM, TCP], Verdict::Allow),
        (network, &[INET, STREAM], no_protocol),
        (network && own_network, &[INET, DGRAM, UDP], Verdict::Allow),
        (network, &[INET], EPERM),
        (own_network, &[NETLINK, ROUTE], Verdict::Allow),
    ];
    Rule { cases: present(&cases), ..Rule::always(libc::SYS_socket, Verdict::errno(libc::EAFNOSUPPORT)) }
}

/// A pair has no name and reaches nobody, unless it is of datagrams: then it can send to any name. SOCK_RAW is the same to the kernel.
fn socketpair(options: ChildCalls) -> Rule {
    let cases: [(bool, &[Test], Verdict); 3] =
        [(options.unix_sockets, &[UNIX], Verdict::Allow), (true, &[UNIX, CONNECTED], Verdict::Allow), (true, &[UNIX], EPERM)];
    Rule { cases: present(&cases), ..Rule::always(libc::SYS_socketpair, Verdict::errno(libc::EAFNOSUPPORT)) }
}

fn present(cases: &[(bool, &[Test], Verdict)]) -> Vec<Case> {
    cases.iter().filter(|(present, ..)| *present).map(|(_, tests, then)| Case { tests: tests.to_vec(), then: *then }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::assemble::{ALLOW, ERRNO, KILL};
    use super::super::machine::{meant, run};
    use super::super::number;
    use super::*;

    const NONE: ChildCalls = ChildCalls { unix_sockets: false, own_network: false, network: false, own_processes: false };
    const SHARED: ChildCalls = ChildCalls { network: true, ..NONE };
    const OWN: ChildCalls = ChildCalls { own_network: true, ..SHARED };
    const UNIX: ChildCalls = ChildCalls { unix_sockets: true, ..NONE };
    const EVERYTHING: ChildCalls = ChildCalls { unix_sockets: true, own_processes: true, ..OWN };

    /// Numbers that look random and are the same in each run (xorshift).
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        /// Often one that rules speak of, sometimes with other bits.
        fn argument(&mut self) -> u64 {
            const KNOWN: &[u64] = &[
                0,
                1,
                2,
                3,
                4,
                5,
                6,
                8,
                10,
                16,
                17,
                38,
                40,
                132,
                262,
                0x5412,
                0x541c,
                0x541d,
                0x5423,
                0x5401,
                0o644,
                0o4755,
                0o2755,
                0o1777,
                0x80801,
                0x80802,
                0x80805,
                0x2000_0000,
                0x4000,
                0x1000_0000,
                0x0200_0000,
                0x0002_0000,
                0x80,
                0x200,
                0x400,
                0x0004_0000,
                0x0004_0008,
                0x0040_0000,
                0xffff_ffff,
                1 << 32,
                u64::MAX,
            ];
            let known = KNOWN[usize::try_from(self.next() % KNOWN.len() as u64).unwrap()];
            match self.next() % 8 {
                0 => self.next(),
                1 => known | self.next() << 32,
                2 => known | 1 << (self.next() % 64),
                _ => known,
            }
        }
    }

    #[test]
    fn the_program_says_what_the_rules_say() {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        for options in [NONE, SHARED, OWN, UNIX, EVERYTHING] {
            let (rules, filter) = (rules(options), filter(options).unwrap());
            let expected = |nr, args| {
                let unknown = if nr > HIGHEST { ERRNO | 38 } else { ALLOW };
                meant(&rules, nr, args).unwrap_or(unknown)
            };
            let x32 = (0..1024).map(|nr| nr | 0x4000_0000);
            for nr in (0..=1024).chain(x32).chain([u32::MAX, 0x8000_0000, 1 << 29]) {
                let by_argument = rules.iter().any(|rule| rule.nr == nr && !rule.cases.is_empty());
                for round in 0..if by_argument { 2_000 } else { 20 } {
                    let args = if round == 0 { [0; 6] } else { [(); 6].map(|()| numbers.argument()) };
                    assert_eq!(run(&filter, nr, THIS_ARCH, args).0, expected(nr, args), "{options:?} {nr} {args:x?}");
                    assert_eq!(run(&filter, nr, 0x4000_0003, args).0, KILL);
                }
            }
        }
    }

    /// Every combination of what the rules for sockets name, and some that they do not.
    #[test]
    fn sockets_of_every_kind() {
        const FAMILIES: &[u64] = &[0, 1, 2, 3, 10, 16, 17, 30, 38, 40, 1 << 32 | 1, u64::MAX];
        const TYPES: &[u64] = &[0, 1, 2, 3, 4, 5, 6, 10, 0x80801, 0x80802, 0x80805, 0x11, 1 << 32 | 2];
        const PROTOCOLS: &[u64] = &[0, 1, 6, 12, 15, 17, 58, 132, 136, 256, 262, 1 << 32, u64::MAX];
        for options in [NONE, SHARED, OWN, UNIX, EVERYTHING] {
            let (rules, filter) = (rules(options), filter(options).unwrap());
            let kinds = TYPES.iter().flat_map(|kind| PROTOCOLS.iter().map(move |protocol| (*kind, *protocol)));
            for ((kind, protocol), family) in kinds.flat_map(|kind| FAMILIES.iter().map(move |family| (kind, *family))) {
                for nr in [libc::SYS_socket, libc::SYS_socketpair].map(number) {
                    let args = [family, kind, protocol, 0, 0, 0];
                    let verdict = run(&filter, nr, THIS_ARCH, args).0;
                    assert_eq!(Some(verdict), meant(&rules, nr, args), "{options:?} {nr} {args:x?}");
                }
            }
        }
    }

    #[test]
    fn each_call_has_one_rule() {
        let mut numbers: Vec<u32> = rules(NONE).iter().map(|rule| rule.nr).collect();
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), all);
        assert!(numbers.iter().all(|nr| *nr <= HIGHEST));
    }

    /// How long the way is for a call that no rule names.
    #[test]
    fn the_way_is_short() {
        for options in [NONE, EVERYTHING] {
            let (rules, filter) = (rules(options), filter(options).unwrap());
            let free = (0..=HIGHEST).filter(|nr| rules.iter().all(|rule| rule.nr != *nr));
            let steps: Vec<usize> = free.map(|nr| run(&filter, nr, THIS_ARCH, [0; 6]).1).collect();
            let (most, mean) = (*steps.iter().max().unwrap(), steps.iter().sum::<usize>() as f64 / steps.len() as f64);
            println!("{} instructions; {mean:.1} for a call, {most} at most", filter.len());
            assert!(most <= 20 && filter.len() < 256);
        }
    }

    #[test]
    fn arguments_decide() {
        let (permission, family, protocol) = (ERRNO | 1, ERRNO | 97, ERRNO | 93);
        let table: &[(ChildCalls, c_long, &[u64], u32)] = &[
            (NONE, libc::SYS_ptrace, &[0], permission),
            (NONE, libc::SYS_clone3, &[0], ERRNO | 38),
            (NONE, libc::SYS_execve, &[0], ALLOW),
            (NONE, libc::SYS_openat, &[0, 0, 0o101, 0o4755], ALLOW),
            (NONE, c_long::from(HIGHEST), &[], ALLOW),
            (NONE, c_long::from(HIGHEST) + 1, &[], ERRNO | 38),
            (NONE, 400, &[], ERRNO | 38),
            (NONE, libc::SYS_ioctl, &[0, 0x5412], permission),
            (NONE, libc::SYS_ioctl, &[0, 0x7_0000_5412], permission),
            (NONE, libc::SYS_ioctl, &[0, 0x5413], ALLOW),
            (NONE, libc::SYS_ioctl, &[0, 0x4008_6602], permission),
            (NONE, libc::SYS_ioctl, &[0, 0x4080_6685], permission),
            (NONE, libc::SYS_prlimit64, &[0, 7], ALLOW),
            (NONE, libc::SYS_prlimit64, &[1 << 32, 7], ALLOW),
            (NONE, libc::SYS_prlimit64, &[1, 7], permission),
            (NONE, libc::SYS_sched_setaffinity, &[4711], permission),
            (EVERYTHING, libc::SYS_sched_setaffinity, &[4711], ALLOW),
            (EVERYTHING, libc::SYS_prlimit64, &[1, 7], ALLOW),
            (NONE, libc::SYS_personality, &[0xffff_ffff], ALLOW),
            (NONE, libc::SYS_personality, &[0x0004_0008], ALLOW),
            (NONE, libc::SYS_personality, &[0x0040_0000], permission),
            (NONE, libc::SYS_fchmodat, &[0, 0, 0o755], ALLOW),
            (NONE, libc::SYS_fchmodat, &[0, 0, 0o1777], ALLOW),
            (NONE, libc::SYS_fchmodat, &[0, 0, 0o4755], permission),
            (NONE, FCHMODAT2, &[0, 0, 0o2755], permission),
            (NONE, libc::SYS_fchmod, &[0, 0o2755], permission),
            (NONE, libc::SYS_memfd_create, &[0, 1], ERRNO | 13),
            (NONE, libc::SYS_memfd_create, &[0, 9], ALLOW),
            (NONE, libc::SYS_clone, &[0x003d_0f00], ALLOW),
            (NONE, libc::SYS_clone, &[0x11], ALLOW),
            (NONE, libc::SYS_clone, &[0x1000_0011], permission),
            (NONE, libc::SYS_unshare, &[0x600], ALLOW),
            (NONE, libc::SYS_unshare, &[0x80], permission),
            (NONE, libc::SYS_unshare, &[1 << 40], permission),
            (NONE, libc::SYS_sendmsg, &[0, 0, 0x2000_0000], ERRNO | 95),
            (NONE, libc::SYS_sendmmsg, &[0, 0, 0, 0x2000_4000], ERRNO | 95),
            (NONE, libc::SYS_sendto, &[0, 0, 0x2000_0000, 0x4000], ALLOW),
            (NONE, libc::SYS_socket, &[1, 1, 0], family),
            (UNIX, libc::SYS_socket, &[1, 2, 0], ALLOW),
            (NONE, libc::SYS_socket, &[2, 1, 0], family),
            (SHARED, libc::SYS_socket, &[2, 0x80801, 0], ALLOW),
            (SHARED, libc::SYS_socket, &[10, 1, 6], ALLOW),
            (SHARED, libc::SYS_socket, &[10, 1, 262], protocol),
            (SHARED, libc::SYS_socket, &[2, 2, 0], permission),
            (OWN, libc::SYS_socket, &[2, 2, 17], ALLOW),
            (OWN, libc::SYS_socket, &[2, 2, 1], permission),
            (OWN, libc::SYS_socket, &[2, 3, 6], permission),
            (OWN, libc::SYS_socket, &[2, 10, 0x300], permission),
            (OWN, libc::SYS_socket, &[16, 3, 0], ALLOW),
            (OWN, libc::SYS_socket, &[16, 3, 12], family),
            (SHARED, libc::SYS_socket, &[16, 3, 0], family),
            (EVERYTHING, libc::SYS_socket, &[40, 1, 0], family),
            (EVERYTHING, libc::SYS_socket, &[17, 3, 0], family),
            (EVERYTHING, libc::SYS_socket, &[38, 5, 0], family),
            (NONE, libc::SYS_socketpair, &[1, 0x80001], ALLOW),
            (NONE, libc::SYS_socketpair, &[1, 5], ALLOW),
            (NONE, libc::SYS_socketpair, &[1, 2], permission),
            (NONE, libc::SYS_socketpair, &[1, 3], permission),
            (UNIX, libc::SYS_socketpair, &[1, 2], ALLOW),
            (EVERYTHING, libc::SYS_socketpair, &[30, 1], family),
        ];
        for (options, nr, given, expected) in table {
            let mut args = [0; 6];
            args[..given.len()].copy_from_slice(given);
            assert_eq!(run(&filter(*options).unwrap(), number(*nr), THIS_ARCH, args).0, *expected, "{options:?} {nr} {args:x?}");
        }
    }
}
