//! The words of a pattern.

/// Why a command pattern cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// There is no word in it.
    #[error("the pattern is empty")]
    Empty,
    /// A quote without its partner, or a backslash at the end.
    #[error("a quote is not closed")]
    Unclosed,
    /// `**` stands before the end.
    #[error("`**` may only be the last word")]
    ManyNotLast,
    /// The command is neither a bare name nor an absolute path, or holds a `*`.
    #[error("`{0}` is neither the name of a command nor an absolute path")]
    Command(String),
    /// A control character.
    #[error("a control character in the pattern")]
    Control,
}

/// Stands for `*` where a pattern is read by a grammar; it cannot be written in a pattern.
pub(super) const STAR: char = '\u{1}';

/// One word of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WordPattern {
    /// Exactly this.
    Literal(String),
    /// One word of these pieces, with anything between them; a lone `*` is two empty pieces.
    Glob(Vec<String>),
    /// Any number of words, at the end.
    Many,
}

impl WordPattern {
    /// From text in which [`STAR`] is the wildcard.
    pub fn from_marked(text: &str) -> WordPattern {
        if text.len() > 1 && text.chars().all(|c| c == STAR) {
            WordPattern::Many
        } else if text.contains(STAR) {
            WordPattern::Glob(text.split(STAR).map(str::to_owned).collect())
        } else {
            WordPattern::Literal(text.to_owned())
        }
    }

    /// Whether it is one word that fits. [`WordPattern::Many`] fits any.
    pub fn fits(&self, word: &str) -> bool {
        match self {
            WordPattern::Literal(text) => text == word,
            WordPattern::Glob(pieces) => glob(pieces, word),
            WordPattern::Many => true,
        }
    }
}

/// Pieces in order, the first at the start, the last at the end; leftmost matches, so linear.
fn glob(pieces: &[String], word: &str) -> bool {
    let (Some((first, rest)), true) = (pieces.split_first(), pieces.len() > 1) else { return false };
    let Some(mut word) = word.strip_prefix(first.as_str()) else { return false };
    let Some((last, middle)) = rest.split_last() else { return false };
    for piece in middle {
        match word.find(piece.as_str()).and_then(|at| word.get(at + piece.len()..)) {
            Some(behind) => word = behind,
            None => return false,
        }
    }
    word.ends_with(last.as_str())
}

/// All words, a [`WordPattern::Many`] at the end standing for any number.
pub(super) fn fit_all(patterns: &[WordPattern], words: &[String]) -> bool {
    match patterns.split_last() {
        Some((WordPattern::Many, patterns)) => words.len() >= patterns.len() && patterns.iter().zip(words).all(|(p, w)| p.fits(w)),
        _ => words.len() == patterns.len() && patterns.iter().zip(words).all(|(p, w)| p.fits(w)),
    }
}

/// Splits a pattern into words, with [`STAR`] for every `*` outside quotes.
pub(super) fn split(text: &str) -> Result<Vec<String>, PatternError> {
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(PatternError::Control);
    }
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or(PatternError::Unclosed)? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or(PatternError::Unclosed)? {
                        '"' => break,
                        '\\' => word.push(chars.next().ok_or(PatternError::Unclosed)?),
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next().ok_or(PatternError::Unclosed)?),
            '*' => word.get_or_insert_default().push(STAR),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let many = |w: &String| WordPattern::from_marked(w) == WordPattern::Many;
    if words.iter().rev().skip(1).any(many) {
        return Err(PatternError::ManyNotLast);
    }
    Ok(words)
}
