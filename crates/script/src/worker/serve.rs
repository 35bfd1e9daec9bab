//! The life of a worker: give up all rights, make ready, serve one run, end.

use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};

use aegis_sandbox::channel::Channel;

use super::Context;
use super::evaluate::evaluate;
use super::warm_up::{self, warm_up};
use crate::builtins::Builtins;
use crate::error::{LimitKind, Phase, ScriptError};
use crate::wire::{Ends, Finished, Line, Receiver, Sender, ToWorker};

/// Takes all rights from the calling process. Called while it is single-threaded, before it reads a byte from the broker.
pub type LockDown = fn() -> Result<(), String>;

/// The stack of the thread that parses and evaluates. Only the pages used are ever backed by memory.
const STACK: usize = 1 << 30;

/// A worker process from start to end. `socket` is connected to the broker.
///
/// Exit code 0: it served a run and said how it ended. 70: it could not.
pub fn worker_main(socket: UnixStream, lock_down: LockDown) -> ! {
    let builtins = Builtins::new();
    if let Err(reason) = lock_down() {
        // The broker reads standard error of a worker that ends without a word.
        eprintln!("worker cannot give up its rights: {reason}");
        std::process::exit(70);
    }
    evaluate_for(Ends::Stream(socket), builtins, false)
}

/// The same for a process that [`crate::SandboxedWorkers`] started: it gets its socket only when its rights are gone.
pub fn sandboxed_worker() -> ! {
    // Made ready before the rights go: some libraries count the processors when they are first used. Nothing from outside has come in.
    let builtins = Builtins::new();
    let is_copied = std::env::args_os().nth(1).is_some_and(|what| what == aegis_sandbox::worker::ZYGOTE);
    if is_copied {
        warm_up(&builtins, warm_up::ALL);
        // goes on in each copy
        if let Err(error) = aegis_sandbox::worker::copies() {
            eprintln!("this name is for workers that aegis starts itself: {error}");
            std::process::exit(70)
        }
    }
    match aegis_sandbox::worker::lock_down(&aegis_sandbox::worker::WorkerLimits::default()) {
        Ok(locked) => {
            let ends = match locked.pages {
                Some(pages) => Ends::Channel(Box::new(Channel::of_worker(locked.socket, pages))),
                None => Ends::Stream(locked.socket),
            };
            evaluate_for(ends, builtins, is_copied)
        }
        Err(error) => {
            eprintln!("this name is for workers that aegis starts itself: {error}");
            std::process::exit(70)
        }
    }
}

/// `has_time`: the run comes later.
fn evaluate_for(broker: Ends, builtins: Builtins, has_time: bool) -> ! {
    let served = on_big_stack(move || {
        if has_time {
            warm_up(&builtins, warm_up::LEAST);
        }
        serve(broker, &builtins)
    });
    // Not a return: destructors of a large heap would only cost time.
    std::process::exit(if served == Some(true) { 0 } else { 70 })
}

/// Runs `work` on a thread whose stack parser and evaluator cannot exhaust within the limits of a source; `None` if it panicked or no
/// thread could be made.
pub(crate) fn on_big_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    std::thread::Builder::new().name("script".into()).stack_size(STACK).spawn(work).ok()?.join().ok()
}

/// Serves the one run of a worker; whether the broker was told how it ended.
pub(crate) fn serve(broker: Ends, builtins: &Builtins) -> bool {
    let line = Line::new(broker);
    let mut receiver = Receiver::new(line.clone());
    let Ok(ToWorker::Start(start)) = receiver.receive::<ToWorker>() else { return false };
    let context = Context::new(Sender::new(line), receiver, &start, builtins.globals().clone());
    let mut steps = 0;
    let result = match catch_unwind(AssertUnwindSafe(|| evaluate(&context, builtins, &start, &mut steps))) {
        Ok(result) => result,
        Err(panic) => Err(Box::new(panicked(panic.as_ref()))),
    };
    context.finish(Finished { result, steps })
}

/// Interpreter panics that mean "too large" are a limit; any other is a bug.
fn panicked(panic: &(dyn std::any::Any + Send)) -> ScriptError {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or_default();
    let too_large = ["out of memory", "AlignedSize", "capacity overflow", "len overflow", "overflow"];
    if too_large.iter().any(|sign| text.contains(sign)) {
        ScriptError::new(Phase::Limit(LimitKind::Memory), "one value would be too large for memory")
    } else {
        ScriptError::new(Phase::Internal, "the interpreter failed")
    }
}
