//! The entry to suggest for a command line: tried on it before it is offered.

use super::pattern::CommandPattern;
use super::request::ExecRequest;

/// The shortest pattern worth writing that allows this request and names each of its options that must be named; the whole command line
/// if nothing shorter does. A request that no pattern allows gets its program's name.
pub(crate) fn smallest_pattern(request: &ExecRequest) -> String {
    let words: Vec<String> = request.argv().iter().map(|word| quoted(word)).collect();
    let (program, rest) = words.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let is_subcommand = rest.first().is_some_and(|word| !word.starts_with(['-', '"']) && !word.contains(['/', '.']));
    let short = if is_subcommand { open_after(&words, 2) } else { program.to_owned() };
    let longer = (2..=words.len()).map(|count| open_after(&words, count));
    let all = words.join(" ");
    [short].into_iter().chain(longer).chain([all]).find(|text| does(text, request)).unwrap_or_else(|| program.to_owned())
}

/// The first words, then any.
fn open_after(words: &[String], count: usize) -> String {
    let mut text = words.iter().take(count).map(String::as_str).collect::<Vec<_>>().join(" ");
    text.push_str(" **");
    text
}

fn does(text: &str, request: &ExecRequest) -> bool {
    // Without the rest, so that `python -m **` is not suggested for `python -m pytest`: what such an option runs is to be read.
    let named = CommandPattern::parse(text.strip_suffix(" **").unwrap_or(text));
    CommandPattern::parse(text).is_ok_and(|pattern| pattern.allows(request))
        && named.is_ok_and(|named| request.hazards().iter().all(|hazard| named.names_option(hazard)))
}

/// A word as a pattern has it.
fn quoted(word: &str) -> String {
    if !word.is_empty() && !word.contains([' ', '\t', '\'', '"', '\\', '*']) {
        return word.to_owned();
    }
    let mut text = String::from("\"");
    for c in word.chars() {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_suggestion_allows_what_was_asked() {
        let cases: [(&[&str], &str); 11] = [
            (&["git", "status", "-s"], "git status **"),
            (&["ls"], "ls"),
            (&["cat", "a.txt"], "cat"),
            (&["cargo", "test", "-p", "x"], "cargo test **"),
            (&["python", "-m", "http.server"], "python -m http.server **"),
            (&["pip", "install", "-r", "req.txt"], "pip install -r req.txt **"),
            (&["python3", "run.py"], "python3"),
            (&["echo", "a b", "*"], "echo"),
            (&["git", "-c", "core.pager=less \"x\"", "log"], "git -c \"core.pager=less \\\"x\\\"\" **"),
            (&["find", ".", "-exec", "ls", ";"], "find . -exec ls **"),
            (&["/bin/true", ""], "/bin/true"),
        ];
        for (argv, expected) in cases {
            let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
            let request = ExecRequest::parse(&argv, Path::new("/code"));
            let text = smallest_pattern(&request);
            assert_eq!(text, expected, "{argv:?}: {:?}", request.hazards());
            assert!(does(&text, &request), "{text}");
        }
    }
}
