//! The look at a script's text before the parser sees it. The parser and the compiler are recursive: what they would nest too deeply
//! is refused here, by one linear scan that follows strings, comments, f-strings and brackets as the lexer does.
//!
//! The measure at a place is the number of syntax nodes that can lie above it: open brackets, and the operators, keywords and
//! postfix brackets since the last comma of each open bracket. Blocks and `elif` chains are counted apart.

use crate::error::{LimitKind, Phase, ScriptError};
use crate::limits::Limits;
use crate::source::Source;

/// Digits in one number; reading more takes time quadratic in their number.
const MOST_DIGITS: usize = 4_000;

/// Refuses text that is too long or nested too deeply.
pub(crate) fn check(source: &Source, limits: &Limits) -> Result<(), Box<ScriptError>> {
    let size = u64::try_from(source.text().len()).unwrap_or(u64::MAX);
    if size > limits.source_bytes {
        let message = format!("{} has {size} bytes; at most {} are read", source.name(), limits.source_bytes);
        return Err(Box::new(ScriptError::new(Phase::Limit(LimitKind::SourceSize), message)));
    }
    let mut scan = Scan::new(source.text().as_bytes(), limits.nesting);
    scan.run().map_err(|found| {
        let at = source.position(u32::try_from(scan.at).unwrap_or(u32::MAX));
        let message = match found {
            Found::Nesting => format!("nested deeper than {} levels", limits.nesting),
            Found::Blocks => format!("blocks nested deeper than {} levels", limits.nesting),
            Found::Elif => format!("more than {} elif in one chain", limits.nesting),
            Found::Digits => format!("a number of more than {MOST_DIGITS} digits"),
        };
        let hint = match found {
            Found::Nesting => "split the expression: assign parts of it to names, or join a list",
            Found::Blocks => "move inner blocks into functions",
            Found::Elif => "look the value up in a dict",
            Found::Digits => "read it from a file",
        };
        Box::new(ScriptError::new(Phase::Limit(LimitKind::Nesting), message).at(at.line, at.column).suggest(hint))
    })
}

#[derive(Debug, Clone, Copy)]
enum Found {
    Nesting,
    Blocks,
    Elif,
    Digits,
}

/// An open bracket, or the expression of an f-string.
#[derive(Debug)]
struct Open {
    /// Nodes of the enclosing level that stay above this one.
    above: u32,
    /// `heads` of the enclosing level.
    heads: Heads,
    /// Set for an f-string's expression: what its text goes on with after `}`.
    text: Option<Quote>,
}

/// Parts of a level in which a comma ends nothing.
#[derive(Debug, Clone, Copy, Default)]
struct Heads {
    /// `lambda`s whose `:` is still to come.
    lambdas: u32,
    /// `for`s whose `in` is still to come.
    targets: u32,
}

/// How a string ends.
#[derive(Debug, Clone, Copy)]
struct Quote {
    mark: u8,
    triple: bool,
    formatted: bool,
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    bound: u32,
    open: Vec<Open>,
    /// Nodes of the current level since its last comma.
    run: u32,
    /// What the current level still waits for.
    heads: Heads,
    /// All of `above` in `open`.
    held: u32,
    /// Indentation of the open blocks, with the length of the `elif` chain in each.
    blocks: Vec<(usize, u32)>,
}

