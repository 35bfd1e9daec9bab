//! `[features] hooks = true` in Codex's `config.toml`. `codex_hooks` is its older name; either of them set to false switches every hook off.

use std::ops::Range;

use toml_edit::{Document, Item, Table, TableLike};

use crate::edit::{EditError, Edited, restored};
use crate::toml::{end_of_line, last_value, newline, parse, start_of_gap, with_block};

const SECTION: &str = "features";
const KEY: &str = "hooks";
const OLDER: &str = "codex_hooks";

/// By this a line of ours is known again.
const LINE: &str = "hooks = true # set by aegis agents install";

/// What a configuration says of hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Switch {
    On,
    Off,
    /// Then it depends on the version: on in those of 2026.
    Unsaid,
}

/// What this text says.
pub(crate) fn switch(text: &str) -> Result<Switch, EditError> {
    let document = parse(text)?;
    let Some(section) = section(&document)? else { return Ok(Switch::Unsaid) };
    let said: Vec<bool> = values(section)?.into_iter().map(|(is_on, _)| is_on).collect();
    Ok(match said.as_slice() {
        [] => Switch::Unsaid,
        said if said.iter().all(|is_on| *is_on) => Switch::On,
        _ => Switch::Off,
    })
}

/// The text with hooks on; one that has them on stays as it is.
pub(crate) fn installed(text: &str) -> Result<Edited, EditError> {
    let new = match switch(text)? {
        Switch::On => return Ok(Edited::Same),
        Switch::Off => turned_on(text)?,
        Switch::Unsaid => added(text)?,
    };
    if switch(&new).ok() != Some(Switch::On) {
        return Err(form());
    }
    Ok(Edited::Text(new))
}

/// The text without a line of ours. What was off before is off again only where the whole file is as we left it.
pub(crate) fn uninstalled(text: &str, before: Option<&str>) -> Result<Edited, EditError> {
    if let Some(restored) = restored(text, before, |origin| installed(origin).ok()) {
        return Ok(restored);
    }
    let Some(start) = line_of_ours(text) else { return Ok(Edited::Same) };
    let mut block = start..end_of_line(text, start);
    let mut new = text.to_owned();
    // the header too, where nothing else stands under it and nobody had it before
    let header = format!("[{SECTION}]");
    let had = before.is_some_and(|before| before.lines().any(|line| line.trim() == header));
    let above = text.get(..start).unwrap_or_default().trim_end_matches(['\r', '\n']);
    let below = text.get(block.end..).unwrap_or_default().trim_start();
    if !had && above.ends_with(&header) && (below.is_empty() || below.starts_with('[')) {
        block.start = above.len() - header.len();
        block.start = start_of_gap(text, &block);
    }
    new.replace_range(block, "");
    parse(&new)?;
    Ok(Edited::Text(new))
}

fn line_of_ours(text: &str) -> Option<usize> {
    let mut at = 0;
    text.split_inclusive('\n').find_map(|line| {
        let start = at;
        at += line.len();
        let is_ours = line.trim().strip_prefix("features.").unwrap_or(line.trim()) == LINE;
        is_ours.then_some(start)
    })
}

fn section<'d>(document: &'d Document<&str>) -> Result<Option<&'d dyn TableLike>, EditError> {
    let Some(item) = document.get(SECTION) else { return Ok(None) };
    item.as_table_like().map(Some).ok_or_else(|| EditError::NotA { what: SECTION.to_owned(), wanted: "a table" })
}

/// What is said under either name, and where.
fn values(section: &dyn TableLike) -> Result<Vec<(bool, Range<usize>)>, EditError> {
    let said = [KEY, OLDER].into_iter().filter_map(|key| Some((key, section.get(key)?)));
    said.map(|(key, item)| {
        let wanted = || EditError::NotA { what: format!("{SECTION}.{key}"), wanted: "true or false" };
        Ok((item.as_bool().ok_or_else(wanted)?, item.span().ok_or_else(form)?))
    })
    .collect()
}

