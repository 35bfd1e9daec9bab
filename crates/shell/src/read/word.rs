//! A word, to pieces.

use super::pieces::{self, Piece, Place};
use super::{Reader, is_meta};
use crate::limits::LimitError;
use crate::script::{UnknownCause, Word};

impl Reader<'_> {
    /// The word here, with all its expansions, if one stands here.
    pub fn word_here(&mut self, expands: bool) -> Vec<Word> {
        self.word_in(if expands { Place::Argument } else { Place::Value })
    }

    /// The same at a place where words are expanded in this way.
    pub fn word_in(&mut self, place: Place) -> Vec<Word> {
        let start = self.at;
        let pieces = self.pieces();
        if self.at == start { Vec::new() } else { self.words_of(pieces, place, start) }
    }

    /// What pieces become.
    pub fn words_of(&mut self, pieces: Vec<Piece>, place: Place, start: usize) -> Vec<Word> {
        let span = self.span_from(start);
        if pieces.iter().any(|p| matches!(p, Piece::Char { c: '{', bare: true })) && pieces::expands_braces(&pieces, place) {
            self.not_in_sh(start, "`{a,b}`");
        }
        // an `=` alone, or two, is a comparison
        if let [Piece::Char { c: '=', bare: true }, next, ..] = pieces.as_slice()
            && !matches!(next, Piece::Char { c: '=', .. })
        {
            self.not_in_zsh(start, "`=name`");
        }
        let words = pieces::words(pieces, place).unwrap_or_else(|| {
            self.note(span, UnknownCause::Limit(LimitError::Nodes));
            Vec::new()
        });
        self.nodes += words.len();
        if words.iter().any(|word| matches!(word, Word::Home(_) | Word::Partly { home: true, .. } | Word::Pattern { home: true, .. })) {
            self.home = Some(span);
        }
        words
    }

    /// The pieces of the word here.
    pub fn pieces(&mut self) -> Vec<Piece> {
        let mut out = Vec::new();
        if !self.count() {
            return out;
        }
        while let Some(c) = self.peek() {
            let start = self.at;
            match c {
                '<' | '>' if self.peek_byte(1) == Some(b'(') => self.process_substitution(&mut out),
                c if is_meta(c) => break,
                '\\' => {
                    self.at += 1;
                    match self.next() {
                        Some('\n') => {}
                        Some(c) => out.push(Piece::quoted(c)),
                        None => out.push(Piece::quoted('\\')),
                    }
                }
                '\'' => {
                    self.at += 1;
                    let rest = self.rest();
                    let end = rest.find('\'');
                    let text = rest.get(..end.unwrap_or(rest.len())).unwrap_or("");
                    self.latent(text);
                    out.push(Piece::Empty);
                    out.extend(text.chars().map(Piece::quoted));
                    self.at += text.len();
                    self.close("'", start);
                }
                '"' => {
                    self.at += 1;
                    self.double_quoted(&mut out, start);
                }
                '$' => self.dollar(&mut out, false),
                '`' => self.backquoted(&mut out, false),
                '!' if out.is_empty() && self.peek_byte(1).is_some_and(|b| b.is_ascii_alphanumeric() || b == b'!' || b == b'$') => {
                    out.push(Piece::bare('!'));
                    self.at += 1;
                    let span = self.span_from(start);
                    self.note(span, UnknownCause::Dialect("`!` in front of a word"));
                }
                c => {
                    out.push(Piece::bare(c));
                    self.at += c.len_utf8();
                }
            }
        }
        out
    }

    pub fn double_quoted(&mut self, out: &mut Vec<Piece>, start: usize) {
        out.push(Piece::Empty);
        loop {
            match self.peek() {
                None => {
                    self.unclear(start, "it is not closed");
                    return;
                }
                Some('"') => {
                    self.at += 1;
                    return;
                }
                Some('\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some('\n') => self.at += 1,
                        Some(c @ ('$' | '`' | '"' | '\\')) => {
                            out.push(Piece::quoted(c));
                            self.at += 1;
                        }
                        _ => out.push(Piece::quoted('\\')),
                    }
                }
                Some('$') => self.dollar(out, true),
                Some('`') => self.backquoted(out, true),
                Some(c) => {
                    out.push(Piece::quoted(c));
                    self.at += c.len_utf8();
                }
            }
        }
    }

    /// `<( ... )`, `>( ... )`: the name of a pipe, `/dev/fd/63`.
    pub fn process_substitution(&mut self, out: &mut Vec<Piece>) {
        let start = self.at;
        self.not_in_sh(start, "`<(`");
        self.at += 2;
        self.substituted(start);
        out.push(Piece::Pipe);
    }

    /// The commands of a substitution, and what closes it.
    pub fn substituted(&mut self, start: usize) {
        let waiting = std::mem::take(&mut self.here_documents);
        self.deeper(|r| {
            r.in_subshell(|r| {
                r.list(super::list::Until::Parenthesis);
            });
        });
        if !self.here_documents.is_empty() {
            self.unclear(start, "a here-document in a substitution that ends on the same line");
        }
        self.here_documents = waiting;
        self.close(")", start);
    }

    /// Only the expansions of a text, as in a here-document. Whether there were none.
    pub fn expansions_only(&mut self) -> bool {
        let mut out = Vec::new();
        while let Some(c) = self.peek() {
            match c {
                '\\' => {
                    self.at += 1;
                    self.next();
                }
                '$' => self.dollar(&mut out, true),
                '`' => self.backquoted(&mut out, true),
                c => self.at += c.len_utf8(),
            }
        }
        !out.iter().any(|piece| matches!(piece, Piece::Hole { .. }))
    }
}
