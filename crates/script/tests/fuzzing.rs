//! The fuzz entries, replayed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use aegis_script::fuzzing;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_as_messages(bytes in prop::collection::vec(any::<u8>(), 0..200), length in 0u32..200) {
        fuzzing::wire(&bytes);
        let mut framed = length.to_le_bytes().to_vec();
        framed.extend(bytes);
        fuzzing::wire(&framed);
    }

    #[test]
    fn any_text_as_script(text in "([a-z]{1,2}|[(){}\\[\\].,:=+*-]|not |lambda |if |else|for |in |def |return |\\n|\\n  |\"|'|f\"|fs\\.read|1|#|load){0,120}") {
        fuzzing::source(text.as_bytes());
    }

    #[test]
    fn any_bytes_as_script(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        fuzzing::source(&bytes);
    }
}

#[test]
fn texts_that_broke_parsers() {
    let n = 30_000;
    for text in [
        "(".repeat(n),
        "[".repeat(n),
        "not ".repeat(n / 4),
        "x=".repeat(n / 2),
        "lambda x:".repeat(n / 9),
        "if x:\n".repeat(n / 6),
        "def f():\n ".repeat(n / 10),
        "f\"{".repeat(n / 3),
        "\"\"\"".to_owned(),
        "f'''{x".to_owned(),
        "\u{feff}x = 1".to_owned(),
        "x\0 = 1".to_owned(),
        "\t\tx = 1".to_owned(),
        "x = 0x".to_owned(),
        "load(".to_owned(),
        "load(\"//x\", a=\"b\")\nload(\"//x\", *a)".to_owned(),
        "a".repeat(n),
        "\\".repeat(n),
        "x = [\n#".repeat(1000),
        "type x".to_owned(),
        "x: ((((int)))) = 1".to_owned(),
        format!("def f(x: {}int{}): pass", "list[".repeat(190), "]".repeat(190)),
    ] {
        fuzzing::source(text.as_bytes());
    }
}
