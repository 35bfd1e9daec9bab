//! Which policy holds: the one that was named, the project's, the user's, or the built-in one.

use std::path::{Path, PathBuf};

use aegis_policy::{Choice, Held, LoadError, Policy, Surroundings, find_project_policy};

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
    let (user, trust) = (start.user_policy(), start.trust_dir().ok());
    let choice = Choice { from: &start.cwd, home: start.home.as_deref(), user: user.as_deref(), trust: trust.as_deref() };
    let aegis_policy::Chosen { policy, how } = Policy::choose(choice, &finder, around)?;
    Ok(match how {
        // what it weakens was shown to whoever trusted it, and stands in the journal
        Held::Project => Chosen { policy, banner: Vec::new() },
        Held::User => in_full(policy),
        Held::BuiltIn => Chosen {
            policy,
            banner: vec![
                "no aegis.toml here: the built-in policy holds, which grants nothing".to_owned(),
                "to grant: aegis init --lang python|node|ruby|rust|go".to_owned(),
            ],
        },
        Held::Tightened { project, built_in } => {
            let shown = start.shown(&project);
            let held = match built_in {
                false => "your own policy holds, and it only tightens that",
                true => "the built-in policy holds, which grants nothing",
            };
            Chosen {
                policy,
                banner: vec![
                    format!("{shown} is not trusted on this machine: {held}"),
                    format!("to trust it as it is now: aegis trust {shown}"),
                ],
            }
        }
    })
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
