//! The documentation says what the code says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use aegis_policy::{Finder, Policy, Surroundings};

#[path = "../../../docs/tests/generated.rs"]
mod generated;

#[test]
fn keys() {
    generated::check("docs/03-policy-file.md", "keys", &aegis_policy::key_reference());
}

/// Every crate that a `Cargo.toml` names has a line in `docs/dependencies.md`, and only crates of the workspace have one.
#[test]
fn dependencies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let names = |manifest: &Path, sections: &[&str]| -> BTreeSet<String> {
        let manifest: toml::Table = toml::from_str(&fs::read_to_string(manifest).unwrap()).unwrap();
        let tables = sections.iter().filter_map(|section| manifest.get(*section)?.as_table());
        tables.flat_map(toml::Table::keys).filter(|name| !name.starts_with("aegis-")).cloned().collect()
    };
    let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
    let mut named = names(&root.join("fuzz/Cargo.toml"), &sections);
    for member in fs::read_dir(root.join("crates")).unwrap() {
        named.append(&mut names(&member.unwrap().path().join("Cargo.toml"), &sections));
    }
    let workspace: toml::Table = toml::from_str(&fs::read_to_string(root.join("Cargo.toml")).unwrap()).unwrap();
    let shared: BTreeSet<String> = workspace["workspace"]["dependencies"].as_table().unwrap().keys().cloned().collect();

    let text = fs::read_to_string(root.join("docs/dependencies.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name.to_owned()));
    let rows: BTreeSet<String> = rows.collect();
    let missing: Vec<_> = named.difference(&rows).collect();
    assert!(missing.is_empty(), "docs/dependencies.md has no line for {missing:?}");
    let gone: Vec<_> = rows.iter().filter(|row| !named.contains(*row) && !shared.contains(*row)).collect();
    assert!(gone.is_empty(), "docs/dependencies.md has a line for {gone:?}, which no Cargo.toml names");
}

/// Every policy that a document shows loads, on top of `secure-defaults` where it names nothing to inherit.
#[test]
fn examples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("team.toml"), "version = 1\n").unwrap();
    let base = directory.path().canonicalize().unwrap();
    let finder = Finder::of_this_user().with_home(Path::new("/home/u"));
    for document in ["README.md", "docs/02-quickstart.md", "docs/03-policy-file.md", "docs/performance.md"] {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let blocks: Vec<&str> = text.split("```toml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
        assert!(!blocks.is_empty(), "{document} shows no policy");
        for block in blocks {
            let inherits = if block.contains("inherits =") { "" } else { "inherits = \"secure-defaults\"\n" };
            let policy = Policy::from_text("aegis.toml", &format!("{inherits}{block}"), &base, &finder, &Surroundings::default());
            let policy = policy.unwrap_or_else(|e| panic!("{document}: {e}\n{block}"));
            policy.run_tests().unwrap_or_else(|failures| panic!("{document}: {failures:?}\n{block}"));
        }
    }
}
