//! Finds many literal forms in a text, most of which it never looks at.
//!
//! A form has at least 16 bytes. So wherever one stands in a text, it covers whole one of the windows of 8 bytes that start at every
//! ninth byte, and that window is one of the first nine of the form. The search looks one window in nine up in a bitmap and, only
//! if that says so, in a table that says which forms have it, and where. How many forms there are makes no difference to that.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

/// Bytes of a window.
const WINDOW: usize = 8;
/// Bytes from one window of the text to the next.
const STRIDE: usize = 9;
/// Bytes of the shortest form that no grid of windows can miss.
pub(super) const MIN_FORM: usize = WINDOW + STRIDE - 1;
/// Bits of the bitmap for each window in it, at least: of windows that are of no form, so few pass.
const SPARSE: usize = 16;
/// The bitmap has at least two to this power bits.
const MIN_LOG: u32 = 12;

/// Literal forms, and how to find them.
#[derive(Default)]
pub(super) struct Matcher {
    forms: Vec<Box<[u8]>>,
    longest: usize,
    places: HashMap<u64, Vec<Place>>,
    filter: Filter,
}

/// Where a window stands in a form.
struct Place {
    form: usize,
    offset: usize,
}

impl Matcher {
    /// Adds a form. One that is shorter than `MIN_FORM` is not taken.
    pub(super) fn add(&mut self, form: Vec<u8>) {
        if form.len() < MIN_FORM || self.has(&form) {
            return;
        }
        for (offset, window) in form.windows(WINDOW).take(STRIDE).enumerate() {
            let window = number(window);
            self.places.entry(window).or_default().push(Place { form: self.forms.len(), offset });
            self.filter.insert(window);
        }
        if self.places.len() * SPARSE > self.filter.bits() {
            self.filter = Filter::of(self.places.keys().copied(), self.places.len());
        }
        self.longest = self.longest.max(form.len());
        self.forms.push(form.into());
    }

    fn has(&self, form: &[u8]) -> bool {
        let places = form.get(..WINDOW).and_then(|window| self.places.get(&number(window)));
        places.is_some_and(|places| places.iter().any(|place| self.forms.get(place.form).is_some_and(|known| **known == *form)))
    }

    /// Bytes of the longest form; 0 if there is none.
    pub(super) const fn longest(&self) -> usize {
        self.longest
    }

    /// The first form that starts in `from..until`; of those that start together, the longest.
    pub(super) fn find(&self, text: &[u8], from: usize, until: usize) -> Option<Range<usize>> {
        // the last window that a start before `until` can have ends `MIN_FORM - 1` bytes after it
        let end = until.saturating_add(MIN_FORM - 1).min(text.len());
        let mut at = from;
        let (steps, rest) = text.get(from..end)?.as_chunks::<STRIDE>();
        for &[a, b, c, d, e, f, g, h, _] in steps {
            let window = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
            if self.filter.may_have(window)
                && let Some(hit) = self.settle(text, window, at, from..until)
            {
                return Some(hit);
            }
            at += STRIDE;
        }
        rest.first_chunk().and_then(|window| self.settle(text, u64::from_le_bytes(*window), at, from..until))
    }

    /// The hit that has `window` at `at` and starts within `starts`.
    ///
    /// No two windows of the grid are of the same start, and a later window is of later starts, so the first hit is the leftmost.
    #[cold]
    fn settle(&self, text: &[u8], window: u64, at: usize, starts: Range<usize>) -> Option<Range<usize>> {
        let hit = |place: &Place| {
            let start = at.checked_sub(place.offset).filter(|start| starts.contains(start))?;
            let form = self.forms.get(place.form)?;
            text.get(start..)?.starts_with(form).then(|| start..start + form.len())
        };
        self.places.get(&window)?.iter().filter_map(hit).min_by_key(|hit| (hit.start, Reverse(hit.end)))
    }
}

