//! The one way in which this crate starts a process: a vfork-style clone on its own stack.
//!
//! A fork copies the page tables of the broker (20 ms at 512 MiB of heap); a clone that shares the memory until exec does not.

mod copy;
mod enter;
mod registry;

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::process::Pid;
use rustix::thread::CpuSet;

use crate::error::{Calling, SandboxError};
use crate::process::Process;
pub(crate) use copy::{copy_apart, copy_self};
pub(crate) use enter::reset_signals;
use enter::{Block, Stage};
pub(crate) use registry::started;

/// What to start. Everything is prepared here; between clone and exec nothing is computed or allocated.
pub(crate) struct Launch<'a> {
    pub program: &'a CStr,
    pub argv: &'a [CString],
    pub env: &'a [CString],
    /// Descriptors of the new process: the first becomes 0, the second 1, and so on. All others are closed.
    pub fds: &'a [BorrowedFd<'a>],
    pub cwd: Option<BorrowedFd<'a>>,
    /// Device and inode that the program must have.
    pub expect: Option<(u64, u64)>,
    pub max_memory_bytes: Option<u64>,
    /// The kernel kills it when the starting thread ends.
    pub dies_with_us: bool,
    pub no_new_privs: bool,
    pub session: Session,
    /// Signals do by default what they do here; else that is set for each.
    pub plain_signals: bool,
    /// It lets whoever else waits for its core go first, and then starts there: see [`crate::cpu::Company`].
    pub yields: bool,
    /// It is the first process of a new user and a new PID namespace, with all capabilities there.
    pub own_namespaces: bool,
    /// Landlock rules that bind it.
    pub rules: Option<BorrowedFd<'a>>,
}

/// Which session a process is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Session {
    /// In ours, at the same terminal.
    Ours,
    /// In ours, which has no terminal, in a process group of its own.
    OursInAGroup,
    /// In one of its own.
    Own,
}

/// What of ours a process leaves at its start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub session: Session,
    /// See [`Launch::own_namespaces`].
    pub own_namespaces: bool,
}

