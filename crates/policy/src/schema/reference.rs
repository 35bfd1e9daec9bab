//! The Markdown of every key, for the documentation.

use std::fmt::Write as _;

use super::json::merging;
use super::keys::{Form, Key, Kind, Of, SECTIONS};
use super::value::choices;

/// One Markdown table per section, with every key of the policy file.
#[must_use]
pub fn key_reference() -> String {
    let mut text = String::new();
    for section in SECTIONS {
        let title = match section.form {
            Form::Root => "Top of the file".to_owned(),
            Form::Named => "`[tools]` and `[tools.NAME]`".to_owned(),
            _ => format!("`{}`", section.title()),
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "### {title}\n\n{}\n\n| key | takes | default | inherited | meaning |\n|---|---|---|---|---|\n", section.doc);
        for key in section.keys {
            let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
            let inherited = if section.form == Form::Repeated { repeated(key) } else { merging(key.merge) };
            let _ = writeln!(text, "| `{}` | {} | {default} | {inherited} | {} |", key.name, takes(key), key.doc);
        }
        text.push('\n');
    }
    text
}

fn repeated(key: &Key) -> &'static str {
    if key.place.starts_with("[test]") { "not inherited" } else { "union" }
}

fn takes(key: &Key) -> String {
    match key.kind {
        Kind::Version => "`1`".to_owned(),
        Kind::Text => "string".to_owned(),
        Kind::Prose => "string, any lines".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::Inherits | Kind::Names => "string or list of strings".to_owned(),
        Kind::Word(words) => choices(words).replace('"', "`"),
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Limit(unit, _) => unit.to_owned(),
        Kind::Calls => "table of capability and calls".to_owned(),
        Kind::Entries(of, _) => match of {
            Of::Paths => "list of paths",
            Of::Hosts => "list of hosts",
            Of::Addresses => "list of addresses or networks",
            Of::Variables => "list of variables",
            Of::Commands => "list of commands",
            Of::Tools => "list of tools",
        }
        .to_owned(),
        Kind::Arguments(_) => "table of command and list of arguments".to_owned(),
        Kind::Approval => "list of capabilities, with patterns".to_owned(),
        Kind::Capabilities => "list of capabilities".to_owned(),
        Kind::Native => "table per agent".to_owned(),
    }
}
