//! The words of the first command in a shell text, as far as a line in a settings file needs it.

/// The words up to the first operator, without leading assignments, and the text from that operator on. Variables stay as they are
/// written; a text that is not whole has no words.
pub(crate) fn first_command(text: &str) -> (Vec<String>, &str) {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.char_indices();
    let mut rest = "";
    while let Some((at, char)) = chars.next() {
        match char {
            ' ' | '\t' => words.extend(word.take()),
            '#' if word.is_none() => break,
            ';' | '|' | '&' | '\n' | '\r' | '<' | '>' | '(' | ')' => {
                rest = text.get(at..).unwrap_or_default();
                break;
            }
            '\'' => {
                let Some(quoted) = chars.as_str().split_once('\'').map(|(quoted, _)| quoted) else { return (Vec::new(), "") };
                word.get_or_insert_default().push_str(quoted);
                chars.by_ref().take(quoted.chars().count() + 1).for_each(drop);
            }
            '"' => {
                let Some(quoted) = double_quoted(&mut chars) else { return (Vec::new(), "") };
                word.get_or_insert_default().push_str(&quoted);
            }
            '\\' => match chars.next() {
                Some((_, '\n')) => {}
                Some((_, escaped)) => word.get_or_insert_default().push(escaped),
                None => word.get_or_insert_default().push(char),
            },
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    let assignments = words.iter().take_while(|word| is_assignment(word)).count();
    (words.split_off(assignments), rest)
}

fn double_quoted(chars: &mut std::str::CharIndices<'_>) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()?.1 {
            '"' => return Some(text),
            '\\' => match chars.next()?.1 {
                '\n' => {}
                escaped @ ('"' | '\\' | '$' | '`') => text.push(escaped),
                other => text.extend(['\\', other]),
            },
            other => text.push(other),
        }
    }
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name).unwrap_or_default();
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
