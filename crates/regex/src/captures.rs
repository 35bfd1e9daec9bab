//! A match and its groups.

use std::ops::Range;

use regex_automata::util::captures::Captures as Found;

/// The groups of one match; group 0 is all of it.
#[derive(Debug, Clone)]
pub struct Captures<'t> {
    found: Found,
    whole: Match<'t>,
    text: &'t str,
}

impl<'t> Captures<'t> {
    /// None where nothing matched.
    pub(crate) fn of(found: Found, text: &'t str) -> Option<Captures<'t>> {
        let range = found.get_match()?.range();
        Some(Captures { found, whole: Match { text, range }, text })
    }

    pub(crate) const fn whole(&self) -> &Match<'t> {
        &self.whole
    }

    /// A group; none if it is not part of the match.
    #[must_use]
    pub fn get(&self, group: usize) -> Option<Match<'t>> {
        self.found.get_group(group).map(|span| Match { text: self.text, range: span.range() })
    }

    /// Adds a replacement at the end, in which `$1` and `${name}` are groups.
    pub fn expand(&self, replacement: &str, to: &mut String) {
        self.found.interpolate_string_into(self.text, replacement, to);
    }
}

impl std::ops::Index<usize> for Captures<'_> {
    type Output = str;
    /// A group's text; empty if it is not part of the match.
    fn index(&self, group: usize) -> &str {
        self.get(group).map_or("", |found| found.as_str())
    }
}

/// A part of the text that was searched.
#[derive(Debug, Clone)]
pub struct Match<'t> {
    text: &'t str,
    range: Range<usize>,
}

impl<'t> Match<'t> {
    /// Its first byte in the text.
    #[must_use]
    pub const fn start(&self) -> usize {
        self.range.start
    }

    /// The byte behind its last in the text.
    #[must_use]
    pub const fn end(&self) -> usize {
        self.range.end
    }

    /// The part itself.
    #[must_use]
    pub fn as_str(&self) -> &'t str {
        self.text.get(self.range.clone()).unwrap_or_default()
    }
}
