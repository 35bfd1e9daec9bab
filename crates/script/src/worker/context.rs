//! What a run's builtins reach through the evaluator: the broker, and the state of the run.
#![expect(unsafe_code, reason = "derived by the interpreter's macros; none is written by hand")]

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aegis_effect::{Effect, EffectError, ErrorCode, Handle, Label, Outcome, Request};
use starlark::any::ProvidesStaticType;
use starlark::environment::{FrozenModule, Globals, Module};
use starlark::eval::Evaluator;
use starlark::values::{FrozenValue, Value};

use super::deadline::Deadline;
use super::evaluate::set_up;
use super::failure::{EffectFailure, Gone, fail};
use super::library::library;
use super::loader::Loaded;
use crate::error::{LimitKind, Phase};
use crate::flow::{Broker, Data, Join, Secrets, not_here};
use crate::limits::Limits;
use crate::verify::Facts;
use crate::wire::{Finished, FromWorker, LogLevel, Receiver, Sender, Start, ToWorker, WireError};

/// The state of a run.
#[derive(Debug, ProvidesStaticType)]
pub(crate) struct Context {
    link: Arc<Mutex<Link>>,
    secrets: Arc<Secrets>,
    globals: Globals,
    limits: Limits,
    deadline: Deadline,
    limit_hit: Cell<Option<LimitKind>>,
    /// Whether the operator sees what is withheld.
    operator_view: bool,
    /// The script's name and text, until `compute` needs its functions frozen.
    script: (String, String),
    library: OnceCell<Option<FrozenModule>>,
    pub(super) loaded: RefCell<Loaded>,
}

/// The connection to the broker, with the text that is printed but not sent yet.
#[derive(Debug)]
struct Link {
    sender: Sender,
    receiver: Receiver,
    printed: String,
    sent_at: Option<Instant>,
    output_left: u64,
    /// What is printed is withheld from the public.
    is_withheld: bool,
}

/// Printed text is sent once there is this much of it.
const CHUNK: usize = 8 << 10;
/// Longer prints go out in pieces of at most this size.
const PIECE: usize = 1 << 20;
/// ... or once the last was sent longer ago than this, so that someone who watches sees it as it happens.
const STALE: Duration = Duration::from_millis(20);

impl Context {
    pub(super) fn new(sender: Sender, receiver: Receiver, start: &Start, globals: Globals) -> Context {
        let link =
            Link { sender, receiver, printed: String::new(), sent_at: None, output_left: start.limits.output_bytes, is_withheld: false };
        let link = Arc::new(Mutex::new(link));
        Context {
            secrets: Secrets::new(Arc::new(BrokerLink(link.clone()))),
            link,
            globals,
            limits: start.limits.clone(),
            deadline: Deadline::after(start.limits.time),
            limit_hit: Cell::new(None),
            operator_view: start.operator_view,
            script: (start.name.clone(), start.text.clone()),
            library: OnceCell::new(),
            loaded: RefCell::default(),
        }
    }

