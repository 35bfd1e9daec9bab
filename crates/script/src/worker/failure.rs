//! Interpreter errors as [`ScriptError`]s.

use aegis_effect::EffectError;
use starlark::ErrorKind;
use starlark::codemap::FileSpan;

use super::{Context, hints};
use crate::error::{LimitKind, Phase, ScriptError};

/// A failed effect on its way through the interpreter.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct EffectFailure(pub(crate) EffectError);

impl EffectFailure {
    /// The effect's error in an interpreter error, if it is one.
    pub(crate) fn of(error: &starlark::Error) -> Option<&EffectError> {
        match error.kind() {
            ErrorKind::Native(e) | ErrorKind::Other(e) | ErrorKind::Value(e) => e.downcast_ref::<EffectFailure>().map(|f| &f.0),
            _ => None,
        }
    }
}

/// The broker is gone; there is nobody to tell.
#[derive(Debug, thiserror::Error)]
#[error("the broker is gone")]
pub(crate) struct Gone;

/// An effect's error as the interpreter carries it.
#[cold]
pub(crate) fn fail(error: EffectError) -> starlark::Error {
    starlark::Error::new_native(EffectFailure(error))
}

/// Messages above this are cut; a script can build any text.
const LONGEST: usize = 256 << 10;
/// Frames of a trace above this are left out in the middle.
const DEEPEST: usize = 20;

/// An error of the evaluator.
pub(super) fn evaluation(error: &starlark::Error, context: &Context, main: &str) -> ScriptError {
    let mut failure = described(error, main);
    if failure.phase == Phase::Syntax {
        // `int("x")` says so too, but the script itself was read long ago.
        failure.phase = Phase::Script;
    }
    failure.trace = trace(error);
    let limit = if let Some(limit) = context.limit_hit() {
        Some((limit, failure.message.clone()))
    } else if context.deadline().was_reached() {
        Some((LimitKind::Time, format!("ran longer than {} s", context.limits().time.as_secs_f64())))
    } else if matches!(error.kind(), ErrorKind::StackOverflow(_)) {
        Some((LimitKind::Callstack, format!("more than {} nested calls", context.limits().callstack)))
    } else if !matches!(error.kind(), ErrorKind::Other(_)) {
        None
    } else if failure.message.starts_with("Execution duration limit of") {
        Some((LimitKind::Steps, format!("more than {} steps", context.limits().steps)))
    } else if failure.message.starts_with("Heap memory limit of") {
        Some((LimitKind::Memory, format!("more than {} bytes of memory", context.limits().memory_bytes)))
    } else {
        None
    };
    if let Some((limit, message)) = limit {
        failure.phase = Phase::Limit(limit);
        failure.message = message;
        failure.suggestion = None;
    }
    failure
}

/// An error of the parser, or of any step that has no evaluator.
pub(super) fn described(error: &starlark::Error, main: &str) -> ScriptError {
    let mut failure = match EffectFailure::of(error) {
        Some(effect) => {
            let mut failure = ScriptError::new(Phase::Effect(effect.code), effect.message.clone());
            failure.rule.clone_from(&effect.rule);
            failure.suggestion.clone_from(&effect.suggestion);
            failure
        }
        None => {
            let phase = match error.kind() {
                ErrorKind::Parser(_) => Phase::Syntax,
                ErrorKind::Internal(_) => Phase::Internal,
                _ => Phase::Script,
            };
            let mut message = error.without_diagnostic().to_string();
            message.truncate(message.floor_char_boundary(LONGEST));
            ScriptError::new(phase, message)
        }
    };
    if let Some(span) = error.span() {
        place(&mut failure, span, main);
        if failure.suggestion.is_none() {
            failure.suggestion = match failure.phase {
                Phase::Syntax => hints::syntax_hint(span.file.source(), failure.line, failure.column).map(str::to_owned),
                Phase::Script if matches!(error.kind(), ErrorKind::Scope(_)) => hints::name_hint(span.source_span()).map(str::to_owned),
                Phase::Script => hints::error_hint(&failure.message, span.source_span()),
                _ => None,
            };
        }
    }
    failure
}

fn place(failure: &mut ScriptError, span: &FileSpan, main: &str) {
    let at = span.resolve_span();
    let from_one = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
    failure.line = from_one(at.begin.line);
    failure.column = from_one(at.begin.column);
    failure.end_column = if at.end.line == at.begin.line { from_one(at.end.column) } else { 0 };
    if span.filename() != main {
        failure.file = Some(span.filename().to_owned());
    }
}

fn trace(error: &starlark::Error) -> Vec<String> {
    let mut lines: Vec<String> = error
        .call_stack()
        .frames
        .iter()
        .filter_map(|frame| {
            let span = frame.location.as_ref()?;
            Some(format!("{}:{} calls {}", span.filename(), span.resolve_span().begin.line + 1, frame.name))
        })
        .collect();
    if lines.len() > DEEPEST {
        let left_out = lines.len() - DEEPEST;
        lines.splice(DEEPEST / 2..DEEPEST / 2 + left_out, [format!("... {left_out} more ...")]);
    }
    lines
}
