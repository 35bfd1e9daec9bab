//! Worker processes.

use std::any::Any;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aegis_sandbox::channel::Channel;

use crate::wire::Ends;

/// Starts workers.
pub trait StartWorker: fmt::Debug + Send {
    /// A process that calls [`crate::worker_main`] with the other end of the stream.
    ///
    /// # Errors
    /// Those of the operating system.
    fn start(&mut self) -> io::Result<WorkerProcess>;
}

/// A process that can be watched and ended.
pub trait WorkerHandle: fmt::Debug + Send {
    /// Its process id.
    fn id(&self) -> u32;
    /// Kills it, without waiting for its end.
    fn kill(&mut self);
    /// How it ended, if it does within that time; it is reaped then.
    fn ended_within(&mut self, patience: Duration) -> Option<WorkerEnd>;
    /// Whether it has ended; it is reaped then. Never waits.
    fn has_ended(&mut self) -> bool {
        self.ended_within(Duration::ZERO).is_some()
    }
    /// Bounds what it can allocate from now on, in bytes. What the kernel cannot bound, the broker watches.
    fn limit_memory(&mut self, bytes: u64) {
        let _ = bytes;
    }
    /// Puts the caller and the worker on one core as long as the result lives.
    fn share_core(&self) -> Option<Box<dyn Any>> {
        None
    }
}

/// How a worker ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerEnd {
    /// In words.
    pub how: String,
    /// It ended because it could not get more memory.
    pub out_of_memory: bool,
}

/// A started worker.
#[derive(Debug)]
pub struct WorkerProcess {
    ends: Ends,
    handle: Box<dyn WorkerHandle>,
}

impl WorkerProcess {
    /// A worker at the other end of `stream`.
    #[must_use]
    pub fn new(stream: UnixStream, handle: impl WorkerHandle + 'static) -> WorkerProcess {
        WorkerProcess { ends: Ends::Stream(stream), handle: Box::new(handle) }
    }

    /// A worker that shares memory with us.
    pub(super) fn with_channel(channel: Channel, handle: impl WorkerHandle + 'static) -> WorkerProcess {
        WorkerProcess { ends: Ends::Channel(Box::new(channel)), handle: Box::new(handle) }
    }

    pub(super) fn kill(&mut self) {
        self.handle.kill();
        let _ = self.handle.ended_within(Duration::from_secs(1));
    }

    pub(super) fn into_parts(self) -> (Ends, Box<dyn WorkerHandle>) {
        (self.ends, self.handle)
    }
}

/// A process of the standard library. If its standard error is piped, its last words are read when it ends badly.
impl WorkerHandle for Child {
    fn id(&self) -> u32 {
        Child::id(self)
    }

    fn kill(&mut self) {
        // fails only if it has ended by itself
        let _ = Child::kill(self);
    }

    fn has_ended(&mut self) -> bool {
        // its last words are not read: what it left behind may hold the pipe open
        matches!(self.try_wait(), Ok(Some(_)))
    }

    fn ended_within(&mut self, patience: Duration) -> Option<WorkerEnd> {
        let deadline = Instant::now() + patience;
        let status = loop {
            if let Ok(Some(status)) = self.try_wait() {
                break status;
            }
            if Instant::now() >= deadline {
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        let mut words = Vec::new();
        if let Some(stderr) = self.stderr.take() {
            let _ = stderr.take(4096).read_to_end(&mut words);
        }
        let words = String::from_utf8_lossy(&words);
        let out_of_memory = words.contains("memory allocation of");
        let words = words.lines().find(|l| !l.trim().is_empty()).map(|l| format!(": {}", l.trim())).unwrap_or_default();
        Some(WorkerEnd { how: format!("{status}{words}"), out_of_memory })
    }
}

/// Starts a program as worker that locks nothing down: for embedders with a sandbox of their own, and for tests. Its standard input is
/// the stream, its environment empty.
#[derive(Debug, Clone)]
pub struct ProcessWorkers {
    program: PathBuf,
    args: Vec<OsString>,
}

impl ProcessWorkers {
    /// The program, usually the running one, with the arguments that make it call [`crate::worker_main`].
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, args: impl IntoIterator<Item = impl Into<OsString>>) -> ProcessWorkers {
        ProcessWorkers { program: program.into(), args: args.into_iter().map(Into::into).collect() }
    }
}

impl StartWorker for ProcessWorkers {
    fn start(&mut self) -> io::Result<WorkerProcess> {
        let (broker, worker) = UnixStream::pair()?;
        let child = Command::new(&self.program)
            .args(&self.args)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(worker)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(WorkerProcess::new(broker, child))
    }
}
