//! Many name patterns at once.

use hashbrown::HashMap;

use super::{NamePattern, PatternError};
use crate::rule::Text;

/// Name patterns with what each stands for; a lookup of a plain name does not grow with their number.
#[derive(Debug, Clone)]
pub(crate) struct NameSet<T> {
    exact: HashMap<Text, T>,
    wild: Vec<(NamePattern, T)>,
    len: usize,
}

impl<T> Default for NameSet<T> {
    fn default() -> Self {
        NameSet { exact: HashMap::new(), wild: Vec::new(), len: 0 }
    }
}

impl<T> NameSet<T> {
    pub(crate) fn insert(&mut self, text: &Text, value: T) -> Result<(), PatternError> {
        self.len += 1;
        if is_plain(text) {
            self.exact.entry(text.clone()).or_insert(value);
            return Ok(());
        }
        let pattern = NamePattern::parse(text)?;
        match pattern.literal() {
            Some(name) => {
                self.exact.entry(name.into()).or_insert(value);
            }
            None => self.wild.push((pattern, value)),
        }
        Ok(())
    }

    /// What the first of the matching patterns stands for; a name spelled out goes before a wildcard.
    pub(crate) fn first_match(&self, name: &str) -> Option<&T> {
        self.exact.get(name).or_else(|| self.wild.iter().find(|(p, _)| p.matches(name)).map(|(_, v)| v))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// A name as most are: nothing in it has a meaning as a pattern.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
