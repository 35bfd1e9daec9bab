//! `$'...'`: the escapes of ANSI C, as bash decodes them.

/// Decodes one escape behind its backslash. The text behind it, and the character; none for an escape that ends the string (`\0`), and
/// an error where it is not certain.
pub(super) fn escape(text: &str) -> Option<(Option<char>, usize)> {
    let c = text.chars().next()?;
    let simple = |c: char| Some((Some(c), 1));
    match c {
        'a' => simple('\u{7}'),
        'b' => simple('\u{8}'),
        'e' | 'E' => simple('\u{1b}'),
        'f' => simple('\u{c}'),
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        'v' => simple('\u{b}'),
        '\\' | '\'' | '"' | '?' => simple(c),
        '0'..='7' => number(text, 0, 8, 3, true),
        'x' => number(text, 1, 16, 2, true),
        'u' => number(text, 1, 16, 4, false),
        'U' => number(text, 1, 16, 8, false),
        // `\cx`, and what is kept with its backslash
        _ => None,
    }
}

/// A number of at most `most` digits. Bytes above ASCII are parts of characters, and not decoded.
fn number(text: &str, skip: usize, radix: u32, most: usize, byte: bool) -> Option<(Option<char>, usize)> {
    let digits: String = text.chars().skip(skip).take(most).take_while(|c| c.is_digit(radix)).collect();
    let value = u32::from_str_radix(&digits, radix).ok()?;
    if byte && value > 0x7f {
        return None;
    }
    let c = char::from_u32(value)?;
    Some(((value != 0).then_some(c), skip + digits.len()))
}
