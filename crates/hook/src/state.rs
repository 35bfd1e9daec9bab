//! Where hooks keep what they need: below the home of the user database, whatever the environment says.

use std::path::{Path, PathBuf};

/// The directories of Aegis for one user.
#[derive(Debug, Clone)]
pub struct State {
    home: PathBuf,
}

impl State {
    /// Of the user with this home.
    #[must_use]
    pub fn of_home(home: &Path) -> State {
        State { home: home.to_path_buf() }
    }

    /// Journals, approvals and the trust store: `~/.local/state/aegis`, which no policy opens.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.home.join(".local/state/aegis")
    }

    /// The user's own policy, if there is one.
    #[must_use]
    pub fn user_policy(&self) -> Option<PathBuf> {
        let path = self.home.join(".config/aegis/policy.toml");
        std::fs::symlink_metadata(&path).is_ok().then_some(path)
    }
}
