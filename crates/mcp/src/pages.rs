//! Answers that were too long for a model, kept for a while so that it can read on.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::kept::random_id;

/// Of all answers together, in bytes. Beyond it the oldest ones go.
const MOST_BYTES: usize = 16 << 20;
const MOST: usize = 50;

/// What a model reads at once, in bytes.
pub(crate) const PAGE: usize = 32 << 10;

/// The long answers of a server.
#[derive(Default)]
pub(crate) struct Pages(Mutex<Texts>);

#[derive(Default)]
struct Texts {
    held: VecDeque<(String, String)>,
    bytes: usize,
}

/// A part of a text.
pub(crate) struct Page {
    pub(crate) text: String,
    /// Of the whole, in bytes.
    pub(crate) size: usize,
    /// Where the next part begins, if there is one, and under which name it is kept.
    pub(crate) next: Option<(String, usize)>,
}

impl Pages {
    /// The first part of a text; what does not fit is kept.
    pub(crate) fn first(&self, text: String) -> Page {
        if text.len() <= PAGE {
            return Page { size: text.len(), text, next: None };
        }
        let page = text.get(..text.floor_char_boundary(PAGE)).unwrap_or_default().to_owned();
        let size = text.len();
        let id = random_id();
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        texts.bytes += size;
        texts.held.push_back((id.clone(), text));
        while texts.bytes > MOST_BYTES || texts.held.len() > MOST {
            let Some((_, oldest)) = texts.held.pop_front() else { break };
            texts.bytes -= oldest.len();
        }
        Page { next: Some((id, page.len())), text: page, size }
    }

    /// A later part of a kept text; none if it is kept no more.
    pub(crate) fn later(&self, id: &str, offset: usize) -> Option<Page> {
        let texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, text) = texts.held.iter().find(|(known, _)| known == id)?;
        let start = text.floor_char_boundary(offset.min(text.len()));
        let end = text.floor_char_boundary(start.saturating_add(PAGE).min(text.len()));
        let next = (end < text.len()).then(|| (id.to_owned(), end));
        Some(Page { text: text.get(start..end).unwrap_or_default().to_owned(), size: text.len(), next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_read_on_to_its_end() {
        let pages = Pages::default();
        let whole = "é".repeat(PAGE);
        let mut page = pages.first(whole.clone());
        let mut read = page.text.clone();
        while let Some((id, offset)) = page.next {
            page = pages.later(&id, offset).unwrap();
            assert!(page.text.len() <= PAGE && page.size == whole.len());
            read += &page.text;
        }
        assert_eq!(read, whole);
        assert!(pages.first("short".to_owned()).next.is_none());
        assert!(pages.later("unknown", 0).is_none());
    }

    #[test]
    fn old_texts_make_room() {
        let pages = Pages::default();
        let ids: Vec<String> = (0..60).map(|_| pages.first("x".repeat(PAGE + 1)).next.unwrap().0).collect();
        assert!(pages.later(&ids[0], 0).is_none() && pages.later(&ids[59], 0).is_some());
    }
}
