//! Embeds `policies/presets/*.toml` and `policies/starters/*.toml` as two tables of name and text.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let policies = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("policies");
    let mut code = String::new();
    for (table, folder) in [("PRESETS", "presets"), ("STARTERS", "starters")] {
        let folder = policies.join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        writeln!(code, "static {table}: &[(&str, &str)] = &[")?;
        for (name, path) in toml_files(&folder)? {
            println!("cargo::rerun-if-changed={path}");
            writeln!(code, "    ({name:?}, include_str!({path:?})),")?;
        }
        writeln!(code, "];")?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("embedded.rs"), code)?;
    Ok(())
}

/// Names without extension, with paths, in the order of names; a folder that is not there has none.
fn toml_files(folder: &Path) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_data_of_a_test = path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.ends_with(".cases.toml"));
        if path.extension().is_some_and(|e| e == "toml") && !is_data_of_a_test {
            let name = path.file_stem().and_then(|s| s.to_str()).ok_or("a preset's name is not UTF-8")?;
            // `x.cases.toml` and the like lie beside a preset but are none.
            if name.contains('.') {
                continue;
            }
            files.push((name.to_owned(), path.to_str().ok_or("the path of the sources is not UTF-8")?.to_owned()));
        }
    }
    files.sort();
    Ok(files)
}
