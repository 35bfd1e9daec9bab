//! One verdict on a whole journal.
//!
//! `part` hashes a stretch of the file and says where its chain first fails, `diagnose` looks at that place and names what was done,
//! `repairs` holds repair records against what came after them.

mod diagnose;
mod part;
mod repairs;
mod verdict;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::{io, thread};

use crate::digest::Sha256Digest;
use crate::lines::to_u64;
use crate::open::open_for_reading;
use crate::source::Source;
use part::{End, Fault, Part, scan};

pub use verdict::{Broken, Intact, Verdict, Why};

/// More threads than this wait for memory rather than compute.
const MOST_THREADS: usize = 8;

/// Smaller stretches are not worth a thread.
const LEAST_PART_BYTES: u64 = 1024 * 1024;

/// What a journal is held against.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// The journal is known to have had this many records: fewer mean that its tail was cut off.
    pub min_seq: Option<u64>,
    /// Counts the bytes that are done, for whoever shows progress.
    pub progress: Option<Arc<AtomicU64>>,
}

/// Judges the journal at `path`: whether each record is as it was written and none is missing in between. Memory does not depend
/// on its size. A last line without a newline, as a crash or a writer at work leaves it, is reported but breaks nothing.
#[must_use]
pub fn verify(path: impl AsRef<Path>, options: &VerifyOptions) -> Verdict {
    let judge = || -> io::Result<Verdict> {
        let file = open_for_reading(path.as_ref())?;
        let size = file.metadata()?.len();
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST_THREADS);
        verify_source(&file, size, threads, LEAST_PART_BYTES, options)
    };
    judge().unwrap_or_else(|e| Verdict::CannotJudge { why: e.to_string() })
}

/// The same for the first `size` bytes of any source, in at most `threads` parts of at least `least` bytes.
pub(crate) fn verify_source<S>(source: &S, size: u64, threads: usize, least: u64, options: &VerifyOptions) -> io::Result<Verdict>
where
    S: Source + ?Sized,
{
    let count = to_u64(threads).min(size / least.max(1)).max(1);
    let bounds: Vec<u64> = (0..count).map(|i| size / count * i).chain([size]).collect();
    let parts: Vec<io::Result<Part>> = thread::scope(|scope| {
        let tasks: Vec<_> = bounds
            .iter()
            .zip(bounds.iter().skip(1))
            .map(|(from, to)| scope.spawn(move || scan(source, *from, *to, size, options.progress.as_deref())))
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap_or_else(|_| Err(io::Error::other("a thread ended")))).collect()
    });
    let mut whole = Part::empty();
    for part in parts {
        whole = match join(whole, part?) {
            Ok(joined) => joined,
            Err(fault) => return diagnose::diagnose(source, size, &fault),
        };
    }
    conclude(source, size, &whole, options)
}

/// Puts two neighbours together, if the second continues the first.
fn join(mut first: Part, second: Part) -> Result<Part, Fault> {
    let lines = first.lines;
    if let Some((start, link)) = second.first {
        let before = first.last.map_or((0, Sha256Digest::ZERO), |last| (last.seq, last.hash));
        if link.seq.checked_sub(1) != Some(before.0) || link.prev != before.1.hex() {
            return Err(Fault { line: lines + 1, at: start, before: first.last.map(|last| last.at) });
        }
        first.last = second.last;
    }
    first.lines += second.lines;
    first.repairs.extend(second.repairs.into_iter().map(|(line, at)| (line + lines, at)));
    // A torn line may reach over several parts; only the one in which it begins tells of it.
    if second.end != End::Whole {
        first.end = second.end;
    }
    match second.fault {
        // In a part's first line, the line before is the neighbour's last.
        Some(fault) => Err(Fault { line: fault.line + lines, at: fault.at, before: fault.before.or(first.last.map(|last| last.at)) }),
        None => Ok(first),
    }
}

fn conclude<S: Source + ?Sized>(source: &S, size: u64, whole: &Part, options: &VerifyOptions) -> io::Result<Verdict> {
    let records = whole.lines;
    let torn_bytes = match whole.end {
        End::Whole => 0,
        End::Torn(at) => size - at,
    };
    if let Some(verdict) = repairs::check(source, size, &whole.repairs)? {
        return Ok(verdict);
    }
    let last_seq = whole.last.map_or(0, |last| last.seq);
    if let Some(wanted) = options.min_seq.filter(|wanted| last_seq < *wanted) {
        return Ok(Verdict::Broken(Broken { line: records, why: Why::TailCut { found: last_seq, wanted } }));
    }
    Ok(Verdict::Intact(Intact {
        records,
        last_seq,
        last_sha256: whole.last.map(|last| last.hash.to_string()),
        repairs: to_u64(whole.repairs.len()),
        torn_bytes,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chain of `n` records, as lines.
    fn chain(n: u64) -> Vec<String> {
        let mut prev = Sha256Digest::ZERO;
        (1..=n)
            .map(|seq| {
                let line = format!(r#"{{"v":1,"seq":{seq},"text":"{}","prev":"{prev}"}}"#, "x".repeat(usize::try_from(seq % 50).unwrap()));
                prev = Sha256Digest::of(line.as_bytes());
                line
            })
            .collect()
    }

    fn judge(lines: &[String], threads: usize) -> Verdict {
        let bytes: Vec<u8> = lines.iter().flat_map(|l| format!("{l}\n").into_bytes()).collect();
        verify_source(bytes.as_slice(), to_u64(bytes.len()), threads, 1, &VerifyOptions::default()).unwrap()
    }

    #[test]
    fn the_number_of_parts_changes_no_verdict() {
        let whole = chain(40);
        let mut edited = whole.clone();
        edited[20] = edited[20].replace("xx", "xy");
        let mut removed = whole.clone();
        removed.remove(13);
        let mut inserted = whole.clone();
        inserted.insert(31, whole[3].clone());
        let mut swapped = whole.clone();
        swapped.swap(17, 30);
        for lines in [whole, edited, removed, inserted, swapped] {
            let one = judge(&lines, 1);
            for threads in 2..60 {
                assert_eq!(judge(&lines, threads), one, "{threads} threads");
            }
        }
    }
}
