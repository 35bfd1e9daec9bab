//! A stretch of a journal, hashed.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::digest::Sha256Digest;
use crate::lines::{Ending, MAX_READ_LINE_BYTES, each_line, to_u64};
use crate::link::{Link, is_of_kind, link};
use crate::source::{Source, read_range};

/// What is known of a stretch.
#[derive(Debug)]
pub(super) struct Part {
    /// Whole lines seen, up to a fault.
    pub(super) lines: u64,
    /// Place and link of the first line.
    pub(super) first: Option<(u64, Link)>,
    /// The last line.
    pub(super) last: Option<Last>,
    /// Number (within the part, from 1) and place of each repair record.
    pub(super) repairs: Vec<(u64, u64)>,
    /// Where the chain first fails.
    pub(super) fault: Option<Fault>,
    /// How it ends.
    pub(super) end: End,
}

/// The last line of a stretch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Last {
    pub(super) at: u64,
    pub(super) seq: u64,
    pub(super) hash: Sha256Digest,
}

/// How a stretch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    /// With a line that has no newline and begins here.
    Torn(u64),
}

/// A line that does not continue the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// Its number, from 1.
    pub(super) line: u64,
    /// Its place.
    pub(super) at: u64,
    /// The place of the line before.
    pub(super) before: Option<u64>,
}

impl Part {
    pub(super) const fn empty() -> Part {
        Part { lines: 0, first: None, last: None, repairs: Vec::new(), fault: None, end: End::Whole }
    }
}

/// Hashes the lines that begin in `from..to` of a source of `size` bytes. The link of the first one is left to the caller.
pub(super) fn scan<S: Source + ?Sized>(source: &S, from: u64, to: u64, size: u64, progress: Option<&AtomicU64>) -> io::Result<Part> {
    let mut part = Part::empty();
    let Some(start) = next_line(source, from, size)? else {
        return Ok(part); // a line that began before reaches beyond any bound: the part in which it began says so
    };
    if start >= to {
        return Ok(part);
    }
    let mut last_hex = [0; 64];
    let mut reported = start;
    let ending = each_line(source, start..size, |at, line| {
        if at >= to {
            return ControlFlow::Break(());
        }
        if let Some(progress) = progress.filter(|_| at - reported > 1 << 20) {
            progress.fetch_add(at - reported, Ordering::Relaxed);
            reported = at;
        }
        let Ok(found) = link(line) else {
            part.fault = Some(Fault { line: part.lines + 1, at, before: part.last.map(|last| last.at) });
            return ControlFlow::Break(());
        };
        match part.last {
            None => part.first = Some((at, found)),
            Some(last) if last.seq.checked_add(1) == Some(found.seq) && last_hex == found.prev => {}
            Some(last) => {
                part.fault = Some(Fault { line: part.lines + 1, at, before: Some(last.at) });
                return ControlFlow::Break(());
            }
        }
        part.lines += 1;
        if is_of_kind(line, b"repair") {
            part.repairs.push((part.lines, at));
        }
        let hash = Sha256Digest::of(line);
        last_hex = hash.hex();
        part.last = Some(Last { at, seq: found.seq, hash });
        ControlFlow::Continue(())
    })?;
    match ending {
        Ending::TooLong(at) if at < to => part.fault = Some(Fault { line: part.lines + 1, at, before: part.last.map(|last| last.at) }),
        Ending::Torn(at) if at < to => part.end = End::Torn(at),
        _ => {}
    }
    if let Some(progress) = progress {
        progress.fetch_add(to.saturating_sub(reported), Ordering::Relaxed);
    }
    Ok(part)
}

/// Where the first line begins at or behind `from`. None if none does, or only behind a longer line than is read.
fn next_line<S: Source + ?Sized>(source: &S, from: u64, size: u64) -> io::Result<Option<u64>> {
    // If `from` is the start of a line, the newline stands just before it.
    let Some(mut at) = from.checked_sub(1) else {
        return Ok(Some(0));
    };
    let limit = size.min(at.saturating_add(to_u64(MAX_READ_LINE_BYTES) + 2));
    while at < limit {
        let piece = read_range(source, at, limit.min(at + 64 * 1024))?;
        if let Some(found) = memchr::memchr(b'\n', &piece) {
            return Ok(Some(at + to_u64(found) + 1));
        }
        if piece.is_empty() {
            break;
        }
        at += to_u64(piece.len());
    }
    Ok(None)
}
