//! Command lines as tests write them.

use std::path::Path;

use aegis_policy::ExecRequest;

/// Splits at blanks; quotes keep what they cover. Started in `/work`.
pub fn request(line: &str) -> ExecRequest {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(q) if q == c => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c == ' ' => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    ExecRequest::parse(&words, Path::new("/work"))
}
