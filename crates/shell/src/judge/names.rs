//! Patterns over names of files to what they match now.
//!
//! What the text itself makes before is not seen, so nothing in it may make anything. A pattern that can match a name beginning with a
//! dash stays unknown, as such a name would be an option.

use std::path::{Path, PathBuf};
use std::str::Chars;

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

/// Whether a name fits a pattern of one component, with `*` and `?`. Only the last `*` is ever taken back, so no pattern is slow.
fn fits(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    // behind the last `*`, and where in the name that is tried
    let mut back: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let (mut behind, mut rest) = (pattern.clone(), name.clone());
        let fits = match (behind.next(), rest.next()) {
            (Some('*'), _) => {
                back = Some((behind.clone(), name.clone()));
                pattern = behind;
                continue;
            }
            (None, None) => return true,
            (Some('\\'), Some(first)) => behind.next().is_none_or(|wanted| wanted == first),
            (Some('?'), Some(_)) => true,
            (Some(wanted), Some(first)) => wanted == first,
            _ => false,
        };
        if fits {
            (pattern, name) = (behind, rest);
            continue;
        }
        // that star takes one character more
        let Some((behind, from)) = &mut back else { return false };
        if from.next().is_none() {
            return false;
        }
        (pattern, name) = (behind.clone(), from.clone());
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

    /// Every text of those characters, up to a length.
    fn texts(of: &[char], longest: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut longer = all.clone();
        for _ in 0..longest {
            longer = longer.iter().flat_map(|text| of.iter().map(move |c| format!("{text}{c}"))).collect();
            all.extend(longer.iter().cloned());
        }
        all
    }

    /// What a pattern means, taken from it one character at a time: right, and without end where there are many stars.
    fn plainly(pattern: &str, name: &str) -> bool {
        let (mut behind, mut rest) = (pattern.chars(), name.chars());
        match (behind.next(), rest.next()) {
            (None, first) => first.is_none(),
            (Some('*'), None) => plainly(behind.as_str(), name),
            (Some('*'), Some(_)) => plainly(behind.as_str(), name) || plainly(pattern, rest.as_str()),
            (Some(_), None) => false,
            (Some(c), Some(first)) => {
                let fits = match c {
                    '?' => true,
                    '\\' => behind.next().is_none_or(|wanted| wanted == first),
                    c => c == first,
                };
                fits && plainly(behind.as_str(), rest.as_str())
            }
        }
    }

    #[test]
    fn patterns_mean_what_they_say() {
        let names = texts(&['a', 'b', '*'], 4);
        for pattern in texts(&['a', 'b', '*', '?', '\\'], 5) {
            for name in &names {
                assert_eq!(fits(&pattern, name), plainly(&pattern, name), "{pattern} {name}");
            }
        }
        assert!(fits("?\u{e9}*", "\u{e9}\u{e9}") && !fits("?", "\u{e9}\u{e9}"));
    }

    #[test]
    fn many_stars_did_not_end() {
        assert!(!fits(&format!("{}b", "*a".repeat(60)), &"a".repeat(255)));
    }
}
