//! A script's text with its name, and places in it.

/// A script's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    name: String,
    text: String,
}

/// Why bytes are not a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}:{line}:{column}: not UTF-8; save the script as UTF-8")]
pub struct SourceError {
    name: String,
    line: u32,
    column: u32,
}

/// A place in a script: line and column from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

impl Source {
    /// A script with the name that messages show, usually its path.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        Source { name: name.into(), text: text.into() }
    }

    /// A script from a file's bytes.
    ///
    /// # Errors
    /// The position of the first byte that is not UTF-8.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Result<Source, SourceError> {
        let name = name.into();
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Source { name, text }),
            Err(e) => {
                let good = e.utf8_error().valid_up_to();
                let before = String::from_utf8_lossy(e.as_bytes().get(..good).unwrap_or_default()).into_owned();
                let at = Source::new("", before).position(u32::try_from(good).unwrap_or(u32::MAX));
                Err(SourceError { name, line: at.line, column: at.column })
            }
        }
    }

    /// The name that messages show.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place of a byte offset; offsets beyond the end or inside a character are moved back.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let before = self.before(offset);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Position { line: count(before.matches('\n').count() + 1), column: count(column) }
    }

    /// The offset of a place; the nearest there is, if there is none.
    pub(crate) fn offset(&self, line: u32, column: u32) -> u32 {
        let mut start = 0;
        for _ in 1..line {
            match self.text.get(start..).and_then(|rest| rest.find('\n')) {
                Some(i) => start += i + 1,
                None => break,
            }
        }
        let rest = self.text.get(start..).unwrap_or_default();
        let wanted = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
        let within = rest.char_indices().nth(wanted).map_or(rest.len(), |(i, _)| i);
        count(start + within)
    }

    /// The source line around a span with the span marked below it, as diagnostics show it.
    #[must_use]
    pub fn frame(&self, start: u32, end: u32) -> String {
        const WIDEST: usize = 160;
        let at = self.position(start);
        let before = self.before(start);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let line = self.text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
        let lead = usize::try_from(at.column).unwrap_or(1) - 1;
        let cut = lead.saturating_sub(WIDEST / 2);
        let shown: String = line.chars().skip(cut).take(WIDEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let width = self.text.get(before.len()..self.before(end).len()).unwrap_or_default();
        let marked =
            width.lines().next().unwrap_or_default().chars().count().clamp(1, (shown.chars().count() + cut).saturating_sub(lead).max(1));
        let number = at.line.to_string();
        let pad = " ".repeat(number.len());
        format!(
            "{pad}--> {}:{}:{}\n{pad} |\n{number} | {shown}\n{pad} | {}{}",
            self.name,
            at.line,
            at.column,
            " ".repeat(lead - cut),
            "^".repeat(marked)
        )
    }

    fn before(&self, offset: u32) -> &str {
        let mut end = usize::try_from(offset).unwrap_or(usize::MAX).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        self.text.get(..end).unwrap_or_default()
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters() {
        let s = Source::new("a.star", "x = 1\nöä = fs\n");
        assert_eq!(s.position(0), Position { line: 1, column: 1 });
        assert_eq!(s.position(6), Position { line: 2, column: 1 });
        assert_eq!(s.position(8), Position { line: 2, column: 2 });
        assert_eq!(s.position(7), Position { line: 2, column: 1 });
        assert_eq!(s.position(9999), Position { line: 3, column: 1 });
        assert_eq!(s.offset(2, 2), 8);
        assert_eq!(s.offset(99, 99), 16);
    }

    #[test]
    fn a_frame_marks_the_span() {
        let s = Source::new("a.star", "x = 1\ny = fs.raed('a')\n");
        assert_eq!(s.frame(10, 17), " --> a.star:2:5\n  |\n2 | y = fs.raed('a')\n  |     ^^^^^^^");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_named_by_place() {
        let e = Source::from_bytes("a.star", b"x = 1\ny = '\xff'".to_vec()).unwrap_err();
        assert_eq!(e.to_string(), "a.star:2:6: not UTF-8; save the script as UTF-8");
    }
}