/// A window as a number; 0 for what is none.
fn number(window: &[u8]) -> u64 {
    window.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// A set of windows that may say yes to one that is not in it.
#[derive(Default)]
struct Filter {
    /// A power of two of them, or none.
    words: Vec<u64>,
    /// What leaves of a hash the number of a bit.
    shift: u32,
}

impl Filter {
    /// A filter with room for twice as many windows as it is given.
    fn of(windows: impl Iterator<Item = u64>, count: usize) -> Filter {
        let log = (2 * count * SPARSE).next_power_of_two().ilog2().max(MIN_LOG);
        let mut filter = Filter { words: vec![0; 1 << (log - 6)], shift: 64 - log };
        windows.for_each(|window| filter.insert(window));
        filter
    }

    const fn bits(&self) -> usize {
        self.words.len() * 64
    }

    fn insert(&mut self, window: u64) {
        let (word, bit) = self.place(window);
        if let Some(word) = self.words.get_mut(word) {
            *word |= bit;
        }
    }

    fn may_have(&self, window: u64) -> bool {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every hit, by trying every form everywhere.
    fn naive(forms: &[Vec<u8>], text: &[u8]) -> Vec<Range<usize>> {
        let mut hits = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let longest = forms.iter().filter(|form| text[at..].starts_with(form)).map(Vec::len).max();
            if let Some(length) = longest {
                hits.push(at..at + length);
            }
            at += longest.unwrap_or(1);
        }
        hits
    }

    fn all(matcher: &Matcher, text: &[u8]) -> Vec<Range<usize>> {
        let mut from = 0;
        let next = || {
            let hit = matcher.find(text, from, text.len())?;
            from = hit.end;
            Some(hit)
        };
        std::iter::from_fn(next).collect()
    }

    fn of(forms: &[Vec<u8>]) -> Matcher {
        let mut matcher = Matcher::default();
        forms.iter().for_each(|form| matcher.add(form.clone()));
        matcher
    }

    /// Forms of few letters, so that they overlap, repeat and contain each other.
    fn some_forms() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let form = prop_oneof![
            prop::collection::vec(prop::sample::select(b"ab".as_slice()), 16..40),
            (1_usize..4, 16_usize..60).prop_map(|(period, n)| b"abc".iter().take(period).cycle().take(n).copied().collect()),
        ];
        prop::collection::vec(form, 0..12)
    }

    fn some_text(forms: &[Vec<u8>]) -> impl Strategy<Value = Vec<u8>> + use<> {
        let mut parts = vec![prop::collection::vec(prop::sample::select(b"abc".as_slice()), 0..30).boxed()];
        if !forms.is_empty() {
            let part = (prop::sample::select(forms.to_vec()), 0_usize..4, 0_usize..4);
            parts.push(part.prop_map(|(form, a, b)| form[a / 3..form.len() - b / 3].to_vec()).boxed());
        }
        prop::collection::vec(prop::strategy::Union::new(parts), 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn finds_what_trying_everything_finds((forms, text) in some_forms().prop_flat_map(|f| (Just(f.clone()), some_text(&f)))) {
            prop_assert_eq!(all(&of(&forms), &text), naive(&forms, &text));
        }

        /// A search that is told where starts may be finds the first of these.
        #[test]
        fn starts_are_where_they_may_be(
            (forms, text) in some_forms().prop_flat_map(|f| (Just(f.clone()), some_text(&f))), a: prop::sample::Index, b: prop::sample::Index,
        ) {
            let (from, until) = (a.index(text.len() + 1), b.index(text.len() + 1));
            let at = |start: usize| forms.iter().filter(|form| text[start..].starts_with(form)).map(|f| start..start + f.len()).max_by_key(|h| h.end);
            prop_assert_eq!(of(&forms).find(&text, from, until), (from..until).find_map(at));
        }
    }

    #[test]
    fn a_form_is_found_at_every_offset() {
        let matcher = of(&[b"0123456789abcdef".to_vec()]);
        for before in 0..40 {
            for after in 0..40 {
                let text = [vec![b'.'; before], b"0123456789abcdef".to_vec(), vec![b'.'; after]].concat();
                assert_eq!(all(&matcher, &text), vec![before..before + 16; 1], "{before} {after}");
            }
        }
    }

    #[test]
    fn many_forms_are_all_found() {
        let forms: Vec<_> = (0..5000).map(|i| format!("form number {i} of them").into_bytes()).collect();
        let matcher = of(&forms);
        assert!(matcher.filter.bits() >= SPARSE * matcher.places.len());
        assert_eq!(all(&matcher, &forms.concat()), naive(&forms, &forms.concat()));
    }

    #[test]
    fn nothing_known_is_nothing_found() {
        assert_eq!(Matcher::default().find(b"any text that is longer than a form", 0, 30), None);
        assert_eq!(of(&[b"fifteen letters".to_vec()]).longest(), 0);
    }
}
