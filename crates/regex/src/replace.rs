//! What a match is replaced by.

use crate::Captures;

/// Writes what stands for a match.
pub trait Replacer {
    /// Adds it at the end.
    fn replace_append(&mut self, found: &Captures<'_>, to: &mut String);
}

impl Replacer for &str {
    fn replace_append(&mut self, found: &Captures<'_>, to: &mut String) {
        found.expand(self, to);
    }
}

impl<F: FnMut(&Captures<'_>) -> T, T: AsRef<str>> Replacer for F {
    fn replace_append(&mut self, found: &Captures<'_>, to: &mut String) {
        to.push_str(self(found).as_ref());
    }
}
