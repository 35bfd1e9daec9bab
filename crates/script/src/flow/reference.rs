//! References: what stands in a string where a labelled value was put into text. A reference is 40 letters and digits, different in every
//! run, and holds no content: a word that only this run knows, the form in which the content is to be put in, and a number.

/// What people see of a labelled value.
pub(crate) const REDACTED: &str = "[REDACTED]";

/// Letters of the run's own word.
pub(super) const NONCE: usize = 30;
/// Letter and digit of the form.
const FORM: usize = 2;
/// Digits of the number.
const INDEX: usize = 8;

/// How the content was put into text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// `str(x)`, `%s`, an f-string. Also `repr(x)` and a list that is made text, in which it then stands without quotes: the interpreter
    /// asks for all of these in the same way.
    Text,
    /// `json.encode(x)`: a JSON value.
    Json,
}

/// A form: how it was put in, and how often the whole text became a JSON string since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) base: Base,
    pub(super) nesting: u8,
}

/// Deeper nesting than this is refused where it arises.
pub(super) const DEEPEST: u8 = 9;

impl Form {
    pub(super) const TEXT: Form = Form { base: Base::Text, nesting: 0 };
    pub(super) const JSON: Form = Form { base: Base::Json, nesting: 0 };

    fn letter(self) -> char {
        match self.base {
            Base::Text => 't',
            Base::Json => 'j',
        }
    }
}

/// Whether some text is too short for the run's word, so that no reference stands in it, nor what is left of one.
pub(crate) fn is_short(text: &str) -> bool {
    text.len() < NONCE
}

/// A reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) index: usize,
    pub(super) form: Form,
}

impl Reference {
    pub(super) fn text(self, nonce: &str) -> String {
        format!("{nonce}{}{}{:0INDEX$}", self.form.letter(), self.form.nesting, self.index)
    }

    /// What follows the run's word, if it is whole.
    fn parse(after: &str) -> Option<Reference> {
        let mut form = after.chars();
        let base = match form.next()? {
            't' => Base::Text,
            'j' => Base::Json,
            _ => return None,
        };
        let nesting = u8::try_from(form.next()?.to_digit(10)?).ok()?;
        let digits = after.get(FORM..FORM + INDEX)?;
        let index = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
        Some(Reference { index, form: Form { base, nesting } })
    }
}

/// A stretch of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stretch<'t> {
    Text(&'t str),
    Reference(Reference),
    /// The run's word with something else behind it; the whole remainder of what may have been a reference.
    Damaged(&'t str),
}

/// Takes text apart at its references.
pub(super) fn stretches<'t>(text: &'t str, nonce: &str) -> Vec<Stretch<'t>> {
    let mut out = Vec::new();
    let mut parts = text.split(nonce);
    out.extend(parts.next().filter(|first| !first.is_empty()).map(Stretch::Text));
    for part in parts {
        let rest = match Reference::parse(part) {
            Some(reference) => {
                out.push(Stretch::Reference(reference));
                part.get(FORM + INDEX..).unwrap_or_default()
            }
            None => {
                let length = part.bytes().take(FORM + INDEX).take_while(u8::is_ascii_alphanumeric).count();
                let (damaged, rest) = part.split_at_checked(length).unwrap_or(("", part));
                out.push(Stretch::Damaged(damaged));
                rest
            }
        };
        if !rest.is_empty() {
            out.push(Stretch::Text(rest));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORD: &str = "abcdefghijabcdefghijabcdefghij";

    #[test]
    fn text_is_taken_apart_at_references() {
        let reference = Reference { index: 12, form: Form { base: Base::Json, nesting: 3 } };
        let text = reference.text(WORD);
        assert_eq!(text.len(), 40);
        let all = format!("a{text}b{WORD}t0123{text}");
        let expected = [
            Stretch::Text("a"),
            Stretch::Reference(reference),
            Stretch::Text("b"),
            Stretch::Damaged("t0123abcde"),
            Stretch::Text(&all[56..]),
        ];
        let found = stretches(&all, WORD);
        assert_eq!(found[..3], expected[..3]);
        assert!(matches!(found[3], Stretch::Damaged(d) if d == "t0123"), "{found:?}");
        assert_eq!(found[4], Stretch::Reference(reference));
        assert_eq!(stretches("", WORD), []);
        assert_eq!(stretches(&text[..39], WORD), [Stretch::Damaged("j30000001")]);
    }
}
