//! Files of many scripts: each begins with a line `# --- name: what it does`.

use std::path::{Path, PathBuf};

#[derive(Debug, Clone)]
pub struct Script {
    /// `category/name`
    pub name: String,
    pub text: String,
    /// What stands after `# expect `, in order: the key, and what is after the colon.
    pub expects: Vec<(String, String)>,
}

/// All scripts of a folder beside this file, those that `AEGIS_FLOW_ONLY` names a part of, or every so many of `AEGIS_FLOW_EVERY`.
pub fn scripts(folder: &str) -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flow").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().flatten().map(|e| e.path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "star"));
    files.sort();
    let mut all: Vec<Script> = files.iter().flat_map(|file| of_file(file)).collect();
    let mut names: Vec<&str> = all.iter().map(|s| s.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|w| w[0] == w[1]) {
        panic!("there are two scripts {}", twice[0]);
    }
    if let Some(only) = only() {
        all.retain(|s| s.name.contains(&only));
    }
    if let Some(every) = every() {
        all = all.into_iter().step_by(every).collect();
    }
    all
}

pub fn only() -> Option<String> {
    std::env::var("AEGIS_FLOW_ONLY").ok()
}

fn every() -> Option<usize> {
    std::env::var("AEGIS_FLOW_EVERY").ok().map(|text| text.parse().unwrap())
}

/// Whether these are all scripts there are.
pub fn is_whole() -> bool {
    only().is_none() && every().is_none()
}

fn of_file(file: &Path) -> Vec<Script> {
    let category = file.file_stem().unwrap().to_str().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    // what stands before the first script is about the file
    let parts = text.split("# --- ").skip(1);
    parts
        .map(|part| {
            let (title, body) = part.split_once('\n').unwrap();
            let (name, _what) = title.split_once(": ").unwrap_or_else(|| panic!("{category}: {title} says not what it does"));
            let expects = body.lines().filter_map(|line| line.strip_prefix("# expect ")).map(|line| {
                let (key, value) = line.split_once(':').unwrap_or((line, ""));
                (key.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned())
            });
            Script { name: format!("{category}/{name}"), expects: expects.collect(), text: body.to_owned() }
        })
        .collect()
}

/// An attack as it is run: the values it goes for before it, and something public after it, unless its last line is `# end`: what is public
/// fails after a branch, and there would be no run that ends well.
pub fn framed(attack: &str) -> String {
    let after = if attack.ends_with("# end\n") { "" } else { include_str!("epilogue.star") };
    [include_str!("prelude.star"), attack, after].concat()
}