impl<'a> Scan<'a> {
    fn new(text: &'a [u8], bound: u32) -> Scan<'a> {
        Scan { text, at: 0, bound, open: Vec::new(), run: 0, heads: Heads::default(), held: 0, blocks: vec![(0, 0)] }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn run(&mut self) -> Result<(), Found> {
        self.line_start()?;
        while self.at < self.text.len() {
            let b = self.peek(0);
            match b {
                b'\n' => {
                    self.at += 1;
                    if self.open.is_empty() {
                        self.run = 0;
                        self.heads = Heads::default();
                        self.line_start()?;
                    }
                }
                b'#' => self.comment(),
                b'\\' => self.continuation(),
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'"' | b'\'' => self.string(false)?,
                b'(' | b'[' | b'{' => {
                    self.at += 1;
                    self.node()?;
                    self.push(None);
                }
                b')' | b']' => {
                    self.at += 1;
                    self.pop();
                }
                b'}' => {
                    self.at += 1;
                    if let Some(quote) = self.pop() {
                        self.string_text(quote)?;
                    }
                }
                b',' | b';' => {
                    self.at += 1;
                    // The commas of lambda parameters and of loop targets end nothing.
                    if self.heads.lambdas == 0 && self.heads.targets == 0 {
                        self.run = 0;
                    }
                }
                b'0'..=b'9' => self.number()?,
                b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => self.word()?,
                b':' => {
                    self.at += 1;
                    self.heads.lambdas = self.heads.lambdas.saturating_sub(1);
                }
                _ => {
                    // An operator of one to three characters is one node; counting each character is on the safe side of nothing
                    // that people write, but `**=`-like runs would count double, so they are taken together.
                    self.at += 1;
                    while matches!(self.peek(0), b'=') || (self.peek(0) == b && matches!(b, b'*' | b'/' | b'<' | b'>')) {
                        self.at += 1;
                    }
                    self.node()?;
                }
            }
        }
        Ok(())
    }

    /// One more node on the current level.
    fn node(&mut self) -> Result<(), Found> {
        self.run += 1;
        if self.held + self.run > self.bound { Err(Found::Nesting) } else { Ok(()) }
    }

    fn push(&mut self, text: Option<Quote>) {
        self.open.push(Open { above: self.run, heads: self.heads, text });
        self.held += self.run;
        self.run = 0;
        self.heads = Heads::default();
    }

    fn pop(&mut self) -> Option<Quote> {
        let open = self.open.pop()?;
        self.held -= open.above;
        // The expressions of one f-string lie beside each other; a call or an index stays above what follows it.
        self.run = if open.text.is_some() { open.above.saturating_sub(1) } else { open.above };
        self.heads = open.heads;
        open.text
    }

    /// A backslash outside strings joins lines, also before a carriage return.
    fn continuation(&mut self) {
        self.at += 1;
        if self.peek(0) == b'\r' {
            self.at += 1;
        }
        if self.peek(0) == b'\n' {
            self.at += 1;
        }
    }

    fn comment(&mut self) {
        while self.at < self.text.len() && self.peek(0) != b'\n' {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<(), Found> {
        let start = self.at;
        while matches!(self.peek(0), b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'.') {
            self.at += 1;
        }
        if self.at - start > MOST_DIGITS { Err(Found::Digits) } else { Ok(()) }
    }

    fn word(&mut self) -> Result<(), Found> {
        let start = self.at;
        while matches!(self.peek(0), b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..) {
            self.at += 1;
        }
        let word = self.text.get(start..self.at).unwrap_or_default();
        if matches!(self.peek(0), b'"' | b'\'') {
            let formatted = word.iter().any(|b| b.eq_ignore_ascii_case(&b'f'));
            if word.len() <= 2 && word.iter().all(|b| b"rRbBfF".contains(b)) {
                return self.string(formatted);
            }
        }
        if matches!(word, b"not" | b"and" | b"or" | b"in" | b"if" | b"else" | b"for" | b"lambda" | b"is") {
            self.node()?;
            match word {
                b"lambda" => self.heads.lambdas += 1,
                b"for" => self.heads.targets += 1,
                b"in" => self.heads.targets = self.heads.targets.saturating_sub(1),
                _ => {}
            }
        }
        Ok(())
    }

    fn string(&mut self, formatted: bool) -> Result<(), Found> {
        let mark = self.peek(0);
        let triple = self.peek(1) == mark && self.peek(2) == mark;
        self.at += if triple { 3 } else { 1 };
        self.string_text(Quote { mark, triple, formatted })
    }

    /// The text of a string up to its end, or to the first expression of an f-string.
    fn string_text(&mut self, quote: Quote) -> Result<(), Found> {
        while self.at < self.text.len() {
            let b = self.peek(0);
            if b == b'\\' {
                // Also in a raw string a backslash keeps a quote from ending it.
                self.at += 2;
            } else if b == quote.mark && (!quote.triple || (self.peek(1) == b && self.peek(2) == b)) {
                self.at += if quote.triple { 3 } else { 1 };
                break;
            } else if b == b'\n' && !quote.triple {
                // Not closed: the parser says so. Scanning goes on as if it were, which can only count more.
                break;
            } else if quote.formatted && b == b'{' {
                if self.peek(1) == b'{' {
                    self.at += 2;
                } else {
                    self.at += 1;
                    self.node()?;
                    self.push(Some(quote));
                    return Ok(());
                }
            } else {
                self.at += 1;
            }
        }
        Ok(())
    }

    /// Indentation and first word of a line that begins a statement.
    fn line_start(&mut self) -> Result<(), Found> {
        loop {
            let mut indent = 0;
            while matches!(self.peek(0), b' ' | b'\t' | b'\r') {
                indent += 1;
                self.at += 1;
            }
            match self.peek(0) {
                b'#' => {
                    self.comment();
                    self.at += 1;
                }
                b'\n' => self.at += 1,
                _ => return self.block(indent),
            }
            if self.at >= self.text.len() {
                return Ok(());
            }
        }
    }

    fn block(&mut self, indent: usize) -> Result<(), Found> {
        while self.blocks.last().is_some_and(|(i, _)| *i > indent) && self.blocks.len() > 1 {
            self.blocks.pop();
        }
        if self.blocks.last().is_some_and(|(i, _)| *i < indent) {
            self.blocks.push((indent, 0));
        }
        let depth = u32::try_from(self.blocks.len()).unwrap_or(u32::MAX);
        if depth > self.bound {
            return Err(Found::Blocks);
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let starts = |word: &[u8]| {
            rest.starts_with(word) && !matches!(rest.get(word.len()), Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..))
        };
        let chain = if starts(b"elif") { self.blocks.last().map_or(1, |(_, n)| n + 1) } else { 0 };
        if let Some((_, n)) = self.blocks.last_mut() {
            *n = chain;
        }
        // Chains nest in one another: the whole of them counts.
        let nested: u32 = self.blocks.iter().map(|(_, n)| n).sum();
        if nested > self.bound { Err(Found::Elif) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<(), Box<ScriptError>> {
        check(&Source::new("t.star", text), &Limits::default())
    }

    #[test]
    fn what_nests_too_deeply_is_refused_with_its_place() {
        let n = 100_000;
        for text in [
            format!("x = {}", "[".repeat(n)),
            format!("x = {}1{}", "(".repeat(n), ")".repeat(n)),
            format!("x = {}1{}", "{1:".repeat(n), "}".repeat(n)),
            format!("x = {}True", "not ".repeat(2 * n)),
            format!("x = {}1", "1 + ".repeat(n)),
            format!("x = {}1", "-".repeat(n)),
            format!("x = {}1", "~".repeat(n)),
            format!("x = {}1", "lambda: ".repeat(n)),
            format!("x = {}1", "lambda a, b: ".repeat(n)),
            format!("x = {}1", "lambda a=lambda: 1, b=2: ".repeat(n)),
            format!("x = {}1", "lambda a=1 in c, b=2: ".repeat(n)),
            format!("x = [1 {}]", "for a, b in y ".repeat(n)),
            format!("x = 1{}", " \\\r\n + 1".repeat(n)),
            format!("x = {}1", "1 if 1 else ".repeat(n)),
            format!("x = f{}", "(1)".repeat(n)),
            format!("x = a{}", ".b".repeat(n)),
            format!("x = a{}", "[0]".repeat(n)),
            format!("x = [1 {}]", "for x in y ".repeat(n)),
            format!("x = 1{}", " and 1".repeat(n)),
            format!("x = 1{}", " \\\n + 1".repeat(n)),
            format!("x = (1{})", "\n + 1".repeat(n)),
            format!("x = f\"{}\"", "{f'{".repeat(n)),
            format!("x = f\"{{{}1}}\"", "(".repeat(n)),
            format!("if a:\n  pass\n{}", "elif b:\n  pass\n".repeat(n)),
            format!("x = {}", "9".repeat(n)),
            (0..1500).map(|i| format!("{}if x:\n", " ".repeat(i))).collect::<String>() + &" ".repeat(1500) + "pass\n",
            format!("# '''\nx = {}", "[".repeat(n)),
            format!("x = 'a\\'' + {}", "[".repeat(n)),
        ] {
            let head: String = text.chars().take(30).collect();
            let error = checked(&text).expect_err(&head);
            assert_eq!(error.phase, Phase::Limit(LimitKind::Nesting), "{head}");
            assert!(error.line > 0 && error.column > 0, "{head}: {error:?}");
        }
    }

    #[test]
    fn ordinary_text_is_not() {
        for text in [
            format!("x = {}", vec!["\"part\""; 150].join(" + ")),
            format!("x = [{}]", "(1, -2, {\"a\": [1, 2 + 3]}),\n".repeat(20_000)),
            format!("x = {{{}}}", "\"k\": not True and f(1)(2), ".repeat(20_000)),
            format!("# {}\nx = 1", "[".repeat(100_000)),
            format!("x = '{}'", "[(".repeat(100_000)),
            format!("x = '''{}'''", "[(\n".repeat(100_000)),
            format!("x = '\\'{}'", "[(".repeat(100_000)),
            format!("x = f'{}'", "{{".repeat(50_000)),
            format!("x = f'{}'", "{a} [".repeat(20_000).replace("{a}", "{{a}}")),
            "x = 1 + 2\n".repeat(100_000),
            format!("x = f'{}'", "{a} ".repeat(20_000)),
            format!("x = [{}]", "lambda a, b: a, ".repeat(20_000)),
            "if a:\n  x = 1\nelif b:\n  x = 2\nelse:\n  x = 3\n".repeat(10_000),
            format!("if a:\n  x = 1\n{}", "elif b:\n  x = 2\n".repeat(150)),
            format!("x = f({})", "a = 1, ".repeat(10_000)),
            "for i in range(3):\n    if i:\n        # comment\n\n        print(i)\n".to_owned(),
            String::new(),
            "\n\n# only\n".to_owned(),
            "x = \\\n".to_owned(),
        ] {
            let head: String = text.chars().take(30).collect();
            assert_eq!(checked(&text), Ok(()), "{head}");
        }
    }

    #[test]
    fn text_above_the_size_limit_is_refused() {
        let error = checked(&" ".repeat((4 << 20) + 1)).unwrap_err();
        assert_eq!(error.phase, Phase::Limit(LimitKind::SourceSize));
    }

    proptest::proptest! {
        /// What passes is nested shallowly enough for the parser on an ordinary stack.
        #[test]
        fn the_parser_survives_what_passes(text in "([a-z]|[(\\[{}\\])]|not |lambda: |[+*-]|\\n|  |\"|'|f\"|\\{|,|:|1|if |elif |else|#|\\\\|\"\"\"){0,400}") {
            let source = Source::new("t.star", text.clone());
            if check(&source, &Limits::default()).is_ok() {
                std::thread::Builder::new().stack_size(64 << 20).spawn(move || {
                    let _ = starlark::syntax::AstModule::parse("t.star", text, &super::super::DIALECT);
                }).unwrap().join().unwrap();
            }
        }
    }
}
