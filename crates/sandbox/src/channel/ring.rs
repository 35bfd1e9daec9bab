//! Records in a ring: a word with the length in bytes, then the bytes, filled up to a whole word.
//!
//! Each side keeps its own position to itself and only publishes it; the other's is checked each time it is read.

use std::io;
use std::sync::atomic::Ordering;

use super::pages::{Ring, WORDS};

/// The reading end.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// Words ever read, modulo 2^32.
    position: u32,
    /// The last record, and how much of it was handed out.
    record: Vec<u8>,
    given: usize,
}

/// The writing end.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// Words ever written, modulo 2^32.
    position: u32,
}

/// A record of more bytes is written as several, so that a ring never fills up with one.
const LARGEST: usize = WORDS as usize * 8 / 2;

fn word(ring: &Ring, position: u32) -> Option<&std::sync::atomic::AtomicU64> {
    ring.words.get(usize::try_from(position % WORDS).ok()?)
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the shared memory holds no message")
}

/// Words that bytes take.
fn words_of(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(8)).unwrap_or(u32::MAX)
}

impl Incoming {
    /// Words that are there, never more than a ring has.
    fn there(&self, ring: &Ring) -> io::Result<u32> {
        let there = ring.written.0.load(Ordering::Acquire).wrapping_sub(self.position);
        if there > WORDS { Err(broken()) } else { Ok(there) }
    }

    pub(super) fn is_there(&self, ring: &Ring) -> io::Result<bool> {
        self.there(ring).map(|there| there > 0)
    }

    /// Whether the last record was handed out whole.
    pub(super) const fn is_drained(&self) -> bool {
        self.given >= self.record.len()
    }

    /// Copies the next record out and gives its place back.
    pub(super) fn take(&mut self, ring: &Ring) -> io::Result<()> {
        let there = self.there(ring)?;
        let length = word(ring, self.position).ok_or_else(broken)?.load(Ordering::Relaxed);
        let length = usize::try_from(length).map_err(|_| broken())?;
        if length == 0 || length > LARGEST || words_of(length) >= there {
            return Err(broken());
        }
        self.record.clear();
        self.given = 0;
        for i in 1..=words_of(length) {
            let value = word(ring, self.position.wrapping_add(i)).ok_or_else(broken)?.load(Ordering::Relaxed);
            self.record.extend_from_slice(&value.to_ne_bytes());
        }
        self.record.truncate(length);
        self.position = self.position.wrapping_add(1).wrapping_add(words_of(length));
        ring.read.0.store(self.position, Ordering::Release);
        Ok(())
    }

    /// Hands out what is left of the record.
    pub(super) fn copy(&mut self, to: &mut [u8]) -> usize {
        let left = self.record.get(self.given..).unwrap_or_default();
        let count = left.len().min(to.len());
        if let (Some(to), Some(from)) = (to.get_mut(..count), left.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        count
    }
}

impl Outgoing {
    /// Free words.
    fn room(&self, ring: &Ring) -> io::Result<u32> {
        let used = self.position.wrapping_sub(ring.read.0.load(Ordering::Acquire));
        WORDS.checked_sub(used).ok_or_else(broken)
    }

    /// Whether the shortest record fits.
    pub(super) fn has_room(&self, ring: &Ring) -> io::Result<bool> {
        self.room(ring).map(|room| room >= 2)
    }

    /// Writes a record of as many of the bytes as fit; how many that were.
    pub(super) fn put(&mut self, ring: &Ring, from: &[u8]) -> io::Result<usize> {
        let room = usize::try_from(self.room(ring)?.saturating_sub(1)).map_err(|_| broken())? * 8;
        let count = from.len().min(LARGEST).min(room);
        let from = from.get(..count).unwrap_or_default();
        word(ring, self.position).ok_or_else(broken)?.store(u64::try_from(count).map_err(|_| broken())?, Ordering::Relaxed);
        for (chunk, i) in from.chunks(8).zip(1..) {
            let mut bytes = [0; 8];
            if let Some(part) = bytes.get_mut(..chunk.len()) {
                part.copy_from_slice(chunk);
            }
            word(ring, self.position.wrapping_add(i)).ok_or_else(broken)?.store(u64::from_ne_bytes(bytes), Ordering::Relaxed);
        }
        self.position = self.position.wrapping_add(1).wrapping_add(words_of(count));
        ring.written.0.store(self.position, Ordering::Release);
        Ok(count)
    }
}
