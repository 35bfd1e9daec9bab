//! The broker's side of a launcher.

use std::io::Write;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::MemfdFlags;
use rustix::io::Errno;
use rustix::thread::{sched_getaffinity, sched_getcpu};

use super::launcher::{BASE, Copied, GO, KILL, SIGNAL, START, Said, command_line, copied, own_ids};
use super::message::Writer;
use super::plan::{Grant, Plan};
use crate::broker::single_threaded;
use crate::child::{ChildSpec, FileId};
use crate::cpu;
use crate::end::End;
use crate::error::{Calling, SandboxError};
use crate::launch::{self, Place, Session};
use crate::mediate::{JudgeChange, Mediator, Waiting};
use crate::memory::file_in_memory;
use crate::passing;
use crate::process::{Process, until};

/// It does what it is asked within milliseconds; one that does not is given up, and with it all that runs in it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest request, in bytes, that goes with the message itself.
const SHORT: usize = 7000;

/// A working directory that is the launcher's own: there is nothing in it that could have been judged.
pub(super) const NO_FILE: FileId = FileId { device: 0, inode: 0 };

/// A launcher: namespaces in which commands run, one after the other. Dropping it ends everything in them.
#[derive(Debug)]
pub struct Confined {
    socket: OwnedFd,
    /// The first process of the namespaces.
    first: Process,
    /// `/proc` is the system's own.
    lacks_proc: bool,
    /// There is no Landlock.
    lacks_landlock: bool,
    proxy: Option<TcpListener>,
    /// What is there as it is outside; other directories are empty ones of its own.
    granted: Vec<Grant>,
    /// After `first`: nobody is left to ask when it ends.
    mediator: Option<Mediator>,
}

impl Confined {
    /// Makes the namespaces. It dies with the *thread* that calls this. With a judge, each change outside the temporary directories is
    /// asked for, below grants that may be written; else such a grant may be changed throughout.
    ///
    /// # Errors
    /// What of the plan cannot be had here, by name. Nothing is left running then.
    pub fn start(plan: &Plan, judge: Option<Box<dyn JudgeChange>>) -> Result<Confined, SandboxError> {
        Preparing::new(plan.at_terminal, None)?.start(plan, judge)
    }

    /// Whether `/proc` is the system's and not its own.
    #[must_use]
    pub fn lacks_proc(&self) -> bool {
        self.lacks_proc
    }

    /// Whether the kernel has no Landlock.
    #[must_use]
    pub fn lacks_landlock(&self) -> bool {
        self.lacks_landlock
    }

    /// Leaves the launcher to the end of this process, with which it ends: for who is about to go, and does not want to wait until the kernel
    /// has taken the namespaces apart. No command runs in them between two calls of [`Confined::start_command`].
    pub fn abandon(mut self) {
        if let Some(mediator) = self.mediator.take() {
            mediator.leave();
        }
        std::mem::forget(self);
    }

    /// The socket of [`Plan::proxy`], once: who accepts at it is outside, and the only one whom commands reach.
    pub fn take_proxy(&mut self) -> Option<TcpListener> {
        self.proxy.take()
    }

    /// Starts a command with these as standard input, output and error; `cwd` is the path of the working directory in the spec. Whether it
    /// could be started is heard with its end.
    ///
    /// # Errors
    /// The launcher is gone.
    pub fn start_command(
        &mut self,
        spec: &ChildSpec<'_>,
        cwd: &Path,
        stdio: [BorrowedFd<'_>; 3],
    ) -> Result<ConfinedChild<'_>, SandboxError> {
        let held = rustix::fs::fstat(spec.cwd).calling("fstat")?;
        let mut request = Writer::default();
        request.bytes(spec.program.as_os_str().as_bytes());
        file(&mut request, spec.expect);
        request.bytes(cwd.as_os_str().as_bytes());
        let is_theirs = self.granted.iter().any(|grant| grant.holds(cwd));
        file(&mut request, if is_theirs { FileId { device: held.st_dev, inode: held.st_ino } } else { NO_FILE });
        request.list(spec.argv, |to, arg| to.bytes(arg.as_bytes()));
        request.list(spec.env, |to, (name, value)| to.bytes(&[name.as_bytes(), b"=", value.as_bytes()].concat()));
        request.number(spec.max_memory_bytes.unwrap_or(0));
        request.number(u64::try_from(sched_getcpu()).unwrap_or(0));
        let [stdin, stdout, stderr] = stdio;
        // a long one goes through a file
        if request.0.len() <= SHORT {
            passing::send(self.socket.as_fd(), &[&[START], request.0.as_slice()].concat(), &[stdin, stdout, stderr])?;
        } else {
            let request = in_memory(&request.0)?;
            ask(self.socket.as_fd(), START, &[stdin, stdout, stderr, request.as_fd()])?;
        }
        Ok(ConfinedChild { launcher: self, program: spec.program.to_path_buf(), end: None })
    }
}

fn session(at_terminal: bool) -> Session {
    if at_terminal { Session::Ours } else { Session::Own }
}

