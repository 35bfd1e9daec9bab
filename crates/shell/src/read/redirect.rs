//! Redirects and here-documents.

use super::pieces::Place;
use super::{Reader, is_meta, name_at};
use crate::script::{Command, Redirect, RedirectKind, UnknownCause, Word};

/// A here-document whose body has not begun yet.
#[derive(Debug)]
pub(super) struct HereDocument {
    delimiter: String,
    /// `<<-`
    strips_tabs: bool,
    /// A quoted delimiter: nothing in the body is expanded.
    quoted: bool,
    /// The place of `<<`; the body belongs to the command that ends last behind it.
    start: usize,
}

/// What an operator does with its word.
enum Does {
    Open(RedirectKind),
    /// Writes if the word is no descriptor.
    DuplicateOutput,
    DuplicateInput,
    HereString,
}

const OPERATORS: [(&str, Does); 10] = [
    ("<<<", Does::HereString),
    ("&>>", Does::Open(RedirectKind::Write)),
    ("&>", Does::Open(RedirectKind::Write)),
    ("<&", Does::DuplicateInput),
    (">&", Does::DuplicateOutput),
    (">>", Does::Open(RedirectKind::Write)),
    (">|", Does::Open(RedirectKind::Write)),
    ("<>", Does::Open(RedirectKind::ReadWrite)),
    ("<", Does::Open(RedirectKind::Read)),
    (">", Does::Open(RedirectKind::Write)),
];

