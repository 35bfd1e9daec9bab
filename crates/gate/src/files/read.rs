//! Reading a regular file.

use rustix::buffer::spare_capacity;
use rustix::io::{Errno, pread};

use crate::resolve::{OpenFile, PathError, Prepared};

impl Prepared {
    /// The whole content.
    ///
    /// # Errors
    /// [`PathError::TooLarge`] if it has more than `limit` bytes.
    pub fn read(&self, limit: u64) -> Result<Vec<u8>, PathError> {
        self.file()?.read(limit)
    }

    /// The whole content as text.
    ///
    /// # Errors
    /// [`PathError::TooLarge`] if it has more than `limit` bytes, [`PathError::NotText`] if it is not UTF-8.
    pub fn text(&self, limit: u64) -> Result<String, PathError> {
        String::from_utf8(self.read(limit)?).map_err(|_| PathError::NotText)
    }

    /// At most `limit` bytes from `offset`; fewer at the end of the file, none behind it.
    ///
    /// # Errors
    /// As the operating system has it.
    pub fn read_range(&self, offset: u64, limit: u64) -> Result<Vec<u8>, PathError> {
        let file = self.file()?;
        if i64::try_from(offset).is_err() {
            // Behind the end of any file.
            return Ok(Vec::new());
        }
        let available = file.meta.size.saturating_sub(offset).min(limit);
        file.bytes(offset, limit, available)
    }
}

impl OpenFile {
    pub(crate) fn read(&self, limit: u64) -> Result<Vec<u8>, PathError> {
        let size = self.meta.size;
        if size > limit {
            return Err(PathError::TooLarge { limit });
        }
        // One byte more than allowed, so that a file that grows meanwhile is seen to be too large instead of cut.
        let content = self.bytes(0, limit.saturating_add(1), size)?;
        if u64::try_from(content.len()).unwrap_or(u64::MAX) > limit { Err(PathError::TooLarge { limit }) } else { Ok(content) }
    }

    /// At most `limit` bytes from `offset`, where `expected` is likely.
    fn bytes(&self, offset: u64, limit: u64, expected: u64) -> Result<Vec<u8>, PathError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        let mut content = Vec::new();
        // One byte more than expected: a shorter answer is the end of the file, without a second call.
        let first = expected.saturating_add(1).min(limit);
        content.try_reserve_exact(first).map_err(|_| PathError::io("read", Errno::NOMEM))?;
        while content.len() < limit {
            if content.len() == content.capacity() {
                content.try_reserve(content.len().min(limit - content.len()).max(1)).map_err(|_| PathError::io("read", Errno::NOMEM))?;
            }
            let room = content.capacity() - content.len();
            let at = offset.saturating_add(u64::try_from(content.len()).unwrap_or(u64::MAX));
            match pread(&self.fd, spare_capacity(&mut content), at) {
                Ok(count) if count < room => break,
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(PathError::io("read", errno)),
            }
        }
        content.truncate(limit);
        Ok(content)
    }
}

/// A range of UTF-8 text, cut to whole characters at both ends.
///
/// # Errors
/// [`PathError::NotText`] if what is left is not UTF-8.
pub fn whole_characters(bytes: &[u8]) -> Result<&str, PathError> {
    let leading = bytes.iter().take(3).take_while(|b| *b & 0xc0 == 0x80).count();
    let bytes = bytes.get(leading..).unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // No length: the end is an unfinished character.
        Err(e) if e.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..e.valid_up_to()).unwrap_or_default()).map_err(|_| PathError::NotText)
        }
        Err(_) => Err(PathError::NotText),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_whole_characters() {
        let text = "aä€𝄞z".as_bytes();
        for start in 0..text.len() {
            for end in start..text.len() {
                let cut = whole_characters(&text[start..end]).unwrap();
                assert!("aä€𝄞z".contains(cut), "{start}..{end}");
            }
        }
        assert!(matches!(whole_characters(b"ab\xffcd"), Err(PathError::NotText)));
    }
}
