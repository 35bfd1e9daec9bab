//! Labels: sets of local-only sources.

use aegis_policy::Atom;
use serde::{Deserialize, Serialize};

/// The set of local-only sources a value depends on; the empty one is public.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Label {
    /// Bit `i % 64` of word `i / 64` is the atom of index `i`; no trailing zero words.
    words: Vec<u64>,
}

impl Label {
    /// No source: public.
    #[must_use]
    pub const fn public() -> Label {
        Label { words: Vec::new() }
    }

    /// One source.
    #[must_use]
    pub fn of(atom: Atom) -> Label {
        let mut label = Label::public();
        label.insert(atom.index());
        label
    }

    /// Whether it depends on nothing local-only.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.words.iter().all(|w| *w == 0)
    }

    /// Adds the source of that index.
    pub fn insert(&mut self, index: usize) {
        let word = index / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        if let Some(w) = self.words.get_mut(word) {
            *w |= 1 << (index % 64);
        }
    }

    /// Everything either depends on.
    pub fn join(&mut self, other: &Label) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine |= theirs;
        }
    }

    /// Whether every source of this is one of `other`'s.
    #[must_use]
    pub fn is_subset(&self, other: &Label) -> bool {
        self.words.iter().enumerate().all(|(i, w)| w & !other.words.get(i).copied().unwrap_or(0) == 0)
    }

    /// The indexes of its sources, ascending.
    pub fn indexes(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(i, w)| (0..64).filter(move |b| w >> b & 1 == 1).map(move |b| i * 64 + b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn label(of: &[usize]) -> Label {
        let mut l = Label::public();
        for i in of {
            l.insert(*i);
        }
        l
    }

    proptest! {
        #[test]
        fn join_is_the_union(a in prop::collection::btree_set(0usize..200, 0..20), b in prop::collection::btree_set(0usize..200, 0..20)) {
            let (la, lb) = (label(&a.iter().copied().collect::<Vec<_>>()), label(&b.iter().copied().collect::<Vec<_>>()));
            let mut j = la.clone();
            j.join(&lb);
            prop_assert_eq!(j.indexes().collect::<Vec<_>>(), a.union(&b).copied().collect::<Vec<_>>());
            prop_assert!(la.is_subset(&j) && lb.is_subset(&j));
            prop_assert_eq!(la.is_subset(&lb), a.is_subset(&b));
            prop_assert_eq!(la.is_public(), a.is_empty());
        }
    }
}
