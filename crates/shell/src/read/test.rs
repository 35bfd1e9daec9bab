//! `[[ ... ]]`

use super::pieces::Place;
use super::{Reader, is_blank};
use crate::script::{Form, Word};

/// Operators whose operands are evaluated as arithmetic.
const ARITHMETIC: [&str; 6] = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];

impl Reader<'_> {
    pub fn test_command(&mut self) -> bool {
        let start = self.at;
        self.at += 2;
        let used = self.used.len();
        let mut words = vec![Word::Known("[[".to_owned())];
        let mut evaluates = false;
        loop {
            self.blank_lines();
            let at = self.at;
            if self.at >= self.text.len() || !self.count() {
                break;
            }
            if self.eat_reserved("]]") {
                words.push(Word::Known("]]".to_owned()));
                break;
            }
            if self.reserved() == Some("=~") {
                self.at += 2;
                words.push(Word::Known("=~".to_owned()));
                continue;
            }
            let is_regex = words.last().and_then(Word::known) == Some("=~");
            let names = words.last().and_then(Word::known).is_some_and(|w| matches!(w, "-v" | "-R"));
            if is_regex {
                self.regex();
                words.push(Word::unknown());
            } else if self.looks_at("<(") || self.looks_at(">(") || !self.peek().is_some_and(|c| "()<>&|;".contains(c)) {
                let word = self.word_in(Place::Value);
                evaluates |= word.iter().any(|w| w.known().is_some_and(|w| ARITHMETIC.contains(&w)));
                if names {
                    self.names_variable(&word, at);
                }
                words.extend(word);
            } else if self.eat("&&") || self.eat("||") || self.eat("(") || self.eat(")") || self.eat("<") || self.eat(">") {
                words.push(Word::Known(self.text.get(at..self.at).unwrap_or("").to_owned()));
            } else {
                self.next();
                self.unclear(at, "an operator in `[[`");
            }
        }
        let span = self.span_from(start);
        if words.last().and_then(Word::known) != Some("]]") {
            self.unclear(start, "it is not closed");
        }
        if evaluates {
            let mut names: Vec<String> = self.used.get(used..).unwrap_or_default().to_vec();
            names.extend(words.iter().filter_map(Word::known).map(|w| super::name_at(w).to_owned()));
            for name in names {
                self.note_evaluated(&name, span);
            }
            for word in &words {
                // the text of an operand is an expression
                if let Some(text) = word.known().filter(|t| t.contains('[') && *t != "[[") {
                    self.note_unseen(span, &format!("`{text}`"));
                }
            }
        }
        let mut command = self.empty(Form::Test, start);
        command.words = words;
        command.span = span;
        self.push(command);
        true
    }

    /// A pattern behind `=~`: parentheses and bars belong to it.
    fn regex(&mut self) {
        let start = self.at;
        let mut out = Vec::new();
        let mut depth = 0_usize;
        while let Some(c) = self.peek() {
            let at = self.at;
            match c {
                c if (is_blank(c) || c == '\n') && depth == 0 => break,
                '(' => {
                    depth += 1;
                    self.at += 1;
                }
                ')' => {
                    let Some(less) = depth.checked_sub(1) else { break };
                    depth = less;
                    self.at += 1;
                }
                '&' | ';' | '<' | '>' if depth == 0 => break,
                '|' if depth == 0 && self.looks_at("||") => break,
                '|' | '&' | ';' | '<' | '>' | ' ' | '\t' => self.at += 1,
                '\n' => break,
                _ => {
                    out.extend(self.pieces());
                    if self.at == at {
                        self.next();
                    }
                }
            }
        }
        if depth > 0 || self.at == start {
            self.unclear(start, "a pattern in `[[`");
        }
    }

    /// A word that is taken for the name of a variable: a subscript in it is evaluated.
    pub fn names_variable(&mut self, words: &[Word], start: usize) {
        let span = self.span_from(start);
        for word in words {
            match word {
                Word::Known(text) if text.contains('[') => {
                    self.latent_now(text, span);
                }
                Word::Known(_) => {}
                _ => self.note_unseen(span, "the name of a variable"),
            }
        }
    }

    /// A subscript in a word: its substitutions run.
    fn latent_now(&mut self, text: &str, span: crate::Span) {
        let subscript = text.split_once('[').map_or("", |(_, rest)| rest).to_owned();
        self.inside(&subscript, span, |r| {
            let at = r.at;
            r.arithmetic("]");
            if r.at == at && !subscript.is_empty() {
                r.unclear(at, "a subscript");
            }
        });
    }
}
