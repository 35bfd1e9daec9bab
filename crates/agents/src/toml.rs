//! Our entry in TOML: the table `[mcp_servers.aegis]`. `toml_edit` says where things stand; the text is changed only there, since the
//! library's own output turns line ends of other systems into its own.

use std::ops::Range;

use toml_edit::{Array, Document, Item, Table, Value};

use crate::edit::{EditError, position};
use crate::server::{NAME, Server, Started};

const SECTION: &str = "mcp_servers";
const MARK: char = '\u{feff}';

/// What the table of our name starts.
pub(crate) fn found(text: &str) -> Result<Option<Started>, EditError> {
    let document = parse(text)?;
    Ok(entry(&document)?.map(started))
}

/// The text with our table.
pub(crate) fn put(text: &str, server: &Server) -> Result<String, EditError> {
    let document = parse(text)?;
    let new = match entry(&document)? {
        Some(item) => updated(text, item, server)?,
        None if document.get(SECTION).is_some_and(|section| !section.is_table()) => return Err(EditError::Form(SECTION.to_owned())),
        None => appended(text, &server.started()),
    };
    if found(&new).ok().flatten().is_none_or(|started| !started.is_ours()) {
        return Err(EditError::Wrong);
    }
    Ok(new)
}

/// The text without our table, its subtables and the blank line before it.
pub(crate) fn take(text: &str) -> Result<String, EditError> {
    let document = parse(text)?;
    let Some(item) = entry(&document)? else { return Ok(text.to_owned()) };
    let form = || EditError::Form(format!("{SECTION}.{NAME}"));
    let table = item.as_table().filter(|table| !table.is_dotted()).ok_or_else(form)?;
    let mut blocks = Vec::new();
    collect(text, table, &mut blocks);
    if blocks.is_empty() {
        return Err(form());
    }
    blocks.sort_by_key(|block| std::cmp::Reverse(block.start));
    let mut new = text.to_owned();
    for block in blocks {
        let start = start_of_gap(text, &block);
        new.replace_range(start..block.end, "");
    }
    Ok(new)
}

/// A text in TOML, with where its parts stand.
pub(crate) fn parse(text: &str) -> Result<Document<&str>, EditError> {
    Document::parse(text).map_err(|error| {
        let (line, column) = position(text, error.span().map_or(0, |span| span.start));
        let reason = error.message().lines().next().unwrap_or("not TOML").to_owned();
        EditError::Invalid { line, column, reason }
    })
}

fn entry<'d>(document: &'d Document<&str>) -> Result<Option<&'d Item>, EditError> {
    let Some(section) = document.get(SECTION) else { return Ok(None) };
    let not = |what: &str| EditError::NotA { what: what.to_owned(), wanted: "a table" };
    let section = section.as_table_like().ok_or_else(|| not(SECTION))?;
    let Some(item) = section.get(NAME) else { return Ok(None) };
    item.as_table_like().ok_or_else(|| not(&format!("{SECTION}.{NAME}")))?;
    Ok(Some(item))
}

fn started(item: &Item) -> Started {
    let of = |key: &str| item.as_table_like().and_then(|table| table.get(key));
    let args = of("args").and_then(Item::as_array).into_iter().flatten();
    Started {
        program: of("command").and_then(Item::as_str).unwrap_or_default().to_owned(),
        args: args.map(|arg| arg.as_str().unwrap_or_default().to_owned()).collect(),
    }
}

