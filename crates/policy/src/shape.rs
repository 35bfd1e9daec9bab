//! What a value must look like to become public.

use regex_automata::meta::{Config, Regex};

use crate::merged::Shape;

/// The compiled size of an expression, in bytes.
const LARGEST: usize = 1 << 20;

impl Shape {
    /// The name in policy files and journals.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Shape::Text => "text",
            Shape::Int => "int",
            Shape::Bool => "bool",
            Shape::OneOf(_) => "one-of",
            Shape::Regex(_) => "regex",
        }
    }

    /// Whether a text has it. Numbers have one way to be written, so that nothing more than the number comes along.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        match self {
            Shape::Text => true,
            Shape::Int => is_int(text),
            Shape::Bool => matches!(text, "True" | "False"),
            Shape::OneOf(words) => words.iter().any(|word| word == text),
            // A policy whose expression does not compile is not loaded.
            Shape::Regex(expression) => whole_match(expression).is_ok_and(|regex| regex.is_match(text)),
        }
    }
}

fn is_int(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let leads = digits.starts_with('0') && text != "0";
    !digits.is_empty() && !leads && digits.bytes().all(|b| b.is_ascii_digit())
}

/// An expression that has to match the whole of a text.
pub(crate) fn whole_match(expression: &str) -> Result<Regex, String> {
    let config = Config::new().nfa_size_limit(Some(LARGEST)).hybrid_cache_capacity(LARGEST);
    // by itself first: "a)|(b" is no expression, though it is one in the middle of another
    let compile = |pattern: &str| Regex::builder().configure(config.clone()).build(pattern).map_err(|e| reason(&e));
    compile(expression)?;
    compile(&format!(r"\A(?:{expression})\z"))
}

fn reason(error: &regex_automata::meta::BuildError) -> String {
    match error.syntax_error() {
        Some(syntax) => syntax.to_string().lines().last().unwrap_or("not a regular expression").trim_start_matches("error: ").to_owned(),
        None => "the expression is too large".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_fit_whole_texts_only() {
        let one_of = Shape::OneOf(vec!["yes".to_owned(), "no".to_owned()]);
        let regex = Shape::Regex("[a-z]+|[0-9]".to_owned());
        for (shape, fits, fails) in [
            (
                &Shape::Int,
                &["0", "7", "-12", "123456789012345678901234567890"][..],
                &["", "-", "+1", "01", "-0", "1 ", "1\n", "١", "1.0"][..],
            ),
            (&Shape::Bool, &["True", "False"], &["true", "", "1", "True\n"]),
            (&one_of, &["yes", "no"], &["", "ye", "yes\n", "YES"]),
            (&regex, &["abc", "4"], &["", "44", "abc\n", "4a", "a4"]),
            (&Shape::Text, &["", "anything\n"], &[]),
        ] {
            for text in fits {
                assert!(shape.fits(text), "{shape:?} {text:?}");
            }
            for text in fails {
                assert!(!shape.fits(text), "{shape:?} {text:?}");
            }
        }
    }

    #[test]
    fn an_expression_is_one_by_itself() {
        for expression in ["a)|(b", "(", "[", "a{99999}{99999}"] {
            assert!(whole_match(expression).is_err(), "{expression}");
        }
        // a comment does not swallow the end, a flag does not leak out
        assert!(!whole_match("(?x)a # b").is_ok_and(|r| r.is_match("a # b and more")));
        assert!(whole_match("(?i)a").unwrap().is_match("A"));
        assert!(!whole_match("(?m)a$").unwrap().is_match("a\nb"));
    }
}
