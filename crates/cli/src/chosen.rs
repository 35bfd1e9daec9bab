//! Which policy holds: the one that was named, the project's, the user's, or the built-in one.

use std::path::{Path, PathBuf};

use aegis_policy::{LoadError, Policy, ProjectPolicy, Surroundings, TrustStore, find_project_policy};

use crate::home::Start;

/// A policy, and what the user should know of how it came to hold.
pub(crate) struct Chosen {
    pub(crate) policy: Policy,
    /// Lines for stderr.
    pub(crate) banner: Vec<String>,
}

/// Chooses and loads the policy. A named one counts in full: whoever names it is the operator.
pub(crate) fn choose(named: Option<&Path>, start: &Start, around: &Surroundings) -> Result<Chosen, String> {
    load(named, start, around).map_err(|error| start.load_failure(&error))
}

fn load(named: Option<&Path>, start: &Start, around: &Surroundings) -> Result<Chosen, LoadError> {
    let finder = start.finder();
    if let Some(path) = named {
        return Ok(in_full(Policy::load(&start.cwd.join(path), &finder, around)?));
    }
    let found = start.home.as_deref().and_then(|home| find_project_policy(&start.cwd, home)).or_else(|| {
        // without a known home directory the search ends at the root
        start.home.is_none().then(|| find_project_policy(&start.cwd, Path::new("/"))).flatten()
    });
    let user = || match start.user_policy() {
        Some(path) => Policy::load(&path, &finder.clone().starting_at(&start.cwd), around).map(Some),
        None => Ok(None),
    };
    let Some(path) = found else {
        return Ok(match user()? {
            Some(policy) => in_full(policy),
            None => Chosen {
                policy: Policy::built_in(&start.cwd, &finder, around)?,
                banner: vec![
                    "no aegis.toml here: the built-in policy holds, which grants nothing".to_owned(),
                    "to grant: aegis init --lang python|node|ruby|rust|go".to_owned(),
                ],
            },
        });
    };
    let trusted = |path: &Path, hash: &str| {
        start
            .trust_dir()
            .ok()
            .filter(|d| d.is_dir())
            .and_then(|dir| TrustStore::open(&dir).ok())
            .is_some_and(|store| store.is_trusted(path, hash).unwrap_or(false))
    };
    match Policy::for_project(&path, &finder, around, trusted)? {
        // what it weakens was shown to whoever trusted it, and stands in the journal
        ProjectPolicy::Trusted(policy) => Ok(Chosen { policy: *policy, banner: Vec::new() }),
        ProjectPolicy::Untrusted(project) => {
            let shown = start.shown(&path);
            let (base, held) = match user()? {
                Some(policy) => (policy, "your own policy holds, and it only tightens that"),
                None => (Policy::built_in(project.root(), &finder, around)?, "the built-in policy holds, which grants nothing"),
            };
            Ok(Chosen {
                policy: base.tightened_by(project, &finder, around)?,
                banner: vec![
                    format!("{shown} is not trusted on this machine: {held}"),
                    format!("to trust it as it is now: aegis trust {shown}"),
                ],
            })
        }
    }
}

fn in_full(policy: Policy) -> Chosen {
    let banner = policy.weakened().iter().map(|w| format!("weakened: {} ({})", w.what, w.by)).collect();
    Chosen { policy, banner }
}

/// The file that verbs about policy files mean: the named one, else the one that would hold here.
pub(crate) fn file(named: Option<PathBuf>, start: &Start) -> Result<PathBuf, String> {
    if let Some(path) = named {
        return Ok(start.cwd.join(path));
    }
    let project = start.home.as_deref().and_then(|home| find_project_policy(&start.cwd, home));
    project.or_else(|| start.user_policy()).ok_or_else(|| "no aegis.toml here; name a file, or write one with aegis init".to_owned())
}
