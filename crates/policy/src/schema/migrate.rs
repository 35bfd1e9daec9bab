//! Older files to version 1.
//!
//! Own edits by place instead of an editing parser: two changes exist, the parser that reads policies already gives the
//! places of keys and values, and everything else stays as it is to the byte.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::document::Origin;
use super::read::read;
use crate::load_error::LoadError;

/// Rewrites a policy of an older shape to version 1, and keeps comments, order and everything else.
///
/// `[subprocess] sandbox` becomes `confine` (`"none"` is `"auto"`, the others are `"required"`: what was demanded stays
/// demanded), and a missing `version = 1` is added.
///
/// # Errors
/// Where the text is not a policy that loads: what is wrong, with its place.
pub fn migrate(text: &str) -> Result<String, LoadError> {
    let origin = || Arc::new(Origin { name: "policy".into(), preset: false, base: Arc::from(Path::new("/")) });
    read(text, origin())?;
    let mut edits = edits(text);
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut migrated = text.to_owned();
    for (range, new) in edits {
        migrated.replace_range(range, &new);
    }
    read(&migrated, origin())?;
    Ok(migrated)
}

fn edits(text: &str) -> Vec<(Range<usize>, String)> {
    let mut edits = Vec::new();
    let Ok(table) = DeTable::parse(text) else { return edits };
    let table = table.get_ref();
    if let Some(DeValue::Table(subprocess)) = table.get("subprocess").map(toml::Spanned::get_ref)
        && let Some((name, value)) = subprocess.get_key_value("sandbox")
    {
        let word = if value.get_ref().as_str() == Some("none") { "auto" } else { "required" };
        edits.push((name.span(), "confine".to_owned()));
        edits.push((value.span(), format!("\"{word}\"")));
    }
    if !table.contains_key("version") {
        let at = first_statement(text);
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        // A file of comments alone may end without a line end.
        let before = if text.get(..at).is_some_and(|t| t.is_empty() || t == "\u{feff}" || t.ends_with('\n')) { "" } else { newline };
        edits.push((at..at, format!("{before}version = 1{newline}")));
    }
    edits
}

/// Where the first line begins that is neither empty nor a comment.
fn first_statement(text: &str) -> usize {
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    for line in text.get(at..).unwrap_or_default().split_inclusive('\n') {
        let content = line.trim();
        if !content.is_empty() && !content.starts_with('#') {
            return at;
        }
        at = at.saturating_add(line.len());
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_files_keep_everything_else() {
        for (old, new) in [
            ("", "version = 1\n"),
            ("version = 1\n", "version = 1\n"),
            ("# my policy\n\nname = \"x\" # why\n", "# my policy\n\nversion = 1\nname = \"x\" # why\n"),
            ("# only a comment", "# only a comment\nversion = 1\n"),
            ("\u{feff}name = \"x\"\n", "\u{feff}version = 1\nname = \"x\"\n"),
            ("# c\r\n[subprocess]\r\nsandbox = \"none\"\r\n", "# c\r\nversion = 1\r\n[subprocess]\r\nconfine = \"auto\"\r\n"),
            (
                "[subprocess] # s\nsandbox   = 'bwrap' # ü\n[filesystem]\ndeny = [\n  # d\n  \"x\",\n]\n",
                "version = 1\n[subprocess] # s\nconfine   = \"required\" # ü\n[filesystem]\ndeny = [\n  # d\n  \"x\",\n]\n",
            ),
            ("subprocess.sandbox = \"landlock\"\n", "version = 1\nsubprocess.confine = \"required\"\n"),
            ("subprocess = { \"sandbox\" = \"none\" }\n", "version = 1\nsubprocess = { confine = \"auto\" }\n"),
        ] {
            assert_eq!(migrate(old).unwrap(), new);
            assert_eq!(migrate(new).unwrap(), new, "a second time changes nothing");
        }
    }

    #[test]
    fn what_does_not_load_is_not_rewritten() {
        let error = migrate("[subprocess]\nsandbox = \"none\"\nconfine = \"off\"\n").unwrap_err();
        assert_eq!(error.to_string(), "policy:2:1: \"sandbox\" is the older name of \"confine\"; state only \"confine\"");
        assert_eq!(migrate("x = 1").unwrap_err().to_string(), "policy:1:1: unknown key \"x\" at the top of the file");
    }
}
