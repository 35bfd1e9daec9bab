//! Entry points for fuzzing; no part of the interface.

use std::path::Path;

use crate::load::{Finder, load_text};

/// Loads bytes as a policy file: must neither panic nor hang, whatever they are.
#[doc(hidden)]
pub fn policy_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let finder = Finder::of_this_user().with_home(Path::new("/nonexistent"));
    if let Err(error) = load_text("fuzz.toml", text, Path::new("/"), &finder) {
        let shown = error.to_string();
        debug_assert!(!shown.contains(char::is_control), "{shown:?}");
        drop(error.without_text().to_string());
    }
    drop(crate::migrate(text));
}
