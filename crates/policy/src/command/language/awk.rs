//! awk programs: `system`, `getline`, pipes, redirects, `@load`.

use super::ScriptEffects;

/// The effects of a program. What cannot be told for sure counts as running programs.
pub(in crate::command) fn awk(program: &str) -> ScriptEffects {
    let mut scan =
        Scan { rest: program, effects: ScriptEffects::default(), previous: Previous::Operator, print_depth: None, depth: 0, unsure: false };
    scan.run();
    let mut effects = scan.effects;
    // `)` may end a condition (an expression follows) or an operand (a division follows): then nothing behind it is sure.
    if scan.unsure && program.contains(['|', '>', '@']) {
        effects.runs = true;
    }
    // These run programs, open files or show the environment whatever surrounds them; a string that only mentions them is refused too.
    if ["system", "getline", "ARGV", "ARGC", "extension", "ENVIRON"].iter().any(|word| ends_a_word(program, word)) {
        effects.runs = true;
    }
    effects
}

/// Whether the text holds the word, also directly behind other letters: `1system` is two words.
fn ends_a_word(text: &str, word: &str) -> bool {
    let follows = |at: usize| text.get(at + word.len()..).and_then(|rest| rest.chars().next());
    text.match_indices(word).any(|(at, _)| !follows(at).is_some_and(|c| c.is_ascii_alphanumeric() || c == '_'))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Previous {
    Operator,
    Operand,
    Parenthesis,
}

struct Scan<'a> {
    rest: &'a str,
    effects: ScriptEffects,
    previous: Previous,
    /// Inside `print` or `printf`: the depth of parentheses at which it began.
    print_depth: Option<usize>,
    depth: usize,
    unsure: bool,
}

impl Scan<'_> {
    fn run(&mut self) {
        while let Some(c) = self.next() {
            match c {
                '"' => {
                    self.string();
                    self.previous = Previous::Operand;
                }
                '#' => while self.next_if(|c| c != '\n').is_some() {},
                '/' => self.slash(),
                '@' => self.effects.runs = true,
                '|' if self.next_if(|c| c == '|').is_some() => self.operator(),
                '|' => {
                    self.effects.runs = true;
                    self.operator();
                }
                '>' if self.print_depth == Some(self.depth) => self.redirect(),
                ';' | '\n' | '{' | '}' => {
                    self.print_depth = None;
                    self.operator();
                }
                '(' | '[' => {
                    self.depth += 1;
                    self.operator();
                }
                ')' | ']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.previous = if c == ')' { Previous::Parenthesis } else { Previous::Operand };
                }
                c if c.is_ascii_alphanumeric() || c == '_' || c == '.' => self.word(c),
                // A line that goes on is no end of a statement.
                '\\' => {
                    self.next_if(|c| c == '\n');
                }
                c if c.is_whitespace() => {}
                // `i++ / 2`: behind `++` and `--` it could be either.
                '+' | '-' if self.next_if(|n| n == c).is_some() => self.previous = Previous::Parenthesis,
                _ => self.operator(),
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or("");
        Some(c)
    }

    fn next_if(&mut self, test: impl Fn(char) -> bool) -> Option<char> {
        self.rest.chars().next().filter(|c| test(*c))?;
        self.next()
    }

    const fn operator(&mut self) {
        self.previous = Previous::Operator;
    }

    /// The content up to the closing quote.
    fn string(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.next()? {
                '"' => return Some(text),
                // An escape may stand for any character.
                '\\' => {
                    text.push('\\');
                    text.push(self.next()?);
                }
                c => text.push(c),
            }
        }
    }

    fn slash(&mut self) {
        match self.previous {
            Previous::Operand => self.operator(),
            Previous::Parenthesis => {
                self.unsure = true;
                self.operator();
            }
            Previous::Operator => {
                self.regex();
                self.previous = Previous::Operand;
            }
        }
    }

    fn regex(&mut self) {
        let mut bracket = false;
        while let Some(c) = self.next() {
            match c {
                '\\' => {
                    self.next();
                }
                // Implementations disagree on a slash inside brackets.
                '/' if bracket => {
                    self.unsure = true;
                    return;
                }
                '/' => return,
                '[' => bracket = true,
                ']' => bracket = false,
                '\n' => {
                    self.unsure = true;
                    return;
                }
                _ => {}
            }
        }
    }

    fn word(&mut self, first: char) {
        let mut word = String::from(first);
        while let Some(c) = self.next_if(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
            word.push(c);
        }
        // `1print` is two words, and so may be what begins with a digit.
        let is_mixed = first.is_ascii_digit() && word.contains(|c: char| c.is_ascii_alphabetic());
        self.previous = if is_mixed { Previous::Parenthesis } else { Previous::Operand };
        if word.ends_with("print") || word.ends_with("printf") {
            self.print_depth = Some(self.depth);
            self.operator();
            return;
        }
        match word.as_str() {
            "length" => self.previous = Previous::Parenthesis,
            "return" | "in" | "else" | "do" | "case" | "exit" | "delete" | "BEGIN" | "END" => self.operator(),
            _ => {}
        }
    }

    /// `print ... > target`: a plain string is a file, everything else cannot be known.
    fn redirect(&mut self) {
        self.next_if(|c| c == '>');
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        let target = self.next_if(|c| c == '"').and_then(|_| self.string()).filter(|t| !t.contains('\\'));
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        let ends = self.rest.is_empty() || self.rest.starts_with([';', '\n', '}', '#']);
        match target.filter(|t| ends && !t.starts_with("/inet")) {
            Some(path) => self.effects.writes.push(path),
            None => self.effects.runs = true,
        }
        self.previous = Previous::Operand;
    }
}
