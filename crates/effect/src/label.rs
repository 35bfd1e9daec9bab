//! Labels: sets of local-only sources.

use aegis_policy::Atom;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The set of local-only sources a value depends on; the empty one is public.
///
/// Policies with more than 64 local-only rules are rare, so that the first 64 need no memory of their own: labels are copied and joined with
/// every operation on labelled values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Label {
    /// Bit `i` is the atom of index `i`.
    first: u64,
    /// Bit `i % 64` of word `i / 64 - 1` is the atom of index `i`; no trailing zero words.
    rest: Vec<u64>,
}

impl Label {
    /// No source: public.
    #[must_use]
    pub const fn public() -> Label {
        Label { first: 0, rest: Vec::new() }
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
        self.first == 0 && self.rest.iter().all(|w| *w == 0)
    }

    /// Adds the source of that index.
    pub fn insert(&mut self, index: usize) {
        let bit = 1 << (index % 64);
        let Some(place) = (index / 64).checked_sub(1) else {
            self.first |= bit;
            return;
        };
        if self.rest.len() <= place {
            self.rest.resize(place + 1, 0);
        }
        if let Some(word) = self.rest.get_mut(place) {
            *word |= bit;
        }
    }

    /// Everything either depends on.
    pub fn join(&mut self, other: &Label) {
        self.first |= other.first;
        if self.rest.len() < other.rest.len() {
            self.rest.resize(other.rest.len(), 0);
        }
        for (mine, theirs) in self.rest.iter_mut().zip(&other.rest) {
            *mine |= theirs;
        }
    }

    /// Whether every source of this is one of `other`'s.
    #[must_use]
    pub fn is_subset(&self, other: &Label) -> bool {
        let rest = || self.rest.iter().enumerate().all(|(i, w)| w & !other.rest.get(i).copied().unwrap_or(0) == 0);
        self.first & !other.first == 0 && rest()
    }

    /// The indexes of its sources, ascending.
    pub fn indexes(&self) -> impl Iterator<Item = usize> + '_ {
        let words = std::iter::once(&self.first).chain(&self.rest);
        words.enumerate().flat_map(|(i, w)| (0..64).filter(move |b| w >> b & 1 == 1).map(move |b| i * 64 + b))
    }
}

/// All words in one sequence.
impl Serialize for Label {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let is_empty = self.first == 0 && self.rest.is_empty();
        let words = (!is_empty).then_some(&self.first).into_iter().chain(&self.rest);
        to.collect_seq(words)
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut rest = Vec::<u64>::deserialize(from)?;
        let first = if rest.is_empty() { 0 } else { rest.remove(0) };
        Ok(Label { first, rest })
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
            let written = serde_json::to_string(&j).unwrap();
            prop_assert_eq!(serde_json::from_str::<Label>(&written).unwrap(), j);
        }
    }
}
