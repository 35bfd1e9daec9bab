//! Names of variables and tools, with `*`.

use super::PatternError;
use super::component::Component;

/// A name, or a pattern of names: `*` and `?` as in paths.
#[derive(Debug, Clone)]
pub(crate) struct NamePattern(Component<'static>);

impl NamePattern {
    pub(crate) fn parse(text: &str) -> Result<NamePattern, PatternError> {
        if text.is_empty() || text.contains(['=', '\0']) {
            return Err(PatternError::never("not a name: empty, or with `=` or NUL in it"));
        }
        Component::parse(text).map(|c| NamePattern(c.into_owned()))
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        self.0.matches(name.as_bytes())
    }

    /// The one name it stands for, where it has no wildcard.
    pub(crate) fn literal(&self) -> Option<&str> {
        match &self.0 {
            Component::Literal(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }
}