/// A launcher in namespaces of its own, which waits for its plan: what takes the most time needs no policy.
#[derive(Debug)]
pub struct Preparing {
    socket: OwnedFd,
    first: Process,
    at_terminal: bool,
}

impl Preparing {
    /// Starts it, as [`Plan::at_terminal`] says; `base` is what every plan that it could get has, which it makes already. It and all that comes
    /// of it die with the *thread* that calls this.
    ///
    /// # Errors
    /// A system call failed.
    pub fn new(at_terminal: bool, base: Option<&Plan>) -> Result<Preparing, SandboxError> {
        let (socket, theirs) = passing::pair(PATIENCE)?;
        let place = Place { session: session(at_terminal), own_namespaces: true };
        let first = launch::launch_self(&command_line()?, &[theirs.as_fd()], place)?;
        // where there is a base, changes will be judged
        let base = base.map(|base| Plan { is_mediated: true, ..base.clone() });
        if let Some(base) = base.as_ref().map(Plan::to_bytes).filter(|bytes| bytes.len() <= SHORT) {
            passing::send(socket.as_fd(), &[&[BASE], base.as_slice()].concat(), &[])?;
        }
        Ok(Preparing { socket, first, at_terminal })
    }

    /// The same as a copy of this process, which is ready sooner than a new one, and finds out itself what every plan has. To be called before
    /// anything was read or started, as the copy has what is in memory here.
    ///
    /// # Errors
    /// There is more than one thread, or a system call failed.
    pub fn copied(at_terminal: bool, base: fn() -> Plan) -> Result<Preparing, SandboxError> {
        single_threaded()?;
        let (socket, theirs) = passing::pair(PATIENCE)?;
        let cores = sched_getaffinity(None).calling("sched_getaffinity")?;
        let copy = Copied { ids: own_ids(), session: session(at_terminal), base, cores };
        if let Some(first) = launch::copy_apart()? {
            // the kernel starts a copy on our core, and both would wait for each other
            cpu::keep_off(first.pid(), cores);
            ask(socket.as_fd(), BASE, &[])?;
            return Ok(Preparing { socket, first, at_terminal });
        }
        // so that it hears when we are gone
        drop(socket);
        copied(theirs, &copy)
    }

    /// What a copy has found that every plan has. To be asked once.
    ///
    /// # Errors
    /// It could not be made.
    pub fn base(&self) -> Result<Plan, SandboxError> {
        match hear(self.socket.as_fd())? {
            (Said::Base, plan, _) => Plan::from_bytes(&plan),
            (_, why, _) => Err(refused(&why)),
        }
    }

    /// As [`Confined::start`].
    ///
    /// # Errors
    /// As there.
    pub fn start(self, plan: &Plan, judge: Option<Box<dyn JudgeChange>>) -> Result<Confined, SandboxError> {
        self.ask(plan, judge)?.started()
    }

    /// Leaves it to the end of this process, as [`Confined::abandon`].
    pub fn abandon(self) {
        std::mem::forget(self);
    }

    /// Gives it its plan, as [`Confined::start`] does, but does not wait until it has followed that.
    ///
    /// # Errors
    /// A system call failed.
    pub fn ask(self, plan: &Plan, judge: Option<Box<dyn JudgeChange>>) -> Result<Starting, SandboxError> {
        let Preparing { socket, first, at_terminal } = self;
        let message = Plan { is_mediated: judge.is_some(), at_terminal, ..plan.clone() }.to_bytes();
        // one that could not leave has said so, and hears nothing any more
        let asked = match message.len() {
            0..=SHORT => passing::send(socket.as_fd(), &[&[GO], message.as_slice()].concat(), &[]),
            _ => in_memory(&message).and_then(|file| ask(socket.as_fd(), GO, &[file.as_fd()])),
        };
        let judge = judge.map(|judge| Mediator::wait().map(|waiting| (waiting, judge))).transpose()?;
        let free = plan.free_scratch().into_iter().map(Path::to_path_buf).collect();
        let readable = plan.grants.iter().filter(|grant| grant.read).map(|grant| grant.path.clone()).collect();
        Ok(Starting { socket, first, asked, judge, free, readable, granted: plan.grants.clone(), has_proxy: plan.proxy })
    }
}

/// A launcher that makes what its plan says.
pub struct Starting {
    socket: OwnedFd,
    first: Process,
    asked: Result<(), SandboxError>,
    judge: Option<(Waiting, Box<dyn JudgeChange>)>,
    free: Vec<PathBuf>,
    readable: Vec<PathBuf>,
    granted: Vec<Grant>,
    has_proxy: bool,
}

