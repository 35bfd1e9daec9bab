//! An argv to options and words, by the grammar of its command.

use super::grammar::{Abbreviate, Arity, Grammar, Level, OptionSpec, Style, Unknown};
use super::unseen;

/// An option as it stood, with what the grammar says about it.
#[derive(Debug)]
pub(super) struct SeenOption<'g> {
    pub spec: Option<&'g OptionSpec>,
    /// Canonical.
    pub name: String,
    pub value: Option<String>,
    /// The command behind `-exec`.
    pub command: Vec<String>,
    pub depth: usize,
    pub known: Known,
}

/// How well an option was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The grammar lists it.
    Yes,
    /// It fits several options; the command would refuse it.
    Ambiguous,
    /// The grammar does not list it, and a policy must name it.
    Denied,
    /// The grammar does not list it, and its text is judged.
    Judged,
}

/// A positional word.
#[derive(Debug)]
pub(super) struct SeenWord {
    pub text: String,
    /// Whether it stands behind `--`.
    pub after: bool,
    /// How many options stand before it.
    pub options_before: usize,
}

/// A command line, taken apart.
#[derive(Debug)]
pub(super) struct Reading<'g> {
    pub grammar: &'g Grammar,
    pub root: &'g Level,
    pub levels: Vec<&'g Level>,
    pub subcommand: Vec<String>,
    pub options: Vec<SeenOption<'g>>,
    pub words: Vec<SeenWord>,
    /// A subcommand that the grammar does not list.
    pub unknown_subcommand: Option<String>,
    /// A word of which not all is known stands where it could be an option.
    pub may_have_options: bool,
}

