//! The operator's environment, read once at start.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Variables and values as they were when Aegis started. Nothing reads the process's own environment afterwards.
#[derive(Clone, Default)]
pub struct Environment {
    vars: BTreeMap<String, OsString>,
}

impl Environment {
    /// Keeps these variables; a name that is not UTF-8 cannot be asked for and is left out.
    #[must_use]
    pub fn new(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Environment {
        Environment { vars: vars.into_iter().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect() }
    }

    /// The value of one variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OsString> {
        self.vars.get(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.vars.keys().map(String::as_str)
    }
}
