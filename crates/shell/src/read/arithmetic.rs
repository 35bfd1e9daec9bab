//! `(( ))`, `$(( ))` and subscripts: they start nothing by themselves, but their substitutions run, and the values of variables in them
//! are evaluated in turn.

use super::{Reader, name_at};
use crate::script::{Form, Word};

impl Reader<'_> {
    /// `(( ... ))` as a command. False, and nothing is eaten, if it is a subshell in a subshell.
    pub fn arithmetic_command(&mut self) -> bool {
        let start = self.at;
        if !self.arithmetic_ends(self.at + 1) {
            return false;
        }
        self.not_in_sh(start, "`((`");
        self.at += 2;
        self.arithmetic("))");
        self.close("))", start);
        let mut command = self.empty(Form::Test, start);
        command.words.push(Word::Known("((".to_owned()));
        while {
            self.blanks();
            self.redirect(&mut command)
        } {}
        command.span = self.span_from(start);
        self.push(command);
        true
    }

    /// Whether the parenthesis at `open` is closed by two in a row.
    pub fn arithmetic_ends(&self, open: usize) -> bool {
        let mut depth = 0_usize;
        let mut quote = None;
        let bytes = self.text.as_bytes();
        let mut at = open;
        while let Some(byte) = bytes.get(at) {
            match (quote, byte) {
                (None | Some(b'"'), b'\\') => at += 1,
                (None, b'\'' | b'"' | b'`') => quote = Some(*byte),
                (Some(q), b) if q == *b => quote = None,
                (None, b'(') => depth += 1,
                (None, b')') => {
                    depth -= 1;
                    if depth == 0 {
                        return bytes.get(at + 1) == Some(&b')');
                    }
                }
                _ => {}
            }
            at += 1;
        }
        false
    }

    /// An expression up to `end`, which is not eaten, or all of the text.
    pub fn arithmetic(&mut self, end: &str) {
        let start = self.at;
        let mut depth = 0_usize;
        let mut out = Vec::new();
        if !self.count() {
            return;
        }
        while let Some(c) = self.peek() {
            if depth == 0 && !end.is_empty() && self.looks_at(end) {
                return;
            }
            let at = self.at;
            match c {
                '(' | '[' | '{' => {
                    depth += 1;
                    self.at += 1;
                }
                ')' | ']' | '}' => {
                    let Some(less) = depth.checked_sub(1) else { break };
                    depth = less;
                    self.at += 1;
                }
                '\\' => {
                    self.at += 1;
                    if self.next() == Some('\n') {
                        self.unclear(at, "a line that ends within an expression");
                    }
                }
                '\'' => {
                    self.quoted_latent(at);
                    let span = self.span_from(at);
                    self.note_unseen(span, "a text in arithmetic");
                }
                '"' => {
                    self.at += 1;
                    self.double_quoted(&mut out, at);
                }
                '$' => {
                    let used = self.used.len();
                    self.dollar(&mut out, true);
                    let names: Vec<String> = self.used.get(used..).unwrap_or_default().to_vec();
                    let span = self.span_from(at);
                    for name in names {
                        self.note_evaluated(&name, span);
                    }
                }
                '`' => self.backquoted(&mut out, true),
                c if c.is_ascii_digit() => self.at += self.rest().bytes().take_while(u8::is_ascii_alphanumeric).count(),
                c if c.is_ascii_alphabetic() || c == '_' => {
                    let name = name_at(self.rest()).to_owned();
                    self.at += name.len();
                    self.used.push(name.clone());
                    let span = self.span_from(at);
                    self.note_evaluated(&name, span);
                }
                c => self.at += c.len_utf8(),
            }
        }
        if !end.is_empty() || self.at < self.text.len() {
            self.unclear(start, "an arithmetic expression");
        }
    }

    /// `[...]` behind the name of an array.
    pub fn subscript(&mut self, start: usize) {
        self.at += 1;
        if self.eat("@]") || self.eat("*]") {
            return;
        }
        self.deeper(|r| r.arithmetic("]"));
        self.close("]", start);
    }
}
