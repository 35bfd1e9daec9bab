//! The end of a journal: its last whole line, and what stands torn behind it.

use std::io;

use crate::lines::MAX_READ_LINE_BYTES;
use crate::source::{Source, read_range};

/// The first look: most records are a few hundred bytes.
const WINDOW_BYTES: u64 = 4 << 10;

/// The end of a journal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    /// The last line that has its newline, without it. None if there is no line.
    pub(crate) last: Option<Vec<u8>>,
    /// What stands behind the last newline.
    pub(crate) torn: Vec<u8>,
}

/// Reads the end of `source`, of which nothing before `floor`, the start of a line, matters. None if lines there are longer
/// than any reader accepts.
pub(crate) fn read_tail<S: Source + ?Sized>(source: &S, floor: u64, size: u64) -> io::Result<Option<Tail>> {
    let longest = 2 * u64::try_from(MAX_READ_LINE_BYTES).unwrap_or(u64::MAX);
    let mut window = WINDOW_BYTES;
    loop {
        let start = size.saturating_sub(window).max(floor);
        let bytes = read_range(source, start, size)?;
        if let Some(tail) = split(&bytes, start == floor) {
            return Ok(Some(tail));
        }
        if window >= longest {
            return Ok(None);
        }
        window = window.saturating_mul(8).min(longest);
    }
}

/// Finds the last line in the last bytes of a file; `from_line_start` if they begin where a line begins. None if they are too few.
fn split(bytes: &[u8], from_line_start: bool) -> Option<Tail> {
    // a few hundred bytes as a rule: asking the processor for a faster way takes longer
    let mut ends = bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    let Some(end) = ends.next() else {
        return from_line_start.then(|| Tail { last: None, torn: bytes.to_vec() });
    };
    let start = match ends.next() {
        Some(before) => before + 1,
        None if from_line_start => 0,
        None => return None,
    };
    Some(Tail { last: bytes.get(start..end).map(<[u8]>::to_vec), torn: bytes.get(end + 1..).unwrap_or_default().to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(bytes: &[u8]) -> Option<(Option<String>, String)> {
        let tail = read_tail(bytes, 0, u64::try_from(bytes.len()).unwrap()).unwrap()?;
        Some((tail.last.map(|l| String::from_utf8(l).unwrap()), String::from_utf8(tail.torn).unwrap()))
    }

    #[test]
    fn ends() {
        assert_eq!(tail(b""), Some((None, String::new())));
        assert_eq!(tail(b"torn"), Some((None, "torn".into())));
        assert_eq!(tail(b"one\n"), Some((Some("one".into()), String::new())));
        assert_eq!(tail(b"one\ntorn"), Some((Some("one".into()), "torn".into())));
        assert_eq!(tail(b"one\ntwo\n"), Some((Some("two".into()), String::new())));
        assert_eq!(tail(b"\n\n"), Some((Some(String::new()), String::new())));
    }

    #[test]
    fn long_lines_are_found_up_to_a_bound() {
        let long = "x".repeat(MAX_READ_LINE_BYTES - 1);
        assert_eq!(tail(format!("one\n{long}\n").as_bytes()), Some((Some(long.clone()), String::new())));
        assert_eq!(tail(format!("one\n{long}").as_bytes()), Some((Some("one".into()), long.clone())));
        assert_eq!(tail(format!("one\n{long}{long}xxx\n").as_bytes()), None);
    }
}
