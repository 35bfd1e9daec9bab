//! Entries of `deny_args` and `requires_approval_args`, and what a pattern means by the grammar of its command.

use std::path::Path;

use super::grammar::{self, OptionSpec};
use super::multicall;
use super::parse::understand;
use super::request::{ExecRequest, Hazard, OptionArgument, Role};
use super::understood::Understood;
use super::unseen;
use super::word::{self, PatternError, STAR, WordPattern};

/// The words of a pattern, read by the grammar of its command.
#[derive(Debug, Clone)]
pub(super) struct Meaning {
    /// Subcommands, canonical, then positional words.
    words: Vec<WordPattern>,
    /// How many of them are subcommands.
    subcommands: usize,
    /// More words may follow.
    open: bool,
    options: Vec<WantedOption>,
    hazards: Vec<NamedHazard>,
}

#[derive(Debug, Clone)]
struct WantedOption {
    name: String,
    value: Option<WordPattern>,
    /// The grammar lists it where the pattern has it; else it stands for an option of that name of any subcommand.
    listed: bool,
}

#[derive(Debug, Clone)]
struct NamedHazard {
    option: String,
    role: Role,
    words: Vec<WordPattern>,
}

impl Meaning {
    /// Reads marked words by the grammar of `name`.
    pub fn of(name: &str, args: &[String]) -> Meaning {
        let argv: Vec<String> = std::iter::once(name.to_owned()).chain(args.iter().cloned()).collect();
        let request = understand(&argv, Path::new("/"), None, 0, false);
        let subcommands = request.subcommand.len();
        let mut words: Vec<WordPattern> = request.subcommand.iter().chain(&request.words).map(|w| WordPattern::from_marked(w)).collect();
        let ends_open = args.last().is_some_and(|w| WordPattern::from_marked(w) == WordPattern::Many);
        if words.last() == Some(&WordPattern::Many) {
            words.pop();
        }
        Meaning {
            words,
            subcommands,
            open: args.is_empty() || ends_open,
            options: request
                .options
                .iter()
                .zip(&request.specs)
                .map(|(o, spec)| WantedOption {
                    name: o.name.clone(),
                    value: o.value.as_deref().map(WordPattern::from_marked),
                    listed: spec.is_some(),
                })
                .collect(),
            hazards: request
                .hazards
                .iter()
                .filter(|h| !h.option.contains(STAR))
                .map(|h| NamedHazard {
                    option: h.option.clone(),
                    role: h.role,
                    words: h.words.iter().map(|w| WordPattern::from_marked(w)).collect(),
                })
                .collect(),
        }
    }

    pub fn names(&self, hazard: &Hazard) -> bool {
        self.hazards.iter().any(|h| h.option == hazard.option && h.role == hazard.role && unseen::surely_fit_all(&h.words, &hazard.words))
    }

    /// Whether the request is this command line, up to the order and spelling of options, and further options.
    pub fn fits(&self, request: &ExecRequest) -> bool {
        let words: Vec<&String> = request.subcommand.iter().chain(&request.words).collect();
        let skip = |index: usize| request.family.is_none() && request.may_be_values.get(index).copied().unwrap_or(false);
        self.options_fit(request) && in_order(&self.words, &words, skip, self.open, request.partly)
    }

