//! A command with its words, assignments and redirects.

use super::compound::is_number;
use super::directory::Directories;
use super::pieces::Place;
use super::{Reader, SEPARATOR, is_meta, name_at};
use crate::script::{Assignment, Command, Form, Word};

/// Builtins that take assignments as words.
const DECLARING: [&str; 5] = ["declare", "typeset", "local", "export", "readonly"];

/// Names whose meaning is relied on: a function or an alias of that name would change it.
const TRACKED: [&str; 44] = [
    "cd",
    "pushd",
    "popd",
    "command",
    "builtin",
    "exec",
    "eval",
    "source",
    ".",
    "read",
    "mapfile",
    "readarray",
    "export",
    "declare",
    "typeset",
    "local",
    "readonly",
    "unset",
    "set",
    "shopt",
    "alias",
    "unalias",
    "trap",
    "test",
    "[",
    "printf",
    "echo",
    "true",
    "false",
    ":",
    "type",
    "hash",
    "enable",
    "let",
    "getopts",
    "pwd",
    "exit",
    "return",
    "break",
    "continue",
    "shift",
    "wait",
    "env",
    "bash",
];

pub(super) fn is_tracked(name: &str) -> bool {
    TRACKED.contains(&name)
}

impl Reader<'_> {
    /// Assignments, words and redirects up to an operator. False if nothing stands here.
    pub fn simple(&mut self) -> bool {
        let start = self.at;
        let mut command = self.empty(Form::Simple, start);
        let mut raw: Vec<String> = Vec::new();
        let mut declares = false;
        let used = self.used.len();
        loop {
            self.blanks();
            let at = self.at;
            if self.redirect(&mut command) {
                continue;
            }
            let is_process = self.looks_at("<(") || self.looks_at(">(");
            if self.at >= self.text.len() || (self.peek().is_some_and(is_meta) && !is_process) {
                break;
            }
            if (raw.is_empty() || declares) && self.assignment(&mut command) {
                if declares {
                    raw.push(self.raw(at));
                    command.words.extend(command.environment.last().map(as_word));
                }
                continue;
            }
            let end = self.at;
            let before = self.patterns_in_turn;
            let mut words = self.word_in(Place::Argument);
            self.mark_turns(&mut words, before);
            if self.at == end {
                break;
            }
            raw.push(self.raw(at));
            if raw.len() == 1 && self.at_function_parentheses() {
                self.function_body(start, words);
                return true;
            }
            if raw.len() == 1 {
                declares = matches!(words.as_slice(), [Word::Known(name)] if DECLARING.contains(&name.as_str()));
            }
            command.words.extend(words);
        }
        if self.at == start {
            return false;
        }
        command.span = self.span_from(start);
        if !raw.is_empty() {
            self.seen.push(raw.join(&SEPARATOR.to_string()));
        }
        if matches!(command.words.first().and_then(Word::known), Some("test" | "[")) {
            // a value can be an operator, and the next one the name that it takes
            let names = self.used.get(used..).unwrap_or_default().to_vec();
            for name in names {
                self.note_evaluated(&name, command.span);
            }
        }
        self.follow(&mut command);
        self.push(command);
        true
    }

    /// A word as it stands in the text, without line continuations.
    fn raw(&self, start: usize) -> String {
        self.text.get(start..self.at).unwrap_or("").replace("\\\n", "")
    }

    /// `()` behind the first word.
    fn at_function_parentheses(&mut self) -> bool {
        let at = self.at;
        self.blanks();
        if self.eat("(") {
            self.blanks();
            if self.eat(")") {
                return true;
            }
        }
        self.at = at;
        false
    }

    /// `name=value`, `name+=value`, `name[subscript]=value`, `name=(...)`.
    fn assignment(&mut self, command: &mut Command) -> bool {
        let start = self.at;
        let rest = self.rest();
        let name = name_at(rest).to_owned();
        if name.is_empty() {
            return false;
        }
        let behind = rest.get(name.len()..).unwrap_or("");
        let length = if behind.starts_with('=') {
            1
        } else if behind.starts_with("+=") {
            2
        } else if behind.starts_with('[') && self.is_element(behind) {
            self.at += name.len();
            self.not_in_sh(start, "an array");
            self.subscript(start);
            if self.eat("+=") || self.eat("=") { 0 } else { return false }
        } else {
            return false;
        };
        if length > 0 {
            self.at += name.len() + length;
        }
        let mut value = Vec::new();
        if self.looks_at("(") {
            self.not_in_sh(start, "an array");
            self.array(&mut value);
        } else {
            value = self.word_in(Place::Value);
        }
        if value.iter().any(|word| !word.known().is_some_and(is_number)) {
            self.set.insert(name.clone());
        }
        let span = self.span_from(start);
        command.environment.push(Assignment { name, value, span });
        true
    }

    /// Whether `[...]=` stands here.
    fn is_element(&self, text: &str) -> bool {
        let mut depth = 0_usize;
        for (at, c) in text.char_indices() {
            match c {
                '[' => depth += 1,
                ']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        let behind = text.get(at + 1..).unwrap_or("");
                        return behind.starts_with('=') || behind.starts_with("+=");
                    }
                }
                '\n' => return false,
                _ => {}
            }
        }
        false
    }

    fn array(&mut self, value: &mut Vec<Word>) {
        let start = self.at;
        self.at += 1;
        loop {
            self.blank_lines();
            if self.at >= self.text.len() || self.looks_at(")") || !self.count() {
                break;
            }
            let at = self.at;
            if self.looks_at("[") && self.is_element(self.rest()) {
                self.subscript(at);
                let _ = self.eat("+=") || self.eat("=");
                value.extend(self.word_in(Place::Value));
            } else {
                value.extend(self.word_in(Place::Argument));
            }
            if self.at == at {
                self.unclear(at, "an element of an array");
                self.next();
            }
        }
        self.close(")", start);
    }

    /// What a command does to the shell that reads on: its directory and its variables.
    fn follow(&mut self, command: &mut Command) {
        let all = command.words.clone();
        let mut words = all.as_slice();
        while let [Word::Known(name), rest @ ..] = words {
            match name.as_str() {
                "command" | "builtin" | "exec" => words = rest,
                "-p" | "--" if words.len() < all.len() => words = rest,
                _ => break,
            }
        }
        let Some((first, arguments)) = words.split_first() else { return };
        let Word::Known(name) = first else {
            // it may be `cd`
            self.directories = Directories::unknown();
            return;
        };
        match name.as_str() {
            "cd" => {
                let changed = self.directories.changed(arguments);
                self.directories = changed;
            }
            "pushd" | "popd" => self.directories = Directories::unknown(),
            "source" | "." => {
                self.directories = Directories::unknown();
                self.sets_any = true;
            }
            "eval" => {
                let text = |w: &Word| w.known().map(str::to_owned);
                let text = arguments.iter().map(text).collect::<Option<Vec<String>>>().map(|words| words.join(" "));
                // what it sets is not followed
                self.sets_any = true;
                if text.is_none_or(|text| ["cd", "pushd", "popd", "source", ".", "\\", "$"].iter().any(|moving| text.contains(moving))) {
                    self.directories = Directories::unknown();
                }
            }
            "shopt" | "alias" | "enable" | "set" => self.follow_options(name, arguments, command),
            "read" | "mapfile" | "readarray" | "getopts" | "unset" | "let" | "printf" | "wait" | "declare" | "typeset" | "local"
            | "export" | "readonly" | "test" | "[" => self.follow_variables(name, arguments, command),
            _ => {}
        }
    }

    /// Builtins that change how the rest of the text is read.
    fn follow_options(&mut self, name: &str, arguments: &[Word], command: &Command) {
        let harmless = match name {
            "set" => !arguments.iter().take_while(|w| w.known() != Some("--")).any(|w| w.known().is_none_or(changes_reading)),
            "shopt" => {
                !arguments.iter().any(|w| w.known().is_none_or(|w| matches!(w, "extglob" | "expand_aliases" | "lastpipe" | "extquote")))
            }
            "alias" | "enable" => arguments.is_empty() || arguments.iter().all(|w| w.known() == Some("-p")),
            _ => false,
        };
        if !harmless {
            self.note_unseen(command.span, &format!("what `{name}` changes"));
        }
    }

    /// Builtins that set variables by name, or evaluate a subscript in a name.
    fn follow_variables(&mut self, name: &str, arguments: &[Word], command: &mut Command) {
        let at = command.span.start;
        let names: Vec<Word> = match name {
            // `-v name`
            "printf" | "test" | "[" | "wait" => {
                let options: &[&str] = match name {
                    "printf" => &["-v"],
                    "wait" => &["-p"],
                    _ => &["-v", "-R"],
                };
                let glued = arguments
                    .iter()
                    .filter_map(Word::known)
                    .filter_map(|w| w.strip_prefix("-v"))
                    .filter(|w| !w.is_empty() && name == "printf");
                let glued: Vec<Word> = glued.map(|w| Word::Known(w.to_owned())).collect();
                let named = |pair: &[Word]| match pair {
                    [Word::Known(option), name] if options.contains(&option.as_str()) => Some(name.clone()),
                    _ => None,
                };
                arguments.windows(2).filter_map(named).chain(glued).collect()
            }
            _ => {
                let assigned = |w: &Word| command.environment.iter().any(|a| *w == as_word(a));
                arguments.iter().filter(|w| !w.known().is_some_and(|w| w.starts_with('-')) && !assigned(w)).cloned().collect()
            }
        };
        let sets = !matches!(name, "test" | "[" | "unset" | "let");
        for word in &names {
            match word.known() {
                Some(text) if sets => {
                    let name = name_at(text).to_owned();
                    self.set.insert(name.clone());
                    command.environment.push(Assignment { name, value: vec![Word::unknown()], span: command.span });
                }
                Some(_) => {}
                None if sets => self.sets_any = true,
                None => {}
            }
        }
        if name == "let" {
            for word in &names {
                match word.known() {
                    Some(text) => self.inside(text, command.span, |r| r.arithmetic("")),
                    None => self.note_unseen(command.span, "an expression"),
                }
            }
            return;
        }
        self.names_variable(&names, at);
        let changes = |w: &Word| w.known().is_some_and(|w| w.starts_with('-') && !w.starts_with("--") && w.contains(['n', 'i', 'C']));
        if matches!(name, "declare" | "typeset" | "local" | "readonly" | "mapfile" | "readarray") && arguments.iter().any(changes) {
            // a name that stands for another one, a value that is an expression, a text that is called
            let harmless = matches!(name, "mapfile" | "readarray")
                && !arguments.iter().any(|w| w.known().is_none_or(|w| w.starts_with("-C") || w.starts_with("-c")));
            if !harmless {
                self.note_unseen(command.span, &format!("what `{name}` sets"));
            }
        }
    }
}

/// `name=value` as `export` gets it.
fn as_word(assignment: &Assignment) -> Word {
    let name = &assignment.name;
    match assignment.value.as_slice() {
        [] => Word::Known(format!("{name}=")),
        [Word::Known(value)] => Word::Known(format!("{name}={value}")),
        _ => Word::Partly { home: false, prefix: format!("{name}="), suffix: String::new(), many: false },
    }
}

/// Whether a word of `set` is an option that changes how text is read, or where `cd` leads.
fn changes_reading(word: &str) -> bool {
    (word.starts_with(['-', '+']) && word.contains(['k', 'B', 'a', 'H', 'P']))
        || matches!(word, "keyword" | "braceexpand" | "allexport" | "histexpand" | "physical" | "posix")
}
