//! The reader: text to a [`Script`], as bash reads it.
//!
//! | module | what it reads |
//! |---|---|
//! | `list` | lists, pipelines, and which command stands where |
//! | `turn` | loops over words that are known: their bodies once for each |
//! | `compound` | `if`, loops, `case`, functions, groups |
//! | `simple` | a command with its words and assignments |
//! | `redirect` | redirects and here-documents |
//! | `word` | a word, to pieces |
//! | `expansion` | what begins with `$`, and backticks |
//! | `arithmetic` | `(( ))` and subscripts |
//! | `test` | `[[ ]]` |
//! | `pieces` | pieces to words: braces, tilde, patterns |
//! | `ansi` | `$'...'` |
//! | `directory` | where a command runs |
//!
//! It never gives up: at what it does not understand it notes an unknown and goes on behind it, so that what follows is still seen.

mod ansi;
mod arithmetic;
mod compound;
mod directory;
mod expansion;
mod list;
mod pieces;
mod redirect;
mod simple;
mod test;
mod turn;
mod word;

use std::collections::HashSet;

use crate::limits::{LimitError, MAX_DEPTH, MAX_NODES};
use crate::script::{Command, Dialect, Form, Script, Span, UnknownCause, Word};
use directory::Directories;
use redirect::HereDocument;

/// Reads a text that [`crate::limits::measure`] let pass.
pub(crate) fn read(text: &str, dialect: Dialect) -> Reading {
    let mut reader = Reader::new(text, dialect);
    reader.all();
    reader.finish()
}

/// What was read, with what other parsers are held against.
#[derive(Debug)]
pub(crate) struct Reading {
    pub script: Script,
    /// The words of each simple command as they stand in the text, separated by [`SEPARATOR`].
    pub seen: Vec<String>,
}

/// Between the words of one command in [`Reading::seen`]; no parser takes it for a part of a word boundary.
pub(crate) const SEPARATOR: char = '\u{1f}';