impl Reader<'_> {
    /// How many bytes of a descriptor stand here in front of a redirect: `2`, `{fd}`.
    fn descriptor(&self) -> Option<usize> {
        let rest = self.rest();
        let behind = |length: usize| rest.get(length..).is_some_and(|r| r.starts_with(['<', '>']));
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if behind(digits) || (digits == 0 && rest.starts_with("&>")) {
            return Some(digits);
        }
        let name = name_at(rest.strip_prefix('{')?);
        let length = name.len() + 2;
        (!name.is_empty() && rest.get(length - 1..length) == Some("}") && behind(length)).then_some(length)
    }

    /// One redirect, if one stands here.
    pub fn redirect(&mut self, command: &mut Command) -> bool {
        let Some(descriptor) = self.descriptor() else { return false };
        let behind = self.rest().get(descriptor..).unwrap_or("");
        if descriptor == 0 && (behind.starts_with("<(") || behind.starts_with(">(")) {
            return false;
        }
        let start = self.at;
        if self.peek() == Some('{') {
            self.not_in_sh(start, "`{name}>`");
        }
        self.at += descriptor;
        if !self.count() {
            return true;
        }
        if self.looks_at("<<") && !self.looks_at("<<<") {
            self.here_document(start);
            return true;
        }
        let found = OPERATORS.iter().find(|(text, _)| self.looks_at(text));
        let Some((text, does)) = found else { return false };
        self.at += text.len();
        if matches!(*text, "&>" | "&>>" | "<<<") {
            self.not_in_sh(start, "`&>` and `<<<`");
        }
        if self.looks_at("!") || (text.len() > 1 && self.looks_at("|")) {
            self.not_in_zsh(start, "`>!`");
        }
        self.blanks();
        let before = self.at;
        let place = if matches!(does, Does::HereString) { Place::Value } else { Place::Target };
        let words = self.word_in(place);
        if self.at == before {
            self.unclear(start, "a redirect without a word");
            return true;
        }
        let span = self.span_from(start);
        let target = match words.as_slice() {
            [one] => one.clone(),
            // several words are an error of the shell, or not known
            _ => Word::unknown(),
        };
        let kind = match does {
            Does::HereString => {
                command.input = target.known().map(str::to_owned);
                if let Word::Known(text) = &target {
                    self.latent(text);
                }
                return true;
            }
            Does::Open(kind) => *kind,
            Does::DuplicateInput => return true,
            Does::DuplicateOutput => {
                if target.known().is_some_and(is_descriptor) {
                    return true;
                }
                self.not_in_sh(start, "`>&word`");
                RedirectKind::Write
            }
        };
        command.redirects.push(Redirect { kind, target, span });
        true
    }

    fn here_document(&mut self, start: usize) {
        self.at += 2;
        let strips_tabs = self.eat("-");
        self.blanks();
        let from = self.at;
        let Some((delimiter, quoted)) = self.delimiter() else {
            self.unclear(from, "the end of a here-document");
            return;
        };
        self.here_documents.push(HereDocument { delimiter, strips_tabs, quoted, start });
    }

    /// The word behind `<<`. Nothing in it is expanded, quotes are taken away.
    fn delimiter(&mut self) -> Option<(String, bool)> {
        let start = self.at;
        let mut out = String::new();
        let mut quoted = false;
        while let Some(c) = self.peek() {
            match c {
                c if is_meta(c) => break,
                '\\' => {
                    self.at += 1;
                    match self.next() {
                        // no quoting, but a continued line
                        Some('\n') => self.unclear(start, "the end of a here-document"),
                        Some(c) => {
                            quoted = true;
                            out.push(c);
                        }
                        None => quoted = true,
                    }
                }
                '\'' | '"' => {
                    quoted = true;
                    self.at += 1;
                    let end = self.rest().find(c)?;
                    let inside = self.rest().get(..end)?;
                    // an escape in it is read in several ways
                    if c == '"' && inside.contains(['\\', '`', '$']) {
                        self.unclear(start, "the end of a here-document");
                    }
                    out.push_str(inside);
                    self.at += end + 1;
                }
                '$' | '`' => {
                    self.unclear(start, "the end of a here-document");
                    out.push(c);
                    self.at += 1;
                }
                c => {
                    out.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        (self.at > start).then_some((out, quoted))
    }

    /// The bodies of all here-documents that were opened on the line before.
    pub fn here_document_bodies(&mut self) {
        for document in std::mem::take(&mut self.here_documents) {
            self.body(&document);
        }
    }

    fn body(&mut self, document: &HereDocument) {
        let start = self.at;
        let mut body = String::new();
        let mut ended = false;
        while self.at < self.text.len() {
            let mut line = self.line();
            // a continued line is one line, also where the delimiter is looked for
            while !document.quoted && continues(&line) && self.at < self.text.len() {
                line.pop();
                line.push_str(&self.line());
            }
            let line = if document.strips_tabs { line.trim_start_matches('\t') } else { &line };
            if line == document.delimiter {
                ended = true;
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        let span = self.span_from(start);
        if !ended {
            self.note(span, UnknownCause::Syntax("a here-document without its end"));
        }
        if document.quoted {
            self.latent(&body);
        } else {
            let mut known = true;
            self.inside(&body, span, |r| known = r.expansions_only());
            if !known {
                return;
            }
        }
        // the command that it belongs to: the first that ends behind its start
        let own = self
            .script
            .commands
            .iter_mut()
            .filter(|c| c.span.start <= document.start && c.span.end > document.start)
            .max_by_key(|c| c.span.start);
        if let Some(command) = own {
            command.input = Some(body);
        }
    }

    /// The rest of the line, without its end.
    fn line(&mut self) -> String {
        let rest = self.rest();
        let end = rest.find('\n');
        let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or("").to_owned();
        self.at += line.len() + usize::from(end.is_some());
        line
    }

    /// A text in single quotes that may be evaluated later, from its first quote, which stands at `at`, to its last.
    pub fn quoted_latent(&mut self, at: usize) {
        self.at += 1;
        let rest = self.rest();
        let text = rest.get(..rest.find('\'').unwrap_or(rest.len())).unwrap_or("");
        self.latent(text);
        self.at += text.len();
        self.close("'", at);
    }

    /// Text in quotes that would run if something evaluates it.
    pub fn latent(&mut self, text: &str) {
        if (text.contains("$(") || text.contains('`')) && !self.script.latent.iter().any(|t| t == text) {
            self.script.latent.push(text.to_owned());
        }
    }
}

/// Whether a line of an expanded here-document goes on in the next one.
fn continues(line: &str) -> bool {
    line.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1
}

/// `2`, `-`, `2-`
fn is_descriptor(text: &str) -> bool {
    let digits = text.strip_suffix('-').unwrap_or(text);
    !text.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}