    /// The context of an evaluator.
    pub(crate) fn of<'a>(eval: &Evaluator<'_, 'a, '_>) -> starlark::Result<&'a Context> {
        eval.extra.and_then(|extra| extra.downcast_ref::<Context>()).ok_or_else(|| starlark::Error::new_other(Gone))
    }

    pub(crate) fn secrets(&self) -> &Arc<Secrets> {
        &self.secrets
    }

    /// A function that can change nothing outside itself: one that is frozen, or the frozen twin of one of the script's own.
    pub(crate) fn frozen<'v>(&self, function: Value<'v>, eval: &Evaluator<'v, '_, '_>) -> Option<FrozenValue> {
        if let Some(frozen) = function.unpack_frozen() {
            return Some(frozen);
        }
        let library = self.library.get_or_init(|| {
            // Default values of parameters are evaluated with it, and must not act either.
            self.secrets.quiet(|| library(self, &self.script.0, &self.script.1))
        });
        let library = library.as_ref()?;
        let name = library.names().find(|name| eval.module().get(name.as_str()).is_some_and(|value| value.ptr_eq(function)))?;
        let twin = library.get(name.as_str()).ok()?;
        // held by the library, which lives as long as we do
        eval.heap().access_owned_frozen_value(&twin).unpack_frozen()
    }

    /// Calls a frozen function in a module of its own, with the limits of a run of its own; a copy of what it gives, and what that depends
    /// on. None if it is no plain value.
    pub(crate) fn call_apart(&self, function: FrozenValue, arguments: &[Data]) -> starlark::Result<(Option<Data>, Join)> {
        Module::with_temp_heap(|module| {
            let mut eval = Evaluator::new(&module);
            set_up(&mut eval, self, 0).map_err(|_| starlark::Error::new_other(Gone))?;
            let arguments: Vec<Value<'_>> = arguments.iter().map(|data| data.alloc(module.heap())).collect();
            let result = eval.eval_function(function.to_value(), &arguments, &[])?;
            let mut join = Join::default();
            Ok((self.secrets.copied(result, &mut join)?, join))
        })
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn globals(&self) -> &Globals {
        &self.globals
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// The limit that a builtin of ours ended the run for.
    pub(super) fn limit_hit(&self) -> Option<LimitKind> {
        self.limit_hit.get()
    }

    /// An error that ends the run because of a limit.
    pub(crate) fn over(&self, limit: LimitKind, message: &str) -> starlark::Error {
        self.limit_hit.set(Some(limit));
        fail(EffectError::new(ErrorCode::Limit, message))
    }

    /// Before anything that acts or prints. Ends the run if a local-only value failed where the interpreter takes no error.
    pub(crate) fn fail_pending(&self) -> starlark::Result<()> {
        if self.secrets.is_quiet() {
            return Err(fail(EffectError::new(ErrorCode::FlowDenied, "nothing can act or print inside compute")));
        }
        match self.secrets.pending() {
            None => Ok(()),
            Some(error) => Err(fail(error)),
        }
    }

    /// Asks the broker for an effect. What is printed so far goes out with it, in the same write.
    pub(crate) fn perform(&self, mut effect: Effect, eval: &Evaluator<'_, '_, '_>) -> starlark::Result<Outcome> {
        let line = line_of(eval);
        self.secrets.at_line(line);
        if self.secrets.exist() {
            self.secrets.fill_in(&mut effect, eval.heap())?;
        }
        self.perform_at(effect, line)
    }

    pub(super) fn perform_at(&self, effect: Effect, line: u32) -> starlark::Result<Outcome> {
        self.fail_pending()?;
        let mut link = self.link();
        let name = effect.name();
        let place = link.queue_effect(Request { effect, line, current: self.secrets.current() }).map_err(|error| match error {
            WireError::TooLarge(size) => {
                fail(EffectError::new(ErrorCode::BadArgument, format!("{name}: {size} bytes are too many for one call")))
            }
            error => gone(error),
        })?;
        // Every text of the effect stands in the frame as it is, so this one look covers every argument of every builtin that is no payload.
        if self.secrets.stand_in(link.sender.since(place)) {
            let sources = self.secrets.sources_in(link.sender.since(place));
            link.sender.unqueue(place);
            return Err(fail(not_here(&sources)));
        }
        link.answer()?.map_err(fail)
    }

    /// Whether what is said depends on secrets by now, and the operator does not listen either.
    fn is_unheard(&self) -> bool {
        self.secrets.is_raised() && !self.operator_view
    }

    /// Prints text; references show as `[REDACTED]`.
    pub(crate) fn print(&self, text: &str) -> starlark::Result<()> {
        self.fail_pending()?;
        if self.is_unheard() {
            return Ok(());
        }
        let text = self.secrets.redact(text);
        let mut link = self.link();
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let Some(left) = link.output_left.checked_sub(length) else {
            let fits = text.floor_char_boundary(usize::try_from(link.output_left).unwrap_or(usize::MAX));
            link.output_left = 0;
            link.queue(text.get(..fits).unwrap_or_default())?;
            return Err(self.over(LimitKind::Output, &format!("more than {} bytes of output", self.limits.output_bytes)));
        };
        link.output_left = left;
        link.queue(&text)
    }

    /// Sends what was printed a while ago; called between steps, so that output does not wait for the next print.
    pub(super) fn send_stale(&self) {
        let Ok(mut link) = self.link.try_lock() else { return };
        if !link.printed.is_empty() && link.sent_at.is_none_or(|at| at.elapsed() >= STALE) {
            // A broker that is gone is noticed at the next effect.
            let _ = link.queue("");
        }
    }

    /// Tells the broker a log line.
    pub(crate) fn log(&self, level: LogLevel, message: &str, eval: &Evaluator<'_, '_, '_>) -> starlark::Result<()> {
        self.fail_pending()?;
        if self.is_unheard() {
            return Ok(());
        }
        let line = line_of(eval);
        if self.secrets.is_raised() {
            return self.print(&format!("log (line {line}): {message}\n"));
        }
        let message = self.secrets.redact(message);
        let mut link = self.link();
        let length = u64::try_from(message.len()).unwrap_or(u64::MAX);
        let Some(left) = link.output_left.checked_sub(length) else {
            return Err(self.over(LimitKind::Output, &format!("more than {} bytes of output", self.limits.output_bytes)));
        };
        link.output_left = left;
        link.queue_printed()?;
        link.sender.send(&FromWorker::Log { level, message: message.into_owned(), line }).map_err(gone)
    }

    /// Hands the verifier's facts over; whether the broker wants the script evaluated.
    pub(super) fn is_judged_fit(&self, facts: Facts) -> bool {
        let mut link = self.link();
        link.sender.send(&FromWorker::Facts(Box::new(facts))).is_ok()
            && matches!(link.receiver.receive::<ToWorker>(), Ok(ToWorker::Judged { proceed: true }))
    }

    /// Says how the run ended; whether the broker could be told.
    pub(super) fn finish(&self, mut finished: Finished) -> bool {
        let mut link = self.link();
        let link = &mut *link;
        if let Err(error) = &mut finished.result {
            // One exit for all error texts: nothing that quotes a value can carry a reference out.
            for text in [&mut error.message].into_iter().chain(&mut error.trace).chain(&mut error.suggestion) {
                *text = self.secrets.redact(text).into_owned();
            }
            if let Some(misuse) = self.secrets.pending() {
                error.phase = Phase::Effect(misuse.code);
                error.message = misuse.message;
                error.suggestion = misuse.suggestion;
            }
        }
        link.queue_printed().is_ok()
            && match link.sender.push(&FromWorker::Finished(Box::new(finished))) {
                Ok(()) => link.sender.flush().is_ok(),
                Err(_) => false,
            }
    }

    pub(super) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.secrets.redact(text)
    }
}

