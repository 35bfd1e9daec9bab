//! Lists, pipelines, and which command stands where.

use super::directory::Directories;
use super::{Reader, is_blank, is_meta};
use crate::script::Form;

/// Where a list ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// The end of the text.
    End,
    /// `)`
    Parenthesis,
    /// One of these words, where a command could stand.
    Words(&'static [&'static str]),
    /// `;;`, `;&`, `;;&` or `esac`.
    CaseItem,
}

/// Words that are no commands where a command could stand.
const CLOSING: [&str; 10] = ["then", "elif", "else", "fi", "do", "done", "esac", "}", "in", "]]"];

impl Reader<'_> {
    pub fn all(&mut self) {
        self.list(Until::End);
        self.here_document_bodies();
    }

    /// Commands up to where the list ends; what ends it is not eaten. False if there was none.
    pub fn list(&mut self, until: Until) -> bool {
        let mut any = false;
        loop {
            self.blank_lines();
            if self.at_end_of(until) || self.at >= self.text.len() {
                return any;
            }
            let before = self.at;
            if self.count() && self.and_or() {
                any = true;
            }
            self.blanks();
            match self.peek() {
                Some(';') if !self.looks_at(";;") && !self.looks_at(";&") => self.at += 1,
                Some('&') if !self.looks_at("&&") => {
                    self.at += 1;
                    if self.looks_at("!") || self.looks_at("|") {
                        self.not_in_zsh(before, "`&!`");
                    }
                }
                Some('\n') | None => {}
                Some(_) if self.at_end_of(until) => return any,
                Some(_) => self.stray(before),
            }
        }
    }

    /// Something that fits nowhere. It is left out, and the rest is read.
    fn stray(&mut self, before: usize) {
        let start = self.at;
        if self.at == before || self.peek().is_some_and(is_meta) {
            self.next();
        }
        self.unclear(start, "an operator that does not fit there");
    }

    fn at_end_of(&self, until: Until) -> bool {
        match until {
            Until::End => false,
            Until::Parenthesis => self.looks_at(")"),
            Until::Words(words) => self.reserved().is_some_and(|word| words.contains(&word)),
            Until::CaseItem => self.looks_at(";;") || self.looks_at(";&") || self.reserved() == Some("esac"),
        }
    }

    /// The word here, if it stands alone and nothing of it is quoted.
    pub fn reserved(&self) -> Option<&str> {
        let rest = self.rest();
        let end = rest.find(is_meta).unwrap_or(rest.len());
        rest.get(..end).filter(|word| !word.is_empty() && !word.contains(['\\', '\'', '"', '$', '`']))
    }

    pub fn eat_reserved(&mut self, word: &str) -> bool {
        let found = self.reserved() == Some(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// Blanks, line continuations and comments.
    pub fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(c) if is_blank(c) => self.at += 1,
                Some('\\') if self.looks_at("\\\n") => self.at += 2,
                Some('#') if self.starts_word() => {
                    let rest = self.rest();
                    self.at += rest.find('\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    /// Whether a word can start here: at the beginning, or behind what separates words.
    fn starts_word(&self) -> bool {
        let before = self.text.get(..self.at).unwrap_or("");
        before.chars().next_back().is_none_or(is_meta) || before.ends_with("\\\n") || before.ends_with('`')
    }

    /// The same and ends of lines, with the here-documents that begin behind them.
    pub fn blank_lines(&mut self) {
        loop {
            self.blanks();
            if self.peek() != Some('\n') {
                return;
            }
            self.at += 1;
            self.here_document_bodies();
        }
    }

    /// `a && b || c`.
    fn and_or(&mut self) -> bool {
        let mut all = self.directories.clone();
        let mut only_and = true;
        let mut any = self.pipeline();
        loop {
            all.or(&self.directories);
            self.blanks();
            if self.eat("&&") {
                if !only_and {
                    self.directories = all.clone();
                }
            } else if self.eat("||") {
                only_and = false;
                self.directories = all.clone();
            } else {
                break;
            }
            if !self.count() {
                break;
            }
            let start = self.at;
            self.blank_lines();
            if !self.pipeline() {
                self.unclear(start, "nothing stands behind `&&` or `||`");
                break;
            }
            any = true;
        }
        // `a &` runs beside what follows, and moves nothing
        self.directories = all;
        any
    }

    fn pipeline(&mut self) -> bool {
        let before = self.directories.clone();
        self.blanks();
        let mut prefixed = false;
        loop {
            self.blanks();
            if self.eat_reserved("!") {
                prefixed = true;
            } else if self.reserved() == Some("time") && self.is_time_keyword() {
                self.not_in_sh(self.at, "`time`");
                self.at += 4;
                self.blanks();
                let _ = self.eat_reserved("-p") && {
                    self.blanks();
                    self.eat_reserved("--")
                };
                prefixed = true;
            } else {
                break;
            }
        }
        let (mut first, mut begin) = (self.script.commands.len(), self.at);
        if !self.one_command() {
            return prefixed;
        }
        let mut piped = false;
        loop {
            self.blanks();
            let start = self.at;
            if self.looks_at("||") || !self.eat("|") {
                break;
            }
            let mut front = self.only_command(first, begin, start);
            if self.eat("&") {
                self.not_in_sh(start, "`|&`");
                // what goes wrong is said there too
                front = None;
            }
            piped = true;
            if !self.count() {
                break;
            }
            self.blank_lines();
            self.directories = before.clone();
            (first, begin) = (self.script.commands.len(), self.at);
            if !self.one_command() {
                self.unclear(start, "nothing stands behind `|`");
                break;
            }
            if let (Some(front), Some(at)) = (front, self.only_command(first, begin, self.at)) {
                self.script.commands.iter_mut().skip(at).take(1).for_each(|command| command.piped_from = Some(front));
            }
        }
        if piped {
            // each runs in a shell of its own; in some shells the last one does not
            self.directories.or(&before);
        }
        true
    }

    /// The place of the command read since, if it is a simple one, and nothing else runs in it or is redirected.
    fn only_command(&self, first: usize, begin: usize, end: usize) -> Option<usize> {
        let text = self.text.get(begin..end)?;
        let [command] = self.script.commands.get(first..)? else { return None };
        let is_plain = command.form == Form::Simple && command.environment.is_empty() && !text.contains(['<', '>', '&']);
        is_plain.then_some(first)
    }

    /// `time` in front of a pipeline is no program, unless an option other than `-p` or a redirect follows.
    fn is_time_keyword(&self) -> bool {
        let rest = self.rest().get(4..).unwrap_or("").trim_start_matches(is_blank);
        let next = rest.split(is_meta).next().unwrap_or("");
        !next.starts_with('-') || next == "-p" || next == "--"
    }

    /// One command of any kind, with its redirects. False if there is none.
    pub fn one_command(&mut self) -> bool {
        self.blanks();
        let start = self.at;
        if self.looks_at("((") && self.arithmetic_command() {
            return true;
        }
        if self.looks_at("(") {
            self.deeper(Self::subshell);
            self.compound_redirects(start);
            return true;
        }
        let word = match self.reserved() {
            Some(word) => word.to_owned(),
            None => return self.simple(),
        };
        let compound = match word.as_str() {
            "{" => self.deeper(Self::group),
            "if" => self.deeper(Self::if_command),
            "while" | "until" => self.deeper(Self::while_command),
            "for" | "select" => self.deeper(Self::for_command),
            "case" => self.deeper(Self::case_command),
            "function" => return self.deeper(Self::function_keyword),
            "coproc" if self.dialect != crate::Dialect::Sh => return self.deeper(Self::coproc),
            "[[" => {
                self.not_in_sh(start, "`[[`");
                self.deeper(Self::test_command)
            }
            "repeat" | "foreach" | "nocorrect" | "always" if self.may_be_zsh() => {
                self.not_in_zsh(start, "a keyword of zsh");
                return self.simple();
            }
            word if CLOSING.contains(&word) && word != "in" && word != "]]" => {
                self.at += word.len();
                self.unclear(start, "a keyword that does not fit there");
                return true;
            }
            _ => return self.simple(),
        };
        if compound {
            self.compound_redirects(start);
        }
        compound
    }

    /// A list with directories of its own.
    pub fn in_subshell(&mut self, read: impl FnOnce(&mut Self)) {
        let before = self.directories.clone();
        read(self);
        self.directories = before;
    }

    /// What may run again later: where it runs is known only if nothing moves.
    pub fn may_run_again(&mut self, read: impl FnOnce(&mut Self)) {
        let before = self.directories.clone();
        let first = self.script.commands.len();
        self.again += 1;
        read(self);
        self.again -= 1;
        if self.directories != before {
            for command in self.script.commands.iter_mut().skip(first) {
                command.directories = Directories::unknown().list();
            }
            self.directories = Directories::unknown();
        }
    }
}
