//! What the new process does between clone and exec.
//!
//! It shares the broker's memory and runs while the starting thread sleeps, so: only async-signal-safe system calls, no allocation, no
//! lock, no panic, nothing read but the prepared block and nothing written but its two result fields (and this thread's errno, which
//! nobody reads). Never PR_SET_DUMPABLE or PR_SET_MM here: they would act on the broker.

use std::ffi::CStr;
use std::os::fd::RawFd;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::process::Pid;
use rustix::thread::CpuSet;

use super::Session;

/// Everything the new process needs.
pub(super) struct Block<'a> {
    pub program: &'a CStr,
    pub argv: &'a [*const libc::c_char],
    pub env: &'a [*const libc::c_char],
    pub fds: &'a [RawFd],
    pub cwd: Option<RawFd>,
    pub expect: Option<(u64, u64)>,
    pub affinity: Option<&'a CpuSet>,
    pub max_memory_bytes: Option<u64>,
    /// Our process, if the new one shall die with the starting thread.
    pub parent: Option<Pid>,
    pub no_new_privs: bool,
    pub session: Session,
    pub plain_signals: bool,
    pub yields: bool,
    pub own_namespaces: bool,
    /// A Landlock ruleset.
    pub rules: Option<RawFd>,
    /// The failed step, a [`Stage`].
    pub stage: AtomicI32,
    pub errno: AtomicI32,
}

/// The steps that can fail.
#[derive(Clone, Copy)]
#[repr(i32)]
pub(super) enum Stage {
    None,
    Session,
    Capabilities,
    Parent,
    Privileges,
    Limits,
    Affinity,
    Descriptors,
    Rules,
    Directory,
    Stat,
    Expect,
    Exec,
}

impl Stage {
    pub(super) fn name(stage: i32) -> &'static str {
        const NAMES: [&str; 13] = [
            "none",
            "new session",
            "capabilities",
            "parent death signal",
            "no new privileges",
            "limits",
            "affinity",
            "descriptors",
            "landlock",
            "working directory",
            "stat",
            "identity",
            "exec",
        ];
        usize::try_from(stage).ok().and_then(|index| NAMES.get(index)).copied().unwrap_or("unknown")
    }
}

