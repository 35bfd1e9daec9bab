//! How much text is read. A linear scan answers before any parser runs: neither of the other parsers can be interrupted, and
//! `brush-parser` overflows its stack where things nest too deeply.

use std::time::Duration;

use serde::Serialize;

/// The longest text, in bytes.
pub const MAX_TEXT: usize = 64 << 10;
/// How many words, operators and expansions there may be. The text of a here-document counts as one.
pub const MAX_NODES: usize = 10_000;
/// How deeply things may stand inside each other.
pub const MAX_DEPTH: usize = 100;
/// How long reading may take; not optimised, the parsers take many times as long.
pub const MAX_TIME: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 50 });

/// A text that is denied for its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum LimitError {
    /// More than [`MAX_TEXT`].
    #[error("the text is longer than 64 KiB")]
    Length,
    /// More than [`MAX_NODES`].
    #[error("the text has more than 10000 words and operators")]
    Nodes,
    /// More than [`MAX_DEPTH`].
    #[error("things stand inside each other more than 100 deep")]
    Depth,
    /// More than [`MAX_TIME`].
    #[error("reading the text takes longer than 50 ms")]
    Time,
    /// A shell drops it or ends there, a parser does not.
    #[error("the text has a NUL byte in it")]
    Nul,
}

/// What the scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// How many things open something: an upper bound of the depth that any parser can see, whatever it takes for quotes.
    pub openers: usize,
    /// Quotes, brackets and negations, which a parser can nest as well, but reads in one way only.
    pub light: usize,
}

/// Words that open something.
const OPENING: [&str; 8] = ["if", "while", "until", "for", "case", "select", "function", "coproc"];

/// Measures a text, without reading it.
pub(crate) fn measure(text: &str) -> Result<Size, LimitError> {
    if text.len() > MAX_TEXT {
        return Err(LimitError::Length);
    }
    let (mut nodes, mut openers, mut light, mut depth, mut deepest) = (0_usize, 0_usize, 0_usize, 0_usize, 0_usize);
    let mut word_start = None;
    for (at, byte) in text.bytes().chain(std::iter::once(b'\n')).enumerate() {
        let is_word = byte.is_ascii_alphanumeric()
            || byte >= 0x80
            || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'+' | b',' | b':' | b'=' | b'%' | b'@');
        match (word_start, is_word) {
            (None, true) => word_start = Some(at),
            (Some(start), false) => {
                word_start = None;
                if text.get(start..at).is_some_and(|word| OPENING.contains(&word)) {
                    openers += 1;
                }
            }
            _ => {}
        }
        match byte {
            0 => return Err(LimitError::Nul),
            b'(' | b'{' | b'[' => {
                openers += usize::from(byte != b'[');
                light += usize::from(byte == b'[');
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' | b'}' | b']' => depth = depth.saturating_sub(1),
            b'`' => openers += 1,
            b'"' | b'!' => light += 1,
            _ => {}
        }
        nodes += usize::from(matches!(byte, b'|' | b'&' | b';' | b'<' | b'>' | b'$' | b'('));
    }
    if nodes > MAX_NODES {
        return Err(LimitError::Nodes);
    }
    // Closers in quotes can make this depth too small, never too large by much; the reader and `openers` bound what is left.
    if deepest > MAX_DEPTH {
        return Err(LimitError::Depth);
    }
    Ok(Size { openers, light })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much() {
        assert_eq!(measure(&"a".repeat(MAX_TEXT + 1)), Err(LimitError::Length));
        assert_eq!(measure(&"a;".repeat(MAX_NODES + 1)), Err(LimitError::Nodes));
        assert_eq!(measure(&"$(".repeat(101)), Err(LimitError::Depth));
        assert_eq!(measure("ls \0"), Err(LimitError::Nul));
        assert_eq!(measure("if a; then (b); fi"), Ok(Size { openers: 2, light: 0 }));
        assert_eq!(measure(""), Ok(Size { openers: 0, light: 0 }));
    }
}