/// What the reader knows at one point of the text.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    dialect: Dialect,
    depth: usize,
    nodes: usize,
    script: Script,
    seen: Vec<String>,
    here_documents: Vec<HereDocument>,
    directories: Directories,
    /// Variables that the text sets to something other than a number, and whether it sets one whose name is not known.
    set: HashSet<String>,
    sets_any: bool,
    /// Variables whose values are evaluated, with the place.
    evaluated: Vec<(String, Span)>,
    /// Variables whose values are used.
    used: Vec<String>,
    /// Where the home directory is used.
    home: Option<Span>,
    /// Functions that the text defines.
    functions: Vec<String>,
    /// Variables of loops around this place, with the value of this turn; none where it is not known.
    turns: Vec<(String, Option<Word>)>,
    /// How many values of them were patterns, and how many of those not in quotes.
    patterns_in_turn: (usize, usize),
    /// How deep inside of loops and functions, whose commands may run again from another directory.
    again: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, dialect: Dialect) -> Reader<'t> {
        Reader {
            text,
            at: 0,
            dialect,
            depth: 0,
            nodes: 0,
            script: Script::default(),
            seen: Vec::new(),
            here_documents: Vec::new(),
            directories: Directories::start(),
            set: HashSet::new(),
            sets_any: false,
            evaluated: Vec::new(),
            used: Vec::new(),
            home: None,
            functions: Vec::new(),
            turns: Vec::new(),
            patterns_in_turn: (0, 0),
            again: 0,
        }
    }

    fn finish(mut self) -> Reading {
        let mut used = std::mem::take(&mut self.used);
        used.sort_unstable();
        used.dedup();
        self.script.variables = used;
        let evaluated = std::mem::take(&mut self.evaluated);
        for (name, span) in evaluated {
            if self.sets_any || self.set.contains(&name) {
                self.note(span, UnknownCause::Evaluated(format!("the variable {name}")));
            }
        }
        if let Some(span) = self.home.filter(|_| self.sets_any || self.set.contains("HOME")) {
            self.note(span, UnknownCause::Evaluated("the home directory".to_owned()));
        }
        if let Some(name) = self.functions.iter().find(|name| simple::is_tracked(name)) {
            let cause = UnknownCause::Evaluated(format!("a function with the name of the builtin {name}"));
            self.note(Span { start: 0, end: self.text.len() }, cause);
        }
        Reading { script: self.script, seen: self.seen }
    }

    /// Another text inside of this one (a backquoted one, the value of a subscript), read as a part of it. Its places are not those of
    /// this text; everything in it stands at `span`.
    fn inside(&mut self, text: &str, span: Span, read: impl FnOnce(&mut Reader<'_>)) {
        if self.depth >= MAX_DEPTH {
            self.note(span, UnknownCause::Limit(LimitError::Depth));
            return;
        }
        let mut inner = Reader {
            text,
            at: 0,
            dialect: self.dialect,
            depth: self.depth + 1,
            nodes: self.nodes,
            script: std::mem::take(&mut self.script),
            seen: std::mem::take(&mut self.seen),
            here_documents: Vec::new(),
            directories: self.directories.clone(),
            set: std::mem::take(&mut self.set),
            sets_any: self.sets_any,
            evaluated: std::mem::take(&mut self.evaluated),
            used: std::mem::take(&mut self.used),
            home: self.home,
            functions: std::mem::take(&mut self.functions),
            turns: Vec::new(),
            patterns_in_turn: (0, 0),
            again: self.again,
        };
        let (commands, unknown) = (inner.script.commands.len(), inner.script.unknown.len());
        read(&mut inner);
        inner.script.commands.iter_mut().skip(commands).for_each(|command| {
            command.span = span;
            command.redirects.iter_mut().for_each(|r| r.span = span);
            command.environment.iter_mut().for_each(|a| a.span = span);
        });
        inner.script.unknown.iter_mut().skip(unknown).for_each(|u| u.span = span);
        self.nodes = inner.nodes;
        self.script = inner.script;
        self.seen = inner.seen;
        self.set = inner.set;
        self.sets_any = inner.sets_any;
        self.evaluated = inner.evaluated;
        self.used = inner.used;
        self.home = inner.home.map(|_| span);
        self.functions = inner.functions;
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn peek_byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn looks_at(&self, what: &str) -> bool {
        self.rest().starts_with(what)
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, what: &str) -> bool {
        let found = self.looks_at(what);
        if found {
            self.at += what.len();
        }
        found
    }

    fn span_from(&self, start: usize) -> Span {
        Span { start, end: self.at.max(start) }
    }

    fn note(&mut self, span: Span, cause: UnknownCause) {
        self.script.note(span, cause);
    }

    fn unclear(&mut self, start: usize, what: &'static str) {
        let span = self.span_from(start);
        self.note(span, UnknownCause::Syntax(what));
    }

    /// What only bash and its like read so.
    fn not_in_sh(&mut self, start: usize, what: &'static str) {
        if self.dialect == Dialect::Sh {
            let span = self.span_from(start);
            self.note(span, UnknownCause::Dialect(what));
        }
    }

    /// What zsh reads in another way.
    fn not_in_zsh(&mut self, start: usize, what: &'static str) {
        if self.may_be_zsh() {
            let span = self.span_from(start);
            self.note(span, UnknownCause::Dialect(what));
        }
    }

    fn may_be_zsh(&self) -> bool {
        matches!(self.dialect, Dialect::Zsh | Dialect::User)
    }

    /// Counts one more thing; false, and nothing more is read, if there are too many.
    fn count(&mut self) -> bool {
        self.nodes += 1;
        if self.nodes == MAX_NODES + 1 {
            let span = self.span_from(self.at);
            self.note(span, UnknownCause::Limit(LimitError::Nodes));
        }
        if self.nodes > MAX_NODES {
            self.at = self.text.len();
            return false;
        }
        true
    }

    /// Reads something one level deeper.
    fn deeper<T: Default>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            let span = self.span_from(self.at);
            self.note(span, UnknownCause::Limit(LimitError::Depth));
            self.at = self.text.len();
            return T::default();
        }
        self.depth += 1;
        let out = read(self);
        self.depth -= 1;
        out
    }

    fn push(&mut self, command: Command) {
        self.script.commands.push(command);
    }

    fn empty(&self, form: Form, start: usize) -> Command {
        Command {
            form,
            words: Vec::new(),
            redirects: Vec::new(),
            environment: Vec::new(),
            directories: self.directories.list(),
            input: None,
            piped_from: None,
            span: self.span_from(start),
        }
    }
}

/// Blanks that separate words.
const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// What ends a word outside quotes.
const fn is_meta(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>')
}

/// The name of a variable at the start of a text.
fn name_at(text: &str) -> &str {
    let starts = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    let end = text.bytes().position(|b| !(b.is_ascii_alphanumeric() || b == b'_')).unwrap_or(text.len());
    if starts { text.get(..end).unwrap_or("") } else { "" }
}
