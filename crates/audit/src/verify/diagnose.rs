//! What was done at the place where a chain fails.

use std::io;
use std::ops::ControlFlow;

use super::part::Fault;
use super::verdict::{Broken, Verdict, Why};
use crate::digest::Sha256Digest;
use crate::lines::{Ending, each_line};
use crate::link::{Link, NoLink, link};
use crate::source::Source;

/// A line near the fault.
struct Line {
    link: Result<Link, NoLink>,
    hash: [u8; 64],
    /// Whether it begins like a record and does not end like one: by position it may still have a link.
    is_open: bool,
}

impl Line {
    fn of(line: &[u8]) -> Line {
        Line {
            link: link(line),
            hash: Sha256Digest::of(line).hex(),
            is_open: line.starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err(),
        }
    }
}

/// Names what was done at `fault`.
pub(super) fn diagnose<S: Source + ?Sized>(source: &S, size: u64, fault: &Fault) -> io::Result<Verdict> {
    let mut near = Vec::new();
    let ending = each_line(source, fault.before.unwrap_or(fault.at)..size, |_, line| {
        near.push(Line::of(line));
        if near.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let mut near = near.into_iter();
    let before = fault.before.and_then(|_| near.next());
    let (bad, next) = (near.next(), near.next());
    let Some(bad) = bad else {
        return Ok(match ending {
            Ending::TooLong(_) => broken(fault.line, Why::TooLong),
            _ => Verdict::CannotJudge { why: "the file changed while it was read".to_owned() },
        });
    };
    let next_link = next.and_then(|next| next.link.ok());
    let found = match bad.link {
        Ok(found) => found,
        // Only if nothing behind it remembers another content: else the version is what was edited.
        Err(NoLink::Version(version)) if next_link.is_none_or(|next| next.prev == bad.hash) => {
            return Ok(Verdict::CannotJudge {
                why: format!("line {} has format version {version}, which this program does not know", fault.line),
            });
        }
        Err(NoLink::Version(_)) => return Ok(broken(fault.line, Why::Edited)),
        Err(NoLink::NotARecord) => return Ok(broken(fault.line, if bad.is_open { Why::Torn } else { Why::NotARecord })),
    };
    let (last_seq, last_hash) = match &before {
        Some(Line { link: Ok(last), hash, .. }) => (last.seq, *hash),
        Some(_) => return Ok(Verdict::CannotJudge { why: "the file changed while it was read".to_owned() }),
        None => (0, Sha256Digest::ZERO.hex()),
    };
    let expected = last_seq.saturating_add(1);
    let changed = |number: u64, line: &Line| broken(number, if line.is_open { Why::Torn } else { Why::Edited });
    if found.seq == expected {
        return Ok(match next_link {
            // The genuine one stands behind it.
            Some(next) if next.seq == expected || next.prev == last_hash => broken(fault.line, Why::Inserted { seq: expected }),
            // The line behind it remembers another content than this: this one was changed.
            Some(next) if next.prev != bad.hash => changed(fault.line, &bad),
            // It claims another predecessor than it has, and is itself vouched for (or the last): the predecessor was changed.
            _ => match &before {
                Some(before) => changed(fault.line - 1, before),
                None => changed(fault.line, &bad),
            },
        });
    }
    if found.prev == last_hash {
        // The right place under a wrong number.
        return Ok(changed(fault.line, &bad));
    }
    if found.seq < expected {
        return Ok(broken(fault.line, Why::Inserted { seq: found.seq }));
    }
    let why = if stands_behind(source, size, fault.at, expected)? {
        Why::Reordered { seq: found.seq, expected }
    } else {
        Why::Removed { first: expected, last: found.seq - 1 }
    };
    Ok(broken(fault.line, why))
}

/// Whether a record with this number stands anywhere behind `at`.
fn stands_behind<S: Source + ?Sized>(source: &S, size: u64, at: u64, seq: u64) -> io::Result<bool> {
    let mut found = false;
    each_line(source, at..size, |_, line| {
        found = link(line).is_ok_and(|link| link.seq == seq);
        if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(found)
}

const fn broken(line: u64, why: Why) -> Verdict {
    Verdict::Broken(Broken { line, why })
}