impl Starting {
    /// Waits until commands can come.
    ///
    /// # Errors
    /// As [`Confined::start`].
    pub fn started(self) -> Result<Confined, SandboxError> {
        let (lacks, fds) = match hear(self.socket.as_fd())? {
            (Said::Ready, lacks, fds) => (lacks, fds),
            (_, why, _) => return Err(refused(&why)),
        };
        self.asked?;
        let mut fds = fds.into_iter();
        let mediator = match self.judge {
            Some((waiting, judge)) => match (fds.next(), fds.next(), fds.next()) {
                (Some(root), Some(scratch), Some(listener)) => {
                    Some(waiting.answer(listener, root, &scratch, self.free, self.readable, judge)?)
                }
                _ => return Err(SandboxError::Launcher),
            },
            None => None,
        };
        let proxy = match (self.has_proxy, fds.next()) {
            (true, Some(listener)) => Some(TcpListener::from(listener)),
            (true, None) => return Err(SandboxError::Launcher),
            (false, _) => None,
        };
        let lacks = |index: usize| lacks.get(index).is_some_and(|lacks| *lacks != 0);
        Ok(Confined {
            socket: self.socket,
            first: self.first,
            lacks_proc: lacks(0),
            lacks_landlock: lacks(1),
            proxy,
            granted: self.granted,
            mediator,
        })
    }
}

/// A command that runs in a launcher's namespaces. Dropping it ends it and everything it started.
#[derive(Debug)]
pub struct ConfinedChild<'a> {
    launcher: &'a mut Confined,
    program: PathBuf,
    /// Its end, or that it was never started.
    end: Option<Option<End>>,
}

impl ConfinedChild<'_> {
    /// Becomes readable when it has ended and nothing that it started is left; for poll.
    #[must_use]
    pub fn ended_fd(&self) -> BorrowedFd<'_> {
        self.launcher.socket.as_fd()
    }

    /// Waits for its end until the deadline.
    ///
    /// # Errors
    /// The program or the directory is not in the plan or no longer the judged one, or it cannot be executed: then it never ran. Or the
    /// launcher is gone.
    pub fn wait_until(&mut self, deadline: Instant) -> Result<Option<End>, SandboxError> {
        if let Some(end) = self.end {
            return end.map(Some).ok_or(SandboxError::Launcher);
        }
        loop {
            match poll(&mut [PollFd::new(&self.launcher.socket, PollFlags::IN)], Some(&until(deadline))) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno).calling("poll"),
            }
        }
        let (said, how, _) = hear(self.launcher.socket.as_fd())?;
        let end = match (said, how.split_first()) {
            (Said::Ended, Some((kind, number))) => {
                let number = number.try_into().map_or(0, i32::from_le_bytes);
                match kind {
                    0 => End::Exited(number),
                    1 => End::Signal(number),
                    _ => End::Unknown,
                }
            }
            (Said::NotStarted, Some((kind, words))) => {
                self.end = Some(None);
                return Err(if *kind == 1 { SandboxError::Replaced(self.program.clone()) } else { refused(words) });
            }
            _ => return Err(SandboxError::Launcher),
        };
        self.end = Some(Some(end));
        Ok(Some(end))
    }

    /// Gives it a signal.
    ///
    /// # Errors
    /// The launcher is gone.
    pub fn signal(&mut self, number: i32) -> Result<(), SandboxError> {
        let number = u8::try_from(number).unwrap_or_default();
        passing::send(self.launcher.socket.as_fd(), &[SIGNAL, number], &[])
    }

    /// Ends it and everything it started, and says how it ended itself.
    ///
    /// # Errors
    /// As [`ConfinedChild::wait_until`]; where the launcher is gone, so is all that it started.
    pub fn kill_all(&mut self) -> Result<End, SandboxError> {
        // mostly it has ended by itself
        if self.wait_until(Instant::now())?.is_none() {
            ask(self.launcher.socket.as_fd(), KILL, &[])?;
        }
        self.wait_until(Instant::now() + PATIENCE)?.ok_or(SandboxError::Launcher)
    }
}

impl Drop for ConfinedChild<'_> {
    fn drop(&mut self) {
        if self.end.is_none() && self.kill_all().is_err() && self.end.is_none() {
            // takes everything in the namespaces with it
            let _ = self.launcher.first.kill();
        }
    }
}

fn file(to: &mut Writer, file: FileId) {
    to.number(file.device);
    to.number(file.inode);
}

fn refused(why: &[u8]) -> SandboxError {
    SandboxError::Refused(String::from_utf8_lossy(why).into_owned())
}

fn in_memory(bytes: &[u8]) -> Result<OwnedFd, SandboxError> {
    let fd = file_in_memory(MemfdFlags::empty())?;
    let mut file = std::fs::File::from(fd);
    file.write_all(bytes).calling("write")?;
    Ok(file.into())
}

fn ask(socket: BorrowedFd<'_>, letter: u8, fds: &[BorrowedFd<'_>]) -> Result<(), SandboxError> {
    passing::send(socket, &[letter], fds)
}

/// What the launcher says: of what kind, the words, and descriptors.
fn hear(socket: BorrowedFd<'_>) -> Result<(Said, Vec<u8>, Vec<OwnedFd>), SandboxError> {
    let (bytes, fds) = passing::receive(socket)?;
    let all = [Said::Base, Said::Ready, Said::Impossible, Said::NotStarted, Said::Ended];
    let (letter, what) = bytes.split_first().ok_or(SandboxError::Launcher)?;
    let said = all.into_iter().find(|said| *said as u8 == *letter).ok_or(SandboxError::Launcher)?;
    Ok((said, what.to_vec(), fds))
}
