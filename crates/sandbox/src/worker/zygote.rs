//! A worker that is never given a script: it makes itself ready once, and each worker for a run is a copy of it. A copy is there in a
//! fraction of the time of a start, most of which goes into loading the program and building what every script can call.
//!
//! It reads nothing but descriptors from its broker, so that whatever a copy is told, the next copy cannot know. Copies share one layout of
//! memory, as long as the zygote lives: a script that learns an address of one worker knows it for the next.

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::{RecvFlags, SendFlags};
use rustix::process::{DumpableBehavior, Pid, set_dumpable_behavior};

use super::socket::{MEMORY_FD, SOCKET_FD, die_with_broker};
use super::start::{NAME, WorkerProcess, argv};
use crate::channel::SharedPages;
use crate::error::{Calling, SandboxError};
use crate::launch::{self, Place, Session, started};
use crate::passing;
use crate::process::Process;

/// `argv[1]` of a zygote, by which the binary knows that it shall call [`copies`].
pub const ZYGOTE: &str = "zygote";

/// It answers within a fraction of a millisecond; one that does not is given up.
const PATIENCE: Duration = Duration::from_secs(2);

/// The broker's side of a zygote. Dropping it ends it; its copies live on.
#[derive(Debug)]
pub struct Zygote {
    socket: OwnedFd,
    /// Killed and reaped when dropped.
    _process: Process,
}

impl Zygote {
    /// Starts this binary as zygote, and waits until it is ready: `argv` is [`NAME`], [`ZYGOTE`] and then `args`, the rest as for
    /// [`super::start`]. It and its copies die with the *thread* that calls this.
    ///
    /// # Errors
    /// A system call failed, the zygote did not become ready, or an argument contains a NUL byte.
    pub fn start<A: AsRef<OsStr>>(args: &[A]) -> Result<Zygote, SandboxError> {
        let (socket, theirs) = passing::pair(PATIENCE)?;
        let argv = argv([OsStr::new(NAME), OsStr::new(ZYGOTE)].into_iter().chain(args.iter().map(AsRef::as_ref)))?;
        let process = launch::launch_self(&argv, &[theirs.as_fd()], Place { session: Session::Own, own_namespaces: false })?;
        drop(theirs);
        let zygote = Zygote { socket, _process: process };
        zygote.answer()?;
        Ok(zygote)
    }

    /// A worker like one of [`super::start`], but for its life: it dies with the thread that started the zygote.
    ///
    /// # Errors
    /// A system call failed, or the zygote is gone.
    pub fn copy(&self) -> Result<WorkerProcess, SandboxError> {
        let (socket, theirs) = UnixStream::pair().calling("socketpair")?;
        let (pages, memory) = SharedPages::create()?.unzip();
        let mut fds = vec![theirs.as_fd()];
        fds.extend(memory.as_ref().map(AsFd::as_fd));
        // the copy is our child from its first moment, and no sweep may meet it before it is known
        let mut started = started();
        passing::send(self.socket.as_fd(), &[1], &fds)?;
        // a negative number is none: the zygote could not copy itself
        let pid = Some(self.answer()?).filter(|pid| *pid > 0).and_then(Pid::from_raw).ok_or(SandboxError::ZygoteGone)?;
        Ok(WorkerProcess::new(started.adopt(pid)?, socket, pages))
    }

    fn answer(&self) -> Result<i32, SandboxError> {
        let mut number = [0; 4];
        let (got, _) = rustix::net::recv(&self.socket, &mut number[..], RecvFlags::empty()).calling("recv")?;
        if got == number.len() { Ok(i32::from_ne_bytes(number)) } else { Err(SandboxError::ZygoteGone) }
    }
}

/// The zygote's life: copies this process whenever the broker asks. Returns in each copy, which then locks itself down like any worker; the
/// zygote itself ends with its broker. To be called while there is one thread and nothing from outside was read.
///
/// # Errors
/// This process is no zygote, has more than one thread, or lost its broker; or, in a copy, its descriptors could not be put in place.
/// It must end then.
pub fn copies() -> Result<(), SandboxError> {
    die_with_broker()?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).calling("prctl(PR_SET_DUMPABLE)")?;
    // SAFETY: `die_with_broker` has found the socket at that number; nothing closes it but the copies, in their own tables.
    let control = unsafe { BorrowedFd::borrow_raw(SOCKET_FD) };
    answer(control, 0)?;
    loop {
        let fds = next(control)?;
        match launch::copy_self() {
            Ok(0) => return take_place(fds),
            // the broker is told, and does without this one
            copied => answer(control, copied.unwrap_or(-1))?,
        }
    }
}

fn answer(control: BorrowedFd<'_>, number: i32) -> Result<(), SandboxError> {
    match rustix::net::send(control, &number.to_ne_bytes(), SendFlags::NOSIGNAL) {
        Ok(_) => Ok(()),
        Err(_) => Err(SandboxError::BrokerGone),
    }
}

/// The descriptors of the next copy: its socket, and its memory if there is any.
fn next(control: BorrowedFd<'_>) -> Result<Vec<OwnedFd>, SandboxError> {
    let (_, fds) = passing::receive(control)?;
    // end of file: the broker has dropped it
    if fds.is_empty() { Err(SandboxError::BrokerGone) } else { Ok(fds) }
}

/// Puts a copy's own descriptors where a worker finds them, the first over the zygote's socket, and gives it a session of its own.
fn take_place(fds: Vec<OwnedFd>) -> Result<(), SandboxError> {
    rustix::process::setsid().calling("setsid")?;
    // out of the way of both places
    let lifted: Vec<OwnedFd> =
        fds.iter().map(|fd| rustix::io::fcntl_dupfd_cloexec(fd, MEMORY_FD + 1)).collect::<Result<_, _>>().calling("fcntl(F_DUPFD)")?;
    drop(fds);
    for (fd, place) in lifted.iter().zip([SOCKET_FD, MEMORY_FD]) {
        // SAFETY: nothing in this process owns a descriptor at either place: the control socket is only ever borrowed, and by the zygote's
        // loop, which this copy has left; all others were closed above.
        if unsafe { libc::dup2(fd.as_raw_fd(), place) } == -1 {
            return Err(std::io::Error::last_os_error()).calling("dup2");
        }
    }
    Ok(())
}
