//! One entry of a policy, with the place where it stands.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use serde::{Serialize, Serializer};

// `TEXTS`: the texts of all embedded rules, one behind the other
include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// Text of the program itself, or of a file that was read. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Text {
    Static(&'static str),
    /// A part of [`TEXTS`]. Thousands of pointers into the program would be set right, page by page, at each of its starts.
    Embedded(u32, u32),
    Shared(Arc<str>),
}

impl Text {
    /// Text of the program, if it is that.
    fn embedded(&self) -> Option<&'static str> {
        match self {
            Text::Static(text) => Some(text),
            Text::Embedded(start, len) => TEXTS.get(*start as usize..)?.get(..*len as usize),
            Text::Shared(_) => None,
        }
    }

    /// As a shared string.
    pub(crate) fn shared(&self) -> Arc<str> {
        match self {
            Text::Shared(text) => text.clone(),
            _ => Arc::from(&**self),
        }
    }

    /// The rest behind a prefix.
    pub(crate) fn without_prefix(&self, prefix: &str) -> Option<Text> {
        match self {
            Text::Shared(text) => text.strip_prefix(prefix).map(Text::from),
            _ => self.embedded()?.strip_prefix(prefix).map(Text::Static),
        }
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        match self {
            Text::Shared(text) => text,
            // a test reads every one of them
            _ => self.embedded().unwrap_or_default(),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::Shared(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::Shared(text.into())
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        **self == **other
    }
}
impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Text) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Text {
    fn cmp(&self, other: &Text) -> std::cmp::Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// One entry of a policy file, with the place where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// The file as shown to people (`aegis.toml`, `preset secure-defaults`, `built-in`).
    pub(crate) file: Text,
    /// Line in that file, from 1; 0 for built-in rules.
    pub(crate) line: u32,
    /// The list, as `[section].key`.
    pub(crate) list: Text,
    /// The pattern as written.
    pub(crate) pattern: Text,
    /// Whether a preset gave it.
    pub(crate) preset: bool,
    /// The operator's words, where the entry has some.
    pub(crate) why: Option<Text>,
}

impl Rule {
    /// The file as shown to people.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }
    /// The line in that file, from 1; 0 for built-in rules.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.line
    }
    /// The list the rule stands in, as `[section].key`.
    #[must_use]
    pub fn list(&self) -> &str {
        &self.list
    }
    /// The pattern as written.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }
    /// Whether a preset gave it.
    #[must_use]
    pub const fn is_preset(&self) -> bool {
        self.preset
    }
    /// The operator's reason, where the entry states one.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }
    /// `file:line`, or the file alone for built-in rules.
    #[must_use]
    pub fn place(&self) -> String {
        if self.line == 0 { self.file.to_string() } else { format!("{}:{}", &*self.file, self.line) }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} \"{}\" ({})", &*self.list, &*self.pattern, self.place())
    }
}

/// A rule that many hold: one of a file that was read, or one that was compiled into the program.
#[derive(Clone)]
pub struct RuleRef(Held);

#[derive(Clone)]
enum Held {
    Static(&'static Rule),
    Shared(Arc<Rule>),
}

impl RuleRef {
    /// Two references are to the very same rule if these are the same.
    pub(crate) fn identity(&self) -> *const Rule {
        &raw const **self
    }
}

impl From<Rule> for RuleRef {
    fn from(rule: Rule) -> RuleRef {
        RuleRef(Held::Shared(Arc::new(rule)))
    }
}

impl From<&'static Rule> for RuleRef {
    fn from(rule: &'static Rule) -> RuleRef {
        RuleRef(Held::Static(rule))
    }
}

impl Deref for RuleRef {
    type Target = Rule;
    fn deref(&self) -> &Rule {
        match &self.0 {
            Held::Static(rule) => rule,
            Held::Shared(rule) => rule,
        }
    }
}

impl PartialEq for RuleRef {
    fn eq(&self, other: &RuleRef) -> bool {
        **self == **other
    }
}
impl Eq for RuleRef {}

impl fmt::Debug for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl Serialize for RuleRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is embedded is there and whole; that it is the right text, the tests of presets and control files hold.
    #[test]
    fn every_embedded_text_can_be_read() {
        let built_in =
            crate::control::SEALED.iter().chain(crate::control::GUARDED).chain(crate::control::RESERVED).map(|entry| &entry.rule);
        let mut count = 0;
        for rule in built_in {
            for text in [&rule.file, &rule.list, &rule.pattern].into_iter().chain(&rule.why) {
                assert!(matches!(text, Text::Embedded(_, len) if *len > 0), "{text:?}");
                assert!(!text.is_empty() && text.embedded().is_some());
                count += 1;
            }
            assert_eq!(rule.file(), "built-in");
        }
        assert!(count > 1000, "{count}");
    }
}
