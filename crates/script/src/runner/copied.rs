//! Workers without rights that are copied and not started: for servers.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use aegis_sandbox::worker::Zygote;

use super::process::{StartWorker, WorkerProcess};
use super::sandboxed::{SandboxedWorkers, process_of};

/// Copies workers from one process that has made itself ready, which takes a tenth of the time of a start. That process is started for the
/// first worker, from the thread that asks for it: it and all its copies die with that thread. Clones share it.
///
/// Where it cannot be started, or is gone, workers are started as by [`SandboxedWorkers`].
#[derive(Debug, Clone, Default)]
pub struct CopiedWorkers {
    zygote: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    NotStarted,
    Ready(Zygote),
    /// It could not be started, and would not be the next time.
    Impossible,
}

impl State {
    fn copy(&mut self) -> Option<WorkerProcess> {
        if let State::NotStarted = self {
            *self = Zygote::start::<&str>(&[]).map_or(State::Impossible, State::Ready);
        }
        let State::Ready(zygote) = self else { return None };
        if let Ok(worker) = zygote.copy().map_err(io::Error::other).and_then(process_of) {
            return Some(worker);
        }
        // somebody killed it; the next worker comes from a new one
        *self = State::NotStarted;
        None
    }
}

impl StartWorker for CopiedWorkers {
    fn start(&mut self) -> io::Result<WorkerProcess> {
        let copied = self.zygote.lock().unwrap_or_else(PoisonError::into_inner).copy();
        copied.map_or_else(|| SandboxedWorkers.start(), Ok)
    }
}
