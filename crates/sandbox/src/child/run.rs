//! A child from start to end: feeds it, reads it, and stops it at its limits, in one thread and without a deadlock.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Instant;

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::Pid;

use super::pipes::Pipes;
use super::running::{RunningChild, spawn};
use super::spec::{ChildSpec, Stdin};
use crate::confine::{Confined, ConfinedChild};
use crate::end::End;
use crate::error::{Calling, SandboxError};
use crate::process::until;

/// At what a child is stopped.
#[derive(Debug, Clone, Copy)]
pub struct RunLimits<'a> {
    /// The end of its time.
    pub deadline: Instant,
    /// Bytes of stdout and stderr together.
    pub max_output: usize,
    /// Stops it when this becomes readable or is closed at the other end.
    pub cancel: Option<BorrowedFd<'a>>,
    /// See [`RunningChild::kill_all`].
    pub spare: &'a [Pid],
}

/// Why it was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Its time was over.
    Deadline,
    /// It wrote more than it may.
    Output,
    /// [`RunLimits::cancel`].
    Cancelled,
}

/// What became of a child. None of its processes is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// How it ended; SIGKILL if it was stopped.
    pub end: End,
    /// What it wrote, complete if it was not stopped.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr, likewise.
    pub stderr: Vec<u8>,
    /// Why it was stopped; `None` if it ended by itself.
    pub stopped: Option<Stop>,
}

/// Runs the program to its end or to a limit. `stdin` replaces what the spec says: bytes for a pipe, or `/dev/null`.
///
/// The run ends with the program itself: what it leaves in the background is killed, and does not delay the answer by holding the pipes.
///
/// # Errors
/// As [`spawn`] and [`RunningChild::kill_all`]; nothing of the child is left then either, but what cannot be killed.
pub fn run(spec: &ChildSpec<'_>, stdin: Option<&[u8]>, limits: &RunLimits<'_>) -> Result<Finished, SandboxError> {
    let mut child = spawn(&ChildSpec { stdin: stdin_of(stdin), ..*spec })?;
    let pipes = child.take_pipes();
    attend(&mut child, pipes, stdin.unwrap_or_default(), limits)
}

/// The same for a program that a launcher holds; `cwd` is the path of the spec's working directory.
///
/// # Errors
/// As [`Confined::start_command`]; after an error of the launcher nothing of what it held is left.
pub fn run_confined(
    launcher: &mut Confined,
    spec: &ChildSpec<'_>,
    cwd: &Path,
    stdin: Option<&[u8]>,
    limits: &RunLimits<'_>,
) -> Result<Finished, SandboxError> {
    let (pipes, theirs) = Pipes::new(stdin_of(stdin))?;
    let mut child = launcher.start_command(spec, cwd, theirs.each()?)?;
    // it ends with the command, not with its output
    let _held = theirs.outputs();
    attend(&mut child, pipes, stdin.unwrap_or_default(), limits)
}

fn stdin_of(bytes: Option<&[u8]>) -> Stdin {
    if bytes.is_some() { Stdin::Pipe } else { Stdin::Null }
}

/// A program under way, however it is held.
trait UnderWay {
    /// Becomes readable when it has ended.
    fn ended(&self) -> BorrowedFd<'_>;
    /// Ends it and all that it started.
    fn end(&mut self, spare: &[Pid]) -> Result<End, SandboxError>;
}

impl UnderWay for RunningChild {
    fn ended(&self) -> BorrowedFd<'_> {
        self.pidfd()
    }
    fn end(&mut self, spare: &[Pid]) -> Result<End, SandboxError> {
        self.kill_all(spare)
    }
}

impl UnderWay for ConfinedChild<'_> {
    fn ended(&self) -> BorrowedFd<'_> {
        self.ended_fd()
    }
    /// Nothing of it is outside its namespaces, and nobody else's is in them.
    fn end(&mut self, _: &[Pid]) -> Result<End, SandboxError> {
        self.kill_all()
    }
}

/// Feeds and reads it until it has ended or must be stopped, and leaves nothing of it.
fn attend(child: &mut dyn UnderWay, pipes: Pipes, stdin: &[u8], limits: &RunLimits<'_>) -> Result<Finished, SandboxError> {
    let mut input = Input { fd: pipes.stdin, left: stdin };
    let mut output = Outputs { out: Output::new(pipes.stdout), err: Output::new(pipes.stderr), max: limits.max_output };
    let mut stopped = exchange(child, &mut input, &mut output, limits)?;
    drop(input);
    let end = child.end(limits.spare)?;
    // All writers are dead, so what is in the pipes is all there will be.
    while output.out.fd.is_some() || output.err.fd.is_some() {
        if output.read_out()? || output.read_err()? {
            stopped = stopped.or(Some(Stop::Output));
            break;
        }
        if output.out.is_dry() && output.err.is_dry() {
            break;
        }
    }
    Ok(Finished { end, stdout: output.out.bytes, stderr: output.err.bytes, stopped })
}