fn lines(started: &Started) -> [(&'static str, String); 2] {
    let args: Array = started.args.iter().map(String::as_str).collect();
    [("command", Value::from(started.program.as_str()).to_string()), ("args", Value::from(args).to_string())]
}

/// A table at the end of a file is right whatever stands before it.
fn appended(text: &str, started: &Started) -> String {
    let lines = lines(started).into_iter().map(|(key, value)| format!("{key} = {value}"));
    with_block(text, &std::iter::once(format!("[{SECTION}.{NAME}]")).chain(lines).collect::<Vec<_>>())
}

/// The text with a block of lines at its end.
pub(crate) fn with_block(text: &str, block: &[String]) -> String {
    let newline = newline(text);
    let block = block.join(newline);
    if text.trim_start_matches(MARK).is_empty() {
        return format!("{text}{block}{newline}");
    }
    // a file that ends without a line end keeps that habit
    match text.ends_with('\n') {
        true => format!("{text}{newline}{block}{newline}"),
        false => format!("{text}{newline}{newline}{block}"),
    }
}

/// Brings our table up to date by its values alone.
fn updated(text: &str, item: &Item, server: &Server) -> Result<String, EditError> {
    let old = started(item);
    if !old.is_ours() {
        return Err(EditError::NotOurs);
    }
    let form = || EditError::Form(format!("{SECTION}.{NAME}"));
    let wanted = server.in_place_of(&old);
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for (key, value) in lines(&wanted) {
        let held = item.as_table_like().and_then(|table| table.get(key));
        let same = match key {
            "command" => old.program == wanted.program,
            _ => old.args == wanted.args,
        };
        match held {
            Some(_) if same => {}
            Some(held) => changes.push((held.span().ok_or_else(form)?, value)),
            None => {
                let header = item.as_table().filter(|t| !t.is_dotted()).and_then(Table::span).ok_or_else(form)?;
                let end = end_of_line(text, header.end);
                changes.push((end..end, format!("{key} = {value}{}", newline(text))));
            }
        }
    }
    changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut new = text.to_owned();
    for (span, value) in changes {
        new.replace_range(span, &value);
    }
    Ok(new)
}

/// The lines of a table and of those below it: from each header to the line of its last value.
fn collect(text: &str, table: &Table, blocks: &mut Vec<Range<usize>>) {
    if let Some(header) = table.span().filter(|_| !table.is_implicit() && !table.is_dotted()) {
        let first = text.len() - text.trim_start_matches(MARK).len();
        let start = text.get(..header.start).and_then(|before| before.rfind('\n')).map_or(first, |newline| newline + 1);
        blocks.push(start..end_of_line(text, last_value(table).unwrap_or(header.end).max(header.end)));
    }
    for (_, item) in table {
        match item {
            Item::Table(below) => collect(text, below, blocks),
            Item::ArrayOfTables(list) => list.iter().for_each(|below| collect(text, below, blocks)),
            Item::Value(_) | Item::None => {}
        }
    }
}

/// Where the last value of a table ends.
pub(crate) fn last_value(table: &Table) -> Option<usize> {
    let end = |(_, item): (&str, &Item)| match item {
        Item::Value(value) => value.span().map(|span| span.end),
        Item::Table(below) if below.is_dotted() => last_value(below),
        _ => None,
    };
    table.iter().filter_map(end).max()
}

/// Behind the line end, or at the end of the text.
pub(crate) fn end_of_line(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |newline| at + newline + 1)
}

/// Where a block begins with the blank line before it; with the line end before that too, where the block ends without one.
pub(crate) fn start_of_gap(text: &str, block: &Range<usize>) -> usize {
    let before = text.get(..block.start).unwrap_or_default();
    let less_one = |text: &str| text.strip_suffix('\n').map(|less| less.strip_suffix('\r').unwrap_or(less).len());
    let Some(gap) = less_one(before) else { return block.start };
    let above = before.get(..gap).unwrap_or_default();
    let ends_bare = !text.get(block.clone()).is_some_and(|block| block.ends_with('\n'));
    match (ends_bare, less_one(above)) {
        (true, Some(line)) => line,
        (false, Some(_)) => gap,
        (true, None) => gap,
        (false, None) if above.is_empty() => gap,
        (false, None) => block.start,
    }
}

/// The line end that the text has.
pub(crate) fn newline(text: &str) -> &'static str {
    match text.find('\n').and_then(|at| text.get(..at)) {
        Some(line) if line.ends_with('\r') => "\r\n",
        _ => "\n",
    }
}
