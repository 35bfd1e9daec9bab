//! Built-in control files and reserved names, from `policies/control.toml` and `policies/reserved.toml`.

use std::sync::LazyLock;

use crate::pattern::NameSet;
use crate::rule::{Rule, Text};

include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// A built-in entry. The tables, made when the program is built: `SEALED` is neither read nor written, `GUARDED` not written,
/// deleted, renamed, linked or chmodded, `RESERVED` are variables that a loader or an interpreter obeys.
#[derive(Debug)]
pub(crate) struct BuiltIn {
    pub(crate) rule: Rule,
    /// It covers the name alone, not what lies below.
    pub(crate) itself: bool,
}

/// Whether a variable is one that a loader or an interpreter obeys.
pub(crate) fn is_reserved(name: &str) -> bool {
    static NAMES: LazyLock<NameSet<()>> = LazyLock::new(|| {
        let mut names = NameSet::default();
        for entry in RESERVED {
            // a test holds that each of them is a pattern
            let _ = names.insert(&entry.rule.pattern, ());
        }
        names
    });
    NAMES.first_match(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::NamePattern;

    #[test]
    fn every_reserved_name_is_a_pattern() {
        assert!(RESERVED.len() > 100);
        for entry in RESERVED {
            assert!(NamePattern::parse(entry.rule.pattern()).is_ok(), "{}", entry.rule.pattern());
        }
    }

    #[test]
    fn the_tables_are_whole() {
        let text = concat!(include_str!("../policies/control.toml"), include_str!("../policies/reserved.toml"));
        assert_eq!(SEALED.len() + GUARDED.len() + RESERVED.len(), text.lines().filter(|l| l.starts_with("[[")).count());
        assert!(SEALED.iter().any(|e| e.rule.pattern() == "~/.local/state/aegis"));
        assert!(is_reserved("LD_PRELOAD") && is_reserved("NODE_OPTIONS") && !is_reserved("PATH"));
    }
}
