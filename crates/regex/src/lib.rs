//! Stands in for the crate `regex` in this workspace's programs (`[patch.crates-io]` in the root manifest).
//!
//! The interpreter reads the doc strings of its 126 standard functions with regular expressions when a process first uses it, and
//! nobody looks at the result: four fifths of what a script worker does before it is ready. There is no switch for it. Here the
//! expressions of that reader never match ([`DOCUMENTATION`]), so that nothing is compiled or searched; the standard functions'
//! documentation keeps its raw text. Every other expression gets the engine of the real crate, `regex-automata`.
//!
//! Only what the dependents call is here; anything else does not compile. Code of ours that needs regular expressions uses
//! `regex-automata` itself.
#![forbid(unsafe_code)]

pub mod bytes;
mod captures;
mod replace;

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use regex_automata::meta::Regex as Engine;
use regex_automata::util::syntax;

pub use captures::{Captures, Match};
pub use replace::Replacer;

/// What the interpreter's reader of doc strings looks for (`docs/parse.rs` in the crate `starlark`): code blocks, comments in them,
/// headings, indented lines, parameters. A test in `aegis-script` fails when the interpreter asks for others.
pub const DOCUMENTATION: [&str; 6] =
    [r"```(\w*)\n.*?```", r"^# .*$\n", r"^# ([\w -]+)\s*$", r"^.*", r"^(?:\* )?`(\w+)`:?\s*(.*)", r"^(?:\s|$)"];

static COMPILED: AtomicUsize = AtomicUsize::new(0);

/// How many expressions this process has compiled, those of [`DOCUMENTATION`] not counted.
#[must_use]
pub fn compiled() -> usize {
    COMPILED.load(Ordering::Relaxed)
}

/// A compiled expression.
#[derive(Clone)]
pub struct Regex {
    pattern: String,
    /// None: one that never matches.
    engine: Option<Engine>,
}

impl Regex {
    /// Compiles an expression.
    ///
    /// # Errors
    /// It is no valid expression, or too large.
    pub fn new(pattern: &str) -> Result<Regex, Error> {
        RegexBuilder::new(pattern).build()
    }

    /// The expression as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// Whether it matches somewhere.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.engine.as_ref().is_some_and(|engine| engine.is_match(text))
    }

    /// The first match with its groups.
    #[must_use]
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        let engine = self.engine.as_ref()?;
        let mut found = engine.create_captures();
        engine.captures(text, &mut found);
        Captures::of(found, text)
    }

    /// The text with every match replaced.
    #[must_use]
    pub fn replace_all<'t, R: Replacer>(&self, text: &'t str, mut by: R) -> Cow<'t, str> {
        let Some(engine) = &self.engine else { return Cow::Borrowed(text) };
        let mut out = String::new();
        let mut done = 0;
        for found in engine.captures_iter(text) {
            let Some(found) = Captures::of(found, text) else { continue };
            let whole = found.whole();
            out.push_str(text.get(done..whole.start()).unwrap_or_default());
            by.replace_append(&found, &mut out);
            done = whole.end();
        }
        if done == 0 && out.is_empty() {
            return Cow::Borrowed(text);
        }
        out.push_str(text.get(done..).unwrap_or_default());
        Cow::Owned(out)
    }
}

impl fmt::Display for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Regex").field(&self.pattern).finish()
    }
}

/// Compiles an expression with options.
#[derive(Debug, Clone)]
pub struct RegexBuilder {
    pattern: String,
    syntax: syntax::Config,
}

impl RegexBuilder {
    /// Starts without options.
    #[must_use]
    pub fn new(pattern: &str) -> RegexBuilder {
        RegexBuilder { pattern: pattern.to_owned(), syntax: syntax::Config::new() }
    }

    /// Whether `.` matches a line feed.
    pub fn dot_matches_new_line(&mut self, yes: bool) -> &mut RegexBuilder {
        self.syntax = self.syntax.dot_matches_new_line(yes);
        self
    }

    /// Whether `^` and `$` match at lines.
    pub fn multi_line(&mut self, yes: bool) -> &mut RegexBuilder {
        self.syntax = self.syntax.multi_line(yes);
        self
    }

    /// Compiles it.
    ///
    /// # Errors
    /// It is no valid expression, or too large.
    pub fn build(&self) -> Result<Regex, Error> {
        let engine = if DOCUMENTATION.contains(&self.pattern.as_str()) {
            None
        } else {
            COMPILED.fetch_add(1, Ordering::Relaxed);
            Some(Engine::builder().syntax(self.syntax).build(&self.pattern).map_err(|e| Error(e.to_string()))?)
        };
        Ok(Regex { pattern: self.pattern.clone(), engine })
    }
}

/// Why an expression cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_documentation_is_matched_as_ever() {
        let regex = Regex::new(r"(\w+)@(\w+)").unwrap();
        let found = regex.captures("to: a@b c@d").unwrap();
        assert_eq!((found.get(0).unwrap().as_str(), found.get(2).unwrap().as_str()), ("a@b", "b"));
        assert!(found.get(3).is_none());
        assert_eq!(regex.replace_all("a@b, c@d.", |c: &Captures<'_>| c.get(1).unwrap().as_str().to_owned()), "a, c.");
        assert_eq!(regex.replace_all("a@b, c@d.", "$2$$"), "b$, d$.");
        assert_eq!(regex.replace_all("nothing", ""), "nothing");
        assert_eq!(regex.replace_all("a@b", ""), "");
        assert!(regex.is_match("é@ü") && !regex.is_match("@"));
        let open = "(".to_owned();
        assert!(Regex::new(&open).is_err());
        let lines = RegexBuilder::new("^b.c$").multi_line(true).dot_matches_new_line(true).build().unwrap();
        assert!(lines.is_match("a\nb\nc\nd"));
    }

    #[test]
    fn documentation_is_not_read() {
        for pattern in DOCUMENTATION {
            let regex = Regex::new(pattern).unwrap();
            assert!(regex.engine.is_none() && regex.captures("# Arguments").is_none() && !regex.is_match(""));
            assert!(matches!(regex.replace_all("```\n# x\n```", "y"), Cow::Borrowed(_)));
        }
    }
}
