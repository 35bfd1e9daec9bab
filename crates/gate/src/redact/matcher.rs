//! Finds many literal forms in a text, most of which it never looks at.
//!
//! A form has at least 16 bytes, its head. So wherever one stands in a text, it covers whole one of the windows of 8 bytes that start
//! at every ninth byte, and that window is one of the nine of the head. The search looks one window in nine up in a bitmap and,
//! only if that says so, in a table that says where in a head it stands. How many forms there are makes no difference to that.

use std::collections::HashMap;
use std::ops::Range;

use super::effort::Effort;
use super::filter::Filter;

/// Bytes of a window.
const WINDOW: usize = 8;
/// Bytes from one window of the text to the next, and windows of a head.
const STRIDE: usize = 9;
/// Bytes of a head: of the shortest form that no grid of windows can miss.
pub(super) const MIN_FORM: usize = WINDOW + STRIDE - 1;
/// Bytes that are compared at once.
const BLOCK: usize = 64;

/// Literal forms, and how to find them.
#[derive(Default)]
pub(super) struct Matcher {
    /// Forms by their heads, the longest first.
    heads: HashMap<[u8; MIN_FORM], Vec<Box<[u8]>>>,
    /// Where each window stands in heads: a bit for each offset.
    offsets: HashMap<u64, u16>,
    filter: Filter,
    longest: usize,
}

impl Matcher {
    /// Adds a form. One that is shorter than `MIN_FORM` is not taken.
    pub(super) fn add(&mut self, form: Vec<u8>) {
        let Some(head) = form.first_chunk() else { return };
        let forms = self.heads.entry(*head).or_default();
        if forms.iter().any(|known| **known == *form) {
            return;
        }
        self.longest = self.longest.max(form.len());
        for (offset, window) in head.windows(WINDOW).enumerate() {
            if let Some(window) = window.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)) {
                *self.offsets.entry(window).or_default() |= 1 << offset;
                self.filter.insert(window);
            }
        }
        forms.insert(forms.partition_point(|known| known.len() > form.len()), form.into());
        if self.filter.is_full(self.offsets.len()) {
            self.filter = Filter::of(self.offsets.keys().copied(), self.offsets.len());
        }
    }

    /// Bytes of the longest form; 0 if there is none.
    pub(super) const fn longest(&self) -> usize {
        self.longest
    }

    /// The first form that starts in `from..until`; of those that start together, the longest. If there is no effort left, the rest
    /// of the text from where that was noticed.
    pub(super) fn find(&self, text: &[u8], from: usize, until: usize, effort: &mut Effort) -> Option<Range<usize>> {
        // the last window that a start before `until` can have ends `MIN_FORM - 1` bytes after it
        let end = until.saturating_add(MIN_FORM - 1).min(text.len());
        let mut at = from;
        let (steps, rest) = text.get(from..end)?.as_chunks::<STRIDE>();
        for &[a, b, c, d, e, f, g, h, _] in steps {
            let window = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
            if self.filter.may_have(window)
                && let Some(hit) = self.settle(text, window, at, from..until, effort)
            {
                return Some(hit);
            }
            at += STRIDE;
        }
        rest.first_chunk().and_then(|window| self.settle(text, u64::from_le_bytes(*window), at, from..until, effort))
    }

    /// The first hit that has `window` at `at` and starts within `starts`.
    ///
    /// No two windows of the grid are of the same start, and a later window is of later starts: each start is looked at once, from
    /// left to right, and the first hit is the leftmost.
    #[cold]
    fn settle(&self, text: &[u8], window: u64, at: usize, starts: Range<usize>, effort: &mut Effort) -> Option<Range<usize>> {
        let offsets = self.offsets.get(&window)?;
        for offset in (0..STRIDE).rev().filter(|offset| offsets >> offset & 1 != 0) {
            let Some(start) = at.checked_sub(offset).filter(|start| starts.contains(start)) else { continue };
            let Some(rest) = text.get(start..) else { continue };
            let Some(forms) = rest.first_chunk().and_then(|head| self.heads.get(head)) else { continue };
            if effort.is_too_much_at(start) {
                return Some(start..text.len());
            }
            if let Some(form) = forms.iter().find(|form| starts_with(rest, form, effort)) {
                return Some(start..start + form.len());
            }
        }
        None
    }
}

fn starts_with(text: &[u8], form: &[u8], effort: &mut Effort) -> bool {
    let Some(text) = text.get(..form.len()) else { return false };
    text.chunks(BLOCK).zip(form.chunks(BLOCK)).all(|(a, b)| {
        effort.spend(BLOCK);
        a == b
    })
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
        let (mut from, mut effort) = (0, Effort::default());
        let next = || {
            let hit = matcher.find(text, from, text.len(), &mut effort)?;
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
            prop_assert_eq!(of(&forms).find(&text, from, until, &mut Effort::default()), (from..until).find_map(at));
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
        assert!(!matcher.filter.is_full(matcher.offsets.len()));
        assert_eq!(all(&matcher, &forms.concat()), naive(&forms, &forms.concat()));
    }

    #[test]
    fn nothing_known_is_nothing_found() {
        assert_eq!(Matcher::default().find(b"any text that is longer than a form", 0, 30, &mut Effort::default()), None);
        assert_eq!(of(&[b"fifteen letters".to_vec()]).longest(), 0);
    }
}
