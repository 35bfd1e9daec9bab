//! Pieces to words: braces, tilde, patterns.

use crate::script::Word;

/// A part of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// One character; `bare` if nothing quotes it.
    Char { c: char, bare: bool },
    /// An expansion, with whether it can become several words or none.
    Hole { many: bool },
    /// `<( )`, `>( )`: `/dev/fd/` and a number.
    Pipe,
    /// Quotes around nothing: the word is there even if it is empty.
    Empty,
}

impl Piece {
    pub const fn bare(c: char) -> Piece {
        Piece::Char { c, bare: true }
    }

    pub const fn quoted(c: char) -> Piece {
        Piece::Char { c, bare: false }
    }

    const fn is_bare(self, wanted: char) -> bool {
        matches!(self, Piece::Char { c, bare: true } if c == wanted)
    }
}

/// Where a word stands decides how it is expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Braces, tilde, patterns; several words.
    Argument,
    /// The same, but several words are an error.
    Target,
    /// An assignment, a `case` word: one word; tilde also behind `:`.
    Value,
}

/// More words than this from one pair of braces are too many.
const MAX_BRACES: usize = 1_000;

/// The words that pieces become; none if they are too many.
pub(super) fn words(pieces: Vec<Piece>, place: Place) -> Option<Vec<Word>> {
    if place == Place::Value || !pieces.iter().any(|p| p.is_bare('{')) {
        return Some(word(&pieces, place).into_iter().collect());
    }
    let mut out = Vec::new();
    let mut budget = MAX_BRACES;
    expand(&pieces, &mut budget, &mut |pieces| out.extend(word(pieces, place)))?;
    Some(out)
}

pub(super) fn expands_braces(pieces: &[Piece], place: Place) -> bool {
    place != Place::Value && (0..pieces.len()).any(|at| braces(pieces, at).is_some())
}

/// The alternatives of the braces that open at `at`, and what follows them.
fn braces(pieces: &[Piece], at: usize) -> Option<(Vec<Vec<Piece>>, &[Piece])> {
    pieces.get(at).filter(|p| p.is_bare('{'))?;
    let mut depth = 0_usize;
    let mut parts = vec![Vec::new()];
    for (index, piece) in pieces.iter().enumerate().skip(at) {
        if piece.is_bare('{') {
            depth += 1;
            if depth == 1 {
                continue;
            }
        } else if piece.is_bare('}') {
            depth -= 1;
            if depth == 0 {
                let behind = pieces.get(index + 1..)?;
                if parts.len() > 1 {
                    return Some((parts, behind));
                }
                return sequence(parts.first()?).map(|parts| (parts, behind));
            }
        } else if piece.is_bare(',') && depth == 1 {
            parts.push(Vec::new());
            continue;
        }
        parts.last_mut()?.push(*piece);
    }
    None
}

/// `1..9`, `a..e`, `1..9..2`.
fn sequence(pieces: &[Piece]) -> Option<Vec<Vec<Piece>>> {
    let text: String = pieces.iter().map(|p| if let Piece::Char { c, bare: true } = p { *c } else { '\0' }).collect();
    let mut parts = text.split("..");
    let (from, to, step, more) = (parts.next()?, parts.next()?, parts.next(), parts.next());
    if more.is_some() {
        return None;
    }
    let step: i64 = step.map_or(Ok(1), str::parse).ok()?;
    let step = if step == 0 { 1 } else { step.unsigned_abs() };
    let letter = |text: &str| Some(text.chars().next()?).filter(|c| c.is_ascii_alphabetic() && text.len() == 1);
    let (first, last, letters) = match (from.parse::<i64>(), to.parse::<i64>(), letter(from), letter(to)) {
        (Ok(first), Ok(last), ..) => (first, last, false),
        (.., Some(first), Some(last)) => (i64::from(u32::from(first)), i64::from(u32::from(last)), true),
        _ => return None,
    };
    let padded = |text: &str| text.trim_start_matches('-').starts_with('0') && text.trim_start_matches('-').len() > 1;
    let width = if padded(from) || padded(to) { from.len().max(to.len()) } else { 0 };
    let count = first.abs_diff(last) / step;
    if usize::try_from(count).ok()? > MAX_BRACES {
        // `braces` has no other way to say so; the caller's budget ends it
        return Some(vec![Vec::new(); MAX_BRACES + 1]);
    }
    (0..=count)
        .map(|n| {
            let moved = i64::try_from(n.checked_mul(step)?).ok()?;
            let value = if first <= last { first.checked_add(moved)? } else { first.checked_sub(moved)? };
            let text = if letters { char::from_u32(u32::try_from(value).ok()?)?.to_string() } else { format!("{value:0width$}") };
            Some(text.chars().map(Piece::quoted).collect())
        })
        .collect()
}