enum Found<'g> {
    Spec(&'g OptionSpec),
    /// An option that only switches another one off or back on.
    Negated(String),
    Several(Vec<&'g OptionSpec>),
    Nothing,
}

/// Takes the arguments (without argv[0]) apart.
pub(super) fn read<'g>(grammar: &'g Grammar, root: &'g Level, args: &[String]) -> Reading<'g> {
    let mut reading = Reading {
        grammar,
        root,
        levels: vec![root],
        subcommand: Vec::new(),
        options: Vec::new(),
        words: Vec::new(),
        unknown_subcommand: None,
        may_have_options: false,
    };
    let style = &grammar.style;
    let mut args = args.iter();
    let mut ended = false;
    let mut after = false;
    let mut first = true;
    while let Some(arg) = args.next() {
        let is_first = std::mem::replace(&mut first, false);
        reading.may_have_options |= !ended && unseen::may_be_option(arg);
        if ended {
            reading.word(arg, after);
        } else if arg == "--" && style.end {
            ended = true;
            after = true;
        } else if let Some(spec) = arg.strip_prefix('+').and_then(|_| reading.option("+*")) {
            reading.push(Some(spec), arg.clone(), None, Known::Yes);
        } else if arg == "-" || !arg.starts_with('-') {
            if is_first && style.bare_cluster && arg.chars().all(|c| c.is_ascii_alphabetic()) && !arg.is_empty() {
                reading.bare_cluster(arg, &mut args);
                continue;
            }
            if reading.descend(arg) {
                continue;
            }
            reading.word(arg, false);
            ended = style.stop;
        } else {
            ended = reading.dashed(arg, &mut args);
        }
    }
    reading
}

impl<'g> Reading<'g> {
    /// The innermost command.
    pub fn level(&self) -> &'g Level {
        self.levels.last().copied().unwrap_or(self.root)
    }

    const fn style(&self) -> &'g Style {
        &self.grammar.style
    }

    /// The commands whose options may stand here, innermost first.
    fn scope(&self) -> impl Iterator<Item = &'g Level> {
        let count = if self.style().globals { self.levels.len() } else { 1 };
        self.levels.iter().rev().take(count).copied()
    }

    fn option(&self, name: &str) -> Option<&'g OptionSpec> {
        self.scope().find_map(|level| level.option(name))
    }

    fn push(&mut self, spec: Option<&'g OptionSpec>, name: String, value: Option<String>, known: Known) {
        self.options.push(SeenOption { spec, name, value, command: Vec::new(), depth: self.subcommand.len(), known });
    }

    fn word(&mut self, text: &str, after: bool) {
        if let Some(spec) = self.synonym(text).filter(|spec| self.options.iter().all(|o| o.name != spec.canonical())) {
            self.push(Some(spec), spec.canonical().to_owned(), None, Known::Yes);
        }
        self.words.push(SeenWord { text: text.to_owned(), after, options_before: self.options.len() });
    }

    fn synonym(&self, text: &str) -> Option<&'g OptionSpec> {
        let level = self.level();
        level.synonyms.iter().find(|(prefix, _)| text.starts_with(prefix.as_str())).and_then(|(_, option)| level.option(option))
    }

    /// Whether the word is a subcommand.
    fn descend(&mut self, word: &str) -> bool {
        let level = self.level();
        if !self.words.is_empty() || self.unknown_subcommand.is_some() || !self.grammar.has_subs(&self.subcommand) {
            return false;
        }
        if let Some((name, sub)) = self.grammar.sub(&self.subcommand, level, word) {
            self.subcommand.push(name.to_owned());
            self.levels.push(sub);
            return true;
        }
        if level.words.is_none() {
            self.unknown_subcommand = Some(word.to_owned());
        }
        false
    }

    /// An argument that begins with a dash. Returns whether options end behind it.
    fn dashed<'a>(&mut self, arg: &str, args: &mut impl Iterator<Item = &'a String>) -> bool {
        if self.style().single_dash {
            let (name, value) = split_value(arg);
            let short = arg.strip_prefix('-').filter(|rest| rest.starts_with('-')).map(|rest| split_value(rest).0);
            if let Some(spec) = self.option(name).or_else(|| short.and_then(|s| self.option(s))) {
                return self.take(spec, value.map(str::to_owned), args);
            }
        }
        if arg.starts_with("--") {
            return self.long(arg, args);
        }
        if self.style().digits
            && arg.get(..2).is_none_or(|digit| self.option(digit).is_none())
            && arg.bytes().skip(1).all(|b| b.is_ascii_digit())
        {
            self.push(None, arg.to_owned(), None, Known::Yes);
            return false;
        }
        self.cluster(arg, args)
    }

    fn long<'a>(&mut self, arg: &str, args: &mut impl Iterator<Item = &'a String>) -> bool {
        let (name, value) = split_value(arg);
        match self.find_long(name) {
            Found::Spec(spec) => return self.take(spec, value.map(str::to_owned), args),
            Found::Negated(name) => self.push(None, name, value.map(str::to_owned), Known::Yes),
            Found::Several(specs) => {
                for spec in specs {
                    self.push(Some(spec), spec.canonical().to_owned(), value.map(str::to_owned), Known::Ambiguous);
                }
            }
            Found::Nothing => self.unknown(name, value),
        }
        false
    }

    fn unknown(&mut self, name: &str, value: Option<&str>) {
        let unknown = self.levels.iter().rev().find_map(|level| level.unknown).unwrap_or_default();
        let known = if unknown == Unknown::Judge { Known::Judged } else { Known::Denied };
        self.push(None, name.to_owned(), value.map(str::to_owned), known);
    }

    fn find_long(&self, name: &str) -> Found<'g> {
        if let Some(spec) = self.option(name) {
            return Found::Spec(spec);
        }
        let abbreviate = self.style().abbreviate;
        if abbreviate == Abbreviate::None {
            return Found::Nothing;
        }
        match self.prefixed(name) {
            Found::Nothing => {}
            found => return found,
        }
        if abbreviate == Abbreviate::Git {
            // `--no-x` switches off `--x`; `--x` switches off a listed `--no-x`.
            if let Some(positive) = name.strip_prefix("--no-").map(|rest| format!("--{rest}")) {
                match self.option(&positive).map_or_else(|| self.prefixed(&positive), Found::Spec) {
                    Found::Spec(spec) => return Found::Negated(format!("--no-{}", spec.canonical().trim_start_matches('-'))),
                    Found::Several(_) => return Found::Negated(name.to_owned()),
                    _ => {}
                }
            } else if name.strip_prefix("--").is_some_and(|rest| self.option(&format!("--no-{rest}")).is_some()) {
                return Found::Negated(name.to_owned());
            }
        }
        Found::Nothing
    }

    /// The options that begin so.
    fn prefixed(&self, name: &str) -> Found<'g> {
        let mut found: Vec<&'g OptionSpec> = Vec::new();
        for spec in self.scope().flat_map(Level::options) {
            if spec.names().any(|n| n.starts_with("--") && n.starts_with(name)) && !found.iter().any(|f| f.canonical() == spec.canonical())
            {
                found.push(spec);
            }
        }
        match found.as_slice() {
            [] => Found::Nothing,
            [one] => Found::Spec(one),
            _ => Found::Several(found),
        }
    }

    /// Records a known option and takes its value. Returns whether options end behind it.
    fn take<'a>(&mut self, spec: &'g OptionSpec, glued: Option<String>, args: &mut impl Iterator<Item = &'a String>) -> bool {
        let mut command = Vec::new();
        let value = match spec.arity {
            Arity::None | Arity::Optional(_) => glued,
            Arity::Required(_) => glued.or_else(|| {
                let value = args.next().cloned();
                self.may_have_options |= value.as_deref().is_some_and(unseen::is_many);
                value
            }),
            Arity::UntilSemicolon => {
                for word in args.by_ref() {
                    if word == ";" || (word == "+" && command.last().is_some_and(|w| w == "{}")) {
                        break;
                    }
                    command.push(word.clone());
                }
                None
            }
        };
        self.push(Some(spec), spec.canonical().to_owned(), value, Known::Yes);
        if let Some(option) = self.options.last_mut() {
            option.command = command;
        }
        spec.effects.rest
    }

    /// `-abc`, `-ovalue`, `-o value`.
    fn cluster<'a>(&mut self, arg: &str, args: &mut impl Iterator<Item = &'a String>) -> bool {
        let letters = arg.strip_prefix('-').unwrap_or(arg);
        for (at, letter) in letters.char_indices() {
            let rest = letters.get(at + letter.len_utf8()..).unwrap_or("");
            let name = format!("-{letter}");
            let Some(spec) = self.option(&name) else {
                // What follows an unknown letter may be its value.
                self.unknown(&name, Some(rest).filter(|r| !r.is_empty()));
                return false;
            };
            let glued = Some(rest.to_owned()).filter(|r| !r.is_empty());
            let takes_rest = !matches!(spec.arity, Arity::None) || !self.style().cluster;
            if takes_rest {
                return self.take(spec, glued, args);
            }
            if self.take(spec, None, args) {
                // The rest of this word still belongs to the options of an interpreter (`python -mI` does not exist, `-Ic` does).
                return true;
            }
        }
        false
    }

    /// `tar xfC archive dir`: each letter takes the next word as its value.
    fn bare_cluster<'a>(&mut self, arg: &str, args: &mut impl Iterator<Item = &'a String>) {
        for letter in arg.chars() {
            let name = format!("-{letter}");
            match self.option(&name) {
                Some(spec) => {
                    self.take(spec, None, args);
                }
                None => self.unknown(&name, None),
            }
        }
    }
}

fn split_value(arg: &str) -> (&str, Option<&str>) {
    arg.split_once('=').map_or((arg, None), |(name, value)| (name, Some(value)))
}
