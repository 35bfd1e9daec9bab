//! What stands in an input, whatever the tool: fields that look like files, addresses and commands.

use serde_json::Value;

use super::act::Act;

/// How many values of an input are looked at.
pub(super) const MAX_VALUES: usize = 1_000;
/// Fields that name files, whatever the tool; by their letters and digits in lower case.
const FILES: &[&str] = &[
    "path",
    "filepath",
    "paths",
    "filepaths",
    "notebookpath",
    "absolutepath",
    "dirpath",
    "file",
    "files",
    "filename",
    "filenames",
    "dir",
    "directory",
    "source",
    "destination",
    "src",
    "dst",
    "targetfile",
    "oldpath",
    "newpath",
    "sourcepath",
    "destinationpath",
    "directorypath",
    "searchpath",
    "root",
    "folder",
    "uri",
    "from",
    "to",
];
/// The same for addresses.
const ADDRESSES: &[&str] = &["url", "uri", "href", "urls", "link", "endpoint"];
/// The same for commands.
const COMMANDS: &[&str] = &["command", "cmd", "commandline", "script", "shellcommand"];

/// Every address in a text.
pub(super) fn addresses(text: &str) -> Vec<Act> {
    let mut found: Vec<Act> = Vec::new();
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower.get(from..).and_then(|rest| rest.find("http")) {
        let start = from + at;
        from = start + 4;
        let rest = text.get(start..).unwrap_or_default();
        let is_address =
            ["http://", "https://"].iter().any(|scheme| rest.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)));
        if is_address {
            let end = rest.find(|c: char| c.is_whitespace() || "\"'`<>()[]{}|,".contains(c)).unwrap_or(rest.len());
            let url = rest.get(..end).unwrap_or_default().trim_end_matches(['.', ';', ':', '!', '?']);
            found.push(Act::Fetch { url: url.to_owned() });
            from = start + end.max(4);
        }
    }
    if found.is_empty() {
        found.push(Act::Unclear("the text names no address"));
    }
    found
}

/// What stands in an input of which only the tool's name says what is done.
pub(super) fn named(input: &Value) -> Act {
    let (mut paths, mut urls, mut commands) = (Vec::new(), Vec::new(), Vec::new());
    let mut todo: Vec<(&str, &Value)> = vec![("", input)];
    let mut seen = 0;
    while let Some((key, value)) = todo.pop() {
        seen += 1;
        if seen > MAX_VALUES {
            return Act::Unclear("the tool's input has too many values");
        }
        match value {
            Value::Object(object) => todo.extend(object.iter().map(|(key, value)| (key.as_str(), value))),
            Value::Array(items) => todo.extend(items.iter().map(|value| (key, value))),
            Value::String(text) => {
                let plain: String = key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
                let file = text.strip_prefix("file://");
                if let Some(path) = file {
                    paths.push(path.to_owned());
                } else if ADDRESSES.contains(&plain.as_str()) && text.contains("://") {
                    urls.push(text.clone());
                } else if FILES.contains(&plain.as_str()) {
                    paths.push(text.clone());
                }
                if COMMANDS.contains(&plain.as_str()) {
                    commands.push(text.clone());
                }
            }
            _ => {}
        }
    }
    Act::Named { paths, urls, texts: commands }
}
