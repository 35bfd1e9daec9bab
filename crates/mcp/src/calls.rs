//! The threads on which calls run. They live as long as the server: workers and children die with the thread that started them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aegis_script::{Runner, StartWorker};

use crate::parts::MakeWorkers;

type Job = Box<dyn FnOnce() + Send>;

/// Calls that wait for a thread; beyond it a call is refused.
const WAITING: usize = 256;

/// Calls that may wait for a person without counting as running; each has a thread.
const WITH_A_PERSON: usize = 16;

/// The threads, and what waits for them.
pub(crate) struct Calls {
    slots: Slots,
    runners: Arc<Runners>,
}

/// So many calls run at once, each on a thread. Clones are the same.
#[derive(Clone)]
pub(crate) struct Slots(Arc<Queue>);

struct Queue {
    state: Mutex<State>,
    /// There is something to do, or room to do it.
    changed: Condvar,
    most: usize,
}

#[derive(Default)]
struct State {
    jobs: std::collections::VecDeque<Job>,
    ended: bool,
    threads: usize,
    /// Calls that hold a slot.
    running: usize,
    /// Calls that gave theirs back while they wait for a person.
    with_a_person: usize,
}

impl Calls {
    /// Starts the threads.
    ///
    /// # Errors
    /// Of the system.
    pub(crate) fn start(threads: usize, workers: MakeWorkers) -> std::io::Result<Calls> {
        let most = threads.max(1);
        let slots = Slots(Arc::new(Queue { state: Mutex::default(), changed: Condvar::new(), most }));
        for _ in 0..most {
            slots.start_thread(&mut slots.0.state())?;
        }
        Ok(Calls { slots, runners: Arc::new(Runners { idle: Mutex::new(Vec::new()), workers }) })
    }

    /// Runs a job when there is a slot. False if too many wait already.
    pub(crate) fn run(&self, job: Job) -> bool {
        let mut state = self.slots.0.state();
        if state.ended || state.jobs.len() >= WAITING {
            return false;
        }
        state.jobs.push_back(job);
        drop(state);
        self.slots.0.changed.notify_all();
        true
    }

    /// Lets go of what waits; whether nothing runs any more.
    pub(crate) fn end(&self) -> bool {
        let mut state = self.slots.0.state();
        state.ended = true;
        state.jobs.clear();
        let is_over = state.running == 0 && state.with_a_person == 0;
        drop(state);
        self.slots.0.changed.notify_all();
        is_over
    }

    pub(crate) const fn slots(&self) -> &Slots {
        &self.slots
    }

    pub(crate) fn runners(&self) -> &Runners {
        &self.runners
    }

    /// Makes the first worker ready, before it is asked for; on one of the threads, as workers die with the thread that started them.
    pub(crate) fn warm(&self) {
        let runners = self.runners.clone();
        self.run(Box::new(move || runners.keep(runners.new_runner())));
    }
}

impl Slots {
    fn start_thread(&self, state: &mut State) -> std::io::Result<()> {
        let queue = self.0.clone();
        std::thread::Builder::new().name(format!("call {}", state.threads)).spawn(move || queue.serve())?;
        state.threads += 1;
        Ok(())
    }

    /// Waits for a person on the calling call's thread. Meanwhile another call may run in its place, unless very many wait so.
    pub(crate) fn with_a_person<T>(&self, wait: impl FnOnce() -> T) -> T {
        let mut state = self.0.state();
        let has_thread = state.threads > state.running + state.with_a_person;
        if state.with_a_person >= WITH_A_PERSON || !has_thread && self.start_thread(&mut state).is_err() {
            drop(state);
            return wait();
        }
        state.running -= 1;
        state.with_a_person += 1;
        drop(state);
        self.0.changed.notify_all();
        let _back = Back(&self.0);
        wait()
    }
}

/// Takes a slot again when the wait is over, however it ended.
struct Back<'a>(&'a Queue);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        let mut state = self.0.wait_until(self.0.state(), |state| state.running < self.0.most || state.ended);
        state.with_a_person -= 1;
        state.running += 1;
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until<'a>(&self, state: MutexGuard<'a, State>, is_so: impl Fn(&State) -> bool) -> MutexGuard<'a, State> {
        self.changed.wait_while(state, |state| !is_so(state)).unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        loop {
            let mut state = self.wait_until(self.state(), |state| state.ended || state.running < self.most && !state.jobs.is_empty());
            let Some(job) = state.jobs.pop_front() else { return };
            state.running += 1;
            drop(state);
            // a call that panics costs that call and nothing else; whoever waits for it sees that it is gone
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
            self.state().running -= 1;
            self.changed.notify_all();
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
    pub(crate) fn give_back(&self, runner: Runner) {
        if self.idle.lock().unwrap_or_else(PoisonError::into_inner).len() >= WARM {
            return;
        }
        std::thread::sleep(AFTER_THE_ANSWER);
        self.keep(runner);
    }

    fn keep(&self, mut runner: Runner) {
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
