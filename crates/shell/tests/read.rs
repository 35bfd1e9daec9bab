//! What is read: commands, redirects, directories, variables, and what is not known.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use aegis_shell::{Command, Dialect, Directory, Form, RedirectKind, Script, UnknownCause, Word, parse};
use proptest::prelude::*;

fn word(word: &Word) -> String {
    match word {
        Word::Known(text) => text.clone(),
        Word::Pipe => "/dev/fd/?".to_owned(),
        Word::Home(rest) => format!("~{rest}"),
        Word::Partly { prefix, suffix, .. } | Word::Pattern { prefix, suffix, .. } => format!("{prefix}?{suffix}"),
    }
}

fn words(command: &Command) -> String {
    command.words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Simple commands, in the order of the text.
fn commands(script: &Script) -> Vec<String> {
    script.commands.iter().filter(|c| c.form == Form::Simple && !c.words.is_empty()).map(words).collect()
}

#[test]
fn every_command_is_seen() {
    for (text, expected) in [
        ("a; b & c", &["a", "b", "c"][..]),
        ("a | b |& c", &["a", "b", "c"]),
        ("a && b || c", &["a", "b", "c"]),
        ("! a", &["a"]),
        ("time -p a b", &["a b"]),
        ("( a ); { b; }", &["a", "b"]),
        ("if a; then b; elif c; then d; else e; fi", &["a", "b", "c", "d", "e"]),
        ("while a; do b; done; until c; do d; done", &["a", "b", "c", "d"]),
        ("for x in $(a) b; do c; done", &["a", "c"]),
        ("for ((i=0; i<$(a); i++)); do b; done", &["a", "b"]),
        ("select x in a; do b; done", &["b"]),
        ("case $(a) in x|$(b)) c;; (y) d;& *) e;; esac", &["a", "b", "c", "d", "e"]),
        ("f() { a; }; function g { b; }; function h() ( c )", &["a", "b", "c"]),
        ("coproc a b", &["a b"]),
        ("coproc N { a; }", &["a"]),
        ("a $(b) `c` \"$(d)\" <(e) >(f) ${x:-$(g)} $(( $(h) ))", &["b", "c", "d", "e", "f", "g", "h", "a ? ? ? /dev/fd/? /dev/fd/? ? ?"]),
        ("A=$(a) B=(x $(b)) C[$(c)]=1 d", &["a", "b", "c", "d"]),
        ("[[ $(a) == b && -n $(c) ]]", &["a", "c"]),
        ("(( $(a) ))", &["a"]),
        ("a <<X; b\n$(c)\nX\nd", &["a", "b", "c", "d"]),
        ("a <<'X'\n$(c)\nX\nd", &["a", "d"]),
        ("a <<X <<Y\n1\nX\n$(b)\nY\nc", &["a", "b", "c"]),
        ("a <<< $(b)", &["b", "a"]),
        ("a > $(b) 2>&1 < <(c)", &["b", "c", "a"]),
        ("a # b\nc", &["a", "c"]),
        ("a#b '#' \\# c", &["a#b # # c"]),
        ("a \\\n  b", &["a b"]),
        ("2>&1 a >x b", &["a b"]),
        ("{a,b} c{1..3}", &["a b c1 c2 c3"]),
        ("echo ~/x ~ '~'", &["echo ~/x ~ ~"]),
    ] {
        let script = parse(text, Dialect::Bash);
        assert_eq!(commands(&script), expected, "{text:?}");
    }
}

#[test]
fn redirects() {
    use RedirectKind::{Read, ReadWrite, Write};
    for (text, expected) in [
        ("a > x", &[(Write, "x")][..]),
        ("a >> x 2> y", &[(Write, "x"), (Write, "y")]),
        ("a >| x", &[(Write, "x")]),
        ("a &> x", &[(Write, "x")]),
        ("a &>> x", &[(Write, "x")]),
        ("a >& x", &[(Write, "x")]),
        ("a >&x", &[(Write, "x")]),
        ("a 2>&1 >&2 <&3 3>&- 4<&5-", &[]),
        ("a <> x", &[(ReadWrite, "x")]),
        ("a {fd}> x {fd}>&-", &[(Write, "x")]),
        ("a < 'x y'", &[(Read, "x y")]),
        ("> x", &[(Write, "x")]),
        ("{ a; } > x", &[(Write, "x")]),
        ("while a; do b; done < x", &[(Read, "x")]),
        ("f() { a; } > x", &[(Write, "x")]),
        ("[[ a ]] > x", &[(Write, "x")]),
        ("a > x$y", &[(Write, "x?")]),
        ("a > ~/x", &[(Write, "~/x")]),
    ] {
        let script = parse(text, Dialect::Bash);
        let seen: Vec<(RedirectKind, String)> =
            script.commands.iter().flat_map(|c| &c.redirects).map(|r| (r.kind, word(&r.target))).collect();
        let expected: Vec<(RedirectKind, String)> = expected.iter().map(|(kind, target)| (*kind, (*target).to_owned())).collect();
        assert_eq!(seen, expected, "{text:?}");
    }
}

/// Where the last command runs: `.` is where the text starts, `?` is not known.
#[test]
fn directories() {
    for (text, expected) in [
        ("x", ". "),
        ("cd a && x", "a "),
        ("cd a; x", ". a "),
        ("cd a || x", ". a "),
        ("cd /a && cd b && x", "/a/b "),
        ("(cd a && b); x", ". "),
        ("cd a | b; x", ". "),
        ("$(cd a) x", ". "),
        ("{ cd a; } && x", ". a "),
        ("if cd a; then b; fi; x", ". a "),
        ("cd ~/a && x", "~/a "),
        ("cd && x", "~ "),
        ("cd - && x", "? "),
        ("cd \"$a\" && x", "? "),
        ("pushd a; x", "? "),
        ("source a; x", "? "),
        ("$a; x", "? "),
        ("eval 'cd a'; x", "? "),
        ("eval 'ls'; x", ". "),
        ("while a; do cd b; done; x", "? "),
        ("for i in a; do b; done; x", ". "),
        ("f() { cd a; }; x", "? "),
        ("command cd a && x", "a "),
        ("cd -P .. && x", "? "),
        ("cd -- a && x", "a "),
        ("cd a b && x", "? "),
    ] {
        let script = parse(text, Dialect::Bash);
        let last = script.commands.iter().rfind(|c| words(c).ends_with('x')).unwrap();
        let shown = |d: &Directory| match d {
            Directory::From(path) if path.as_os_str().is_empty() => ". ".to_owned(),
            Directory::From(path) => format!("{} ", path.display()),
            Directory::Home(rest) => format!("~{rest} "),
            Directory::Unknown => "? ".to_owned(),
        };
        assert_eq!(last.directories.iter().map(shown).collect::<String>(), expected, "{text:?}");
    }
}

#[test]
fn what_is_unknown() {
    for (dialect, text, unknown) in [
        (Dialect::Bash, "ls -la # x", false),
        (Dialect::Bash, "ls )", true),
        (Dialect::Bash, "ls \"", true),
        (Dialect::Bash, "if ls", true),
        (Dialect::Bash, "echo ${x@P}", true),
        (Dialect::Bash, "read x; (( x ))", true),
        (Dialect::Bash, "x=1; (( x ))", false),
        (Dialect::Bash, "(( x++ ))", false),
        (Dialect::Bash, "echo ${!x}", false),
        (Dialect::Bash, "read x; echo ${!x}", true),
        (Dialect::Bash, "read \"$x\"", true),
        (Dialect::Bash, "alias ls=rm", true),
        (Dialect::Bash, "cd() { :; }", true),
        (Dialect::Bash, "shopt -s extglob", true),
        (Dialect::Bash, "ls <<X", true),
        (Dialect::Bash, "ls\r\n", true),
        (Dialect::Sh, "ls -la", false),
        (Dialect::Sh, "[[ a ]]", true),
        (Dialect::Sh, "ls &> x", true),
        (Dialect::Sh, "ls {a,b}", true),
        (Dialect::Sh, "ls <(a)", true),
        (Dialect::Sh, "echo $'a'", true),
        (Dialect::Sh, "cat <<< a", true),
        (Dialect::Zsh, "ls -la", false),
        (Dialect::Zsh, "=ls", true),
        (Dialect::Zsh, "ls >! x", true),
        (Dialect::Zsh, "ls &!", true),
        (Dialect::Zsh, "ls *(.)", true),
        (Dialect::Zsh, "repeat 3 ls", true),
        (Dialect::Zsh, "for x (a b) ls", true),
        (Dialect::Zsh, "if [[ a ]] { ls }", true),
        (Dialect::Other, "ls", true),
    ] {
        let script = parse(text, dialect);
        assert_eq!(!script.unknown.is_empty(), unknown, "{dialect:?} {text:?}: {:?}", script.unknown);
    }
}

fn text() -> impl Strategy<Value = String> {
    let pieces = [
        "a",
        "rm",
        " ",
        "\n",
        ";",
        "&&",
        "||",
        "|",
        "(",
        ")",
        "((",
        "))",
        "{",
        "}",
        "[[",
        "]]",
        "$(",
        "`",
        "\"",
        "'",
        "$x",
        "${",
        "<",
        ">",
        "<<E\n",
        "E\n",
        "<<<",
        "if ",
        "then ",
        "fi ",
        "for x in ",
        "do ",
        "done ",
        "case x in ",
        "esac ",
        "#",
        "\\",
        "\\\n",
        "=",
        "x=",
        "[",
        "]",
        "$'",
        "*",
        "~",
        "!",
        "&",
        "f()",
        "é",
        "\u{0}",
        "\r",
        "{a,b}",
        "2>&1",
        ";;",
        "@P}",
        "eval ",
        "cd ",
        "-v ",
        "$((",
    ];
    prop::collection::vec(
        prop_oneof![8 => prop::sample::select(pieces.to_vec()).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)],
        0..40,
    )
    .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn reading_never_panics(text in text()) {
        for dialect in [Dialect::Bash, Dialect::Sh, Dialect::Zsh] {
            let script = parse(&text, dialect);
            prop_assert!(script.commands.iter().all(|c| c.span.end <= text.len()));
            prop_assert!(script.unknown.iter().all(|u| u.span.end <= text.len()));
        }
    }

    /// What was seen of a text is seen of it with more behind it, or the text is past a bound.
    #[test]
    fn more_text_hides_nothing(front in "[a-z]{1,4}( [a-z-]{1,4}){0,2}", tail in text()) {
        let script = parse(&format!("{front}\n{tail}"), Dialect::Bash);
        let limited = script.unknown.iter().any(|u| matches!(u.cause, UnknownCause::Limit(_)));
        let keyword = |word: &str| matches!(word, "if" | "for" | "do" | "fi" | "done" | "case" | "esac" | "then" | "else" | "elif" | "while" | "until" | "time" | "in");
        prop_assume!(!front.split(' ').any(keyword));
        prop_assert!(limited || commands(&script).first() == Some(&front) || script.commands.iter().any(|c| words(c) == front));
    }
}
