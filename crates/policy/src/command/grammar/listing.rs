//! The list of grammars in the documentation is made from the grammars.

use super::line::VALUES;
use super::{all_names, grammar_of};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/command-grammars.md");
const BEGIN: &str = "<!-- made from policies/commands by `AEGIS_BLESS=1 cargo test -p aegis-policy listing` -->\n";
const END: &str = "<!-- end -->\n";

fn table() -> String {
    let mut out = String::from("| file | names | options | subcommands |\n|---|---|---|---|\n");
    for (file, names) in all_names() {
        let (_, grammar) = grammar_of(names[0]).unwrap();
        let options: usize = grammar.levels().map(|(_, level)| level.options().len()).sum();
        let subs: Vec<String> = grammar.levels().filter(|(path, _)| !path.is_empty()).map(|(path, _)| path.join(" ")).collect();
        let subs = if subs.len() > 40 { format!("{} of them", subs.len()) } else { subs.join(", ") };
        out.push_str(&format!("| `{file}.toml` | {} | {options} | {subs} |\n", names.join(", ")));
    }
    out
}

#[test]
fn the_document_lists_what_there_is() {
    let text = std::fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (listed, after) = rest.split_once(END).unwrap();
    if std::env::var_os("AEGIS_BLESS").is_some() {
        std::fs::write(DOCUMENT, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
    } else {
        assert_eq!(listed, table());
    }
}

#[test]
fn the_document_names_every_role() {
    let text = std::fs::read_to_string(DOCUMENT).unwrap();
    for (name, _) in VALUES {
        assert!(text.contains(&format!("| `{name}` |")), "{name}");
    }
}