/// Starts the very file that runs now, even if its path leads to another one since, in another role: as `argv` says, with an empty
/// environment and `/dev/null` before `fds`. It dies with the calling thread.
pub(crate) fn launch_self(argv: &[CString], fds: &[BorrowedFd<'_>], place: Place) -> Result<Process, SandboxError> {
    let fds: Vec<BorrowedFd<'_>> = [dev_null()?; 3].into_iter().chain(fds.iter().copied()).collect();
    launch(&Launch {
        program: c"/proc/self/exe",
        argv,
        env: &[],
        fds: &fds,
        cwd: None,
        expect: None,
        max_memory_bytes: None,
        dies_with_us: true,
        no_new_privs: true,
        session: place.session,
        plain_signals: false,
        yields: false,
        own_namespaces: place.own_namespaces,
        rules: None,
    })
}

/// Starts the program. When this returns, the exec has happened or the error says which step failed.
pub(crate) fn launch(launch: &Launch<'_>) -> Result<Process, SandboxError> {
    let argv = pointers(launch.argv);
    let env = pointers(launch.env);
    // The new process puts these onto 0, 1, 2 ...; a source among the targets could be overwritten before it is used.
    let lifted = launch.fds.iter().map(|fd| above(*fd, launch.fds.len())).collect::<io::Result<Vec<_>>>().calling("fcntl(F_DUPFD)")?;
    let fds: Vec<RawFd> =
        launch.fds.iter().zip(&lifted).map(|(fd, high)| high.as_ref().map_or(fd.as_raw_fd(), AsRawFd::as_raw_fd)).collect();
    let affinity: Option<CpuSet> = crate::cpu::original();
    let block = Block {
        program: launch.program,
        argv: &argv,
        env: &env,
        fds: &fds,
        cwd: launch.cwd.map(|fd| fd.as_raw_fd()),
        expect: launch.expect,
        affinity: affinity.as_ref(),
        max_memory_bytes: launch.max_memory_bytes,
        parent: launch.dies_with_us.then(rustix::process::getpid),
        no_new_privs: launch.no_new_privs,
        session: launch.session,
        plain_signals: launch.plain_signals,
        yields: launch.yields,
        own_namespaces: launch.own_namespaces,
        rules: launch.rules.map(|fd| fd.as_raw_fd()),
        stage: AtomicI32::new(Stage::None as i32),
        errno: AtomicI32::new(0),
    };
    let process = clone(&block)?;
    let stage = block.stage.load(Ordering::Acquire);
    if stage == Stage::None as i32 {
        return Ok(process);
    }
    drop(process);
    let program = PathBuf::from(OsStr::from_bytes(launch.program.to_bytes()));
    if stage == Stage::Expect as i32 {
        return Err(SandboxError::Replaced(program));
    }
    let source = io::Error::from_raw_os_error(block.errno.load(Ordering::Acquire));
    Err(SandboxError::Start { program, stage: Stage::name(stage), source })
}

/// A NUL-terminated copy of a path, for [`Launch::program`].
pub(crate) fn absolute(path: &Path) -> Result<CString, SandboxError> {
    if !path.is_absolute() {
        return Err(SandboxError::NotAbsolute(path.to_path_buf()));
    }
    CString::new(path.as_os_str().as_bytes()).map_err(|_| SandboxError::Nul("the program's path"))
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
}

fn above(fd: BorrowedFd<'_>, targets: usize) -> io::Result<Option<OwnedFd>> {
    let targets = RawFd::try_from(targets).map_err(|_| io::ErrorKind::InvalidInput)?;
    if fd.as_raw_fd() >= targets {
        return Ok(None);
    }
    Ok(Some(rustix::io::fcntl_dupfd_cloexec(fd, targets)?))
}

/// Those of [`Launch::own_namespaces`]. All others can be left later, and we would wait until they are made.
const NAMESPACES: libc::c_int = libc::CLONE_NEWUSER | libc::CLONE_NEWPID;

const STACK_BYTES: usize = 64 * 1024;

fn clone(block: &Block<'_>) -> Result<Process, SandboxError> {
    let stack = Stack::take()?;
    let namespaces = if block.own_namespaces { NAMESPACES } else { 0 };
    // A handler of the broker must not run in the new process, which shares its memory until exec.
    let mask = SignalMask::block_all();
    let mut started = started();
    let mut pidfd: libc::c_int = -1;
    // SAFETY: `enter` runs on its own stack, which `stack` keeps mapped. CLONE_VFORK suspends this thread until the new process has
    // executed the program or exited, so `block` and everything it borrows outlive the use. `pidfd` is a valid place for CLONE_PIDFD.
    let pid = unsafe {
        libc::clone(
            enter::enter,
            stack.top(),
            libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD | namespaces,
            ptr::from_ref(block).cast_mut().cast(),
            ptr::from_mut(&mut pidfd),
        )
    };
    let error = io::Error::last_os_error();
    drop(mask);
    stack.put_back();
    let Some(pid) = (if pid > 0 { Pid::from_raw(pid) } else { None }) else {
        return Err(SandboxError::Call { call: "clone", source: error });
    };
    started.add(pid);
    // SAFETY: the kernel stored a new descriptor here, which nobody else owns.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Process::new(pid, pidfd))
}

/// The stack of the new process until exec, with an inaccessible page below it.
struct Stack(*mut libc::c_void);

// SAFETY: a mapping belongs to the process, not to a thread.
unsafe impl Send for Stack {}

/// The stack of the last start, for the next one.
static SPARE: Mutex<Option<Stack>> = Mutex::new(None);

impl Stack {
    fn take() -> Result<Stack, SandboxError> {
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).take();
        spare.map_or_else(Stack::new, Ok)
    }

    /// To be called when the new process uses it no more.
    fn put_back(self) {
        *SPARE.lock().unwrap_or_else(PoisonError::into_inner) = Some(self);
    }

    fn new() -> Result<Stack, SandboxError> {
        use rustix::mm::{MapFlags, MprotectFlags, ProtFlags};
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::STACK);
        // SAFETY: a new anonymous mapping at a place of the kernel's choice.
        let stack = Stack(unsafe { rustix::mm::mmap_anonymous(ptr::null_mut(), STACK_BYTES, access, flags) }.calling("mmap")?);
        // SAFETY: the first page of the mapping made above, not in use yet.
        unsafe { rustix::mm::mprotect(stack.0, 4096, MprotectFlags::empty()) }.calling("mprotect")?;
        Ok(stack)
    }

    fn top(&self) -> *mut libc::c_void {
        self.0.wrapping_byte_add(STACK_BYTES)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the mapping of `new`, which nothing uses any more.
        let _ = unsafe { rustix::mm::munmap(self.0, STACK_BYTES) };
    }
}

/// Blocks all signals of the calling thread while it lives.
struct SignalMask(libc::sigset_t);

impl SignalMask {
    fn block_all() -> SignalMask {
        // SAFETY: plain data, filled in by the calls below; both pointers are valid for the calls, which cannot fail with these arguments.
        unsafe {
            let (mut all, mut old) = (std::mem::zeroed(), std::mem::zeroed());
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut old);
            SignalMask(old)
        }
    }
}

impl Drop for SignalMask {
    fn drop(&mut self) {
        // SAFETY: a mask that the kernel gave out.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, ptr::null_mut()) };
    }
}

/// `/dev/null`, for descriptors that must exist and lead nowhere; opened once.
pub(crate) fn dev_null() -> Result<BorrowedFd<'static>, SandboxError> {
    static NULL: OnceLock<OwnedFd> = OnceLock::new();
    if let Some(null) = NULL.get() {
        return Ok(null.as_fd());
    }
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
    let null = rustix::fs::open("/dev/null", flags, rustix::fs::Mode::empty()).calling("open /dev/null")?;
    Ok(NULL.get_or_init(|| null).as_fd())
}
