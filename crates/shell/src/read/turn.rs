//! Loops over words that are known: the body is read once for each of them.

use super::Reader;
use super::pieces::Piece;
use crate::script::Word;

/// A longer loop is read once, with a value that is not known.
const MAX_TURNS: usize = 16;

/// What could set a variable whose name does not stand in the text as a word of its own, or change how values become words.
const SETTERS: [&str; 22] = [
    "read",
    "printf",
    "eval",
    "source",
    "declare",
    "typeset",
    "local",
    "export",
    "readonly",
    "unset",
    "mapfile",
    "readarray",
    "getopts",
    "let",
    "IFS",
    "trap",
    "alias",
    "set",
    "shopt",
    "select",
    "coproc",
    "function",
];

impl Reader<'_> {
    /// The values of a loop, if each is known and nothing but the loop sets its variable.
    pub fn turns_of(&self, name: &str, start: usize, values: Vec<Word>) -> Option<Vec<Word>> {
        let all_known = values.iter().all(|value| matches!(value, Word::Known(_) | Word::Pattern { home: false, .. }));
        let is_plain = all_known && !values.is_empty() && values.len() <= MAX_TURNS && self.only_loop_sets(name, start);
        is_plain.then_some(values)
    }

    /// Whether the name stands in the text only as the variable of the loop that begins here and as `$name` or `${name}`.
    fn only_loop_sets(&self, name: &str, start: usize) -> bool {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut at = 0;
        let mut plain = !["((", "()", ":=", " . "].iter().any(|what| self.text.contains(what)) && !self.text.starts_with(". ");
        for word in self.text.split(|c| !is_name(c)) {
            let before = self.text.get(..at).unwrap_or("");
            let behind = self.text.get(at + word.len()..).unwrap_or("");
            let is_header = before.get(start..).is_some_and(|head| head.trim_start() == "for " || head == "for ");
            let is_used = before.ends_with('$') || (before.ends_with("${") && behind.starts_with('}'));
            plain &= !SETTERS.contains(&word) && (word != name || is_header || is_used);
            // what separates words is one character, of one or more bytes
            at += word.len() + behind.chars().next().map_or(0, char::len_utf8);
        }
        plain
    }

    /// Reads a body once for each value, or once with none that is known.
    pub fn in_turns(&mut self, name: &str, turns: Option<Vec<Word>>, read: impl Fn(&mut Self)) {
        let start = self.at;
        let turns = turns.map_or_else(|| vec![None], |turns| turns.into_iter().map(Some).collect());
        let mut seen = None;
        for value in turns {
            self.at = start;
            self.turns.push((name.to_owned(), value));
            read(self);
            self.turns.pop();
            // other parsers see the body once
            let first = *seen.get_or_insert(self.seen.len());
            self.seen.truncate(first);
            if !self.count() {
                return;
            }
        }
    }

    /// The pieces of the value that a variable has in this turn.
    pub fn value_in_turn(&mut self, name: &str, quoted: bool) -> Option<Vec<Piece>> {
        let value = self.turns.iter().rev().find(|turn| turn.0 == name)?.1.as_ref()?;
        match value {
            Word::Known(text) if quoted || !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "/._-+:,@%=".contains(c)) => {
                Some(text.chars().map(Piece::quoted).collect())
            }
            Word::Pattern { pattern, .. } => {
                self.patterns_in_turn.0 += 1;
                self.patterns_in_turn.1 += usize::from(!quoted);
                let mut chars = pattern.chars();
                let mut pieces = Vec::new();
                while let Some(c) = chars.next() {
                    match c {
                        '\\' => pieces.extend(chars.next().map(Piece::quoted)),
                        '*' | '?' => pieces.push(Piece::bare(c)),
                        c => pieces.push(Piece::quoted(c)),
                    }
                }
                Some(pieces)
            }
            _ => None,
        }
    }

    /// Marks the words that are made of the pattern of a loop: `before` is how many there were in front of them.
    pub fn mark_turns(&self, words: &mut [Word], before: (usize, usize)) {
        let more = self.patterns_in_turn.0.saturating_sub(before.0);
        let bare = self.patterns_in_turn.1 > before.1;
        for word in words.iter_mut().filter(|_| more > 0) {
            match word {
                Word::Pattern { each, splits, .. } if more == 1 => (*each, *splits) = (true, bare),
                // two values side by side are not two patterns side by side
                Word::Pattern { .. } => *word = Word::unknown(),
                _ => {}
            }
        }
    }
}
