//! Files and presets to one merged set of entries.
//!
//! | module | what it holds |
//! |---|---|
//! | `finder` | what loading needs to know about the machine and the user |
//! | `home` | the home directory |
//! | `discover` | the policy of the project that one is in |
//! | `source` | a policy file's bytes, from an open file that was checked |
//! | `gather` | a file and all it inherits, each read once; the trust hash |
//! | `merge` | a file over what it inherits |
//! | `settings` | the merged values as settings |
//! | `refuse` | what a merged policy is refused for |
//! | `sinks` | what the lists open at all, by name |
//! | `untrusted` | what a policy may not say before it is trusted |

mod choose;
mod discover;
mod finder;
mod gather;
mod home;
mod merge;
mod refuse;
mod settings;
mod sinks;
mod source;
mod untrusted;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use choose::{Choice, Chosen, Held};
pub use discover::find_project_policy;
pub use finder::Finder;
pub use home::home_dir;

use crate::load_error::LoadError;
use crate::merged::Merged;
use gather::{Gathered, Gatherer};

/// Loads a policy file in full, with all it inherits.
pub(crate) fn load_file(path: &Path, finder: &Finder) -> Result<Merged, LoadError> {
    finish(Gatherer::new(finder).file(path)?, finder)
}

/// Loads a policy from a text; relative patterns and files start from `base`, which must be canonical.
pub(crate) fn load_text(name: &str, text: &str, base: &Path, finder: &Finder) -> Result<Merged, LoadError> {
    finish(Gatherer::new(finder).text(name, text, base)?, finder)
}

/// Loads a preset by itself, with its tests.
pub(crate) fn load_preset(name: &str, finder: &Finder) -> Result<Merged, LoadError> {
    finish(Gatherer::new(finder).preset(name)?, finder)
}

/// A project's policy and whether it counts in full.
#[derive(Debug)]
pub(crate) struct Project {
    pub merged: Merged,
    /// Otherwise it may only tighten another policy, and says nothing by which it could do more.
    pub trusted: bool,
}

/// Loads a project's policy that may or may not be trusted. `is_trusted` is asked once, with the canonical path and the hash of
/// the very bytes that are used.
///
/// Errors of a file that is not trusted show position and key, never its text: it could be a link to a file that whoever put
/// it there may not read.
pub(crate) fn load_project(path: &Path, finder: &Finder, is_trusted: impl FnOnce(&Path, &str) -> bool) -> Result<Project, LoadError> {
    let gathered = Gatherer::new(finder).file(path).map_err(LoadError::without_text)?;
    let place = gathered.0.first().and_then(|own| own.source.path.clone());
    let trusted = place.is_some_and(|place| is_trusted(&place, &gathered.trust_hash()));
    if trusted {
        return finish(gathered, finder).map(|merged| Project { merged, trusted });
    }
    untrusted::check_untrusted(&gathered)?;
    let own = gathered.0.first().map(|own| (own.document.origin.clone(), own.document.settings.get("root").map(|root| root.at)));
    let merged = finish(gathered, finder).map_err(LoadError::without_text)?;
    match own {
        Some((origin, Some(at))) if !merged.settings.root.starts_with(&origin.base) => {
            Err(untrusted::refuse(&origin, at, "root above or beside its own directory"))
        }
        _ => Ok(Project { merged, trusted }),
    }
}

fn finish(mut gathered: Gathered, finder: &Finder) -> Result<Merged, LoadError> {
    let mut layer = merge::merge(&mut gathered)?;
    let Some(own) = gathered.0.first() else {
        // Gathering ends with the own file or with an error.
        return Err(LoadError::new(crate::LoadCode::Io, &"policy".into(), "nothing was read"));
    };
    let mut merged = Merged {
        lists: std::mem::take(&mut layer.lists),
        settings: settings::settings(&layer.settings, &own.document.origin, finder)?,
        files: gathered.0.iter().map(|node| node.source.clone()).collect(),
        weakened: std::mem::take(&mut layer.weakened),
        notes: std::mem::take(&mut layer.notes),
        native: std::mem::take(&mut layer.native),
        trust_hash: gathered.trust_hash(),
    };
    refuse::contradictions(&layer, &mut merged)?;
    Ok(merged)
}