/// Calls `found` with each expansion; none if there are too many.
fn expand(pieces: &[Piece], budget: &mut usize, found: &mut dyn FnMut(&[Piece])) -> Option<()> {
    let open = (0..pieces.len()).find_map(|at| Some((at, braces(pieces, at)?)));
    let Some((at, (parts, behind))) = open else {
        *budget = budget.checked_sub(1)?;
        found(pieces);
        return Some(());
    };
    let front = pieces.get(..at)?;
    for part in parts {
        *budget = budget.checked_sub(1)?;
        let all = [front, &part, behind].concat();
        expand(&all, budget, found)?;
    }
    Some(())
}

/// One word; none where an empty one vanishes.
fn word(pieces: &[Piece], place: Place) -> Option<Word> {
    if pieces == [Piece::Pipe] {
        return Some(Word::Pipe);
    }
    let mut pieces = pieces;
    let mut home = false;
    let mut unknown_start = false;
    if pieces.first().is_some_and(|p| p.is_bare('~')) {
        let ends = |p: &Piece| p.is_bare('/') || (place == Place::Value && p.is_bare(':'));
        let end = pieces.iter().position(ends).unwrap_or(pieces.len());
        // a quoted character or an expansion in the name keeps the tilde as it is
        if pieces.get(..end)?.iter().all(|p| matches!(p, Piece::Char { bare: true, .. })) {
            home = end == 1;
            unknown_start = end > 1;
            pieces = pieces.get(end..)?;
        }
    }
    let is_glob = |index: usize, piece: &Piece| {
        place != Place::Value
            && (piece.is_bare('*')
                || piece.is_bare('?')
                || (piece.is_bare('[') && pieces.iter().skip(index + 1).any(|p| matches!(p, Piece::Char { c: ']', .. }))))
    };
    // `name=~/x` and, in values, `a:~/x` expand in the middle
    let is_tilde = |index: usize, piece: &Piece| {
        let before = index.checked_sub(1).and_then(|i| pieces.get(i));
        piece.is_bare('~') && before.is_some_and(|b| b.is_bare('=') || b.is_bare(':'))
    };
    let (mut prefix, mut suffix) = (String::new(), String::new());
    // the same as a pattern, while nothing else is not known
    let mut pattern = (!unknown_start).then(String::new);
    let mut hole = None;
    let mut there = home;
    let mut in_bracket = false;
    if unknown_start {
        // `~user` is a path
        prefix.push('/');
        hole = Some(false);
    }
    for (index, piece) in pieces.iter().enumerate() {
        let many = match piece {
            Piece::Hole { many } => Some(*many),
            Piece::Pipe => {
                if hole.is_none() {
                    prefix.push_str("/dev/fd/");
                }
                Some(false)
            }
            piece if is_glob(index, piece) => {
                in_bracket |= piece.is_bare('[');
                // what stands in brackets is left to the shell
                pattern = pattern.filter(|_| !in_bracket);
                if let (Some(pattern), Piece::Char { c, .. }) = (&mut pattern, piece) {
                    pattern.push(*c);
                }
                hole = Some(true);
                suffix.clear();
                continue;
            }
            piece if in_bracket && piece.is_bare(']') => {
                in_bracket = false;
                Some(true)
            }
            piece if is_tilde(index, piece) => Some(false),
            Piece::Char { c, .. } => {
                there = true;
                if let Some(pattern) = &mut pattern {
                    if matches!(c, '*' | '?' | '\\' | '[') {
                        pattern.push('\\');
                    }
                    pattern.push(*c);
                }
                if hole.is_none() {
                    prefix.push(*c)
                } else {
                    suffix.push(*c)
                };
                None
            }
            Piece::Empty => {
                there = true;
                None
            }
        };
        if let Some(many) = many {
            hole = Some(hole.unwrap_or(false) | many);
            suffix.clear();
            pattern = None;
        }
    }
    match (hole, home) {
        (Some(_), _) if let Some(pattern) = pattern => Some(Word::Pattern { home, each: false, splits: false, pattern, prefix, suffix }),
        (Some(many), _) => Some(Word::Partly { home, prefix, suffix, many }),
        (None, true) => Some(Word::Home(prefix)),
        (None, false) => there.then_some(Word::Known(prefix)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::Reader;

    fn of(text: &str) -> Vec<Word> {
        let mut reader = Reader::new(text, crate::Dialect::Bash);
        reader.word_here(true)
    }

    fn known(text: &str) -> Vec<String> {
        of(text).iter().map(|w| w.known().unwrap_or("?").to_owned()).collect()
    }

    fn partly(prefix: &str, suffix: &str, many: bool) -> Vec<Word> {
        vec![Word::Partly { home: false, prefix: prefix.to_owned(), suffix: suffix.to_owned(), many }]
    }

    fn pattern(pattern: &str, prefix: &str, suffix: &str) -> Word {
        Word::Pattern {
            home: false,
            each: false,
            splits: false,
            pattern: pattern.to_owned(),
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
        }
    }

    #[test]
    fn quotes_and_escapes() {
        for (text, word) in [
            ("rm", "rm"),
            ("r\\m", "rm"),
            ("'r'\"m\"", "rm"),
            ("r''m", "rm"),
            ("$'r\\x6d'", "rm"),
            ("$'\\162m'", "rm"),
            ("r\\\nm", "rm"),
            ("\"a b\"'c d'", "a bc d"),
            ("\"\\a\\$\\\"\"", "\\a$\""),
            ("''", ""),
            ("a\\ b", "a b"),
            ("a\rb", "a\rb"),
            ("\u{a0}x", "\u{a0}x"),
            ("$", "$"),
            ("a$", "a$"),
            ("$'a\\0b'", "a"),
            ("\"$'x'\"", "$'x'"),
        ] {
            assert_eq!(known(text), [word], "{text:?}");
        }
    }

    #[test]
    fn braces() {
        for (text, words) in [
            ("{a,b}", &["a", "b"][..]),
            ("x{a,b}y", &["xay", "xby"]),
            ("{a,{b,c}}", &["a", "b", "c"]),
            ("{a,b}{1,2}", &["a1", "a2", "b1", "b2"]),
            ("{1..3}", &["1", "2", "3"]),
            ("{03..1}", &["03", "02", "01"]),
            ("{a..e..2}", &["a", "c", "e"]),
            ("{a}", &["{a}"]),
            ("{a", &["{a"]),
            ("'{a,b}'", &["{a,b}"]),
            ("{a,\\,}", &["a", ","]),
            ("{,x}", &["x"]),
            ("a{,x}", &["a", "ax"]),
            ("{{a,b}", &["{a", "{b"]),
            ("{x,'y z'}", &["x", "y z"]),
        ] {
            assert_eq!(known(text), words, "{text:?}");
        }
        assert!(words(vec![Piece::bare('{')], Place::Argument).is_some());
    }

    #[test]
    fn what_is_not_known() {
        for (text, words) in [
            ("$x", partly("", "", true)),
            ("\"$x\"", partly("", "", false)),
            ("\"$@\"", partly("", "", true)),
            ("\"${a[@]}\"", partly("", "", true)),
            ("a$x.log", partly("a", ".log", true)),
            ("a\"$x\"b${y}c", partly("a", "c", true)),
            ("*.rs", vec![pattern("*.rs", "", ".rs")]),
            ("a/*\\*b", vec![pattern("a/*\\*b", "a/", "*b")]),
            ("*$x", partly("", "", true)),
            ("src/[ab].rs", partly("src/", ".rs", true)),
            ("[", vec![Word::Known("[".to_owned())]),
            ("~", vec![Word::Home(String::new())]),
            ("~/x", vec![Word::Home("/x".to_owned())]),
            ("~root/x", partly("/", "/x", false)),
            ("'~'/x", vec![Word::Known("~/x".to_owned())]),
            ("of=~/x", partly("of=", "/x", false)),
            ("$(a)b", partly("", "b", true)),
            ("<(a)", vec![Word::Pipe]),
            ("x<(a)y", partly("x/dev/fd/", "y", false)),
        ] {
            assert_eq!(of(text), words, "{text:?}");
        }
    }
}
