//! Text in which nothing can be read in two ways: words at blanks, commands at `|`, `||`, `&&` and `;`, and quotes that end where they
//! end. Most of what agents run is of that kind, and waking two parsers for it takes longer than all the rest of a decision.

use super::Opinion;
use crate::read::SEPARATOR;

/// Words that begin or end something, wherever they stand.
const RESERVED: [&str; 18] = [
    "if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "select", "function", "in", "time",
    "coproc", "repeat",
];
/// Commands whose words one of the other parsers reads in its own way.
const OF_THEIR_OWN: [&str; 9] = ["declare", "typeset", "export", "readonly", "local", "unset", "unsetenv", "let", "test"];

/// Redirects that are whole words.
const REDIRECTS: [&str; 3] = ["2>&1", "2>/dev/null", ">/dev/null"];

/// The commands of a text; none where it is not of that kind.
pub(super) fn opinion(text: &str) -> Opinion {
    commands(text).map_or(Opinion::None, Opinion::Commands)
}

fn commands(text: &str) -> Option<Vec<String>> {
    let mut commands = vec![String::new()];
    let mut rest = text.trim_matches(' ');
    while !rest.is_empty() {
        let command = commands.last_mut()?;
        let operator = ["&&", "||", "|", ";"].into_iter().find(|operator| rest.starts_with(operator));
        if let Some(operator) = operator {
            if command.is_empty() {
                return None;
            }
            commands.push(String::new());
            rest = rest.get(operator.len()..)?;
        } else {
            let word = rest.get(..end_of_word(rest)?)?;
            let is_redirect = REDIRECTS.contains(&word);
            // in front of a command, or alone, a redirect is something else to each parser
            if is_redirect && command.is_empty() || !is_redirect && !is_plain(word, command.is_empty()) {
                return None;
            }
            if !is_redirect {
                if !command.is_empty() {
                    command.push(SEPARATOR);
                }
                command.push_str(word);
            }
            rest = rest.get(word.len()..)?;
        }
        rest = rest.trim_start_matches(' ');
    }
    commands.last().is_some_and(|last| !last.is_empty()).then_some(commands)
}

/// Where the word ends that a text begins with, if it is one.
fn end_of_word(text: &str) -> Option<usize> {
    if let Some(redirect) = REDIRECTS.iter().find(|redirect| text.starts_with(**redirect)) {
        let next = text.as_bytes().get(redirect.len());
        return next.is_none_or(|next| *next == b' ').then_some(redirect.len());
    }
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b' ' | b'|' | b'&' | b';') => return (at > 0).then_some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, byte) if byte.is_ascii_alphanumeric() || b"_-./:,@%+=^".contains(&byte) => {}
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), b'$' | b'`' | b'\\' | b'!') => return None,
            (Some(_), b' '..=b'~') => {}
            _ => return None,
        }
    }
    quote.is_none().then_some(text.len())
}

