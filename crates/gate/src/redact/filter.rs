//! A small set of windows that tells most others from those that are in it.

/// Bits for each window in it, at least: of windows that are of no form, so few pass.
const SPARSE: usize = 16;
/// There are at least two to this power bits.
const MIN_LOG: u32 = 12;

/// A set of windows that may say yes to one that is not in it.
#[derive(Default)]
pub(super) struct Filter {
    /// A power of two of them, or none.
    words: Vec<u64>,
    /// What leaves of a hash the number of a bit.
    shift: u32,
}

impl Filter {
    /// A filter with room for twice as many windows as it is given.
    pub(super) fn of(windows: impl Iterator<Item = u64>, count: usize) -> Filter {
        let log = (2 * count * SPARSE).next_power_of_two().ilog2().max(MIN_LOG);
        let mut filter = Filter { words: vec![0; 1 << (log - 6)], shift: 64 - log };
        windows.for_each(|window| filter.insert(window));
        filter
    }

    /// Whether a larger one should take its place when there are `count` windows in it.
    pub(super) const fn is_full(&self, count: usize) -> bool {
        count * SPARSE > self.words.len() * 64
    }

    /// Adds a window. An empty filter has no room for it, and is full with it.
    pub(super) fn insert(&mut self, window: u64) {
        let (word, bit) = self.place(window);
        if let Some(word) = self.words.get_mut(word) {
            *word |= bit;
        }
    }

    pub(super) fn may_have(&self, window: u64) -> bool {
        let (word, bit) = self.place(window);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// The word of a window, and its bit in it.
    fn place(&self, window: u64) -> (usize, u64) {
        // the golden ratio, as in Knuth's multiplicative hashing: the upper bits of the product depend on every byte
        let hash = window.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift;
        (usize::try_from(hash >> 6).unwrap_or(usize::MAX), 1 << (hash & 63))
    }
}
