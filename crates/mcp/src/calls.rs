//! The threads on which calls run. They live as long as the server: workers and children die with the thread that started them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use aegis_script::{Runner, StartWorker};

use crate::parts::MakeWorkers;

type Job = Box<dyn FnOnce() + Send>;

/// Calls that wait for a thread; beyond it a call is refused.
const WAITING: usize = 256;

/// The threads, and what waits for them.
pub(crate) struct Calls {
    queue: Arc<Queue>,
    runners: Arc<Runners>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    running: AtomicUsize,
}

#[derive(Default)]
struct State {
    jobs: std::collections::VecDeque<Job>,
    ended: bool,
}

impl Calls {
    /// Starts the threads.
    ///
    /// # Errors
    /// Of the system.
    pub(crate) fn start(threads: usize, workers: MakeWorkers) -> std::io::Result<Calls> {
        let queue = Arc::new(Queue::default());
        for number in 0..threads.max(1) {
            let queue = queue.clone();
            std::thread::Builder::new().name(format!("call {number}")).spawn(move || queue.serve())?;
        }
        Ok(Calls { queue, runners: Arc::new(Runners { idle: Mutex::new(Vec::new()), workers }) })
    }

    /// Runs a job when a thread is free. False if too many wait already.
    pub(crate) fn run(&self, job: Job) -> bool {
        let mut state = self.queue.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.ended || state.jobs.len() >= WAITING {
            return false;
        }
        state.jobs.push_back(job);
        drop(state);
        self.queue.ready.notify_one();
        true
    }

    /// Lets go of what waits; whether nothing runs any more.
    pub(crate) fn end(&self) -> bool {
        let mut state = self.queue.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.ended = true;
        state.jobs.clear();
        drop(state);
        self.queue.ready.notify_all();
        self.queue.running.load(Ordering::SeqCst) == 0
    }

    pub(crate) fn runners(&self) -> &Runners {
        &self.runners
    }

    /// Makes the first worker ready, before it is asked for; on one of the threads, as workers die with the thread that started them.
    pub(crate) fn warm(&self) {
        let runners = self.runners.clone();
        self.run(Box::new(move || runners.give_back(runners.new_runner())));
    }
}

impl Queue {
    fn serve(&self) {
        loop {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let job = loop {
                if let Some(job) = state.jobs.pop_front() {
                    break job;
                }
                if state.ended {
                    return;
                }
                state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
            };
            self.running.fetch_add(1, Ordering::SeqCst);
            drop(state);
            // a call that panics costs that call and nothing else; whoever waits for it sees that it is gone
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
            self.running.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Runners between calls, each with a worker that is ready or about to be.
pub(crate) struct Runners {
    idle: Mutex<Vec<Runner>>,
    workers: MakeWorkers,
}

/// Workers that are ready while nothing is asked. The second serves a client that asks again before the next is ready.
const WARM: usize = 2;

/// How long the next worker waits for the answer to reach the client: made at once, it would take the processor from both.
const AFTER_THE_ANSWER: Duration = Duration::from_micros(500);

impl Runners {
    fn new_runner(&self) -> Runner {
        Runner::process_later(Boxed((self.workers)()))
    }

    /// A runner, with a worker that is ready if there is one.
    pub(crate) fn take(&self) -> Runner {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| self.new_runner())
    }

    /// After a call: makes the next worker ready, unless enough are.
    pub(crate) fn give_back(&self, mut runner: Runner) {
        std::thread::sleep(AFTER_THE_ANSWER);
        if self.idle.lock().unwrap_or_else(PoisonError::into_inner).len() >= WARM {
            return;
        }
        runner.make_ready();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(runner);
    }
}

#[derive(Debug)]
struct Boxed(Box<dyn StartWorker>);

impl StartWorker for Boxed {
    fn start(&mut self) -> std::io::Result<aegis_script::WorkerProcess> {
        self.0.start()
    }
}
