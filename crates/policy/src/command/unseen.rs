//! Words of which only a part is known, as shell text has them: `"$dir"/x`, `*.rs`.
//!
//! A part that is not known stands in the argv as one of two characters. For what opens, they are characters like any others, which no
//! pattern has: only a wildcard covers them. For what denies or asks, they could be anything.

use std::path::Path;

use super::parse;
use super::request::ExecRequest;
use super::word::{self, WordPattern};

/// Stands for any text within one word.
const ONE: char = '\u{2}';
/// Stands for any text that can also become several words, or none.
const MANY: char = '\u{3}';

/// A word of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArgWord {
    /// Exactly this.
    Known(String),
    /// A word that begins and ends so.
    Partly {
        /// How it begins.
        prefix: String,
        /// How it ends.
        suffix: String,
        /// Whether it can be several words, or none.
        many: bool,
    },
}

impl ExecRequest {
    /// Reads words of which not all are known. As [`ExecRequest::parse`] where all are.
    #[must_use]
    pub fn parse_words(words: &[ArgWord], cwd: &Path) -> ExecRequest {
        let known = |word: &ArgWord| matches!(word, ArgWord::Known(_));
        let argv: Vec<String> = words.iter().map(marked).collect();
        let mut request = parse::parse_partly(&argv, cwd, !words.iter().all(known));
        let texts = words.iter().flat_map(|word| match word {
            ArgWord::Known(text) => [text.as_str(), ""],
            ArgWord::Partly { prefix, suffix, .. } => [prefix.as_str(), suffix.as_str()],
        });
        if texts.into_iter().any(is_unseen) {
            request.malformed = Some("a control character in a word");
        }
        request
    }

    /// The same command with more words behind, which are not known (what `xargs` runs).
    #[must_use]
    pub fn with_more_words(&self) -> ExecRequest {
        let mut argv = self.argv.clone();
        argv.push(MANY.to_string());
        parse::parse_partly(&argv, &self.cwd, true)
    }

    /// Whether a word of which not all is known could be an option, or could bring one.
    #[must_use]
    pub const fn may_have_options(&self) -> bool {
        self.may_have_options
    }

    /// Whether some word is only partly known.
    pub(crate) const fn is_partly_known(&self) -> bool {
        self.partly
    }

    /// The same with what is not known as characters like any others.
    pub(crate) fn as_it_stands(&self) -> ExecRequest {
        parse::parse_partly(&self.argv, &self.cwd, false)
    }

    /// Whether the program is not known.
    #[must_use]
    pub fn is_unseen(&self) -> bool {
        self.partly && self.argv.first().is_some_and(|word| is_unseen(word))
    }
}

fn marked(word: &ArgWord) -> String {
    match word {
        ArgWord::Known(text) => text.clone(),
        ArgWord::Partly { prefix, suffix, many } => format!("{prefix}{}{suffix}", if *many { MANY } else { ONE }),
    }
}

/// Whether a part of a text is not known.
#[must_use]
pub fn is_unseen(text: &str) -> bool {
    text.contains([ONE, MANY])
}

/// A text for people: what is not known as an ellipsis.
#[must_use]
pub fn shown(text: &str) -> String {
    text.replace([ONE, MANY], "\u{2026}")
}

pub(super) fn is_many(text: &str) -> bool {
    text.contains(MANY)
}

/// Whether a word begins with what is not known, or is a dash and not known behind it.
pub(super) fn may_be_option(text: &str) -> bool {
    text.starts_with([ONE, MANY]) || (text.starts_with('-') && text.split('=').next().is_some_and(is_unseen)) || is_many(text)
}

/// Whether a word could be one that fits.
pub(super) fn could_fit(pattern: &WordPattern, word: &str) -> bool {
    let Some((before, rest)) = word.split_once([ONE, MANY]) else { return pattern.fits(word) };
    let after = rest.rsplit([ONE, MANY]).next().unwrap_or("");
    let starts = |first: &str, open: bool| before.starts_with(first) && open || first.starts_with(before);
    let ends = |last: &str, open: bool| after.ends_with(last) && open || last.ends_with(after);
    match pattern {
        WordPattern::Many => true,
        // several words: the first begins so
        WordPattern::Literal(text) if is_many(word) => starts(text, false),
        WordPattern::Literal(text) => text.len() >= before.len() + after.len() && starts(text, false) && ends(text, false),
        WordPattern::Glob(pieces) => {
            pieces.first().is_some_and(|first| starts(first, true)) && (is_many(word) || pieces.last().is_some_and(|last| ends(last, true)))
        }
    }
}

/// Whether words fit whatever is in them that is not known.
pub(super) fn surely_fit_all(patterns: &[WordPattern], words: &[String]) -> bool {
    let fixed = patterns.iter().filter(|pattern| **pattern != WordPattern::Many).count();
    word::fit_all(patterns, words) && !words.iter().take(fixed).any(|word| is_many(word))
}

