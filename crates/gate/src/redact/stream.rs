//! Redaction of a text that comes in chunks.

use std::io;

use super::MARK;
use super::effort::Effort;
use super::matcher::Matcher;

/// Bytes that are taken in at once, and bytes already written that are kept until it pays to move the rest.
const PIECE: usize = 64 << 10;

/// Takes a text in chunks and writes it, redacted, as if it had come whole.
///
/// It holds back what may be the start of a secret: one byte less than the longest form has. Its memory is bounded by that and
/// twice 64 KiB. The end of the text is written by `finish` only. A text that is made to take long is cut off as in
/// [`Redactor::redact`](super::Redactor::redact).
#[must_use = "the end of the text is written by `finish`"]
pub struct RedactStream<'r, W> {
    matcher: &'r Matcher,
    out: W,
    pending: Vec<u8>,
    /// How much of `pending` is written.
    done: usize,
    effort: Effort,
    count: u64,
}

impl<'r, W: io::Write> RedactStream<'r, W> {
    pub(super) fn new(matcher: &'r Matcher, out: W) -> RedactStream<'r, W> {
        RedactStream { matcher, out, pending: Vec::new(), done: 0, effort: Effort::default(), count: 0 }
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// If the writer fails. What was written then is redacted, but nothing more may be fed.
    pub fn feed(&mut self, chunk: &[u8]) -> io::Result<()> {
        for piece in chunk.chunks(PIECE) {
            if self.effort.is_over() {
                break;
            }
            if self.done >= PIECE {
                self.pending.drain(..self.done);
                self.effort.pass(self.done);
                self.done = 0;
            }
            self.pending.extend_from_slice(piece);
            // whether a form starts before here, and which one, depends on nothing that is still to come
            self.write_until((self.pending.len() + 1).saturating_sub(self.matcher.longest()).min(self.pending.len()))?;
        }
        Ok(())
    }

    /// Writes what was held back, and gives the writer back, with the number of secrets that were replaced.
    ///
    /// # Errors
    /// If the writer fails.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        self.write_until(self.pending.len())?;
        Ok((self.out, self.count))
    }

    /// Writes up to `until`, or to the end of the last hit that starts before it.
    fn write_until(&mut self, until: usize) -> io::Result<()> {
        while let Some(hit) = self.matcher.find(&self.pending, self.done, until, &mut self.effort) {
            self.write_plain(hit.start)?;
            self.out.write_all(MARK)?;
            self.done = hit.end;
            self.count += 1;
        }
        self.write_plain(until)
    }

    fn write_plain(&mut self, until: usize) -> io::Result<()> {
        if let Some(plain) = self.pending.get(self.done..until).filter(|plain| !plain.is_empty()) {
            self.out.write_all(plain)?;
            self.done = until;
        }
        Ok(())
    }
}
