//! Words to paths.

use aegis_policy::ArgWord;

use super::Judge;
use crate::script::Word;

/// The directory of a command where none is known. What it is joined to is not known either.
pub(super) const NOWHERE: &str = "/\u{2}";

impl Judge<'_> {
    /// A word as the policy takes it.
    pub fn argument(&self, word: &Word) -> ArgWord {
        let home = || self.around.home.map(|home| home.to_string_lossy().trim_end_matches('/').to_owned());
        match word {
            Word::Known(text) => ArgWord::Known(text.clone()),
            // which number it is makes no difference, but that it is one does
            Word::Pipe => ArgWord::Known("/dev/fd/63".to_owned()),
            Word::Home(rest) => match home() {
                Some(home) => ArgWord::Known(format!("{home}{rest}")),
                None => ArgWord::Partly { prefix: "/".to_owned(), suffix: rest.clone(), many: false },
            },
            Word::Partly { home: false, prefix, suffix, many } => {
                ArgWord::Partly { prefix: prefix.clone(), suffix: suffix.clone(), many: *many }
            }
            Word::Pattern { home: false, prefix, suffix, .. } => {
                ArgWord::Partly { prefix: prefix.clone(), suffix: suffix.clone(), many: true }
            }
            Word::Pattern { home: true, prefix, suffix, .. } => {
                let prefix = home().map_or_else(|| "/".to_owned(), |home| format!("{home}{prefix}"));
                ArgWord::Partly { prefix, suffix: suffix.clone(), many: true }
            }
            Word::Partly { home: true, prefix, suffix, many } => {
                let prefix = home().map_or_else(|| "/".to_owned(), |home| format!("{home}{prefix}"));
                ArgWord::Partly { prefix, suffix: suffix.clone(), many: *many }
            }
        }
    }
}

/// A word for people.
pub(super) fn shown(word: &ArgWord) -> String {
    match word {
        ArgWord::Known(text) => text.clone(),
        ArgWord::Partly { prefix, suffix, .. } => format!("{prefix}\u{2026}{suffix}"),
    }
}