fn turned_on(text: &str) -> Result<String, EditError> {
    let document = parse(text)?;
    let mut off = section(&document)?.map(values).transpose()?.unwrap_or_default();
    off.retain(|(is_on, _)| !is_on);
    off.sort_by_key(|(_, span)| std::cmp::Reverse(span.start));
    let mut new = text.to_owned();
    for (_, span) in off {
        new.replace_range(span, "true");
    }
    Ok(new)
}

fn added(text: &str) -> Result<String, EditError> {
    let document = parse(text)?;
    let newline = newline(text);
    let (at, line) = match document.get(SECTION) {
        None => return Ok(with_block(text, &[format!("[{SECTION}]"), LINE.to_owned()])),
        Some(Item::Table(table)) if table.is_dotted() => (last_value(table).ok_or_else(form)?, format!("{SECTION}.{LINE}")),
        Some(Item::Table(table)) if table.is_implicit() => return Ok(with_block(text, &[format!("[{SECTION}]"), LINE.to_owned()])),
        Some(Item::Table(table)) => (header(table)?, LINE.to_owned()),
        Some(Item::Value(value)) => return in_line(text, value.span().ok_or_else(form)?),
        Some(_) => return Err(form()),
    };
    let end = end_of_line(text, at);
    let mut new = text.to_owned();
    let ended = text.get(..end).unwrap_or_default().ends_with('\n');
    // a file that ends without a line end keeps that habit
    new.insert_str(end, &if ended { format!("{line}{newline}") } else { format!("{newline}{line}") });
    Ok(new)
}

fn header(table: &Table) -> Result<usize, EditError> {
    table.span().map(|span| span.end).ok_or_else(form)
}

/// `features = { a = true }`
fn in_line(text: &str, span: Range<usize>) -> Result<String, EditError> {
    let inner = text.get(span.clone()).and_then(|table| table.strip_suffix('}')).ok_or_else(form)?;
    let held = inner.trim_end();
    let comma = if held.ends_with(['{', ',']) { " " } else { ", " };
    let mut new = text.to_owned();
    new.replace_range(span, &format!("{held}{comma}{KEY} = true }}"));
    Ok(new)
}

fn form() -> EditError {
    EditError::Form(format!("{SECTION}.{KEY}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn with(text: &str) -> String {
        match installed(text).unwrap() {
            Edited::Text(new) => new,
            other => panic!("{other:?} for {text}"),
        }
    }

    #[test]
    fn only_a_line_of_ours_goes_where_others_wrote_since() {
        for text in [
            "",
            "model = \"x\"\n",
            "model = \"x\"\r\n\r\n[a]\r\nb = 1\r\n",
            "[features]\nweb = true\n\n[a]\n",
            "features.web = true\nmodel = \"x\"\n",
            "[features.web]\nmode = 1\n",
            "\u{feff}[features] # mine\n# and this\n",
        ] {
            let later = format!("{}[later]\n", with(text));
            let left = match uninstalled(&later, Some(text)).unwrap() {
                Edited::Text(left) => left,
                other => panic!("{other:?} for {later}"),
            };
            assert_eq!(left, format!("{text}[later]\n"));
            assert_eq!(uninstalled(&left, None).unwrap(), Edited::Same, "again");
        }
    }

    #[test]
    fn what_is_not_of_ours_stays() {
        for text in ["[features]\nhooks = true\n", "features = { hooks = true }", "# hooks = true # set by aegis agents install\n"] {
            assert_eq!(uninstalled(text, None).unwrap(), Edited::Same, "{text}");
        }
        let off = "[features]\nhooks = false\n";
        assert_eq!(uninstalled(&with(off), Some(off)).unwrap(), Edited::Text(off.to_owned()), "as it was");
    }

    #[test]
    fn what_is_said() {
        for (text, said) in [
            ("", Switch::Unsaid),
            ("[features]\nweb = true\n", Switch::Unsaid),
            ("[features]\nhooks = true\n", Switch::On),
            ("[features]\ncodex_hooks = true\n", Switch::On),
            ("[features]\nhooks = true\ncodex_hooks = false\n", Switch::Off),
            ("features.hooks = false\n", Switch::Off),
        ] {
            assert_eq!(switch(text).unwrap(), said, "{text}");
        }
    }
}
