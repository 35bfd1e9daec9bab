//! Worker processes.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Starts workers.
pub trait StartWorker: fmt::Debug + Send {
    /// A process that calls [`crate::worker_main`] with the other end of the stream.
    ///
    /// # Errors
    /// Those of the operating system.
    fn start(&mut self) -> io::Result<WorkerProcess>;
}

/// A started worker.
#[derive(Debug)]
pub struct WorkerProcess {
    stream: UnixStream,
    child: Child,
}

impl WorkerProcess {
    /// A worker at the other end of `stream`. If the child's standard error is piped, its last words are read when it ends badly.
    #[must_use]
    pub fn new(stream: UnixStream, child: Child) -> WorkerProcess {
        WorkerProcess { stream, child }
    }

    pub(super) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub(super) fn into_parts(self) -> (UnixStream, Child) {
        (self.stream, self.child)
    }
}

/// Starts a program as worker: with an empty environment, its standard input connected to the broker, no standard output.
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
