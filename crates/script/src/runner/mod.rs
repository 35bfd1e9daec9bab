//! The broker's side of a run.

mod copied;
mod drive;
mod in_process;
mod output;
mod pace;
mod padding;
mod process;
mod report;
mod sandboxed;

use std::time::Duration;

use aegis_effect::{Labelled, Perform};
use aegis_policy::Policy;
use aegis_sandbox::Cancel;

pub use copied::CopiedWorkers;
pub use output::OutputSink;
pub use process::{ProcessWorkers, StartWorker, WorkerEnd, WorkerHandle, WorkerProcess};
pub use report::{CheckReport, Counts, RunError, RunReport, Status, WithheldEnd};
pub use sandboxed::SandboxedWorkers;

use crate::limits::Limits;
use crate::source::Source;
use crate::verify::Judge;
use drive::{Ending, Link};

/// What belongs to one run beside script and policy.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// The fields of `args`; of a name given twice the last counts.
    pub args: Vec<(String, String)>,
    /// More of them, which are local-only; whoever performs holds their content.
    pub local_only_args: Vec<(String, Labelled)>,
    /// What the run may use.
    pub limits: Limits,
    /// Whether the policy has local-only sources. Comparisons cost more then.
    pub local_only: bool,
    /// What is withheld after a branch on local-only data goes to [`OutputSink::withheld`] and [`RunReport::withheld`].
    pub operator_view: bool,
    /// The end of a run that branched on local-only data comes 1, 2, 4, ... seconds after its start, or at its time limit, and not when it
    /// happens.
    pub padded: bool,
    /// Ends the run from another thread.
    pub cancel: Option<Cancel>,
}

impl RunOptions {
    /// What a policy says of every run under it.
    #[must_use]
    pub fn of(policy: &Policy) -> RunOptions {
        let settings = policy.settings();
        let limits = &settings.limits;
        RunOptions {
            limits: Limits {
                time: limits.max_time,
                steps: limits.max_steps,
                memory_bytes: limits.max_memory_bytes,
                output_bytes: limits.max_output_bytes,
                callstack: limits.max_callstack_size,
                ..Limits::default()
            },
            local_only: policy.has_local_only(),
            padded: settings.padded_timing,
            ..RunOptions::default()
        }
    }
}

/// Runs scripts.
#[derive(Debug)]
pub struct Runner {
    workers: Workers,
    /// Killed workers that are not reaped yet.
    ended: Vec<Box<dyn WorkerHandle>>,
}

#[derive(Debug)]
enum Workers {
    Process { start: Box<dyn StartWorker>, waiting: Option<WorkerProcess>, keep_warm: bool },
    InProcess,
}

impl Runner {
    /// Each script in a worker process of its own. The first is started now, so that it makes itself ready while the caller still loads
    /// the policy; a failure to start it shows at the run.
    #[must_use]
    pub fn process(start: impl StartWorker + 'static) -> Runner {
        let mut start: Box<dyn StartWorker> = Box::new(start);
        let waiting = start.start().ok();
        Runner { workers: Workers::Process { start, waiting, keep_warm: false }, ended: Vec::new() }
    }

    /// The same for servers: after each run the next worker is started at once.
    #[must_use]
    pub fn keep_warm(mut self) -> Runner {
        if let Workers::Process { keep_warm, .. } = &mut self.workers {
            *keep_warm = true;
        }
        self
    }

    /// Scripts on a thread of this process, for embedders that accept the risk: a fault of the interpreter is then a fault of the
    /// embedder, and time and memory are only checked between steps.
    #[must_use]
    pub fn in_process() -> Runner {
        Runner { workers: Workers::InProcess, ended: Vec::new() }
    }

    /// Verifies and runs a script. Its effects go to `performer`, what it prints to `output`.
    pub fn run(
        &mut self,
        script: &Source,
        options: &RunOptions,
        performer: &mut dyn Perform,
        output: &mut dyn OutputSink,
        judge: &dyn Judge,
    ) -> RunReport {
        let link = match self.link() {
            Ok(link) => link,
            Err(error) => return RunReport::failed(Status::Failure, *error),
        };
        let report = drive::run(link, script, options, performer, output, judge, &mut self.ended);
        self.warm();
        report
    }

    /// Verifies a script without running it.
    pub fn check(&mut self, script: &Source, options: &RunOptions, judge: &dyn Judge) -> CheckReport {
        let link = match self.link() {
            Ok(link) => link,
            Err(error) => return CheckReport { findings: Vec::new(), error: Some(*error) },
        };
        let report = drive::check(link, script, options, judge, &mut self.ended);
        self.warm();
        report
    }

    fn link(&mut self) -> Result<Link, Box<RunError>> {
        self.ended.retain_mut(|child| !child.has_ended());
        match &mut self.workers {
            Workers::InProcess => in_process::start().map(|ends| Link::new(ends, Ending::Thread)),
            Workers::Process { start, waiting, .. } => match waiting.take() {
                Some(worker) => Ok(worker),
                None => start.start(),
            }
            .map(|worker| {
                let (ends, child) = worker.into_parts();
                Link::new(ends, Ending::Process(child))
            }),
        }
        .map_err(|e| Box::new(RunError::new("io", format!("the worker cannot be started: {e}"))))
    }

    fn warm(&mut self) {
        if let Workers::Process { keep_warm: true, .. } = &self.workers {
            self.make_ready();
        }
    }

    /// Starts the next worker now, so that it is ready when the next run comes. The worker dies with the thread that this is called from.
    pub fn make_ready(&mut self) {
        if let Workers::Process { start, waiting: waiting @ None, .. } = &mut self.workers {
            *waiting = start.start().ok();
        }
    }

    /// The same as [`Runner::process`], without a worker until one is needed.
    #[must_use]
    pub fn process_later(start: impl StartWorker + 'static) -> Runner {
        Runner { workers: Workers::Process { start: Box::new(start), waiting: None, keep_warm: false }, ended: Vec::new() }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if let Workers::Process { waiting: Some(worker), .. } = &mut self.workers {
            worker.kill();
        }
        for child in &mut self.ended {
            let _ = child.has_ended();
        }
    }
}

/// How often the clock and the worker's memory are looked at while it says nothing.
const WATCH: Duration = Duration::from_millis(15);
