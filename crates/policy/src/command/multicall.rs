//! Binaries that are many commands, told apart by argv[0] or by their first word.

use std::sync::OnceLock;

use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Multicall {
    /// By the name they are started as.
    by_name: Vec<String>,
    /// Also by their first word.
    by_first_word: Vec<String>,
}

fn table() -> &'static Multicall {
    static TABLE: OnceLock<Multicall> = OnceLock::new();
    TABLE.get_or_init(|| toml::from_str(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/policies/multicall.toml"))).unwrap_or_default())
}

/// Whether a file of that name is many commands, so that only file and argv[0] together say which.
pub(super) fn is_multicall(file_name: &str) -> bool {
    let table = table();
    table.by_name.iter().chain(&table.by_first_word).any(|n| n == file_name)
}

/// Whether the first word of that command is the command it runs.
pub(super) fn takes_applet(name: &str) -> bool {
    table().by_first_word.iter().any(|n| n == name)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_loads() {
        assert!(super::is_multicall("rustup"));
        assert!(super::takes_applet("busybox"));
        assert!(!super::is_multicall("git"));
    }
}
