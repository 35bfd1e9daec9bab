//! Patterns over names of files to what they match now.
//!
//! What the text itself makes before is not seen, so nothing in it may make anything. A pattern that can match a name beginning with a
//! dash stays unknown, as such a name would be an option.

use std::path::{Path, PathBuf};

use aegis_policy::ArgWord;

use super::{Judge, Lookup};
use crate::script::{Command, Script, Word};

/// More names than these are not looked at.
const MAX_NAMES: usize = 2_000;

/// Whether no command of a text changes how patterns match.
pub(super) fn are_plain(script: &Script) -> bool {
    let steers = |text: &str| text.contains("GLOBIGNORE") || matches!(text, "shopt" | "set" | "setopt" | "unsetopt" | "emulate" | "enable");
    script.commands.iter().all(|command| {
        let words = command.words.iter().filter_map(Word::known);
        !command.environment.iter().map(|assignment| assignment.name.as_str()).chain(words).any(steers)
    })
}

impl Judge<'_> {
    /// The words of a command, once for each turn of a loop that it stands in.
    pub fn turns(&self, command: &Command, here: Option<&Path>) -> Vec<Vec<ArgWord>> {
        let words: Vec<Vec<ArgWord>> = command.words.iter().map(|word| self.arguments(word, here)).collect();
        let is_each = |word: &Word| matches!(word, Word::Pattern { each: true, .. });
        let mut each = command.words.iter().zip(&words).enumerate().filter(|(_, (word, _))| is_each(word));
        match (each.next(), each.next()) {
            (None, _) => vec![words.concat()],
            (Some((at, (_, values))), None) => {
                let (front, behind) = (words.get(..at).unwrap_or_default().concat(), words.get(at + 1..).unwrap_or_default().concat());
                values.iter().map(|value| [front.as_slice(), std::slice::from_ref(value), &behind].concat()).collect()
            }
            // which of them stand together is not followed
            _ => vec![command.words.iter().map(|word| self.argument(word)).collect()],
        }
    }

    fn arguments(&self, word: &Word, here: Option<&Path>) -> Vec<ArgWord> {
        self.matched(word, here).unwrap_or_else(|| vec![self.argument(word)])
    }

    fn matched(&self, word: &Word, here: Option<&Path>) -> Option<Vec<ArgWord>> {
        let Word::Pattern { home, pattern, prefix, splits, .. } = word else { return None };
        let lookup = self.around.lookup.filter(|_| self.patterns_are_plain && self.depth == 0)?;
        // a name that could be an option, or a directory below any: zsh has `**`, bash can
        let may_be_option = !home && (prefix.is_empty() || (prefix.starts_with('-') && !prefix.contains('=')));
        if may_be_option || pattern.contains("**") {
            return None;
        }
        let home = home.then_some(self.around.home?.to_string_lossy().into_owned());
        let written = format!("{}{pattern}", home.as_deref().unwrap_or(""));
        let mut found = vec![String::new()];
        for (index, component) in written.split('/').enumerate() {
            let mut next = Vec::new();
            for front in found {
                let front = if index == 0 { front } else { format!("{front}/") };
                if has_wildcard(component) {
                    let directory = here?.join(if front.is_empty() { "." } else { &front });
                    let names = names_in(lookup, &directory);
                    let fits = |name: &&String| (component.starts_with('.') || !name.starts_with('.')) && fits(component, name);
                    next.extend(names?.iter().filter(fits).map(|name| format!("{front}{name}")));
                } else {
                    next.push(format!("{front}{}", literal(component)));
                }
                if next.len() > MAX_NAMES {
                    return None;
                }
            }
            found = next;
        }
        // what lies behind a wildcard need not be there
        let is_there = |path: &String| here.is_some_and(|here| lookup.leads_to(&here.join(path)).1);
        found.retain(is_there);
        let is_taken_apart = |path: &String| path.contains(|c: char| c.is_whitespace() || matches!(c, '*' | '?' | '['));
        if *splits && (!self.makes_nothing || found.iter().any(is_taken_apart)) {
            return None;
        }
        if found.is_empty() {
            found.push(literal(&written));
        }
        Some(found.into_iter().map(ArgWord::Known).collect())
    }
}

/// The names in what a path leads to; none where it is no directory.
fn names_in(lookup: &dyn Lookup, path: &Path) -> Option<Vec<String>> {
    let (real, is_there): (PathBuf, bool) = lookup.leads_to(path);
    if is_there { lookup.names_in(&real) } else { Some(Vec::new()) }
}

fn has_wildcard(pattern: &str) -> bool {
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '*' | '?' => return true,
            _ => {}
        }
    }
    false
}

/// The pattern as a name.
fn literal(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

/// Whether a name fits a pattern of one component, with `*` and `?`.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => name.is_empty(),
        Some('*') => {
            let behind = rest.as_str();
            name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| name.get(at..).is_some_and(|name| fits(behind, name)))
        }
        Some(c) => {
            let wanted = if c == '\\' { rest.next() } else { Some(c).filter(|c| *c != '?') };
            let mut name = name.chars();
            name.next().is_some_and(|first| wanted.is_none_or(|wanted| wanted == first)) && fits(rest.as_str(), name.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{fits, has_wildcard, literal};

    #[test]
    fn one_component() {
        for (pattern, name, holds) in [
            ("*.rs", "a.rs", true),
            ("*.rs", ".rs", true),
            ("*.rs", "a.rsx", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXc", false),
            ("?", "a", true),
            ("?", "", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("a\\?", "a?", true),
        ] {
            assert_eq!(fits(pattern, name), holds, "{pattern} {name}");
        }
        assert!(has_wildcard("a?") && !has_wildcard("a\\?"));
        assert_eq!(literal("a\\*b*"), "a*b*");
    }
}
