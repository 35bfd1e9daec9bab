//! Replacing one part of a file.

use rustix::fs::fstat;

use crate::files::temporary::put;
use crate::resolve::{Intent, Meta, OpenFile, PathError, Prepared};

impl Prepared {
    /// Replaces the one occurrence of `old` by `new`, in one step like [`Prepared::write`].
    ///
    /// # Errors
    /// [`PathError::TextNotFound`] or [`PathError::Ambiguous`] if `old` does not occur exactly once, [`PathError::TooLarge`] if the file has
    /// more than `limit` bytes, [`PathError::Changed`] if it was changed since it was resolved. After any error the file is as it was.
    pub fn replace(self, old: &[u8], new: &[u8], limit: u64) -> Result<(), PathError> {
        let mut entry = self.into_entry(Intent::Replace)?;
        let (Some((_, held)), Some(fd)) = (&entry.held, entry.content.take()) else { return Err(PathError::WrongIntent) };
        if old.is_empty() {
            return Err(PathError::BadArgument("the text to replace is empty"));
        }
        let file = OpenFile { fd, meta: *held };
        let content = file.read(limit)?;
        let at = only_occurrence(&content, old)?;
        let mut changed = Vec::with_capacity(content.len().saturating_add(new.len()));
        changed.extend_from_slice(content.get(..at).unwrap_or_default());
        changed.extend_from_slice(new);
        changed.extend_from_slice(content.get(at + old.len()..).unwrap_or_default());
        let after = Meta::of(&fstat(&file.fd).map_err(|e| PathError::io("look at the file", e))?);
        if (after.size, after.modified) != (held.size, held.modified) {
            return Err(PathError::Changed);
        }
        put(&entry.dir, &entry.name, Some(held), &changed)
    }
}

/// Where the text stands, if it stands there exactly once. Occurrences that overlap count apart: each could be meant.
fn only_occurrence(content: &[u8], old: &[u8]) -> Result<usize, PathError> {
    let mut places = occurrences(content, old);
    let first = places.next().ok_or(PathError::TextNotFound)?;
    match places.count() {
        0 => Ok(first),
        more => Err(PathError::Ambiguous { count: more + 1 }),
    }
}

/// The places of a text, by its prefix function (Knuth, Morris, Pratt): linear however the two repeat themselves.
fn occurrences<'a>(content: &'a [u8], old: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let mut borders: Vec<usize> = Vec::with_capacity(old.len());
    let mut length = 0;
    for (i, byte) in old.iter().enumerate() {
        if i > 0 {
            while length > 0 && old.get(length) != Some(byte) {
                length = borders.get(length - 1).copied().unwrap_or(0);
            }
            if old.get(length) == Some(byte) {
                length += 1;
            }
        }
        borders.push(length);
    }
    let mut matched = 0;
    content.iter().enumerate().filter_map(move |(i, byte)| {
        while matched > 0 && (matched == old.len() || old.get(matched) != Some(byte)) {
            matched = borders.get(matched - 1).copied().unwrap_or(0);
        }
        if old.get(matched) == Some(byte) {
            matched += 1;
        }
        (matched == old.len() && matched > 0).then(|| i + 1 - matched)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn occurrences_are_those_of_a_plain_search(content in "[ab]{0,40}", old in "[ab]{1,5}") {
            let plain: Vec<usize> = (0..content.len()).filter(|i| content[*i..].starts_with(&old)).collect();
            prop_assert_eq!(occurrences(content.as_bytes(), old.as_bytes()).collect::<Vec<_>>(), plain);
        }
    }
}
