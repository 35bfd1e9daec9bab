//! What loading needs to know about the machine and the user.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::load::home::home_dir;
use crate::preset::{Preset, presets};

/// What loading needs to know about the machine and the user.
#[derive(Debug, Clone)]
pub struct Finder {
    pub(super) home: Option<PathBuf>,
    pub(super) start: Option<PathBuf>,
    pub(super) uid: u32,
    pub(super) presets: Cow<'static, [Preset]>,
}

impl Finder {
    /// The running user, with the home of the user database.
    #[must_use]
    pub fn of_this_user() -> Finder {
        Finder::at_home(home_dir())
    }

    /// The running user, with a home that is known already; none where there is none.
    #[must_use]
    pub fn at_home(home: Option<PathBuf>) -> Finder {
        Finder { home, start: None, uid: rustix::process::geteuid().as_raw(), presets: Cow::Borrowed(presets()) }
    }

    /// `root = "git"` starts from this directory instead of the policy file's: for the user's own policy, which holds for
    /// whatever project a request comes from.
    #[must_use]
    pub fn starting_at(mut self, start: &Path) -> Finder {
        self.start = Some(start.to_path_buf());
        self
    }

    /// The home, where it is known.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// Whether there is a preset of that name.
    pub(crate) fn has_preset(&self, name: &str) -> bool {
        self.presets.iter().any(|preset| preset.name == name)
    }

    /// Another home, for what `~/` means.
    #[must_use]
    pub fn with_home(mut self, home: &Path) -> Finder {
        self.home = Some(home.to_path_buf());
        self
    }

    #[cfg(test)]
    pub(super) fn with_presets(mut self, presets: &'static [(&'static str, &'static str)]) -> Finder {
        let preset = |(name, text): &(&'static str, &'static str)| Preset { name, text, sha256: None, compiled: None };
        self.presets = presets.iter().map(preset).collect();
        self
    }

    /// The rest behind `~/`, if the path begins so, below the home.
    pub(super) fn below_home(&self, path: &str) -> Option<Result<PathBuf, &'static str>> {
        let rest = if path == "~" { "" } else { path.strip_prefix("~/")? };
        Some(self.home.as_ref().map(|home| home.join(rest)).ok_or("the home directory of this user is not known"))
    }
}