fn is_plain(word: &str, is_first: bool) -> bool {
    if RESERVED.contains(&word) || word == "-" || word.starts_with(['+', '%', '^']) {
        return false;
    }
    if is_first {
        let begins = word.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '.' | '_'));
        return begins && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./+".contains(&b)) && !OF_THEIR_OWN.contains(&word);
    }
    // `=` assigns, or in front of a word names a program; in an option it is one character of it
    word.starts_with('-') || !word.contains('=')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{brush, normal, sorted, tree};
    use super::*;
    use crate::script::Dialect;

    fn seen(text: &str) -> Option<Vec<String>> {
        commands(text).map(|commands| commands.iter().map(|command| command.replace(SEPARATOR, "·")).collect())
    }

    #[test]
    fn what_is_plain_and_what_is_not() {
        for (text, expected) in [
            ("git status", &["git·status"][..]),
            ("  git  status -s&&cargo test -p x 2>&1 | tail -20 ", &["git·status·-s", "cargo·test·-p·x", "tail·-20"]),
            ("git commit -m \"a; b && 'c'\" --date='now | x'", &["git·commit·-m·\"a; b && 'c'\"·--date='now | x'"]),
            ("make 2>/dev/null -k; ls", &["make·-k", "ls"]),
        ] {
            assert_eq!(seen(text).as_deref(), Some(&expected.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>()[..]), "{text}");
        }
        for text in [
            "", " ", "a &&", "&& a", "a &", "a ;; b", "a |& b", "a > b", "2>&1 a", "a 2>&1b", "a 2>&1|b", "A=1 b", "a \"$b\"", "a `b`",
            "a $b", "a \\b", "a 'b", "a\nb", "a\tb", "a # b", "if a", "a; done", "! a", "{ a; }", "[ a ]", "(a)", "a ~", "a *", "a !b",
            "a \"!b\"", "é", "a 'é'", "export a", "=ls", "a {b,c}", "a <b", "time a", "a 'b\nc'",
        ] {
            assert_eq!(seen(text), None, "{text}");
        }
    }

    /// Both parsers and the reader see what is seen here.
    fn agree(text: &str) -> Result<bool, String> {
        let Opinion::Commands(own) = opinion(text) else { return Ok(false) };
        let reading = crate::read::read(text, Dialect::Bash);
        if sorted(&reading.seen) != sorted(&own) {
            return Err(format!("the reader: {:?}", reading.seen));
        }
        if let Opinion::Commands(commands) = brush::opinion(text)
            && sorted(&commands) != sorted(&own)
        {
            return Err(format!("brush-parser: {commands:?}"));
        }
        match tree::opinion(text) {
            Opinion::Commands(commands) if sorted(&commands) != sorted(&own) => return Err(format!("tree-sitter-bash: {commands:?}")),
            Opinion::None if brush::opinion(text) == Opinion::None => return Err("no parser reads it".to_owned()),
            _ => {}
        }
        if own.iter().any(|command| normal(command) != *command && !command.contains(['(', '\n'])) {
            return Err("it has another normal form".to_owned());
        }
        Ok(true)
    }

    /// Over all commands that the other tests know.
    #[test]
    fn the_parsers_see_the_same_in_the_corpora() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
        let (mut all, mut plain) = (0, 0);
        for file in std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
        {
            for line in std::fs::read_to_string(&file).unwrap().lines() {
                let row: serde_json::Value = serde_json::from_str(line).unwrap();
                let Some(text) = row["command"].as_str() else { continue };
                all += 1;
                match agree(text) {
                    Ok(is_plain) => plain += usize::from(is_plain),
                    Err(who) => panic!("{text}: {who}"),
                }
            }
        }
        assert!(all > 900 && plain > 200, "{plain} of {all}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_parsers_see_the_same(
            tokens in proptest::collection::vec(
                proptest::sample::select(vec![
                    "a", "git", "-x", "--a=b", "a=b", "=a", "/bin/ls", "./x", "1", "2", "+x", "%1", "^a", "a,b", "a:b", "@x", "-", "--", "if", "then", "fi", "do",
                    "done", "for", "in", "case", "esac", "time", "coproc", "function", "test", "let", "eval", "exec", "export", "declare", "unset", "alias",
                    "select", "while", "until", "repeat", "noglob", "builtin", "command", "source", ".", ":", "'x'", "\"y\"", "'a b'", "\"a b\"", "'a;b|c&&d'",
                    "\"#\"", "'(a)'", "\"<(a)\"", "'\"'", "\"'\"", "''", "\"\"", "x'y'z", "\"a\"'b'", "2>&1", "2>/dev/null", ">/dev/null", "1>&2", ">", "<",
                    "&&", "||", "|", ";", "&", "|&", ";;", "(", ")", "{", "}", "[", "]", "[[", "]]", "!", "#", "$x", "`", "\\", "\n", "\t", "~", "*", "?",
                    "'", "\"", "é", "2", "10>/dev/null", "A", "_", "0", "a-b", "a..b", "//",
                ]),
                1..9,
            ),
            blanks in proptest::collection::vec(0..3_usize, 9),
        ) {
            let text: String = tokens.iter().zip(&blanks).map(|(token, blanks)| format!("{token}{}", " ".repeat(*blanks))).collect();
            if let Err(who) = agree(&text) {
                prop_assert!(false, "{text:?}: {who}");
            }
        }

        /// Of plain tokens alone, so that most texts are plain.
        #[test]
        fn the_parsers_see_the_same_in_plain_text(
            commands in proptest::collection::vec(r#"[a-z0-9_./:,@%+^-]{1,6}( [a-zA-Z0-9_./:,@%+^=-]{1,6}| "[ #%-Z^_a-~]{0,6}"| '[ #%&(-Z^_a-~]{0,6}'| 2>&1| >/dev/null){0,4}"#, 1..4),
            operators in proptest::collection::vec(proptest::sample::select(vec![" && ", " || ", "|", " | ", "; ", "&&", ";"]), 3),
        ) {
            let mut text = String::new();
            for (at, command) in commands.iter().enumerate() {
                if at > 0 {
                    text.push_str(operators[at - 1]);
                }
                text.push_str(command);
            }
            if let Err(who) = agree(&text) {
                prop_assert!(false, "{text:?}: {who}");
            }
        }
    }
}
