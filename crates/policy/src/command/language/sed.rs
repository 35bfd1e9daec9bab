//! sed scripts: `r` and `w`, `e`, and the flags of `s`.

use std::iter::Peekable;
use std::str::Chars;

use super::ScriptEffects;

/// How a sed reads what the standard leaves open.
#[derive(Debug, Clone, Copy)]
struct Dialect {
    /// A delimiter inside `[...]` does not end the expression.
    brackets: bool,
    /// A label ends at a blank, `;` or `}`, and the next command may follow.
    short_labels: bool,
}

/// The effects of a script, in every dialect. What GNU sed would not read counts as running programs, because it opens the files of `w` before
/// it sees the error.
pub(in crate::command) fn sed(script: &str) -> ScriptEffects {
    let mut all = ScriptEffects::default();
    for brackets in [true, false] {
        for short_labels in [true, false] {
            let mut parser =
                Parser { text: script.chars().peekable(), dialect: Dialect { brackets, short_labels }, effects: ScriptEffects::default() };
            let readable = parser.script().is_some();
            if readable || (brackets && short_labels) {
                all.runs |= parser.effects.runs || !readable;
                merge(&mut all.reads, parser.effects.reads);
                merge(&mut all.writes, parser.effects.writes);
            }
        }
    }
    all
}

fn merge(into: &mut Vec<String>, from: Vec<String>) {
    if *into != from {
        into.extend(from);
    }
}

struct Parser<'a> {
    text: Peekable<Chars<'a>>,
    dialect: Dialect,
    effects: ScriptEffects,
}

impl Parser<'_> {
    fn script(&mut self) -> Option<()> {
        loop {
            while self.text.next_if(|c| c.is_whitespace() || *c == ';').is_some() {}
            if self.text.peek().is_none() {
                return Some(());
            }
            self.addresses()?;
            let command = self.text.next()?;
            self.command(command)?;
        }
    }

    fn blanks(&mut self) {
        while self.text.next_if(|c| c.is_whitespace() && *c != '\n').is_some() {}
    }

    fn addresses(&mut self) -> Option<()> {
        if self.address()? {
            self.blanks();
            if self.text.next_if_eq(&',').is_some() {
                self.blanks();
                self.text.next_if(|c| matches!(c, '+' | '~'));
                if !self.address()? {
                    return None;
                }
            }
        }
        self.blanks();
        while self.text.next_if_eq(&'!').is_some() {
            self.blanks();
        }
        Some(())
    }

    fn address(&mut self) -> Option<bool> {
        match self.text.peek().copied() {
            Some('$') => {
                self.text.next();
            }
            Some('0'..='9') => while self.text.next_if(|c| c.is_ascii_digit() || *c == '~').is_some() {},
            Some('/') => {
                self.text.next();
                self.expression('/', self.dialect.brackets)?;
                while self.text.next_if(|c| matches!(c, 'I' | 'M')).is_some() {}
            }
            Some('\\') => {
                self.text.next();
                let delimiter = self.text.next().filter(|c| *c != '\n' && *c != '\\')?;
                self.expression(delimiter, self.dialect.brackets)?;
                while self.text.next_if(|c| matches!(c, 'I' | 'M')).is_some() {}
            }
            _ => return Some(false),
        }
        Some(true)
    }

    /// Up to the delimiter.
    fn expression(&mut self, delimiter: char, brackets: bool) -> Option<()> {
        loop {
            match self.text.next()? {
                c if c == delimiter => return Some(()),
                '\\' => {
                    self.text.next()?;
                }
                '[' if brackets => self.bracket()?,
                _ => {}
            }
        }
    }

    /// Up to the `]` of a bracket expression.
    fn bracket(&mut self) -> Option<()> {
        self.text.next_if_eq(&'^');
        self.text.next_if_eq(&']');
        loop {
            match self.text.next()? {
                ']' => return Some(()),
                '[' => {
                    if let Some(kind) = self.text.next_if(|c| matches!(c, ':' | '.' | '=')) {
                        loop {
                            if self.text.next()? == kind && self.text.next_if_eq(&']').is_some() {
                                break;
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        for c in self.text.by_ref() {
            if c == '\n' {
                break;
            }
            line.push(c);
        }
        line
    }

    /// The text of `a`, `i`, `c`: to the end of a line that does not end in a backslash.
    fn appended(&mut self) {
        while let Some(c) = self.text.next() {
            match c {
                '\\' => {
                    self.text.next();
                }
                '\n' => return,
                _ => {}
            }
        }
    }

    fn label(&mut self) {
        let short = self.dialect.short_labels;
        self.blanks();
        while self.text.next_if(|c| *c != '\n' && !(short && (c.is_whitespace() || matches!(c, ';' | '}')))).is_some() {}
    }

    fn file(&mut self) -> Option<String> {
        self.blanks();
        Some(self.line()).filter(|name| !name.is_empty())
    }

    fn command(&mut self, command: char) -> Option<()> {
        match command {
            '{' => return Some(()),
            '#' => {
                self.line();
                return Some(());
            }
            'a' | 'i' | 'c' => {
                self.appended();
                return Some(());
            }
            ':' | 'b' | 't' | 'T' | 'v' => {
                self.label();
                return Some(());
            }
            'r' | 'R' => {
                let name = self.file()?;
                self.effects.reads.push(name);
                return Some(());
            }
            'w' | 'W' => {
                let name = self.file()?;
                self.effects.writes.push(name);
                return Some(());
            }
            'e' => {
                self.effects.runs = true;
                self.line();
                return Some(());
            }
            's' => {
                if self.substitute()? {
                    return Some(());
                }
            }
            'y' => {
                let delimiter = self.text.next().filter(|c| *c != '\n' && *c != '\\')?;
                self.expression(delimiter, false)?;
                self.expression(delimiter, false)?;
            }
            'l' | 'L' | 'q' | 'Q' => {
                self.blanks();
                while self.text.next_if(char::is_ascii_digit).is_some() {}
            }
            '}' | '=' | 'd' | 'D' | 'g' | 'G' | 'h' | 'H' | 'x' | 'n' | 'N' | 'p' | 'P' | 'z' | 'F' => {}
            _ => return None,
        }
        self.end()
    }

    /// `s/a/b/flags`. Returns whether a file name took the rest of the line.
    fn substitute(&mut self) -> Option<bool> {
        let delimiter = self.text.next().filter(|c| *c != '\n' && *c != '\\')?;
        self.expression(delimiter, self.dialect.brackets)?;
        self.expression(delimiter, false)?;
        loop {
            match self.text.peek().copied() {
                Some('e') => {
                    self.effects.runs = true;
                    self.text.next();
                }
                Some('w') => {
                    self.text.next();
                    let name = self.file()?;
                    self.effects.writes.push(name);
                    return Some(true);
                }
                Some('g' | 'p' | 'i' | 'I' | 'm' | 'M' | '0'..='9') => {
                    self.text.next();
                }
                // GNU sed reads on behind a blank: `s/a/b/ w file`.
                Some(c) if c.is_whitespace() && c != '\n' => {
                    self.text.next();
                }
                _ => return Some(false),
            }
        }
    }

    fn end(&mut self) -> Option<()> {
        self.blanks();
        match self.text.peek() {
            None | Some(';' | '\n' | '}' | '#') => Some(()),
            Some(_) => None,
        }
    }
}
