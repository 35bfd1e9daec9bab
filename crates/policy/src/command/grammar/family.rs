//! The embedded grammars, found by the name of a command and read at the first use.

use std::sync::OnceLock;

use super::{Grammar, text};

/// One file of `policies/commands`.
pub(in crate::command) struct Family {
    pub(in crate::command) file: &'static str,
    pub(in crate::command) text: &'static str,
    /// As the first line of the file has them; a star at the end stands for any more letters.
    names: &'static [&'static str],
    grammar: OnceLock<Option<Grammar>>,
}

// `FAMILIES`, in the order of their files; `NAMES`, every name with its family, in the order of names; `BEGINNINGS`, those before a star
include!(concat!(env!("OUT_DIR"), "/families.rs"));

impl Family {
    fn of(name: &str) -> Option<&'static Family> {
        let begins = |(beginning, _): &&(&str, usize)| name.len() > beginning.len() && name.starts_with(beginning);
        let exactly = NAMES.binary_search_by(|(known, _)| (*known).cmp(name)).ok().and_then(|at| NAMES.get(at));
        let (_, at) = exactly.or_else(|| BEGINNINGS.iter().find(begins))?;
        FAMILIES.get(*at)
    }

    /// The first of its names.
    fn name(&self) -> &'static str {
        self.names.first().unwrap_or(&self.file)
    }
}

/// The family of a command, by its first name. Reads no grammar.
pub(crate) fn family_of(name: &str) -> Option<&'static str> {
    Family::of(name).map(Family::name)
}

/// The grammar of a command, with the first of its names.
pub(in crate::command) fn grammar_of(name: &str) -> Option<(&'static str, &'static Grammar)> {
    let family = Family::of(name)?;
    // a test holds that every grammar can be read and has a root
    let grammar = family.grammar.get_or_init(|| text::parse(family.text).ok()).as_ref()?;
    Some((family.name(), grammar))
}

/// For every family its file and its names.
#[cfg(test)]
pub(in crate::command) fn all_names() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    FAMILIES.iter().map(|f| (f.file, f.names.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grammar_loads() {
        for family in &FAMILIES {
            let names = text::check::all(family.text).map_err(|e| format!("{}: {e}", family.file)).unwrap();
            assert_eq!(names, family.names, "{}: the first line must be `names = [...]`", family.file);
            for name in family.names {
                let example = name.replace('*', "3");
                let (first, grammar) = grammar_of(&example).unwrap();
                assert!(grammar.root().is_some(), "{name}");
                assert_eq!((Some(first), Some(family.name())), (family_of(&example), family_of(&example)), "{name}");
            }
        }
        assert!(FAMILIES.len() > 80 && NAMES.is_sorted() && !BEGINNINGS.is_empty());
        assert!(family_of("nothing").is_none() && family_of("").is_none());
    }

    /// A budget for the largest grammar. Not timed: what is read at a first use is bounded by its size.
    #[test]
    fn the_largest_grammar_is_small() {
        assert!(FAMILIES.iter().all(|f| f.text.len() < 40_000));
    }
}
