//! Reading within a time, on a stack that is large enough.

use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use crate::limits::{self, LimitError, MAX_TIME, Size};
use crate::script::{Dialect, Script, Span, UnknownCause};
use crate::{read, second};

/// The stack of the thread that reads what is not small. Only what is used of it takes memory.
const STACK: usize = 64 << 20;
/// What is at most this long and opens at most so many things is read where it is asked for: a test holds the time and the stack it can
/// take against that.
const SMALL_TEXT: usize = 4 << 10;
const SMALL_OPENERS: usize = 16;
const SMALL_LIGHT: usize = 64;
/// More than this no stack would hold, whatever a parser takes for nesting.
const MAX_OPENERS: usize = 8_000;

/// What this text would run. Never fails: what is not understood is in [`Script::unknown`], and past a bound nothing else is there.
#[must_use]
pub fn parse(text: &str, dialect: Dialect) -> Script {
    let whole = Span { start: 0, end: text.len() };
    let only = |cause| {
        let mut script = Script::default();
        script.note(whole, cause);
        script
    };
    if dialect == Dialect::Other {
        return only(UnknownCause::Dialect("the text of another kind of shell"));
    }
    let size = match limits::measure(text) {
        Ok(Size { openers, light }) if openers + light > MAX_OPENERS => return only(UnknownCause::Limit(LimitError::Nodes)),
        Ok(size) => size,
        Err(limit) => return only(UnknownCause::Limit(limit)),
    };
    if text.len() <= SMALL_TEXT && size.openers <= SMALL_OPENERS && size.light <= SMALL_LIGHT {
        return within_time(text, dialect);
    }
    let owned = text.to_owned();
    let (send, receive) = mpsc::sync_channel(1);
    let worker = thread::Builder::new().stack_size(STACK).spawn(move || drop(send.send(all(&owned, dialect))));
    match worker.ok().and_then(|_| receive.recv_timeout(MAX_TIME).ok()) {
        Some(script) => script,
        None => only(UnknownCause::Limit(LimitError::Time)),
    }
}

fn within_time(text: &str, dialect: Dialect) -> Script {
    let start = Instant::now();
    let mut script = all(text, dialect);
    if start.elapsed() > MAX_TIME {
        script.note(Span { start: 0, end: text.len() }, UnknownCause::Limit(LimitError::Time));
    }
    script
}

/// The reader and the two other parsers.
fn all(text: &str, dialect: Dialect) -> Script {
    let mut reading = read::read(text, dialect);
    if !reading.script.unknown.iter().any(|unknown| matches!(unknown.cause, UnknownCause::Limit(_))) {
        second::compare(text, &mut reading);
    }
    reading.script
}
