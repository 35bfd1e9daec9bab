//! How much is read, how deep, and how long it takes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::{Duration, Instant};

use aegis_shell::{Dialect, LimitError, MAX_TEXT, MAX_TIME, Script, UnknownCause, parse};

fn limit(script: &Script) -> Option<LimitError> {
    script.unknown.iter().find_map(|unknown| if let UnknownCause::Limit(limit) = unknown.cause { Some(limit) } else { None })
}

/// What opens something, and what closes it.
const NESTING: [(&str, &str, &str); 22] = [
    ("(", "a", ")"),
    ("( ", "a", " )"),
    ("{ ", "a;", " };"),
    ("$(", "a", ")"),
    ("$((", "1", "))"),
    ("((", "1", "))"),
    ("echo \"$(", "a", ")\""),
    ("echo \"${x:-", "a", "}\""),
    ("${x:-", "a", "}"),
    ("<(", "a", ")"),
    ("if a; then ", "b;", " fi;"),
    ("while a; do ", "b;", " done;"),
    ("for x in a; do ", "b;", " done;"),
    ("case a in a) ", "b", ";; esac"),
    ("f() { ", "a;", " };"),
    ("[[ ! ", "a", " ]]"),
    ("[[ ( ", "a", " ) ]]"),
    ("a[", "1", "]=x"),
    ("{a,", "b", "}"),
    ("`", "a", "`"),
    ("coproc ", "a", ""),
    ("x=(", "a", ")"),
];

#[test]
fn nothing_overflows_and_nothing_takes_long() {
    for (open, inside, close) in NESTING {
        for depth in [1, 5, 12, 20, 24, 50, 99, 150, 1_000, 5_000] {
            for closed in [true, false] {
                let text = format!("{}{inside}{}", open.repeat(depth), if closed { close.repeat(depth) } else { String::new() });
                let start = Instant::now();
                let script = parse(&text, Dialect::Bash);
                let took = start.elapsed();
                assert!(took < MAX_TIME + Duration::from_millis(500), "{depth} of {open:?}, {closed}: {took:?}");
                if depth > 400 && !matches!(open, "coproc " | "`") {
                    assert!(!script.unknown.is_empty(), "{depth} of {open:?}");
                }
            }
        }
    }
}

#[test]
fn past_a_bound_nothing_else_is_said() {
    assert_eq!(limit(&parse(&"a".repeat(MAX_TEXT + 1), Dialect::Bash)), Some(LimitError::Length));
    assert_eq!(limit(&parse(&"a\n".repeat(11_000), Dialect::Bash)), Some(LimitError::Nodes));
    assert_eq!(limit(&parse(&"a;".repeat(11_000), Dialect::Bash)), Some(LimitError::Nodes));
    assert_eq!(limit(&parse(&"{ ".repeat(101), Dialect::Bash)), Some(LimitError::Depth));
    assert_eq!(limit(&parse(&format!("{}a", "if ".repeat(101)), Dialect::Bash)), Some(LimitError::Depth));
    assert_eq!(limit(&parse("a\0", Dialect::Bash)), Some(LimitError::Nul));
    assert_eq!(limit(&parse("echo {1..100000}", Dialect::Bash)), Some(LimitError::Nodes));
    assert_eq!(limit(&parse("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", Dialect::Bash)), Some(LimitError::Nodes));
    assert!(matches!(parse("ls", Dialect::Other).unknown[0].cause, UnknownCause::Dialect(_)));
}

#[test]
fn a_long_here_document_is_one_thing() {
    let text = format!("cat > x <<'EOF'\n{}EOF\n", "some words of a file that is written\n".repeat(1_500));
    let script = parse(&text, Dialect::Bash);
    assert!(script.unknown.is_empty(), "{:?}", script.unknown);
}

/// Texts by which the other parsers crashed: a character far beyond the tables of the C library, a descriptor that is no number; and ends
/// of here-documents longer than what a scanner keeps of them.
#[test]
fn what_other_parsers_stumble_over() {
    let far = char::from_u32(0xd26d8).unwrap();
    for text in [
        format!("{far};for x in &#[[[[~((do  {{!!E\n-v  {{{{{far}$({{{{a,b}}esac eval "),
        format!("case x in {far}) a;; esac"),
        format!("echo ${{x:-{far}}} {far}{{a,b}} {far}"),
        "a 99999999999999999999> b".to_owned(),
        format!("cat <<{0}\nx\n{0}\na", "A".repeat(5_000)),
        format!("cat {}\n{}", "<<E ".repeat(400), "x\nE\n".repeat(400)),
        format!("cat <<'{}\n", "A".repeat(5_000)),
    ] {
        let script = parse(&text, Dialect::Bash);
        assert!(!script.commands.is_empty(), "{text:?}");
    }
    assert!(parse("echo 'h\u{e9}llo' \u{1f600}x | cat", Dialect::Bash).unknown.is_empty());
}
