//! Why a policy does not load.

use std::fmt;
use std::sync::Arc;

use crate::position::Position;
use crate::rule::Rule;

/// The kinds of [`LoadError`]. [`LoadCode::name`] is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoadCode {
    /// The file cannot be opened or read.
    Io,
    /// The file is not regular, not owned by the user or root, or writable by others.
    Permissions,
    /// The file or a part of it is too large.
    TooLarge,
    /// The text is not UTF-8.
    NotUtf8,
    /// The text is not TOML.
    Syntax,
    /// The version is not 1.
    Version,
    /// A section that does not exist.
    UnknownSection,
    /// A key that does not exist in its section.
    UnknownKey,
    /// A key that must be there is not.
    MissingKey,
    /// A value of another type.
    WrongType,
    /// A value that the key does not take.
    BadValue,
    /// A capability that does not exist.
    UnknownCapability,
    /// A preset that does not exist.
    UnknownPreset,
    /// Files inherit each other in a circle, or too deeply.
    Inheritance,
    /// `!x` names nothing that is inherited.
    RemovesNothing,
    /// Two parts of the policy contradict each other.
    Contradiction,
    /// The policy grants something on itself, its journal or their keys.
    SelfGrant,
    /// A list entry that can never match.
    NeverMatches,
    /// A test of the policy fails.
    FailedTest,
    /// An untrusted policy loosens something.
    Untrusted,
}

impl LoadCode {
    /// The stable name, for machines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.words().0
    }

    /// What it means, without any text of the file.
    const fn brief(self) -> &'static str {
        self.words().1
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            LoadCode::Io => ("io", "cannot be read"),
            LoadCode::Permissions => ("permissions", "must be a regular file that belongs to you or root and that nobody else can write"),
            LoadCode::TooLarge => ("too_large", "too large"),
            LoadCode::NotUtf8 => ("not_utf8", "not UTF-8"),
            LoadCode::Syntax => ("syntax", "not valid TOML"),
            LoadCode::Version => ("version", "a version that is not 1"),
            LoadCode::UnknownSection => ("unknown_section", "unknown section"),
            LoadCode::UnknownKey => ("unknown_key", "unknown key"),
            LoadCode::MissingKey => ("missing_key", "missing key"),
            LoadCode::WrongType => ("wrong_type", "a value of the wrong type"),
            LoadCode::BadValue => ("bad_value", "a value that is not accepted"),
            LoadCode::UnknownCapability => ("unknown_capability", "unknown capability"),
            LoadCode::UnknownPreset => ("unknown_preset", "unknown preset"),
            LoadCode::Inheritance => ("inheritance", "inheritance in a circle or too deep"),
            LoadCode::RemovesNothing => ("removes_nothing", "a \"!\" entry that removes nothing"),
            LoadCode::Contradiction => ("contradiction", "a contradiction"),
            LoadCode::SelfGrant => ("self_grant", "a grant on the policy itself or its journal"),
            LoadCode::NeverMatches => ("never_matches", "an entry that can never match"),
            LoadCode::FailedTest => ("failed_test", "a failing test"),
            LoadCode::Untrusted => ("untrusted", "not allowed in a policy that is not trusted"),
        }
    }
}

/// Why a policy does not load: where, what, and what was probably meant.
///
/// ```text
/// policy.toml:7:1: unknown key "read_alow" in [filesystem]; did you mean "read_allow"?
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    file: Arc<str>,
    line: Option<u32>,
    column: Option<u32>,
    code: LoadCode,
    key: Option<String>,
    message: String,
    suggestion: Option<String>,
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.file))?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; did you mean {}?", quoted(suggestion)),
            None => Ok(()),
        }
    }
}

impl LoadError {
    pub(crate) fn new(code: LoadCode, file: &Arc<str>, message: impl Into<String>) -> LoadError {
        LoadError(Box::new(Parts {
            file: file.clone(),
            line: None,
            column: None,
            code,
            key: None,
            message: message.into(),
            suggestion: None,
        }))
    }

    /// An error about one rule, for checks that run on the merged policy.
    #[allow(dead_code, reason = "for the checks that need matchers")]
    pub(crate) fn about(code: LoadCode, rule: &Rule, message: impl Into<String>) -> LoadError {
        let mut error = LoadError::new(code, &rule.file.shared(), message).in_key(&*rule.list);
        error.0.line = (rule.line > 0).then_some(rule.line);
        error
    }

    pub(crate) fn at(mut self, position: Position) -> LoadError {
        self.0.line = Some(position.line);
        self.0.column = Some(position.column);
        self
    }

    pub(crate) fn in_key(mut self, key: impl Into<String>) -> LoadError {
        self.0.key = Some(key.into());
        self
    }

    pub(crate) fn suggest(mut self, name: Option<&str>) -> LoadError {
        self.0.suggestion = name.map(str::to_owned);
        self
    }

    /// The same error with position and key, but without any other text of the file: for policies that are not trusted,
    /// which could be links to files that only the operator may read.
    pub(crate) fn without_text(mut self) -> LoadError {
        let parts = &mut self.0;
        parts.message = parts.code.brief().to_owned();
        if let Some(key) = &parts.key {
            parts.message.push_str(": ");
            parts.message.push_str(&printable(&shortened(key)));
        }
        if !matches!(parts.code, LoadCode::UnknownKey | LoadCode::UnknownSection) {
            parts.suggestion = None;
        }
        self
    }

    /// The file as shown to people.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.0.file
    }
    /// The line, from 1, where one is to blame.
    #[must_use]
    pub const fn line(&self) -> Option<u32> {
        self.0.line
    }
    /// The column, from 1, in characters.
    #[must_use]
    pub const fn column(&self) -> Option<u32> {
        self.0.column
    }
    /// What kind of error it is.
    #[must_use]
    pub const fn code(&self) -> LoadCode {
        self.0.code
    }
    /// The key it is about, as `[section].key`.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }
    /// What is wrong, without place and suggestion.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
    /// What was probably meant.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.0.suggestion.as_deref()
    }
}

/// Text of a file, fit to be shown: shortened, quoted, control and bidirectional characters escaped.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", printable(&shortened(text)))
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(LONGEST).collect();
    if chars.next().is_some() {
        short.push_str("...");
    }
    short
}

pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\'' | '"' | '\\' => out.push(c),
            _ => out.extend(c.escape_debug()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_place_message_and_suggestion() {
        let error = LoadError::new(LoadCode::UnknownKey, &"policy.toml".into(), "unknown key \"read_alow\" in [filesystem]")
            .at(Position { line: 7, column: 1 })
            .suggest(Some("read_allow"));
        assert_eq!(error.to_string(), "policy.toml:7:1: unknown key \"read_alow\" in [filesystem]; did you mean \"read_allow\"?");
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(quoted("a\u{1b}[2K\u{202e}b\r"), "\"a\\u{1b}[2K\\u{202e}b\\r\"");
        assert_eq!(quoted(&"x".repeat(500)).len(), 85);
    }

    #[test]
    fn an_untrusted_file_shows_no_text() {
        let error =
            LoadError::new(LoadCode::BadValue, &"f".into(), "the value \"hunter2\"").in_key("[audit].path").suggest(Some("hunter3"));
        assert_eq!(error.without_text().to_string(), "f: a value that is not accepted: [audit].path");
    }
}
