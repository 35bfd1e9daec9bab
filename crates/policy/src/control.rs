//! Built-in control files and reserved names, from `policies/control.toml` and `policies/reserved.toml`.

use crate::pattern::NamePattern;

const CONTROL: &str = include_str!("../policies/control.toml");
const RESERVED: &str = include_str!("../policies/reserved.toml");

/// A built-in entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BuiltIn {
    pub(crate) pattern: &'static str,
    pub(crate) reason: &'static str,
    /// It covers the name alone, not what lies below.
    pub(crate) itself: bool,
}

/// Every `[[table]]` entry. The files are our own, one `key = "value"` a line: reading them as
/// lines costs a tenth of a TOML parser at every start. A test holds this against the real parser.
fn entries(text: &'static str, table: &'static str) -> impl Iterator<Item = BuiltIn> {
    text.split("\n[[").filter_map(move |block| {
        let body = block.trim_start_matches("[[").strip_prefix(table)?.strip_prefix("]]")?;
        Some(BuiltIn {
            pattern: value(body, "match")?,
            reason: value(body, "reason").unwrap_or_default(),
            itself: body.lines().any(|l| l.trim() == "itself = true"),
        })
    })
}

fn value(body: &'static str, key: &str) -> Option<&'static str> {
    body.lines().find_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix('=')?.trim().strip_prefix('"')?.strip_suffix('"'))
}

/// Neither read nor written.
pub(crate) fn sealed() -> impl Iterator<Item = BuiltIn> {
    entries(CONTROL, "sealed")
}

/// Not written, deleted, renamed, linked or chmodded.
pub(crate) fn guarded() -> impl Iterator<Item = BuiltIn> {
    entries(CONTROL, "guarded")
}

/// Variables that a loader or an interpreter obeys.
pub(crate) fn reserved() -> Vec<NamePattern> {
    entries(RESERVED, "reserved").filter_map(|e| NamePattern::parse(e.pattern).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_reader_agrees_with_the_toml_parser() {
        for (text, tables) in [(CONTROL, &["sealed", "guarded"][..]), (RESERVED, &["reserved"][..])] {
            let parsed: toml::Table = toml::from_str(text).unwrap();
            for table in tables {
                let theirs: Vec<(&str, &str, bool)> = parsed[*table]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|e| {
                        (e["match"].as_str().unwrap(), e.get("reason").and_then(|r| r.as_str()).unwrap_or(""), e.get("itself").is_some())
                    })
                    .collect();
                assert_eq!(entries(text, table).map(|e| (e.pattern, e.reason, e.itself)).collect::<Vec<_>>(), theirs);
                assert!(!theirs.is_empty());
            }
        }
    }

    #[test]
    fn every_reserved_name_is_a_pattern() {
        assert_eq!(reserved().len(), entries(RESERVED, "reserved").count());
    }
}
