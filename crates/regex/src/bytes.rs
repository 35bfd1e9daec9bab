//! Expressions over bytes, as the crate `tree-sitter` names them for its queries. None of this workspace's programs makes a query.

use regex_automata::meta;
use regex_automata::util::syntax;

use crate::Error;

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Regex(meta::Regex);

impl Regex {
    /// Compiles an expression.
    ///
    /// # Errors
    /// It is no valid expression, or too large.
    pub fn new(pattern: &str) -> Result<Regex, Error> {
        let syntax = syntax::Config::new().utf8(false);
        let config = meta::Config::new().utf8_empty(false);
        meta::Regex::builder().syntax(syntax).configure(config).build(pattern).map(Regex).map_err(|e| Error(e.to_string()))
    }

    /// Whether it matches somewhere.
    #[must_use]
    pub fn is_match(&self, bytes: &[u8]) -> bool {
        self.0.is_match(bytes)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_need_not_be_text() {
        let regex = super::Regex::new(r"^a(?-u:\xff)+$").unwrap();
        assert!(regex.is_match(b"a\xff\xff") && !regex.is_match(b"a"));
        let open = "(".to_owned();
        assert!(super::Regex::new(&open).is_err());
    }
}
