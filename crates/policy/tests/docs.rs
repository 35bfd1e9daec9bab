//! The documentation says what the code says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[path = "../../../docs/tests/generated.rs"]
mod generated;

#[test]
fn keys() {
    generated::check("docs/03-policy-file.md", "keys", &aegis_policy::key_reference());
}

/// Every crate that a `Cargo.toml` names has a line in `docs/dependencies.md`, and nothing else has one.
#[test]
fn dependencies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut manifests = vec![root.join("fuzz/Cargo.toml")];
    manifests.extend(fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path().join("Cargo.toml")));
    let mut named = BTreeSet::new();
    for manifest in manifests {
        let manifest: toml::Table = toml::from_str(&fs::read_to_string(manifest).unwrap()).unwrap();
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let names = manifest.get(section).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys);
            named.extend(names.filter(|name| !name.starts_with("aegis-")).cloned());
        }
    }
    let text = fs::read_to_string(root.join("docs/dependencies.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name.to_owned()));
    assert_eq!(rows.collect::<BTreeSet<_>>(), named, "docs/dependencies.md on the left, the Cargo.toml files on the right");
}
