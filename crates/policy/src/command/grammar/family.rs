//! The embedded grammars, found by the name of a command and read at the first use.

use std::sync::OnceLock;

use super::{Grammar, text};

/// One file of `policies/commands`. Its first line is `names = [...]`, so that finding a name reads nothing else.
pub(in crate::command) struct Family {
    pub(in crate::command) file: &'static str,
    pub(in crate::command) text: &'static str,
    grammar: OnceLock<Option<Grammar>>,
}

macro_rules! families {
    ($($file:literal)*) => {
        [$(Family {
            file: $file,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/policies/commands/", $file, ".toml")),
            grammar: OnceLock::new(),
        }),*]
    };
}

static FAMILIES: [Family; 32] = families![
    "aegis" "awk" "cargo" "cat" "cp" "curl" "env" "find" "git" "go" "grep" "head" "ln" "ls" "make" "mkdir" "mv" "node" "npm" "npx" "pip"
    "python" "rg" "rm" "ruby" "sed" "sort" "tar" "tee" "touch" "wc" "xargs"
];

impl Family {
    /// The names on the first line.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let first = self.text.lines().next().unwrap_or("");
        first.split('"').skip(1).step_by(2)
    }

    fn is_named(&self, name: &str) -> bool {
        self.names().any(|n| match n.strip_suffix('*') {
            Some(prefix) => name.len() > prefix.len() && name.starts_with(prefix),
            None => n == name,
        })
    }
}

/// The grammar of a command, with the first of its names.
pub(in crate::command) fn grammar_of(name: &str) -> Option<(&'static str, &'static Grammar)> {
    let family = FAMILIES.iter().find(|f| f.is_named(name))?;
    let grammar = family.grammar.get_or_init(|| text::parse(family.text).ok()).as_ref()?;
    Some((family.names().next().unwrap_or(family.file), grammar))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grammar_loads() {
        for family in all() {
            assert_eq!(check(family).map_err(|e| format!("{}: {e}", family.file)).map(|n| n.is_empty()), Ok(false));
        }
    }

    #[test]
    fn every_file_is_listed_once() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/commands");
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap().trim_end_matches(".toml").to_owned())
            .collect();
        files.sort();
        assert_eq!(files, all().iter().map(|f| f.file).collect::<Vec<_>>());
    }

    #[test]
    fn no_name_is_claimed_twice() {
        let mut names: Vec<&str> = all().iter().flat_map(Family::names).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    /// A budget for the largest grammar. Not timed: what is read at a first use is bounded by its size.
    #[test]
    fn the_largest_grammar_is_small() {
        assert!(all().iter().all(|f| f.text.len() < 40_000));
    }
}

/// All families, for tests and the generated documentation.
#[cfg(test)]
pub(in crate::command) fn all() -> &'static [Family] {
    &FAMILIES
}

/// Reads one family completely.
#[cfg(test)]
pub(in crate::command) fn check(family: &Family) -> Result<Vec<String>, String> {
    let grammar = text::parse(family.text).map_err(|e| e.to_string())?;
    text::check(&grammar.root).map_err(|e| e.to_string())?;
    if family.names().ne(grammar.names.iter().map(String::as_str)) {
        return Err("the first line must be `names = [...]`".to_owned());
    }
    Ok(grammar.names)
}
