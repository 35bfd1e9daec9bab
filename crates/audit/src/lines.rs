//! The lines of a file, one by one, in bounded memory.

use std::io;
use std::ops::{ControlFlow, Range};

use memchr::memchr;

use crate::source::Source;

/// The longest line that is read, without its newline. Older logs have no bound of their own.
pub const MAX_READ_LINE_BYTES: usize = 1024 * 1024;

const BUFFER_BYTES: usize = 256 * 1024;

/// How a walk over lines ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With a newline at the end of the range, or with an empty range.
    Whole,
    /// With bytes that have no newline, from here on.
    Torn(u64),
    /// At a line longer than [`MAX_READ_LINE_BYTES`], which begins here.
    TooLong(u64),
    /// Where the visitor broke off.
    Stopped,
}

/// Shows `visit` each line in `range`, which begins where a line begins: its position, and its bytes without the newline.
pub(crate) fn each_line<S, F>(source: &S, range: Range<u64>, mut visit: F) -> io::Result<Ending>
where
    S: Source + ?Sized,
    F: FnMut(u64, &[u8]) -> ControlFlow<()>,
{
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut held = 0; // bytes of an unfinished line at the buffer's front
    let mut at = range.start; // where in the source the buffer's front is
    loop {
        let position = at + to_u64(held);
        if held == buffer.len() {
            if held > MAX_READ_LINE_BYTES {
                return Ok(Ending::TooLong(at));
            }
            buffer.resize((held * 2).min(MAX_READ_LINE_BYTES + 1), 0);
        }
        let wanted = usize::try_from(range.end.saturating_sub(position)).unwrap_or(usize::MAX).min(buffer.len() - held);
        let read = match buffer.get_mut(held..held + wanted) {
            Some(room) if wanted > 0 => source.read_at(room, position)?,
            _ => 0,
        };
        if read == 0 {
            return Ok(if held == 0 { Ending::Whole } else { Ending::Torn(at) });
        }
        let filled = buffer.get(..held + read).unwrap_or_default();
        // The front of an unfinished line was searched already.
        let mut searched = held;
        let mut done = 0;
        while let Some(found) = filled.get(searched..).and_then(|rest| memchr(b'\n', rest)) {
            let end = searched + found;
            let line = filled.get(done..end).unwrap_or_default();
            if line.len() > MAX_READ_LINE_BYTES {
                return Ok(Ending::TooLong(at + to_u64(done)));
            }
            if visit(at + to_u64(done), line).is_break() {
                return Ok(Ending::Stopped);
            }
            done = end + 1;
            searched = done;
        }
        held = filled.len() - done;
        at += to_u64(done);
        if done > 0 {
            buffer.copy_within(done..done + held, 0);
        }
    }
}

pub(crate) fn to_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn walk(bytes: &[u8], start: u64) -> (Vec<(u64, Vec<u8>)>, Ending) {
        let mut seen = Vec::new();
        let ending = each_line(bytes, start..to_u64(bytes.len()), |at, line| {
            seen.push((at, line.to_vec()));
            ControlFlow::Continue(())
        });
        (seen, ending.unwrap())
    }

    #[test]
    fn long_lines() {
        let mut bytes = vec![b'x'; MAX_READ_LINE_BYTES];
        bytes.push(b'\n');
        assert_eq!(walk(&bytes, 0).0.len(), 1);
        bytes.insert(0, b'x');
        assert_eq!(walk(&bytes, 0), (vec![], Ending::TooLong(0)));
        bytes.pop();
        assert_eq!(walk(&bytes, 0), (vec![], Ending::TooLong(0)));
        bytes.splice(0..0, *b"first\n");
        assert_eq!(walk(&bytes, 0), (vec![(0, b"first".to_vec())], Ending::TooLong(6)));
    }

    proptest! {
        #[test]
        fn same_as_split(lengths in prop::collection::vec(prop_oneof![0usize..5, 200_000usize..300_000], 0..8), torn in "[a-c]{0,3}") {
            let lines: Vec<String> = lengths.iter().map(|n| "x".repeat(*n)).collect();
            let mut bytes: Vec<u8> = lines.iter().flat_map(|l| format!("{l}\n").into_bytes()).collect();
            let whole = to_u64(bytes.len());
            bytes.extend_from_slice(torn.as_bytes());
            let (seen, ending) = walk(&bytes, 0);
            prop_assert_eq!(ending, if torn.is_empty() { Ending::Whole } else { Ending::Torn(whole) });
            prop_assert_eq!(seen.len(), lines.len());
            for ((at, line), expected) in seen.iter().zip(&lines) {
                prop_assert_eq!(line, expected.as_bytes());
                let at = usize::try_from(*at).unwrap();
                prop_assert_eq!(&bytes[at..at + line.len()], expected.as_bytes());
            }
        }
    }
}
