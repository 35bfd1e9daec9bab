//! Workers without rights: this very program, started under another name, which locks itself down before it reads a byte.

use std::any::Any;
use std::io;
use std::time::{Duration, Instant};

use aegis_sandbox::End;
use aegis_sandbox::worker;

use super::process::{StartWorker, WorkerEnd, WorkerHandle, WorkerProcess};

/// Starts the running program as worker. Its `main` must call [`crate::sandboxed_worker`] first thing when its name is
/// [`aegis_sandbox::worker::NAME`].
#[derive(Debug, Clone, Copy, Default)]
pub struct SandboxedWorkers;

impl StartWorker for SandboxedWorkers {
    fn start(&mut self) -> io::Result<WorkerProcess> {
        worker::start::<&str>(&[]).map_err(io::Error::other).and_then(process_of)
    }
}

/// A worker that locks itself down, as runners see it.
pub(super) fn process_of(mut process: worker::WorkerProcess) -> io::Result<WorkerProcess> {
    match process.take_channel().map_err(io::Error::other)? {
        Some(channel) => Ok(WorkerProcess::with_channel(channel, Sandboxed(process))),
        None => Ok(WorkerProcess::new(process.socket().try_clone()?, Sandboxed(process))),
    }
}

#[derive(Debug)]
struct Sandboxed(worker::WorkerProcess);

impl WorkerHandle for Sandboxed {
    fn id(&self) -> u32 {
        self.0.pid().as_raw_nonzero().get().unsigned_abs()
    }

    fn kill(&mut self) {
        // fails only if it has ended by itself
        let _ = self.0.kill();
    }

    fn ended_within(&mut self, patience: Duration) -> Option<WorkerEnd> {
        let end = self.0.wait_until(Instant::now() + patience).ok()??;
        // the allocator aborts; an exhausted stack is a segmentation fault
        Some(WorkerEnd { how: end.to_string(), out_of_memory: end == End::Signal(SIGABRT) })
    }

    fn limit_memory(&mut self, bytes: u64) {
        // a worker that is gone shows at the first message
        let _ = self.0.limit_memory(bytes);
    }

    fn share_core(&self) -> Option<Box<dyn Any>> {
        self.0.share_core().ok().map(|shared| Box::new(shared) as Box<dyn Any>)
    }
}

/// The number of SIGABRT on Linux, on every architecture.
const SIGABRT: i32 = 6;
