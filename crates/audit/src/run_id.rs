//! Names of runs: UUID version 7 (RFC 9562), so that they sort by time.

use std::fmt;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::digest::digit;

/// The name of one writer of a journal: made when it opens the file, never used by another.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RunId([u8; RunId::BYTES]);

impl RunId {
    /// Length of its text.
    pub(crate) const BYTES: usize = 36;

    /// A new one.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> io::Result<RunId> {
        let mut raw = [0u8; 16];
        let got = rustix::rand::getrandom(&mut raw, rustix::rand::GetRandomFlags::empty())?;
        if got != raw.len() {
            return Err(io::Error::other("too few random bytes"));
        }
        let ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        // The low 48 bits of the milliseconds stand first, most significant byte first.
        for (byte, of_time) in raw.iter_mut().zip(ms.to_be_bytes().iter().skip(10)) {
            *byte = *of_time;
        }
        let mut text = [b'-'; RunId::BYTES];
        let mut places = text.iter_mut().enumerate().filter(|(i, _)| !matches!(i, 8 | 13 | 18 | 23)).map(|(_, place)| place);
        for (i, byte) in raw.into_iter().enumerate() {
            let byte = match i {
                6 => 0x70 | (byte & 0x0f), // version
                8 => 0x80 | (byte & 0x3f), // variant
                _ => byte,
            };
            for nibble in [byte >> 4, byte & 15] {
                if let Some(place) = places.next() {
                    *place = digit(nibble);
                }
            }
        }
        Ok(RunId(text))
    }

    /// As it stands in the records.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads one, in lower case as this crate writes it.
    pub(crate) fn parse(text: &[u8]) -> Option<RunId> {
        let text: [u8; RunId::BYTES] = text.try_into().ok()?;
        let fits = text.iter().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
        });
        fits.then_some(RunId(text))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_version_7_uuid_of_now() {
        let id = RunId::generate().unwrap();
        assert_eq!(RunId::parse(id.as_bytes()), Some(id.clone()));
        let text = id.as_str();
        assert_eq!(&text[14..15], "7");
        assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"));
        let ms = u64::from_str_radix(&text.replace('-', "")[..12], 16).unwrap();
        let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        assert!(now - ms < 60_000);
        assert_ne!(id, RunId::generate().unwrap());
    }
}