/// How labelled values reach the broker.
#[derive(Debug)]
struct BrokerLink(Arc<Mutex<Link>>);

impl Broker for BrokerLink {
    fn reveal(&self, handle: Handle) -> Result<Option<Vec<u8>>, EffectError> {
        let gone = || EffectError::new(ErrorCode::Io, "the broker is gone");
        let mut link = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let request = Request { effect: Effect::Reveal { handle }, line: 0, current: Label::public() };
        link.queue_effect(request).map_err(|_| gone())?;
        match link.answer().map_err(|_| gone())?? {
            Outcome::Bytes(bytes) => Ok(Some(bytes)),
            _ => Ok(None),
        }
    }

    fn raised(&self, sources: &[String], line: u32) {
        let mut link = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A broker that is gone is noticed at the next effect.
        let _ = link.queue_printed();
        link.is_withheld = true;
        let _ = link.sender.send(&FromWorker::Raised { sources: sources.to_vec(), line });
    }
}

impl Link {
    /// Queues what was printed and then an effect; where its frame begins.
    fn queue_effect(&mut self, request: Request) -> Result<usize, WireError> {
        self.queue_printed().map_err(|_| WireError::Closed)?;
        let place = self.sender.queued();
        self.sender.push(&FromWorker::Effect(request))?;
        Ok(place)
    }

    /// Sends what is queued, and waits for the answer to the effect in it.
    fn answer(&mut self) -> starlark::Result<Result<Outcome, EffectError>> {
        self.sender.flush().map_err(gone)?;
        match self.receiver.receive::<ToWorker>() {
            Ok(ToWorker::Answer(answer)) => Ok(answer),
            _ => Err(starlark::Error::new_other(Gone)),
        }
    }

    /// Keeps printed text until there is enough of it or someone may be waiting for it.
    fn queue(&mut self, text: &str) -> starlark::Result<()> {
        self.printed.push_str(text);
        if self.printed.len() >= CHUNK || self.sent_at.is_none_or(|at| at.elapsed() >= STALE) {
            self.queue_printed()?;
            self.sender.flush().map_err(gone)?;
        }
        Ok(())
    }

    fn said(&self, text: String) -> FromWorker {
        if self.is_withheld { FromWorker::Withheld(text) } else { FromWorker::Output(text) }
    }

    fn queue_printed(&mut self) -> starlark::Result<()> {
        if self.printed.is_empty() {
            return Ok(());
        }
        self.sent_at = Some(Instant::now());
        if self.printed.len() <= PIECE {
            let printed = std::mem::take(&mut self.printed);
            let message = self.said(printed);
            self.sender.push(&message).map_err(gone)?;
            if let FromWorker::Output(mut text) = message {
                text.clear();
                self.printed = text;
            }
            return Ok(());
        }
        let printed = std::mem::take(&mut self.printed);
        let mut rest = printed.as_str();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
            let message = self.said(piece.to_owned());
            self.sender.send(&message).map_err(gone)?;
            rest = after;
        }
        Ok(())
    }
}

fn gone(_: WireError) -> starlark::Error {
    starlark::Error::new_other(Gone)
}

impl Context {
    /// Remembers where the script is, before something is observed.
    pub(crate) fn note_line(&self, eval: &Evaluator<'_, '_, '_>) {
        self.secrets.at_line(line_of(eval));
    }
}

/// The line of the call that is being evaluated, from 1; 0 if there is none. What a builtin calls has no place of its own; the
/// builtin's is taken.
pub(super) fn line_of(eval: &Evaluator<'_, '_, '_>) -> u32 {
    (0..3)
        .find_map(|n| eval.call_stack_nth_location(n))
        .map_or(0, |span| u32::try_from(span.resolve_span().begin.line + 1).unwrap_or(u32::MAX))
}

/// Whether an error is an effect's that a script may go on after.
pub(crate) fn catchable(error: &starlark::Error) -> Option<&EffectError> {
    EffectFailure::of(error).filter(|e| e.code.is_catchable())
}

/// The effect's error in an interpreter error, if it is one.
pub(crate) fn effect_error(error: &starlark::Error) -> Option<&EffectError> {
    EffectFailure::of(error)
}