    /// Whether the request holds these words in order, among others, and these options.
    pub fn is_in(&self, request: &ExecRequest) -> bool {
        let words: Vec<&String> = request.subcommand.iter().chain(&request.words).collect();
        if request.partly {
            return self.could_be_in(request, &words);
        }
        let mut rest = words.as_slice();
        for (index, pattern) in self.words.iter().enumerate() {
            // A subcommand is where it is; other words may stand anywhere behind.
            let found = if index < self.subcommands {
                rest.first().filter(|w| pattern.fits(w)).map(|_| 0)
            } else {
                rest.iter().position(|w| pattern.fits(w))
            };
            match found.and_then(|at| rest.get(at + 1..)) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        self.options_fit(request)
    }

    /// The same where words are only partly known.
    fn could_be_in(&self, request: &ExecRequest, words: &[&String]) -> bool {
        let mut rest = words;
        for (index, pattern) in self.words.iter().enumerate() {
            let fits = |word: &&String| unseen::could_fit(pattern, word);
            let found = if index < self.subcommands { rest.first().filter(|w| fits(w)).map(|_| 0) } else { rest.iter().position(fits) };
            match found.and_then(|at| Some((rest.get(at)?, rest.get(at + 1..)?))) {
                // it may be all the words that are missing
                Some((word, _)) if unseen::is_many(word) => break,
                Some((_, behind)) => rest = behind,
                None if rest.iter().any(|word| unseen::is_many(word)) && index >= self.subcommands => break,
                None => return false,
            }
        }
        self.options_fit(request)
    }

    fn options_fit(&self, request: &ExecRequest) -> bool {
        if request.may_have_options {
            return true;
        }
        self.options.iter().all(|wanted| {
            if request.family.is_none() {
                return ungrammared(wanted, request);
            }
            let specs = request.specs.iter().copied().chain(std::iter::repeat(None));
            request.options.iter().zip(specs).any(|(option, spec)| is_wanted(wanted, option, spec))
        })
    }
}

/// The words in order from the start. Words that `skip` allows may be left out; so may all behind the last one, if `open`.
/// `partly`: words of which not all is known fit what they could be.
fn in_order(patterns: &[WordPattern], words: &[&String], skip: impl Fn(usize) -> bool, open: bool, partly: bool) -> bool {
    let fits = |pattern: &WordPattern, word: &str| if partly { unseen::could_fit(pattern, word) } else { pattern.fits(word) };
    // Which numbers of patterns can be used up so far.
    let mut reached = vec![false; patterns.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for (index, word) in words.iter().enumerate() {
        if open && reached.last() == Some(&true) {
            return true;
        }
        if partly && unseen::is_many(word) {
            // it may be none of the words that are wanted, or all that are missing
            return reached.contains(&true);
        }
        let may_skip = skip(index);
        for used in (0..=patterns.len()).rev() {
            let here = reached.get(used).copied().unwrap_or(false);
            let step = used
                .checked_sub(1)
                .is_some_and(|before| reached.get(before).copied().unwrap_or(false) && patterns.get(before).is_some_and(|p| fits(p, word)));
            if let Some(slot) = reached.get_mut(used) {
                *slot = step || (here && may_skip);
            }
        }
    }
    reached.last() == Some(&true)
}

fn is_wanted(wanted: &WantedOption, option: &OptionArgument, spec: Option<&OptionSpec>) -> bool {
    let named = option.name == wanted.name || (!wanted.listed && spec.is_some_and(|s| s.is_named(&wanted.name)));
    named && wanted.value.as_ref().is_none_or(|value| option.value.as_deref().is_some_and(|v| value.fits(v)))
}

/// Without a grammar: long options by name, abbreviation and value, short ones by letter in any cluster.
fn ungrammared(wanted: &WantedOption, request: &ExecRequest) -> bool {
    if wanted.name.starts_with("--") {
        let value_fits = |option: &OptionArgument| match (&wanted.value, &option.value) {
            (None, _) => true,
            (Some(wanted), Some(value)) => wanted.fits(value),
            (Some(wanted), None) => request.words.iter().any(|w| wanted.fits(w)),
        };
        return request
            .options
            .iter()
            .any(|o| o.name.len() > 2 && o.name.starts_with("--") && wanted.name.starts_with(o.name.as_str()) && value_fits(o));
    }
    if request.options.iter().any(|o| o.name == wanted.name) {
        return true;
    }
    let letters = wanted.name.trim_start_matches('-');
    let clusters = || request.options.iter().map(|o| o.name.as_str()).filter(|n| !n.starts_with("--"));
    !letters.is_empty() && letters.chars().all(|letter| letter == STAR || clusters().any(|cluster| cluster.contains(letter)))
}

/// Words and options of one command that are denied or ask, however they are written.
#[derive(Debug, Clone)]
pub struct ArgPattern {
    command: String,
    meaning: Understood,
}

impl ArgPattern {
    /// Reads the words of a pattern for a command: positional words in order, options anywhere.
    ///
    /// # Errors
    /// No word, an unclosed quote, `**` before the end, a control character, or a command that is not a bare name.
    pub fn parse(command: &str, text: &str) -> Result<ArgPattern, PatternError> {
        if command.is_empty() || command.contains(['/', STAR, '*', ' ']) {
            return Err(PatternError::Command(command.to_owned()));
        }
        let args = word::split(text)?;
        if args.is_empty() {
            return Err(PatternError::Empty);
        }
        Ok(ArgPattern { command: command.to_owned(), meaning: Understood::of(command, &args) })
    }

    /// The command it is about.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Whether the request, or a command it runs, holds these words and options in any spelling.
    #[must_use]
    pub fn matches(&self, request: &ExecRequest) -> bool {
        let family = self.meaning.family();
        let by_file = || {
            let file = request.binary.as_deref().and_then(Path::file_name).and_then(|n| n.to_str()).filter(|n| !multicall::is_multicall(n));
            file.is_some_and(|file| file == self.command || grammar::family_of(file) == family.or(Some("")))
        };
        let named = request.program == self.command || (request.family.is_some() && request.family == family) || by_file();
        (named && self.meaning.is_in(request)) || request.inner.iter().any(|inner| self.matches(inner))
    }
}
