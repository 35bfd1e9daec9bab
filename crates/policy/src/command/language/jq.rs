//! jq filters: they run nothing and write nothing, but can show the environment and load modules.

/// Whether a filter uses something beside its input: `env`, `$ENV`, `import`, `include`. A string that only mentions them counts too.
pub(in crate::command) fn reaches_out(filter: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    ["env", "ENV", "import", "include"].iter().any(|word| {
        filter.match_indices(word).any(|(at, _)| {
            let before = filter.get(..at).unwrap_or("");
            let after = filter.get(at + word.len()..).unwrap_or("");
            // `.env` is a key, `..env` is not
            let is_key = before.ends_with('.') && !before.ends_with("..");
            !is_key && !before.ends_with(is_name) && !after.starts_with(is_name)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::reaches_out;

    #[test]
    fn the_environment_and_modules() {
        for filter in ["env", "env.HOME", "$ENV.HOME", ".a|env|.b", "$ENV", "import \"a\" as a; 1", "include \"a\"; 1", "[env]", "..|env"] {
            assert!(reaches_out(filter), "{filter}");
        }
        for filter in [".", ".env", ".a.env", ".environment", "keys[]", "select(.Action==\"fail\") | .Test", "my_env", ".included"] {
            assert!(!reaches_out(filter), "{filter}");
        }
    }
}
