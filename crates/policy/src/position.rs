//! Where in a text something stands.

/// A place in a text, as editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

/// The starts of all lines of a text, so that a byte offset becomes a line without reading the text again.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Lines<'a> {
        let starts =
            std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at.saturating_add(1))).collect();
        Lines { text, starts }
    }

    /// The place of a byte offset; an offset past the end is the end.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        // A byte order mark is no column: no editor shows one.
        let columns = before.chars().filter(|c| *c != '\u{feff}').count();
        Position { line: narrow(line), column: narrow(columns.saturating_add(1)) }
    }
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
        assert_eq!(Lines::of("ü").position(1), Position { line: 1, column: 1 });
    }
}