/// Until the child has ended (`None`) or must be stopped.
fn exchange(
    child: &dyn UnderWay,
    input: &mut Input<'_>,
    output: &mut Outputs,
    limits: &RunLimits<'_>,
) -> Result<Option<Stop>, SandboxError> {
    loop {
        let mut polled = Polled::default();
        match polled.wait(child, input, output, limits) {
            Ok(true) => {}
            Ok(false) => return Ok(Some(Stop::Deadline)),
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(errno).calling("poll"),
        }
        if polled.cancelled {
            return Ok(Some(Stop::Cancelled));
        }
        if (polled.out && output.read_out()?) || (polled.err && output.read_err()?) {
            return Ok(Some(Stop::Output));
        }
        if polled.ended {
            return Ok(None);
        }
        if polled.input {
            input.write()?;
        }
        // A child that never lets poll sleep must not escape its deadline.
        if Instant::now() >= limits.deadline {
            return Ok(Some(Stop::Deadline));
        }
    }
}

/// Which descriptors are ready.
#[derive(Default)]
struct Polled {
    ended: bool,
    out: bool,
    err: bool,
    input: bool,
    cancelled: bool,
}

impl Polled {
    /// `false` if the deadline came first.
    fn wait(&mut self, child: &dyn UnderWay, input: &Input<'_>, output: &Outputs, limits: &RunLimits<'_>) -> Result<bool, Errno> {
        let wanted = [
            (Some(child.ended()), PollFlags::IN, &mut self.ended),
            (output.out.fd.as_ref().map(AsFd::as_fd), PollFlags::IN, &mut self.out),
            (output.err.fd.as_ref().map(AsFd::as_fd), PollFlags::IN, &mut self.err),
            (input.fd.as_ref().map(AsFd::as_fd), PollFlags::OUT, &mut self.input),
            (limits.cancel, PollFlags::IN, &mut self.cancelled),
        ];
        let (mut fds, mut answers) = (Vec::with_capacity(wanted.len()), Vec::with_capacity(wanted.len()));
        for (fd, flags, answer) in wanted {
            if let Some(fd) = fd {
                fds.push(PollFd::from_borrowed_fd(fd, flags));
                answers.push(answer);
            }
        }
        let ready = poll(&mut fds, Some(&until(limits.deadline)))?;
        for (fd, answer) in fds.iter().zip(answers) {
            *answer = !fd.revents().is_empty();
        }
        Ok(ready > 0)
    }
}

/// What is still to be written.
struct Input<'a> {
    fd: Option<OwnedFd>,
    left: &'a [u8],
}

impl Input<'_> {
    /// Writes as much as fits, and closes the pipe behind the last byte.
    fn write(&mut self) -> Result<(), SandboxError> {
        let Some(fd) = &self.fd else { return Ok(()) };
        if !self.left.is_empty() {
            match rustix::io::write(fd, self.left) {
                Ok(written) => self.left = self.left.get(written..).unwrap_or_default(),
                Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
                // It does not want the rest.
                Err(Errno::PIPE) => self.left = &[],
                Err(errno) => return Err(errno).calling("write"),
            }
        }
        if self.left.is_empty() {
            self.fd = None;
        }
        Ok(())
    }
}

/// Both outputs, under one bound.
struct Outputs {
    out: Output,
    err: Output,
    max: usize,
}

impl Outputs {
    /// Reads once; `true` if the bound is passed.
    fn read_out(&mut self) -> Result<bool, SandboxError> {
        self.out.read(self.max.saturating_sub(self.err.bytes.len()))
    }

    fn read_err(&mut self) -> Result<bool, SandboxError> {
        self.err.read(self.max.saturating_sub(self.out.bytes.len()))
    }
}

/// What was read of one output.
struct Output {
    /// `None` behind its end.
    fd: Option<OwnedFd>,
    bytes: Vec<u8>,
    /// The last attempt found nothing.
    dry: bool,
}

impl Output {
    fn new(fd: Option<OwnedFd>) -> Output {
        Output { fd, bytes: Vec::new(), dry: false }
    }

    /// Nothing more to read now.
    fn is_dry(&self) -> bool {
        self.dry || self.fd.is_none()
    }

    /// Reads once; `true` if there are more than `max` bytes then, which are cut off.
    fn read(&mut self, max: usize) -> Result<bool, SandboxError> {
        /// A pipe's capacity.
        const AT_ONCE: usize = 64 * 1024;
        let Some(fd) = &self.fd else { return Ok(false) };
        self.bytes.reserve(AT_ONCE);
        self.dry = false;
        match rustix::io::read(fd, spare_capacity(&mut self.bytes)) {
            Ok(0) => self.fd = None,
            Ok(_) => {}
            Err(Errno::AGAIN) => self.dry = true,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno).calling("read"),
        }
        let passed = self.bytes.len() > max;
        self.bytes.truncate(max);
        Ok(passed)
    }
}
