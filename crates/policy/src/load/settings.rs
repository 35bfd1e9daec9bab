//! The merged values as settings, with paths made absolute.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::finder::Finder;
use crate::load_error::{LoadCode, LoadError, quoted};
use crate::merged::{ChildNetwork, Confine, Durability, Limits, SessionLimits, Settings, Unlisted};
use crate::schema::keys::Set;
use crate::schema::{Origin, Stated, Value};

/// Builds the settings of the own file (`origin`) from the merged values.
pub(super) fn settings(values: &BTreeMap<&'static str, Stated>, origin: &Origin, finder: &Finder) -> Result<Settings, LoadError> {
    let mut settings = Settings {
        name: None,
        description: None,
        root: root(values, origin, finder)?,
        limits: Limits::default(),
        mcp: SessionLimits::default(),
        confine: Confine::Auto,
        child_network: ChildNetwork::Deny,
        audit_path: None,
        audit_key: None,
        durability: Durability::Os,
        unlisted: Unlisted::Ask,
        padded_timing: false,
        reveal_denied: false,
    };
    for stated in values.values() {
        match (stated.key.set, &stated.value) {
            (Set::Text(set), Value::Text(text)) => set(&mut settings, text),
            (Set::Number(set), Value::Number(number)) => set(&mut settings, *number),
            (Set::Path(set), Value::Text(text)) => set(&mut settings, absolute(text, stated, finder)?),
            (_, Value::Calls(calls)) => settings.limits.max_calls.clone_from(calls),
            _ => {}
        }
    }
    Ok(settings)
}

/// `~/`, absolute, or relative to the file that states it; never to the working directory of the process.
fn absolute(path: &str, stated: &Stated, finder: &Finder) -> Result<PathBuf, LoadError> {
    let error = |message: &str| {
        stated.origin.error(LoadCode::BadValue, stated.at, format!("{}: {message}", stated.key.place)).in_key(stated.key.place)
    };
    if let Some(path) = finder.below_home(path) {
        return path.map_err(error);
    }
    if stated.origin.preset && !Path::new(path).is_absolute() {
        return Err(error("a path in a preset must be absolute or begin with ~/"));
    }
    Ok(stated.origin.base.join(path))
}

/// What relative paths start from: the file's own directory, or what its `root` says.
pub(super) fn root(values: &BTreeMap<&'static str, Stated>, origin: &Origin, finder: &Finder) -> Result<PathBuf, LoadError> {
    let Some(stated) = values.get("root") else {
        // the user's own policy holds for whatever project a request comes from
        return Ok(finder.start.as_deref().map_or_else(|| origin.base.to_path_buf(), git_root));
    };
    let path = match stated.value.text() {
        Some(".") => return Ok(origin.base.to_path_buf()),
        Some("git") => git_root(finder.start.as_deref().unwrap_or(&origin.base)),
        Some(path) => absolute(path, stated, finder)?,
        None => origin.base.to_path_buf(),
    };
    let error = |why: &str| {
        let message = format!("root {} {why}", quoted(&path.to_string_lossy()));
        stated.origin.error(LoadCode::BadValue, stated.at, message).in_key("root")
    };
    // An uncanonical root would make deny patterns miss.
    match fs::canonicalize(&path) {
        Ok(path) if path.is_dir() => Ok(path),
        Ok(_) => Err(error("is not a directory")),
        Err(_) => Err(error("cannot be resolved")),
    }
}

/// The nearest directory upward that has a `.git`; the start itself without one.
fn git_root(start: &Path) -> PathBuf {
    start.ancestors().find(|directory| fs::symlink_metadata(directory.join(".git")).is_ok()).unwrap_or(start).to_path_buf()
}
