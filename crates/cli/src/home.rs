//! Where things of the user lie, and what the process started with.

use std::path::{Path, PathBuf};

use aegis_gate::Environment;
use aegis_hook::State;
use aegis_policy::{Finder, LoadError, Policy, Surroundings, home_dir};

/// What the process started with: its environment, read once and erased, and the user's directories.
pub(crate) struct Start {
    pub(crate) environment: Environment,
    pub(crate) home: Option<PathBuf>,
    pub(crate) cwd: PathBuf,
}

impl Start {
    /// Reads the environment, takes it out of the process, and closes the process to others of the same user.
    pub(crate) fn take() -> Result<Start, String> {
        let cwd = std::env::current_dir().map_err(|e| format!("the working directory cannot be read: {e}"))?;
        // before the environment goes: where the user database has no entry, HOME is all there is
        let home = home_dir();
        let vars = aegis_sandbox::broker::take_environment().map_err(|e| e.to_string())?;
        aegis_sandbox::broker::survive_full_files();
        aegis_sandbox::broker::harden().map_err(|e| e.to_string())?;
        Ok(Start { environment: Environment::new(vars), home, cwd })
    }

    pub(crate) fn var(&self, name: &str) -> Option<String> {
        self.environment.get(name)?.clone().into_string().ok()
    }

    /// Journals and Aegis's own state. `XDG_STATE_HOME` is honoured for journals only, see [`Start::trust_dir`].
    pub(crate) fn state_dir(&self) -> Result<PathBuf, String> {
        match self.var("XDG_STATE_HOME").map(PathBuf::from).filter(|p| p.is_absolute()) {
            Some(dir) => Ok(dir.join("aegis")),
            None => self.trust_dir(),
        }
    }

    /// The trust store. No variable of the environment chooses it: whoever sets variables must not choose what is trusted.
    pub(crate) fn trust_dir(&self) -> Result<PathBuf, String> {
        Ok(State::of_home(self.home()?).directory())
    }

    /// The user's own policy.
    pub(crate) fn user_policy(&self) -> Option<PathBuf> {
        State::of_home(self.home.as_ref()?).user_policy()
    }

    pub(crate) fn home(&self) -> Result<&Path, String> {
        self.home.as_deref().ok_or_else(|| "the home directory of this user is not known".to_owned())
    }

    pub(crate) fn finder(&self) -> Finder {
        Finder::at_home(self.home.clone())
    }

    /// A text in which the files of a policy are named as one would type them here.
    pub(crate) fn as_typed(&self, text: &str, policy: &Policy) -> String {
        policy.files().iter().fold(text.to_owned(), |text, file| match Path::new(&*file.name).strip_prefix(&self.cwd) {
            Ok(short) => text.replace(&*file.name, &short.to_string_lossy()),
            Err(_) => text,
        })
    }

    /// A path as one would type it here.
    pub(crate) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.cwd).unwrap_or(path).display().to_string()
    }

    /// Why a policy was not loaded; a file below the working directory by its name there, as one would type it.
    pub(crate) fn load_failure(&self, error: &LoadError) -> String {
        let text = error.to_string();
        let here = format!("{}/", self.cwd.display());
        let Some((file, _)) = text.strip_prefix(&here).and_then(|rest| rest.split_once(':')) else { return text };
        text.replace(&format!("{here}{file}"), file)
    }

    /// What no list opens on this machine.
    pub(crate) fn surroundings(&self) -> Surroundings {
        let mut around = Surroundings::default();
        around.sealed.extend(self.state_dir().ok());
        around.sealed.extend(self.trust_dir().ok());
        around.guarded.extend(std::env::current_exe().ok());
        around
    }
}
