//! Which policy holds in a directory: the project's, the user's, or the built-in one.

use std::path::{Path, PathBuf};

use super::{Finder, find_project_policy};
use crate::decide::Surroundings;
use crate::load_error::LoadError;
use crate::policy::{Policy, ProjectPolicy};
use crate::trust::TrustStore;

/// Where a policy is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// The directory that one is in.
    pub from: &'a Path,
    /// The home directory, if it is known: the search for a project ends there.
    pub home: Option<&'a Path>,
    /// The user's own policy, if there is one.
    pub user: Option<&'a Path>,
    /// The directory of the trust store, if it is known.
    pub trust: Option<&'a Path>,
}

/// A policy, and how it came to hold.
#[derive(Debug)]
pub struct Chosen {
    /// It is ready to judge.
    pub policy: Policy,
    /// Why it is this one.
    pub how: Held,
}

/// Why a policy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// The project's, which is trusted as it is.
    Project,
    /// The user's own; there is none of a project.
    User,
    /// The built-in one; there is no other.
    BuiltIn,
    /// The user's own, or with `built_in` that, made stricter by this project's, which is not trusted.
    Tightened {
        /// The project's.
        project: PathBuf,
        /// Whether there is no policy of the user.
        built_in: bool,
    },
}

impl Policy {
    /// Chooses and loads the policy of a directory. A project's counts in full if it is trusted as it is; else it can only tighten.
    ///
    /// # Errors
    /// As [`Policy::load`]: a policy that is broken is never passed over.
    pub fn choose(choice: Choice<'_>, finder: &Finder, around: &Surroundings) -> Result<Chosen, LoadError> {
        // without a known home directory the search ends at the root
        let project = find_project_policy(choice.from, choice.home.unwrap_or(Path::new("/")));
        let user = || choice.user.map(|path| Policy::load(path, &finder.clone().starting_at(choice.from), around)).transpose();
        let Some(path) = project else {
            return Ok(match user()? {
                Some(policy) => Chosen { policy, how: Held::User },
                None => Chosen { policy: Policy::built_in(choice.from, finder, around)?, how: Held::BuiltIn },
            });
        };
        let is_trusted = |path: &Path, hash: &str| {
            let store = choice.trust.filter(|dir| dir.is_dir()).and_then(|dir| TrustStore::open(dir).ok());
            store.is_some_and(|store| store.is_trusted(path, hash).unwrap_or(false))
        };
        match Policy::for_project(&path, finder, around, is_trusted)? {
            ProjectPolicy::Trusted(policy) => Ok(Chosen { policy: *policy, how: Held::Project }),
            ProjectPolicy::Untrusted(project) => {
                let (base, built_in) = match user()? {
                    Some(policy) => (policy, false),
                    None => (Policy::built_in(project.root(), finder, around)?, true),
                };
                Ok(Chosen { policy: base.tightened_by(project, finder, around)?, how: Held::Tightened { project: path, built_in } })
            }
        }
    }
}
