//! One component of a path pattern: `*`, `?`, `[..]` inside one name.

use std::borrow::Cow;

use super::PatternError;

/// A matcher for one name. Bytes, because names of files are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Component<'t> {
    /// These bytes.
    Literal(Cow<'t, [u8]>),
    /// `*` alone: any name.
    Any,
    /// Anything with wildcards in it.
    Wild(Box<[Token]>),
}

/// A piece of a wild component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Byte(u8),
    /// `?`: one character (one UTF-8 sequence, or one byte that starts none).
    One,
    /// `*`: any number of bytes.
    Many,
    /// `[a-z]`, `[!a-z]`: one character in, or not in, these ranges.
    Class {
        negated: bool,
        ranges: Box<[(char, char)]>,
    },
}

/// Characters that make a component wild; a backslash takes the meaning from the next one.
const SPECIAL: &[char] = &['*', '?', '[', '\\'];

impl<'t> Component<'t> {
    pub(crate) fn parse(text: &'t str) -> Result<Component<'t>, PatternError> {
        if text == "*" {
            return Ok(Component::Any);
        }
        if !text.contains(SPECIAL) {
            return Ok(Component::Literal(text.as_bytes().into()));
        }
        let mut tokens = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' => {
                    if tokens.last() != Some(&Token::Many) {
                        tokens.push(Token::Many);
                    }
                }
                '?' => tokens.push(Token::One),
                '[' => tokens.push(class(&mut chars)?),
                '\\' => push(&mut tokens, chars.next().ok_or(PatternError::new("a backslash at the end stands for nothing"))?),
                c => push(&mut tokens, c),
            }
        }
        if tokens.iter().all(|t| matches!(t, Token::Byte(_))) {
            let bytes: Vec<u8> = tokens.iter().filter_map(byte).collect();
            return Ok(Component::Literal(bytes.into()));
        }
        Ok(Component::Wild(tokens.into()))
    }

    pub(crate) fn matches(&self, name: &[u8]) -> bool {
        match self {
            Component::Literal(l) => **l == *name,
            Component::Any => true,
            Component::Wild(tokens) => wild(tokens, name),
        }
    }

    /// The same with its literal text changed.
    pub(crate) fn map_text(&self, f: impl Fn(&str) -> String) -> Component<'static> {
        let change = |bytes: &[u8]| std::str::from_utf8(bytes).map_or_else(|_| bytes.to_vec(), |t| f(t).into_bytes());
        match self {
            Component::Literal(l) => Component::Literal(change(l).into()),
            Component::Any => Component::Any,
            Component::Wild(tokens) => {
                let mut all = Vec::new();
                let mut run = Vec::new();
                for token in tokens {
                    if let Token::Byte(b) = token {
                        run.push(*b);
                    } else {
                        all.extend(change(&run).into_iter().map(Token::Byte));
                        run.clear();
                        all.push(token.clone());
                    }
                }
                all.extend(change(&run).into_iter().map(Token::Byte));
                Component::Wild(all.into())
            }
        }
    }

    /// The same with a text of its own.
    pub(crate) fn into_owned(self) -> Component<'static> {
        match self {
            Component::Literal(l) => Component::Literal(Cow::Owned(l.into_owned())),
            Component::Any => Component::Any,
            Component::Wild(tokens) => Component::Wild(tokens),
        }
    }

    /// How many bytes a match has at least.
    pub(crate) fn least_bytes(&self) -> usize {
        match self {
            Component::Literal(l) => l.len(),
            Component::Any => 1,
            Component::Wild(tokens) => tokens.iter().filter(|t| **t != Token::Many).count(),
        }
    }

    /// Whether all of its text is ASCII, so that no other spelling of it means the same.
    pub(crate) fn is_ascii(&self) -> bool {
        match self {
            Component::Literal(l) => l.is_ascii(),
            Component::Any => true,
            Component::Wild(tokens) => tokens.iter().all(|t| !matches!(t, Token::Byte(b) if !b.is_ascii())),
        }
    }
}

/// The bytes that every match of a wild component begins with.
pub(crate) fn start(tokens: &[Token]) -> Vec<u8> {
    tokens.iter().map_while(byte).collect()
}

/// What stands behind the last dot of every match, for components such as `*.pem`.
pub(crate) fn extension(tokens: &[Token]) -> Option<Vec<u8>> {
    let dot = tokens.iter().rposition(|t| *t == Token::Byte(b'.'))?;
    let tail = tokens.get(dot + 1..)?;
    let bytes: Vec<u8> = tail.iter().filter_map(byte).collect();
    (bytes.len() == tail.len() && !bytes.is_empty()).then_some(bytes)
}

const fn byte(token: &Token) -> Option<u8> {
    match token {
        Token::Byte(b) => Some(*b),
        _ => None,
    }
}

