//! What begins with `$`, and backticks.

use super::pieces::Piece;
use super::{Reader, ansi, name_at};
use crate::script::{Assignment, Form, Span, Word};

impl Reader<'_> {
    /// What stands here behind a `$`. `quoted`: in double quotes.
    pub fn dollar(&mut self, out: &mut Vec<Piece>, quoted: bool) {
        let start = self.at;
        self.at += 1;
        self.continued(start);
        let hole = Piece::Hole { many: !quoted };
        let Some(c) = self.peek() else {
            out.push(Piece::quoted('$'));
            return;
        };
        match c {
            '\'' if !quoted => {
                self.not_in_sh(start, "`$'`");
                self.ansi(out, start);
            }
            '"' if !quoted => {
                // a translation can be anything
                self.not_in_sh(start, "`$\"`");
                let mut inside = self.pieces_of_string();
                if inside.iter().any(|p| matches!(p, Piece::Char { .. })) {
                    inside = vec![Piece::Hole { many: false }];
                }
                out.extend(inside);
            }
            '(' if self.peek_byte(1) == Some(b'(') && self.arithmetic_ends(self.at + 1) => {
                self.at += 2;
                self.arithmetic("))");
                self.close("))", start);
                out.push(hole);
            }
            '(' => {
                self.at += 1;
                self.substituted(start);
                out.push(hole);
            }
            '[' => {
                self.not_in_sh(start, "`$[`");
                self.at += 1;
                self.arithmetic("]");
                self.close("]", start);
                out.push(hole);
            }
            '{' => {
                self.at += 1;
                let name = name_at(self.rest());
                let value =
                    self.rest().get(name.len()..).filter(|behind| behind.starts_with('}')).and_then(|_| self.value_in_turn(name, quoted));
                let many = self.deeper(|r| r.parameter(start, quoted));
                out.extend(value.unwrap_or_else(|| vec![Piece::Hole { many }]));
            }
            '@' => {
                self.at += 1;
                out.push(Piece::Hole { many: true });
            }
            '*' | '#' | '?' | '-' | '$' | '!' | '0'..='9' => {
                self.at += 1;
                out.push(hole);
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let name = name_at(self.rest()).to_owned();
                self.at += name.len();
                self.continued(start);
                if self.looks_at("[") {
                    self.not_in_zsh(start, "`$name[`");
                }
                let value = self.value_in_turn(&name, quoted);
                self.used.push(name);
                out.extend(value.unwrap_or_else(|| vec![hole]));
            }
            _ => out.push(Piece::quoted('$')),
        }
    }

    /// A line continuation within what begins with `$`: bash takes it out before it reads anything.
    fn continued(&mut self, start: usize) {
        while self.eat("\\\n") {
            self.unclear(start, "a line that ends within an expansion");
        }
    }

    /// The pieces of a string in double quotes, which begins here.
    fn pieces_of_string(&mut self) -> Vec<Piece> {
        let mut out = Vec::new();
        let start = self.at;
        self.at += 1;
        self.double_quoted(&mut out, start);
        out
    }

    fn ansi(&mut self, out: &mut Vec<Piece>, start: usize) {
        self.at += 1;
        out.push(Piece::Empty);
        // `\0` ends the text, not the quotes
        let mut ended = false;
        let mut decoded = String::new();
        loop {
            match self.next() {
                None => {
                    self.unclear(start, "it is not closed");
                    break;
                }
                Some('\'') => break,
                Some('\\') => match ansi::escape(self.rest()) {
                    Some((Some(c), length)) => {
                        if !ended {
                            out.push(Piece::quoted(c));
                            decoded.push(c);
                        }
                        self.at += length;
                    }
                    Some((None, length)) => {
                        ended = true;
                        self.at += length;
                    }
                    None => {
                        if !ended {
                            out.push(Piece::Hole { many: false });
                        }
                        self.next();
                    }
                },
                Some(c) if !ended => {
                    out.push(Piece::quoted(c));
                    decoded.push(c);
                }
                Some(_) => {}
            }
        }
        self.latent(&decoded);
    }

    /// Behind `${`. Whether it can become several words.
    fn parameter(&mut self, start: usize, quoted: bool) -> bool {
        if self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\n' | '|')) {
            self.unclear(start, "`${ command; }`");
            let _ = self.eat("|");
            self.list(super::list::Until::Words(&["}"]));
            self.close("}", start);
            return true;
        }
        let named = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b"_@*?$-#!".contains(&b));
        let indirect = self.peek() == Some('!') && named(self.peek_byte(1));
        if indirect || self.is_length() {
            self.at += 1;
        }
        let name = name_at(self.rest()).to_owned();
        self.at += name.len();
        self.continued(start);
        let mut many = !quoted;
        if name.is_empty() {
            let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
            many |= self.looks_at("@");
            if digits > 0 {
                self.at += digits;
            } else if self.peek().is_some_and(|c| "@*?$-#!".contains(c)) {
                self.at += 1;
            } else {
                self.unclear(start, "the name of a variable");
            }
        } else {
            self.used.push(name.clone());
        }
        if self.looks_at("[") {
            many |= self.looks_at("[@]");
            self.subscript(start);
        }
        let rest = self.rest();
        let lists_names = rest.starts_with("@}") || rest.starts_with("*}");
        if indirect && !lists_names {
            let span = self.span_from(start);
            self.note_evaluated(&name, span);
        }
        if indirect && lists_names {
            many = true;
        }
        if rest.starts_with('(') {
            self.not_in_zsh(start, "`${(flags)`");
        }
        match rest.bytes().next() {
            Some(b'@') if !lists_names => {
                if rest.starts_with("@P") {
                    let span = self.span_from(start);
                    self.note_unseen(span, "a prompt");
                }
                self.not_in_sh(start, "`${x@`");
                self.at += 1;
            }
            Some(b':') if !rest.get(1..).is_some_and(|r| r.starts_with(['-', '=', '?', '+'])) => {
                self.not_in_sh(start, "`${x:offset}`");
                self.at += 1;
                self.arithmetic("}");
            }
            Some(b'=') => self.assigned(name, start),
            Some(b':') if rest.starts_with(":=") => self.assigned(name, start),
            Some(b'/' | b'^' | b',') => self.not_in_sh(start, "`${x/y/z}`"),
            _ => {}
        }
        // in double quotes, single quotes are no quotes behind `-`, `=`, `?`, `+`
        let plain_quotes = quoted && rest.trim_start_matches(':').starts_with(['-', '=', '?', '+']);
        self.up_to_brace(start, plain_quotes);
        many
    }

    /// `${name=value}` sets a variable that is not set.
    fn assigned(&mut self, name: String, start: usize) {
        self.set.insert(name.clone());
        let mut command = self.empty(Form::Compound, start);
        command.environment.push(Assignment { name, value: vec![Word::unknown()], span: command.span });
        self.push(command);
    }

    /// `${#}` is a number, `${#x}` a length.
    fn is_length(&self) -> bool {
        self.looks_at("#")
            && !self.looks_at("#}")
            && self.peek_byte(1).is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'@' || b == b'*')
    }

    /// The rest of `${...}`, with its expansions.
    fn up_to_brace(&mut self, start: usize, plain_quotes: bool) {
        let mut out = Vec::new();
        while let Some(c) = self.peek() {
            let at = self.at;
            match c {
                '}' => {
                    self.at += 1;
                    return;
                }
                '\\' => {
                    self.at += 1;
                    self.next();
                }
                '\'' if plain_quotes => self.at += 1,
                '\'' => {
                    self.quoted_latent(at);
                }
                '"' => {
                    self.at += 1;
                    self.double_quoted(&mut out, at);
                }
                '$' => self.dollar(&mut out, plain_quotes),
                '`' => self.backquoted(&mut out, plain_quotes),
                '<' | '>' if self.peek_byte(1) == Some(b'(') => self.process_substitution(&mut out),
                c => self.at += c.len_utf8(),
            }
        }
        self.unclear(start, "it is not closed");
    }

    /// `` `...` ``: backslashes are taken away first, then it is read like any text.
    pub fn backquoted(&mut self, out: &mut Vec<Piece>, quoted: bool) {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.next() {
                None => {
                    self.unclear(start, "it is not closed");
                    break;
                }
                Some('`') => break,
                Some('\\') => match self.next() {
                    Some(c @ ('$' | '`' | '\\')) => text.push(c),
                    Some('"') if quoted => text.push('"'),
                    Some('\n') => {}
                    Some(c) => text.extend(['\\', c]),
                    None => text.push('\\'),
                },
                Some(c) => text.push(c),
            }
        }
        let span = Span { start, end: self.at };
        self.inside(&text, span, |r| r.in_subshell(Reader::all));
        out.push(Piece::Hole { many: !quoted });
    }
}