/// Whether words could be ones that all fit.
pub(super) fn could_fit_all(patterns: &[WordPattern], words: &[String]) -> bool {
    let (fixed, open) = match patterns.split_last() {
        Some((WordPattern::Many, fixed)) => (fixed, true),
        _ => (patterns, false),
    };
    for (index, word) in words.iter().enumerate() {
        let Some(pattern) = fixed.get(index) else { return open || words.iter().skip(index).all(|w| is_many(w)) };
        if is_many(word) {
            // it may be all the words that are wanted, or none of them
            return could_fit(pattern, word) || word.starts_with(MANY);
        }
        if !could_fit(pattern, word) {
            return false;
        }
    }
    words.len() >= fixed.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{ArgPattern, CommandPattern};

    fn one(prefix: &str, suffix: &str) -> ArgWord {
        ArgWord::Partly { prefix: prefix.to_owned(), suffix: suffix.to_owned(), many: false }
    }

    fn many(prefix: &str) -> ArgWord {
        ArgWord::Partly { prefix: prefix.to_owned(), suffix: String::new(), many: true }
    }

    fn request(words: &[&ArgWord]) -> ExecRequest {
        let words: Vec<ArgWord> = words.iter().map(|w| (*w).clone()).collect();
        ExecRequest::parse_words(&words, Path::new("/work"))
    }

    fn known(text: &str) -> ArgWord {
        ArgWord::Known(text.to_owned())
    }

    #[test]
    fn only_a_wildcard_opens_what_is_not_known() {
        let (git, log) = (known("git"), known("log"));
        for (pattern, words, allowed) in [
            ("git log *", vec![&git, &log, &one("", "")], true),
            ("git log *", vec![&git, &log, &many("")], false),
            ("git log **", vec![&git, &log, &many("")], true),
            ("git log v*", vec![&git, &log, &one("v", "")], true),
            ("git log v*", vec![&git, &log, &one("", "")], false),
            ("git log x", vec![&git, &log, &one("", "")], false),
            ("git", vec![&git, &many("")], true),
            ("git log **", vec![&git, &many("")], false),
            ("git log **", vec![&many("")], false),
        ] {
            let pattern = CommandPattern::parse(pattern).unwrap();
            assert_eq!(pattern.allows(&request(&words)), allowed, "{pattern:?} {words:?}");
        }
    }

    #[test]
    fn what_is_not_known_could_be_denied() {
        let (git, push, log) = (known("git"), known("push"), known("log"));
        for (pattern, words, caught) in [
            ("git push **", vec![&git, &one("", "")], true),
            ("git push **", vec![&git, &one("pu", "")], true),
            ("git push **", vec![&git, &one("x", "")], false),
            ("git push **", vec![&git, &many("")], true),
            ("git push **", vec![&git, &log, &many("")], false),
            ("git push --force **", vec![&git, &push, &one("", "")], true),
            ("git push --force **", vec![&git, &push, &one("v", "")], false),
            ("rm -rf **", vec![&known("rm"), &many("")], true),
            ("rm -rf **", vec![&known("rm"), &one("/", "")], false),
            ("echo '$x' **", vec![&known("echo"), &many("")], true),
            ("echo a", vec![&known("echo"), &one("", "")], true),
            ("echo a", vec![&known("echo"), &one("b", "")], false),
        ] {
            let pattern = CommandPattern::parse(pattern).unwrap();
            assert_eq!(pattern.catches(&request(&words)), caught, "{pattern:?} {words:?}");
        }
        let force = ArgPattern::parse("git", "push --force").unwrap();
        assert!(force.matches(&request(&[&git, &push, &many("")])));
        assert!(force.matches(&request(&[&git, &push, &one("--f", "")])));
        assert!(!force.matches(&request(&[&git, &push, &known("--"), &one("", "")])));
        assert!(!force.matches(&request(&[&git, &log, &one("", "")])));
        assert!(ArgPattern::parse("git", "--force").unwrap().matches(&request(&[&git, &push, &many("")])));
    }

    #[test]
    fn what_could_be_an_option() {
        let git = known("git");
        for (words, may) in [
            (vec![&git, &known("log"), &one("", "")], true),
            (vec![&git, &known("log"), &known("--"), &one("", "")], false),
            (vec![&git, &known("log"), &one("v", "")], false),
            (vec![&git, &known("log"), &one("--format=", "")], false),
            (vec![&git, &known("log"), &many("--format=")], true),
            (vec![&git, &known("log"), &known("-n"), &one("", "")], false),
            (vec![&git, &known("log"), &known("-n"), &many("")], true),
            (vec![&known("tool"), &one("", "")], true),
            (vec![&known("tool"), &one("a", "")], false),
            (vec![&known("timeout"), &known("5"), &known("ls"), &one("", "")], true),
        ] {
            let request = request(&words);
            let may_have = request.may_have_options() || request.inner().iter().any(ExecRequest::may_have_options);
            assert_eq!(may_have, may, "{words:?}");
        }
    }

    #[test]
    fn the_characters_themselves_are_not_taken_for_it() {
        let argv = ["git".to_owned(), "\u{2}".to_owned()];
        assert!(!CommandPattern::parse("git push").unwrap().catches(&ExecRequest::parse(&argv, Path::new("/"))));
        assert!(ExecRequest::parse_words(&[known("git"), known("\u{2}")], Path::new("/")).malformed().is_some());
    }
}
