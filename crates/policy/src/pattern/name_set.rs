//! Many name patterns at once.

use std::collections::HashMap;

use super::{NamePattern, PatternError};

/// Name patterns with what each stands for; a lookup of a plain name does not grow with their number.
#[derive(Debug, Clone)]
pub(crate) struct NameSet<T> {
    exact: HashMap<String, (usize, T)>,
    wild: Vec<(NamePattern, usize, T)>,
    len: usize,
}

impl<T> Default for NameSet<T> {
    fn default() -> Self {
        NameSet { exact: HashMap::new(), wild: Vec::new(), len: 0 }
    }
}

impl<T> NameSet<T> {
    pub(crate) fn insert(&mut self, text: &str, value: T) -> Result<(), PatternError> {
        let pattern = NamePattern::parse(text)?;
        let order = self.len;
        self.len += 1;
        match pattern.literal() {
            Some(name) => {
                self.exact.entry(name.to_owned()).or_insert((order, value));
            }
            None => self.wild.push((pattern, order, value)),
        }
        Ok(())
    }

    /// What the first of the matching patterns stands for; a name spelled out goes before a wildcard.
    pub(crate) fn first_match(&self, name: &str) -> Option<&T> {
        self.exact.get(name).map(|(_, v)| v).or_else(|| self.wild.iter().find(|(p, _, _)| p.matches(name)).map(|(_, _, v)| v))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }
}
