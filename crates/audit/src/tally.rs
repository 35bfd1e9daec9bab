//! How much of daily budgets is used, in a file that all runs of a policy share.
//!
//! One line for each use: the day (since 1970, UTC), how much, of what. Lines are only added, so that a machine that stops in the middle
//! leaves nothing that reads as less than was used; a file whose lines are all of days gone by is begun anew.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::lock::Lock;

/// Beyond this nothing is read: so many uses are no one's intention.
const LARGEST: u64 = 4 << 20;

/// Why a budget cannot be used; nothing was.
#[derive(Debug, thiserror::Error)]
pub enum TallyError {
    /// The system refused.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// Another run held it for too long.
    #[error("{0}: another run holds it")]
    Busy(String),
    /// It is not as it was written.
    #[error("{0}: damaged, or full; it begins anew when it is taken away")]
    Damaged(String),
}

/// The file.
#[derive(Debug, Clone)]
pub struct Tally {
    path: PathBuf,
}

/// What is used by now; no other run can change it meanwhile.
#[derive(Debug)]
pub struct Today<'f> {
    file: &'f File,
    day: u64,
    used: BTreeMap<String, u64>,
    /// Nothing in the file is of today.
    is_old: bool,
}

impl Tally {
    /// Made where it is not there yet, with its directory.
    #[must_use]
    pub fn at(path: &Path) -> Tally {
        Tally { path: path.to_owned() }
    }

    /// Looks at what is used and may use more, all under one lock. A clock that was set back does not bring a day back.
    ///
    /// # Errors
    /// A [`TallyError`], before `then` is called.
    pub fn with<T>(&self, day: u64, then: impl FnOnce(&mut Today<'_>) -> T) -> Result<T, TallyError> {
        let shown = || self.path.display().to_string();
        let failed = |error| TallyError::Io { path: shown(), error };
        if let Some(directory) = self.path.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        }
        let mut options = File::options();
        options.read(true).append(true).create(true).mode(0o600).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_CLOEXEC);
        let file = options.open(&self.path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(TallyError::Damaged(shown()));
        }
        let Some(_lock) = Lock::take(&file).map_err(failed)? else { return Err(TallyError::Busy(shown())) };
        let mut text = String::new();
        (&file).take(LARGEST + 1).read_to_string(&mut text).map_err(failed)?;
        let mut today = Today { file: &file, day, used: BTreeMap::new(), is_old: !text.is_empty() };
        if text.len() as u64 > LARGEST || !today.add_up(&text) {
            return Err(TallyError::Damaged(shown()));
        }
        Ok(then(&mut today))
    }
}

impl Today<'_> {
    /// Whether every line is one.
    fn add_up(&mut self, text: &str) -> bool {
        let Some(mut lines) = lines_of(text) else { return false };
        self.day = lines.iter().map(|line| line.0).fold(self.day, u64::max);
        lines.retain(|line| line.0 == self.day);
        self.is_old &= lines.is_empty();
        for (_, amount, name) in lines {
            let used = self.used.entry(name.to_owned()).or_insert(0);
            *used = used.saturating_add(amount);
        }
        true
    }

    /// How much of that name is used today.
    #[must_use]
    pub fn used(&self, name: &str) -> u64 {
        self.used.get(&one_line(name)).copied().unwrap_or(0)
    }

    /// Uses more of each, and comes back when it is on the disk.
    ///
    /// # Errors
    /// Of the system. What was used then may count or not.
    pub fn add(&mut self, names: &[&str], amount: u64) -> std::io::Result<()> {
        if self.is_old {
            self.file.set_len(0)?;
            self.is_old = false;
        }
        let mut text = String::new();
        for name in names {
            let name = one_line(name);
            text.push_str(&format!("{} {amount} {name}\n", self.day));
            let used = self.used.entry(name).or_insert(0);
            *used = used.saturating_add(amount);
        }
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()
    }
}

/// None if one of them is broken off or no such line.
fn lines_of(text: &str) -> Option<Vec<(u64, u64, &str)>> {
    if !(text.is_empty() || text.ends_with('\n')) {
        return None;
    }
    text.lines().map(line).collect()
}

fn line(text: &str) -> Option<(u64, u64, &str)> {
    let (day, rest) = text.split_once(' ')?;
    let (amount, name) = rest.split_once(' ')?;
    Some((day.parse().ok()?, amount.parse().ok()?, name))
}

fn one_line(name: &str) -> String {
    name.escape_debug().to_string()
}
