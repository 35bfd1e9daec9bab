//! Search patterns: a literal beginning, then components that are matched one by one.

use std::ffi::OsStr;
use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};

use crate::resolve::PathError;

/// Bytes a pattern may have. What a component compiles to grows with it.
pub const MAX_PATTERN_BYTES: usize = 4096;

/// Components after the literal beginning: one bit of [`States`] each.
const MAX_COMPONENTS: usize = 63;

enum Component {
    Name(String),
    Wild(GlobMatcher),
    AnyDepth,
}

/// A parsed pattern.
pub(crate) struct Pattern {
    beginning: String,
    components: Vec<Component>,
    only_directories: bool,
}

/// The components that the next name may be matched against, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct States(u64);

impl States {
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What one name leads to.
pub(crate) struct Step {
    /// The path up to this name matches the whole pattern.
    pub(crate) is_match: bool,
    /// What names below it may be matched against.
    pub(crate) states: States,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Pattern, PathError> {
        if text.is_empty() || text.as_bytes().contains(&0) || text.len() > MAX_PATTERN_BYTES {
            return Err(PathError::BadArgument("the pattern is empty, too long, or contains a NUL byte"));
        }
        let mut parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if parts.contains(&"..") {
            return Err(PathError::BadArgument("a pattern cannot contain `..`"));
        }
        // The last component is always matched, so that a pattern without wildcards gives the path if it is there.
        let last = parts.pop().ok_or(PathError::BadArgument("the pattern names no file"))?;
        let literal = parts.iter().take_while(|part| !is_wild(part)).count();
        let rest = parts.split_off(literal);
        let mut beginning = if text.starts_with('/') { String::from("/") } else { String::new() };
        beginning.push_str(&parts.join("/"));
        let components = rest.into_iter().chain(std::iter::once(last)).map(component).collect::<Result<Vec<_>, _>>()?;
        if components.len() > MAX_COMPONENTS {
            return Err(PathError::BadArgument("the pattern has too many components"));
        }
        Ok(Pattern { beginning, components, only_directories: text.ends_with('/') })
    }

    /// The directory where the search starts, as written; empty for the policy root.
    pub(crate) fn beginning(&self) -> &str {
        &self.beginning
    }

    pub(crate) const fn only_directories(&self) -> bool {
        self.only_directories
    }

    pub(crate) fn start(&self) -> States {
        States(self.reach(0))
    }

    /// Matches one more name.
    pub(crate) fn step(&self, states: States, name: &OsStr) -> Step {
        let mut next = 0;
        let mut is_match = false;
        for (i, component) in self.components.iter().enumerate().filter(|(i, _)| states.0 >> i & 1 == 1) {
            let is_last = i + 1 == self.components.len();
            match component {
                Component::AnyDepth => {
                    next |= self.reach(i);
                    is_match |= is_last;
                }
                Component::Name(literal) if literal.as_str() != name => {}
                Component::Wild(glob) if !glob.is_match(Path::new(name)) => {}
                _ if is_last => is_match = true,
                _ => next |= self.reach(i + 1),
            }
        }
        Step { is_match, states: States(next) }
    }

    /// The components that may be next once all before this one are matched: `**` may stand for nothing, except as the last.
    fn reach(&self, from: usize) -> u64 {
        let mut bits = 0;
        for (i, component) in self.components.iter().enumerate().skip(from) {
            bits |= 1 << i;
            if !matches!(component, Component::AnyDepth) {
                break;
            }
        }
        bits
    }
}

fn is_wild(part: &str) -> bool {
    part.contains(['*', '?', '[', ']', '{', '}', '\\'])
}

fn component(part: &str) -> Result<Component, PathError> {
    if part == "**" {
        return Ok(Component::AnyDepth);
    }
    if !is_wild(part) {
        return Ok(Component::Name(part.to_owned()));
    }
    // Alternatives with a slash in them arrive here in halves, and each half is not well-formed.
    let glob = GlobBuilder::new(part).literal_separator(true).backslash_escape(true).build();
    glob.map(|g| Component::Wild(g.compile_matcher())).map_err(|_| PathError::BadArgument("the pattern is not well-formed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        let pattern = Pattern::parse(pattern).unwrap();
        let mut rest = path.strip_prefix(pattern.beginning()).unwrap_or("\0").trim_start_matches('/').split('/').peekable();
        let mut states = pattern.start();
        while let Some(name) = rest.next() {
            let step = pattern.step(states, OsStr::new(name));
            if rest.peek().is_none() {
                return step.is_match;
            }
            states = step.states;
        }
        false
    }

    #[test]
    fn patterns_match_by_component() {
        for (pattern, path, expected) in [
            ("src/*.rs", "src/a.rs", true),
            ("src/*.rs", "src/a/b.rs", false),
            ("src/**/*.rs", "src/a.rs", true),
            ("src/**/*.rs", "src/a/b/c.rs", true),
            ("src/**", "src/a/b", true),
            ("src/*/**", "src/a", false),
            ("**/.env", ".env", true),
            ("**/a/**/b", "x/a/y/a/b", true),
            ("a/{b,c}?.[ch]", "a/cx.h", true),
            ("a/{b,c}?.[ch]", "a/dx.h", false),
            ("a/b", "a/b", true),
            ("**/x/**", "x", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn malformed_patterns_are_bad_arguments() {
        let many = "*/".repeat(70);
        for pattern in ["", "/", ".", "a/../b", "a/{b/c,d}", "a[", "x\0", many.as_str()] {
            assert!(matches!(Pattern::parse(pattern), Err(PathError::BadArgument(_))), "{pattern:?}");
        }
    }
}
