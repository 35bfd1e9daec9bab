//! One run, message by message. Everything that comes from the worker is checked here: order, size, time, memory.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use aegis_effect::{Effect, ErrorCode, Perform};
use aegis_sandbox::Cancel;

use super::pace::Pace;
use super::process::WorkerHandle;
use super::report::{CheckReport, Counts, RunError, RunReport, Status, WithheldEnd};
use super::{OutputSink, RunOptions, WATCH, padding};
use crate::error::{LimitKind, Phase, ScriptError};
use crate::source::Source;
use crate::verify::{Facts, Finding, Judge, Severity, Span, judged};
use crate::wire::{Ends, Finished, FromWorker, Line, LogLevel, Receiver, Sender, Start, ToWorker, WireError};

/// What ends with the link.
#[derive(Debug)]
pub(super) enum Ending {
    /// A process, which is killed if it did not end by itself.
    Process(Box<dyn WorkerHandle>),
    /// A thread, which ends at its next message.
    Thread,
}

/// The connection to a worker.
#[derive(Debug)]
pub(super) struct Link {
    ends: Ends,
    ending: Ending,
}

impl Link {
    pub(super) fn new(ends: Ends, ending: Ending) -> Link {
        Link { ends, ending }
    }
}

/// Why the broker ends a run by itself.
enum Stop {
    Limit(LimitKind, String),
    Output(io::Error),
    Protocol(&'static str),
    Gone,
    Cancelled,
}

struct Session<'a> {
    sender: Sender,
    receiver: Receiver,
    ending: Ending,
    started: Instant,
    options: &'a RunOptions,
    /// Where killed workers wait to be reaped; their end is not waited for.
    ended: &'a mut Vec<Box<dyn WorkerHandle>>,
    looked: Instant,
    /// Resident memory of the worker when the run began, in bytes.
    memory_before: u64,
    pace: Pace,
    /// The script has branched on local-only data: how it goes on is nothing that anyone may see.
    is_raised: bool,
}

/// What a verifying worker says first.
enum First {
    Facts(Facts),
    Finished(Finished),
}

pub(super) fn run(
    link: Link,
    source: &Source,
    options: &RunOptions,
    performer: &mut dyn Perform,
    output: &mut dyn OutputSink,
    judge: &dyn Judge,
    ended: &mut Vec<Box<dyn WorkerHandle>>,
) -> RunReport {
    let mut report = RunReport::failed(Status::Internal, RunError::new("internal", ""));
    let mut session = match Session::begin(link, source, options, ended) {
        Ok(session) => session,
        Err(e) => return RunReport::failed(Status::Failure, RunError::new("io", format!("the worker cannot be reached: {e}"))),
    };
    let ended = match session.first() {
        Ok(First::Finished(finished)) => Ok(finished),
        Ok(First::Facts(facts)) => {
            report.findings = judged(&facts, source, judge);
            if report.findings.iter().any(|f| f.severity == Severity::Error) {
                let errors = report.findings.iter().filter(|f| f.severity == Severity::Error).count();
                session.let_go();
                report.status = Status::Refused;
                let first = report.findings.iter().find(|f| f.severity == Severity::Error);
                report.error = Some(refused(first, errors));
                return report;
            }
            session.evaluate(performer, output, &mut report)
        }
        Err(stop) => Err(stop),
    };
    session.conclude(ended, source, &mut report);
    report
}

pub(super) fn check(
    link: Link,
    source: &Source,
    options: &RunOptions,
    judge: &dyn Judge,
    ended: &mut Vec<Box<dyn WorkerHandle>>,
) -> CheckReport {
    let mut session = match Session::begin(link, source, options, ended) {
        Ok(session) => session,
        Err(e) => {
            let error = RunError::new("io", format!("the worker cannot be reached: {e}"));
            return CheckReport { findings: Vec::new(), error: Some(error) };
        }
    };
    let ended = match session.first() {
        Ok(First::Facts(facts)) => {
            session.let_go();
            return CheckReport { findings: judged(&facts, source, judge), error: None };
        }
        Ok(First::Finished(finished)) => Ok(finished),
        Err(stop) => Err(stop),
    };
    // A script that does not parse has one finding: that.
    if let Ok(Finished { result: Err(error), .. }) = &ended {
        let code = match error.phase {
            Phase::Syntax => Some("syntax"),
            Phase::Limit(LimitKind::SourceSize | LimitKind::Nesting) => Some("limit"),
            _ => None,
        };
        if let Some(code) = code {
            let start = source.offset(error.line, error.column);
            let span = Span { start, end: source.offset(error.line, error.end_column.max(error.column)) };
            let finding = Finding::new(Severity::Error, code, error.message.clone(), error.suggestion.clone(), source, span);
            session.let_go();
            return CheckReport { findings: vec![finding], error: None };
        }
    }
    let mut report = RunReport::failed(Status::Internal, RunError::new("internal", ""));
    session.conclude(ended, source, &mut report);
    CheckReport { findings: Vec::new(), error: report.error }
}