fn push(tokens: &mut Vec<Token>, c: char) {
    let mut buffer = [0; 4];
    tokens.extend(c.encode_utf8(&mut buffer).bytes().map(Token::Byte));
}

fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Token, PatternError> {
    let negated = matches!(chars.peek(), Some('!' | '^'));
    if negated {
        chars.next();
    }
    let mut ranges: Vec<(char, char)> = Vec::new();
    loop {
        let c = chars.next().ok_or(PatternError::new("`[` without `]`"))?;
        if c == ']' && !ranges.is_empty() {
            return Ok(Token::Class { negated, ranges: ranges.into() });
        }
        let low = if c == '\\' { chars.next().ok_or(PatternError::new("`[` without `]`"))? } else { c };
        let mut ahead = chars.clone();
        if ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']') {
            chars.next();
            let high = match chars.next() {
                Some('\\') => chars.next(),
                other => other,
            }
            .ok_or(PatternError::new("`[` without `]`"))?;
            if high < low {
                return Err(PatternError::new("a range in `[..]` runs backwards"));
            }
            ranges.push((low, high));
        } else {
            ranges.push((low, low));
        }
    }
}

/// Whether a wild component matches a name. Linear in the name for each `*` (the last `*` is the only one that is ever taken back), so no pattern is slow.
pub(crate) fn wild(tokens: &[Token], name: &[u8]) -> bool {
    let (mut t, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        let step = match tokens.get(t) {
            None if n == name.len() => return true,
            None => None,
            Some(Token::Many) => {
                back = Some((t + 1, n));
                t += 1;
                continue;
            }
            Some(token) => one(token, name.get(n..).unwrap_or_default()),
        };
        match step {
            Some(len) => {
                t += 1;
                n += len;
            }
            None => match back {
                Some((after, from)) if from < name.len() => {
                    let next = from + char_at(name.get(from..).unwrap_or_default()).map_or(1, |c| c.1);
                    back = Some((after, next));
                    (t, n) = (after, next);
                }
                _ => return false,
            },
        }
    }
}

/// How many bytes of `rest` this token takes, if it takes any.
fn one(token: &Token, rest: &[u8]) -> Option<usize> {
    match token {
        Token::Byte(b) => (rest.first() == Some(b)).then_some(1),
        Token::One => char_at(rest).map(|c| c.1),
        Token::Class { negated, ranges } => {
            let (c, len) = char_at(rest)?;
            let inside = c.is_some_and(|c| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)));
            (inside != *negated).then_some(len)
        }
        Token::Many => Some(0),
    }
}

/// The first character and its length; a byte that is no UTF-8 counts as one without a character.
fn char_at(bytes: &[u8]) -> Option<(Option<char>, usize)> {
    let first = *bytes.first()?;
    let len = match first {
        0..=0x7f => return Some((Some(char::from(first)), 1)),
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    let c = bytes.get(..len).and_then(|b| std::str::from_utf8(b).ok()).and_then(|s| s.chars().next());
    Some((c, if c.is_some() { len } else { 1 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (pattern, name, expected) in [
            ("*", "x", true),
            ("*.rs", "a.rs", true),
            ("*.rs", ".rs", true),
            ("*.rs", "a.rsx", false),
            ("a*b*c", "aXbYbc", true),
            ("a*b*c", "aXbYb", false),
            ("?", "ü", true),
            ("??", "ü", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[!a-c]x", "üx", true),
            ("[]]", "]", true),
            ("[a-]", "-", true),
            (r"\*", "*", true),
            (r"\*", "x", false),
            ("id_rsa*", "id_rsa", true),
            ("", "", true),
        ] {
            assert_eq!(Component::parse(pattern).unwrap().matches(name.as_bytes()), expected, "{pattern} {name}");
        }
        for bad in ["[", "[a", "[z-a]", "a\\"] {
            assert!(Component::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_that_are_no_utf8_match_only_wildcards() {
        assert!(Component::parse("*").unwrap().matches(b"\xff\xfe"));
        assert!(Component::parse("?x").unwrap().matches(b"\xffx"));
        assert!(!Component::parse("[a-z]").unwrap().matches(b"\xff"));
    }

    proptest::proptest! {
        /// globset is the second opinion for every pattern without braces.
        #[test]
        fn agrees_with_globset(pattern in r"[ab*?.]{1,8}", name in r"[ab.]{0,8}") {
            proptest::prop_assume!(!pattern.contains("**"));
            let theirs = globset::GlobBuilder::new(&pattern).literal_separator(true).build().unwrap().compile_matcher();
            let ours = Component::parse(&pattern).unwrap();
            proptest::prop_assert_eq!(ours.matches(name.as_bytes()), theirs.is_match(&name), "{} {}", pattern, name);
        }
    }
}