/// Entry point of the new process; `arg` points to a [`Block`].
pub(super) extern "C" fn enter(arg: *mut libc::c_void) -> libc::c_int {
    // SAFETY: the starting thread passes a `Block` and sleeps until exec or exit, so that it lives and only this process uses it.
    let block = unsafe { &*arg.cast::<Block<'_>>() };
    let stage = run(block);
    // SAFETY: reads the errno of the starting thread, whose thread-local storage this process uses.
    let errno = unsafe { *libc::__errno_location() };
    block.errno.store(errno, Ordering::Release);
    block.stage.store(stage as i32, Ordering::Release);
    // SAFETY: ends this process only; no destructor runs.
    unsafe { libc::_exit(127) }
}

/// Returns only if a step fails.
fn run(block: &Block<'_>) -> Stage {
    if !block.plain_signals {
        reset_signals();
    }
    // SAFETY: the calls below get plain numbers or pointers into the block, whose referents outlive this process' use of them; all are
    // async-signal-safe and act on this process alone, because descriptors, limits, session and directory are not shared.
    unsafe {
        let left = match block.session {
            Session::Ours => 0,
            Session::OursInAGroup => libc::setpgid(0, 0),
            Session::Own => libc::setsid(),
        };
        if left == -1 {
            return Stage::Session;
        }
        if block.own_namespaces && !keep_capabilities() {
            return Stage::Capabilities;
        }
        if let Some(parent) = block.parent {
            // If the broker died before the call, no signal will ever come. In a PID namespace of its own a process cannot see that.
            let is_gone = || !block.own_namespaces && libc::getppid() != parent.as_raw_pid();
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) == -1 || is_gone() {
                return Stage::Parent;
            }
        }
        if block.no_new_privs && libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 {
            return Stage::Privileges;
        }
        if !limit(libc::RLIMIT_CORE, 0) || block.max_memory_bytes.is_some_and(|bytes| !limit(libc::RLIMIT_DATA, bytes)) {
            return Stage::Limits;
        }
        if let Some(affinity) = block.affinity
            && libc::sched_setaffinity(0, size_of::<CpuSet>(), ptr::from_ref(affinity).cast()) == -1
        {
            return Stage::Affinity;
        }
        if let Some(cwd) = block.cwd
            && libc::fchdir(cwd) == -1
        {
            return Stage::Directory;
        }
        // the descriptors below may take the ruleset's place
        if let Some(rules) = block.rules
            && libc::syscall(libc::SYS_landlock_restrict_self, rules, 0) == -1
        {
            return Stage::Rules;
        }
        let mut target: RawFd = 0;
        for fd in block.fds {
            if libc::dup2(*fd, target) == -1 {
                return Stage::Descriptors;
            }
            target = target.wrapping_add(1);
        }
        if libc::syscall(libc::SYS_close_range, target, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) == -1 {
            return Stage::Descriptors;
        }
        if let Some((device, inode)) = block.expect {
            let mut stat: libc::stat = std::mem::zeroed();
            if libc::stat(block.program.as_ptr(), &mut stat) == -1 {
                return Stage::Stat;
            }
            if (stat.st_dev, stat.st_ino) != (device, inode) {
                return Stage::Expect;
            }
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, ptr::null_mut());
        if block.yields {
            libc::sched_yield();
        }
        libc::execve(block.program.as_ptr(), block.argv.as_ptr(), block.env.as_ptr());
        Stage::Exec
    }
}

/// Default dispositions for all signals: ignored ones (SIGPIPE, in every Rust program) would survive exec, and a handler of the broker
/// would run in shared memory once signals are unblocked.
pub(crate) fn reset_signals() {
    // The kernel's `struct sigaction`: SIG_DFL, no flags, no restorer, empty mask. libc's own refuses the two signals it reserves.
    let default = [0u64; 4];
    for signal in 1..=64 {
        // SAFETY: the structure is read only; SIGKILL and SIGSTOP give an error that does not matter.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), ptr::null::<u64>(), size_of::<u64>()) };
    }
}

/// Lets a program have the capabilities that come with a new user namespace, although it runs as an ordinary user there.
fn keep_capabilities() -> bool {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: libc::c_int,
    }
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Half {
        effective: u32,
        permitted: u32,
        inheritable: u32,
    }
    // linux/capability.h: _LINUX_CAPABILITY_VERSION_3
    let mut header = Header { version: 0x2008_0522, pid: 0 };
    let mut halves = [Half { effective: 0, permitted: 0, inheritable: 0 }; 2];
    // SAFETY: valid structures for the length of the calls, of the size that this version has.
    unsafe {
        if libc::syscall(libc::SYS_capget, &raw mut header, halves.as_mut_ptr()) == -1 {
            return false;
        }
        for half in &mut halves {
            half.inheritable = half.permitted;
        }
        if libc::syscall(libc::SYS_capset, &raw mut header, halves.as_ptr()) == -1 {
            return false;
        }
    }
    for capability in 0..64 {
        // SAFETY: plain numbers; behind the last one that this kernel knows there is an error.
        if unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE, capability, 0, 0) } == -1 {
            return capability > 0;
        }
    }
    true
}

fn limit(resource: libc::__rlimit_resource_t, bytes: u64) -> bool {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: a valid structure; acts on this process only.
    let set = unsafe { libc::setrlimit(resource, &limit) } == 0;
    // More than our own hard limit cannot be had: then that one binds already.
    // SAFETY: reads the errno of the failed call.
    set || unsafe { *libc::__errno_location() } == libc::EPERM
}