fn refused(first: Option<&Finding>, errors: usize) -> RunError {
    let more = if errors > 1 { format!(" (and {} more)", errors - 1) } else { String::new() };
    let mut error = RunError::new("refused", first.map(|f| format!("{}{more}", f.message)).unwrap_or_default());
    if let Some(first) = first {
        error.line = first.line;
        error.column = first.column;
        error.frame = Some(first.frame.clone());
        error.suggestion.clone_from(&first.suggestion);
    }
    error
}

impl<'a> Session<'a> {
    fn begin(link: Link, source: &Source, options: &'a RunOptions, ended: &'a mut Vec<Box<dyn WorkerHandle>>) -> io::Result<Session<'a>> {
        let now = Instant::now();
        let line = Line::new(link.ends);
        line.set_timeout(WATCH)?;
        let mut ending = link.ending;
        if let Ending::Process(child) = &mut ending {
            child.limit_memory(options.limits.memory_bytes);
        }
        let mut session = Session {
            sender: Sender::new(line.clone()),
            receiver: Receiver::new(line.clone()).patient_for(WATCH),
            ending,
            pace: Pace::begin(line),
            is_raised: false,
            started: now,
            options,
            ended,
            looked: now,
            memory_before: 0,
        };
        session.memory_before = session.resident().unwrap_or(0);
        let start = Start {
            name: source.name().to_owned(),
            text: source.text().to_owned(),
            args: options.args.clone(),
            local_only_args: options.local_only_args.clone(),
            limits: options.limits.clone(),
            local_only: options.local_only,
            operator_view: options.operator_view,
        };
        // Size is checked here too: what the frame cannot carry must not look like a broken worker.
        let message = ToWorker::Start(Box::new(start));
        session.sender.push(&message).map_err(|e| io::Error::other(e.to_string()))?;
        Ok(session)
    }

    /// The first message; the script's text goes out before.
    fn first(&mut self) -> Result<First, Stop> {
        self.flush()?;
        match self.receive()? {
            FromWorker::Facts(facts) => Ok(First::Facts(*facts)),
            FromWorker::Finished(finished) => Ok(First::Finished(*finished)),
            _ => Err(Stop::Protocol("a message out of order")),
        }
    }

    fn evaluate(&mut self, performer: &mut dyn Perform, output: &mut dyn OutputSink, report: &mut RunReport) -> Result<Finished, Stop> {
        self.send(&ToWorker::Judged { proceed: true })?;
        let mut left = self.options.limits.output_bytes;
        // After an error that always ends the run only the end may come.
        let mut must_end: Option<ErrorCode> = None;
        loop {
            match self.receive()? {
                FromWorker::Output(_) | FromWorker::Log { .. } if self.is_raised => return Err(Stop::Protocol("output that is withheld")),
                FromWorker::Raised { sources, line } => {
                    if !std::mem::replace(&mut self.is_raised, true) {
                        output.log(LogLevel::Warn, &withheld(&sources, line), 0).map_err(Stop::Output)?;
                    }
                }
                FromWorker::Withheld(_) if !self.is_raised || !self.options.operator_view => {
                    return Err(Stop::Protocol("output that nobody may see"));
                }
                FromWorker::Withheld(text) => {
                    left = left.checked_sub(u64::try_from(text.len()).unwrap_or(u64::MAX)).ok_or_else(|| {
                        Stop::Limit(LimitKind::Output, format!("more than {} bytes of output", self.options.limits.output_bytes))
                    })?;
                    output.withheld(&text).map_err(Stop::Output)?;
                }
                FromWorker::Output(text) => {
                    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
                    let shown = if length <= left {
                        text.as_str()
                    } else {
                        let fits = text.floor_char_boundary(usize::try_from(left).unwrap_or(usize::MAX));
                        text.get(..fits).unwrap_or_default()
                    };
                    report.output_bytes += u64::try_from(shown.len()).unwrap_or(u64::MAX);
                    output.print(shown).map_err(Stop::Output)?;
                    left = left.checked_sub(length).ok_or_else(|| {
                        Stop::Limit(LimitKind::Output, format!("more than {} bytes of output", self.options.limits.output_bytes))
                    })?;
                }
                FromWorker::Log { level, message, line } => {
                    let length = u64::try_from(message.len()).unwrap_or(u64::MAX);
                    left = left.checked_sub(length).ok_or_else(|| {
                        Stop::Limit(LimitKind::Output, format!("more than {} bytes of output", self.options.limits.output_bytes))
                    })?;
                    output.log(level, &message, line).map_err(Stop::Output)?;
                }
                FromWorker::Effect(request) => {
                    if must_end.is_some() {
                        return Err(Stop::Protocol("an effect after an error that ends the run"));
                    }
                    // what is not a call of the script's is no effect, and what comes after a branch is not for the public to count
                    let counts = !self.is_raised && !matches!(request.effect, Effect::Reveal { .. });
                    report.counts.effects += u64::from(counts);
                    self.pace.asked();
                    let answer = performer.perform(&request);
                    if let Err(error) = &answer {
                        report.counts.failed_effects += u64::from(counts);
                        must_end = (!error.code.is_catchable()).then_some(error.code);
                    }
                    match self.sender.push(&ToWorker::Answer(answer)) {
                        Ok(()) => {}
                        Err(_) => return Err(Stop::Limit(LimitKind::Memory, "an answer too large for the worker".to_owned())),
                    }
                    if let Ending::Process(child) = &self.ending {
                        self.pace.answering(child.as_ref());
                    }
                    self.flush()?;
                }
                FromWorker::Finished(finished) => {
                    let mut finished = *finished;
                    if let (Some(code), Ok(_)) = (must_end, &finished.result) {
                        finished.result =
                            Err(Box::new(ScriptError::new(Phase::Effect(code), "the run went on after an error that ends it")));
                    }
                    return Ok(finished);
                }
                FromWorker::Facts(_) => return Err(Stop::Protocol("a message out of order")),
            }
        }
    }

    fn conclude(self, ended: Result<Finished, Stop>, source: &Source, report: &mut RunReport) {
        if !self.is_raised {
            return self.tell(ended, source, report);
        }
        // Whether it ended well, in an error, at a limit or by a crash: all of it may depend on what was observed.
        let (counts, options, started) = (report.counts, self.options, self.started);
        self.tell(ended, source, report);
        let end = WithheldEnd { status: report.status, result: report.result.take(), error: report.error.take() };
        report.withheld = options.operator_view.then(|| Box::new(end));
        report.status = Status::Withheld;
        report.counts = counts;
        if options.padded {
            padding::wait(started, options.limits.time);
        }
    }

    fn tell(self, ended: Result<Finished, Stop>, source: &Source, report: &mut RunReport) {
        let (status, error) = match ended {
            Ok(Finished { result: Ok(result), steps }) => {
                report.counts = Counts { steps, ..report.counts };
                report.status = Status::Ok;
                report.result = result;
                report.error = None;
                self.let_go();
                return;
            }
            Ok(Finished { result: Err(error), steps }) => {
                report.counts = Counts { steps, ..report.counts };
                self.let_go();
                RunError::of(*error, source)
            }
            Err(Stop::Limit(limit, message)) => {
                self.let_go();
                RunError::of(ScriptError::new(Phase::Limit(limit), message), source)
            }
            Err(Stop::Output(e)) => {
                self.let_go();
                (Status::Failure, RunError::new("io", format!("the output cannot be written: {e}")))
            }
            Err(Stop::Protocol(what)) => {
                self.let_go();
                (Status::Internal, RunError::new("worker_crashed", format!("the worker sent {what}")))
            }
            Err(Stop::Cancelled) => {
                self.let_go();
                (Status::Limit, RunError::new("cancelled", "the run was cancelled"))
            }
            Err(Stop::Gone) => self.post_mortem(source),
        };
        report.status = status;
        report.error = Some(error);
    }

    fn send(&mut self, message: &ToWorker) -> Result<(), Stop> {
        self.sender.push(message).map_err(|_| Stop::Protocol("too much"))?;
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Stop> {
        loop {
            match self.sender.flush() {
                Ok(()) => return Ok(()),
                Err(WireError::TimedOut) => self.look()?,
                Err(_) => return Err(Stop::Gone),
            }
        }
    }

    fn receive(&mut self) -> Result<FromWorker, Stop> {
        loop {
            match self.receiver.receive() {
                Ok(message) => {
                    // A worker that talks all the time is watched as closely as a silent one.
                    if self.looked.elapsed() >= WATCH {
                        self.look()?;
                    }
                    return Ok(message);
                }
                Err(WireError::TimedOut) => self.look()?,
                Err(WireError::TooLarge(_)) => return Err(Stop::Protocol("a message too large")),
                Err(WireError::Malformed) => return Err(Stop::Protocol("bytes that are no message")),
                Err(WireError::Closed | WireError::Io(_)) => return Err(Stop::Gone),
            }
        }
    }

    /// Looks at the clock and at the worker's memory.
    fn look(&mut self) -> Result<(), Stop> {
        self.looked = Instant::now();
        let limits = &self.options.limits;
        if self.looked.duration_since(self.started) >= limits.time {
            return Err(Stop::Limit(LimitKind::Time, format!("ran longer than {} s", limits.time.as_secs_f64())));
        }
        if self.options.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
            return Err(Stop::Cancelled);
        }
        match self.resident() {
            Some(now) if now > self.memory_before.saturating_add(limits.memory_bytes) => {
                Err(Stop::Limit(LimitKind::Memory, format!("more than {} bytes of memory", limits.memory_bytes)))
            }
            _ => Ok(()),
        }
    }

    /// The worker's resident memory in bytes (proc(5), statm); a thread has none of its own.
    fn resident(&self) -> Option<u64> {
        let Ending::Process(child) = &self.ending else { return None };
        let mut text = [0; 128];
        let n = std::fs::File::open(format!("/proc/{}/statm", child.id())).ok()?.read(&mut text).ok()?;
        let pages: u64 = std::str::from_utf8(text.get(..n)?).ok()?.split_ascii_whitespace().nth(1)?.parse().ok()?;
        u64::try_from(rustix::param::page_size()).ok()?.checked_mul(pages)
    }

    /// Ends the worker, whatever it is doing. It has no rights and nobody listens to it any more, so nothing waits for its end.
    fn let_go(self) {
        if let Ending::Process(mut child) = self.ending {
            child.kill();
            self.ended.push(child);
        }
    }

    /// What ended a worker that said nothing.
    fn post_mortem(self, source: &Source) -> (Status, RunError) {
        let crashed = |message: String| (Status::Internal, RunError::new("worker_crashed", message));
        let Ending::Process(mut child) = self.ending else { return crashed("the script's thread ended without a word".to_owned()) };
        drop((self.sender, self.receiver));
        // A worker that closed its stream and lives on is not waited for.
        let Some(end) = child.ended_within(PATIENCE) else {
            child.kill();
            self.ended.push(child);
            return crashed("the worker closed its connection".to_owned());
        };
        if end.out_of_memory {
            let message = format!("more than {} bytes of memory", self.options.limits.memory_bytes);
            return RunError::of(ScriptError::new(Phase::Limit(LimitKind::Memory), message), source);
        }
        crashed(format!("the worker ended with {}", end.how))
    }
}

/// What people are told once.
fn withheld(sources: &[String], line: u32) -> String {
    let from = if line == 0 { "here".to_owned() } else { format!("line {line}") };
    format!("output withheld from {from} on: the script branched on local-only {}; use compute(f, x) to keep talking", sources.join(", "))
}

/// How long a worker that closed its stream may take to end.
const PATIENCE: Duration = Duration::from_millis(50);
