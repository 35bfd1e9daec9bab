//! `if`, loops, `case`, functions, groups.

use super::directory::Directories;
use super::list::Until;
use super::{Reader, is_meta, name_at};
use crate::script::{Assignment, Form, Span, UnknownCause, Word};

impl Reader<'_> {
    /// `( ... )`
    pub fn subshell(&mut self) -> bool {
        let start = self.at;
        self.at += 1;
        self.in_subshell(|r| {
            if !r.list(Until::Parenthesis) {
                r.unclear(start, "there is nothing in the parentheses");
            }
        });
        self.close(")", start);
        true
    }

    /// `{ ...; }`
    pub fn group(&mut self) -> bool {
        let start = self.at;
        self.at += 1;
        self.list(Until::Words(&["}"]));
        self.close_word("}", start);
        true
    }

    pub fn close(&mut self, end: &str, start: usize) {
        if !self.eat(end) {
            self.unclear(start, "it is not closed");
        }
    }

    fn close_word(&mut self, end: &str, start: usize) {
        if !self.eat_reserved(end) {
            self.unclear(start, "it is not closed");
        }
    }

    pub fn if_command(&mut self) -> bool {
        let start = self.at;
        self.at += 2;
        let before = self.directories.clone();
        let mut all = before;
        loop {
            self.list(Until::Words(&["then"]));
            self.close_word("then", start);
            all.or(&self.directories);
            let condition = self.directories.clone();
            self.list(Until::Words(&["elif", "else", "fi"]));
            all.or(&self.directories);
            self.directories = condition;
            if self.eat_reserved("elif") {
                continue;
            }
            if self.eat_reserved("else") {
                self.list(Until::Words(&["fi"]));
                all.or(&self.directories);
            }
            break;
        }
        self.close_word("fi", start);
        self.directories = all;
        true
    }

    pub fn while_command(&mut self) -> bool {
        let start = self.at;
        self.at += 5;
        let before = self.directories.clone();
        self.may_run_again(|r| {
            r.list(Until::Words(&["do"]));
            r.do_group(start);
        });
        self.directories.or(&before);
        true
    }

    fn do_group(&mut self, start: usize) {
        self.blank_lines();
        if self.eat_reserved("do") {
            self.list(Until::Words(&["done"]));
            self.close_word("done", start);
        } else if self.dialect != crate::Dialect::Zsh && self.reserved() == Some("{") {
            self.group();
        } else {
            self.unclear(start, "the body of a loop is missing");
        }
    }

    /// `for x in ...; do`, `for ((;;)); do`, `select x in ...; do`.
    pub fn for_command(&mut self) -> bool {
        let start = self.at;
        let is_select = self.looks_at("select");
        self.at += if is_select { 6 } else { 3 };
        if is_select {
            self.not_in_sh(start, "`select`");
        }
        let (mut variable, mut turns) = (String::new(), None);
        self.blanks();
        if self.looks_at("((") {
            self.not_in_sh(start, "`for ((`");
            self.at += 2;
            self.arithmetic("))");
            self.close("))", start);
        } else {
            let name = name_at(self.rest()).to_owned();
            self.at += name.len();
            if name.is_empty() || !self.peek().is_none_or(is_meta) {
                self.unclear(start, "the variable of a loop");
            }
            self.blank_lines();
            let mut only_numbers = true;
            let mut values = Vec::new();
            if self.eat_reserved("in") {
                loop {
                    self.blanks();
                    let before = self.at;
                    let words = self.word_here(true);
                    if self.at == before {
                        break;
                    }
                    only_numbers &= words.iter().all(|w| w.known().is_some_and(is_number));
                    values.extend(words);
                }
            } else {
                only_numbers = false;
            }
            turns = if is_select { None } else { self.turns_of(&name, start, values) };
            if !only_numbers {
                self.set.insert(name.clone());
            }
            let mut command = self.empty(Form::Compound, start);
            command.span = self.span_from(start);
            variable.clone_from(&name);
            command.environment.push(Assignment { name, value: vec![Word::unknown()], span: command.span });
            self.push(command);
        }
        self.blanks();
        let _ = self.eat(";");
        let before = self.directories.clone();
        self.may_run_again(|r| r.in_turns(&variable, turns, |r| r.do_group(start)));
        self.directories.or(&before);
        true
    }

    pub fn case_command(&mut self) -> bool {
        let start = self.at;
        self.at += 4;
        self.blanks();
        self.word_here(false);
        self.blank_lines();
        self.close_word("in", start);
        let before = self.directories.clone();
        let mut all = before.clone();
        loop {
            self.blank_lines();
            if self.at >= self.text.len() || self.reserved() == Some("esac") || !self.count() {
                break;
            }
            let _ = self.eat("(");
            loop {
                self.blanks();
                self.word_here(false);
                self.blanks();
                if !self.eat("|") {
                    break;
                }
            }
            if !self.eat(")") {
                self.unclear(start, "a pattern of `case`");
                break;
            }
            self.directories = before.clone();
            self.list(Until::CaseItem);
            all.or(&self.directories);
            if self.eat(";;&") || self.eat(";;") {
                continue;
            }
            if self.eat(";&") {
                // what follows may run behind it
                self.directories = all.clone();
                continue;
            }
            break;
        }
        self.blank_lines();
        self.close_word("esac", start);
        self.directories = all;
        true
    }

    /// `function name { ... }`
    pub fn function_keyword(&mut self) -> bool {
        let start = self.at;
        self.at += 8;
        self.not_in_sh(start, "`function`");
        self.blanks();
        let words = self.word_here(false);
        self.blanks();
        if self.eat("(") {
            self.blanks();
            self.close(")", start);
        }
        self.function_body(start, words);
        true
    }

    /// Behind `name ()`.
    pub fn function_body(&mut self, start: usize, name: Vec<Word>) {
        self.blank_lines();
        let mut command = self.empty(Form::Function, start);
        if let [Word::Known(name)] = name.as_slice() {
            self.functions.push(name.clone());
        } else {
            self.unclear(start, "the name of a function");
        }
        command.words = name;
        self.push(command);
        let first = self.script.commands.len();
        let before = self.directories.clone();
        let body = self.at;
        if !self.deeper(Self::function_command) {
            self.unclear(body, "the body of a function");
        }
        // it runs where it is called
        if self.directories != before {
            self.moving_function();
        }
        for command in self.script.commands.iter_mut().skip(first) {
            command.directories = if command.directories == before.list() { before.list() } else { Directories::unknown().list() };
        }
    }

    /// A function that changes the directory: from now on it is not known.
    fn moving_function(&mut self) {
        self.directories = Directories::unknown();
        for command in &mut self.script.commands {
            if command.form != Form::Function {
                command.directories = Directories::unknown().list();
            }
        }
    }

    fn function_command(&mut self) -> bool {
        let start = self.at;
        let word = self.reserved().map(str::to_owned);
        let compound =
            self.looks_at("(") || matches!(word.as_deref(), Some("{" | "if" | "while" | "until" | "for" | "select" | "case" | "[["));
        if !compound {
            return false;
        }
        let mut any = false;
        self.may_run_again(|r| any = r.one_command());
        any || self.at > start
    }

    /// `coproc [NAME] command`: a name only in front of a compound command.
    pub fn coproc(&mut self) -> bool {
        let start = self.at;
        self.at += 6;
        self.not_in_zsh(start, "`coproc`");
        self.blanks();
        let name = name_at(self.rest());
        let behind = self.rest().get(name.len()..).unwrap_or("");
        let next = behind.trim_start_matches([' ', '\t']);
        let word = next.split(is_meta).next().unwrap_or("");
        let compound = next.starts_with('(') || matches!(word, "{" | "if" | "while" | "until" | "for" | "select" | "case" | "[[");
        if !name.is_empty()
            && behind.starts_with([' ', '\t'])
            && compound
            && !matches!(name, "if" | "while" | "until" | "for" | "select" | "case")
        {
            self.at += name.len();
        }
        let mut any = false;
        self.in_subshell(|r| any = r.one_command());
        if !any {
            self.unclear(start, "nothing stands behind `coproc`");
        }
        true
    }

    /// The redirects of a compound command.
    pub fn compound_redirects(&mut self, start: usize) {
        let mut command = self.empty(Form::Compound, start);
        loop {
            self.blanks();
            if !self.redirect(&mut command) {
                break;
            }
        }
        if !command.redirects.is_empty() {
            command.span = self.span_from(start);
            self.push(command);
        }
    }

    pub fn note_evaluated(&mut self, name: &str, span: Span) {
        if !name.is_empty() {
            self.evaluated.push((name.to_owned(), span));
        }
    }

    pub fn note_unseen(&mut self, span: Span, what: &str) {
        self.note(span, UnknownCause::Evaluated(what.to_owned()));
    }
}

/// A decimal number, which arithmetic takes as it is.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}
