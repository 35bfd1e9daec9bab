//! Where the journal of a policy root lies.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::digest::Sha256Digest;

/// What is kept for a policy root: `<state>/<name of the root>-<8 hex digits of the SHA-256 of its path>`.
#[must_use]
pub fn directory_of_root(state: &Path, root: &Path) -> PathBuf {
    let digest = Sha256Digest::of(root.as_os_str().as_bytes()).hex();
    let short = String::from_utf8_lossy(digest.get(..8).unwrap_or_default()).into_owned();
    let name = root.file_name().map_or_else(|| "root".to_owned(), |n| n.to_string_lossy().into_owned());
    state.join(format!("{name}-{short}"))
}
