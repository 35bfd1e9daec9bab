//! The table of checks that can be switched off, each by changing a few lines of the product's text: `mutations.toml`. What it is for is
//! shown by `cargo run -p aegis --example flow_mutations`, which reads this file too.

use std::path::{Path, PathBuf};

/// One row: a check that is off.
pub struct Mutation {
    pub name: String,
    /// What is off then.
    pub off: String,
    pub edits: Vec<Edit>,
    /// The tests of this target that have to fail; where none is named, the attacks.
    pub tests: Vec<String>,
    /// What holds nevertheless, where nothing has to fail.
    pub held_by: Option<String>,
}

/// A text that stands once in a file, and what takes its place.
#[derive(Clone)]
pub struct Edit {
    pub file: String,
    pub find: String,
    pub replace: String,
}

/// All rows, or what is wrong with the table.
pub fn mutations() -> Result<Vec<Mutation>, String> {
    let table: toml::Table = include_str!("mutations.toml").parse().map_err(|error| format!("mutations.toml: {error}"))?;
    let mut all: Vec<Mutation> = Vec::new();
    for row in table.get("mutation").and_then(toml::Value::as_array).into_iter().flatten() {
        let text = |key: &str| row.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        let texts = |key: &str| -> Vec<String> {
            let list = row.get(key).and_then(toml::Value::as_array).into_iter().flatten();
            list.filter_map(toml::Value::as_str).map(str::to_owned).collect()
        };
        let name = text("name").ok_or("a row without a name")?;
        let needed = |key: &str| text(key).ok_or_else(|| format!("{name}: no `{key}`"));
        let mut edits = Vec::new();
        for other in texts("all_of") {
            let row = all.iter().find(|row| row.name == other).ok_or_else(|| format!("{name}: no row {other} before it"))?;
            edits.extend(row.edits.iter().cloned());
        }
        if edits.is_empty() {
            edits.push(Edit { file: needed("file")?, find: needed("find")?, replace: needed("replace")? });
        }
        let off = needed("off")?;
        all.push(Mutation { name, off, edits, tests: texts("tests"), held_by: text("held_by") });
    }
    Ok(all)
}

/// The repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[cfg(test)]
mod tests {
    use super::{mutations, repository};

    /// A row that fits nothing any more would seem to be caught, or would not be tried at all.
    #[test]
    fn every_mutation_fits_the_text_it_changes() {
        let all = mutations().unwrap();
        let mut wrong = Vec::new();
        for (at, row) in all.iter().enumerate() {
            if all[..at].iter().any(|before| before.name == row.name) {
                wrong.push(format!("{}: two rows of that name", row.name));
            }
            if row.off.is_empty() || (row.held_by.is_some() && !row.tests.is_empty()) {
                wrong.push(format!("{}: it says not what is off, or both that it is held and which tests fail", row.name));
            }
            for edit in &row.edits {
                let text = std::fs::read_to_string(repository().join(&edit.file)).unwrap_or_default();
                match text.matches(&edit.find).count() {
                    1 => {}
                    count => wrong.push(format!("{}: {count} times in {}: {}", row.name, edit.file, edit.find)),
                }
                if edit.find == edit.replace {
                    wrong.push(format!("{}: changes nothing", row.name));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(all.len() >= 35, "{} rows", all.len());
    }
}
