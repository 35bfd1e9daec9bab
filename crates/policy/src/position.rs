//! Where in a text something stands.

/// A place in a text, as editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

/// Bytes from one known count of characters to the next.
const STRIDE: usize = 1024;

/// The starts of all lines of a text, and the number of characters at regular steps: a byte offset becomes a place without
/// reading the text again, however long its line is.
pub(crate) struct Lines<'a> {
    text: &'a [u8],
    starts: Vec<usize>,
    /// Characters before each multiple of the stride.
    counts: Vec<usize>,
    /// A byte order mark is no column: no editor shows one.
    mark: bool,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Lines<'a> {
        let starts =
            std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at.saturating_add(1))).collect();
        let mark = text.starts_with('\u{feff}');
        let text = text.as_bytes();
        let mut before = 0_usize;
        let counts = std::iter::once(0)
            .chain(text.chunks(STRIDE).map(|chunk| {
                before = before.saturating_add(characters(chunk));
                before
            }))
            .collect();
        Lines { text, starts, counts, mark }
    }

    /// The place of a byte offset; an offset past the end is the end.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let columns = match self.text.get(start..offset) {
            Some(text) if text.len() < STRIDE => characters(text),
            _ => self.before(offset).saturating_sub(self.before(start)),
        };
        let columns = columns.saturating_sub(usize::from(self.mark && start == 0));
        Position { line: narrow(line), column: narrow(columns.saturating_add(1)) }
    }

    /// Characters before a byte offset.
    fn before(&self, offset: usize) -> usize {
        let step = offset / STRIDE;
        let rest = self.text.get(step.saturating_mul(STRIDE)..offset).unwrap_or_default();
        self.counts.get(step).copied().unwrap_or(0).saturating_add(characters(rest))
    }
}

/// Characters that begin in these bytes of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// Texts are bounded far below this by the reader.
fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters() {
        let text = "a\r\nbé = ü\n\nx";
        let lines = Lines::of(text);
        let at = |needle: &str| {
            let p = lines.position(text.find(needle).unwrap());
            (p.line, p.column)
        };
        assert_eq!(at("a"), (1, 1));
        assert_eq!(at("b"), (2, 1));
        assert_eq!(at("="), (2, 4));
        assert_eq!(at("ü"), (2, 6));
        assert_eq!(at("x"), (4, 1));
        assert_eq!(lines.position(9999), Position { line: 4, column: 2 });
        assert_eq!(Lines::of("").position(0), Position { line: 1, column: 1 });
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        assert_eq!(Lines::of("\u{feff}a = 1").position(3), Position { line: 1, column: 1 });
    }

    #[test]
    fn an_offset_inside_a_character_does_not_panic() {
        assert_eq!(Lines::of("ü").position(1), Position { line: 1, column: 2 });
    }

    #[test]
    fn long_lines_count_alike() {
        let text = format!("{}\n{}", "aü😀".repeat(1000), "é".repeat(3000));
        let lines = Lines::of(&text);
        let (mut line, mut column) = (1, 1);
        for (at, c) in text.char_indices() {
            assert_eq!(lines.position(at), Position { line, column });
            (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
    }
}
