//! How much a text may cost.

/// Bytes that may be compared for each byte of the text. Ordinary texts need less than one; those need more that repeat the start of
/// many secrets, or a long start over and over: they are made for it.
const FOR_EACH: usize = 1024;
/// And for a text of any length, so that a few such places do not matter.
const FOR_ALL: usize = 16 << 20;

/// What the comparisons in one text have cost so far. It depends on the text and on nothing else, so where it is too much does so too.
#[derive(Default)]
pub(super) struct Effort {
    /// Bytes compared.
    spent: usize,
    /// Bytes of the text that stand before what is searched.
    before: usize,
    /// Nothing more is looked at.
    is_over: bool,
}

impl Effort {
    /// Counts compared bytes.
    pub(super) const fn spend(&mut self, bytes: usize) {
        self.spent = self.spent.saturating_add(bytes);
    }

    /// Counts bytes of the text that are gone.
    pub(super) const fn pass(&mut self, bytes: usize) {
        self.before = self.before.saturating_add(bytes);
    }

    /// Whether more was spent than the text up to `at` may cost.
    pub(super) const fn is_too_much_at(&mut self, at: usize) -> bool {
        let allowed = self.before.saturating_add(at).saturating_mul(FOR_EACH).saturating_add(FOR_ALL);
        self.is_over = self.spent > allowed;
        self.is_over
    }

    /// Whether it was too much: the rest of the text is not looked at, and nobody sees it.
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }
}
