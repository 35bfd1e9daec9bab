//! What lies below a directory whose files are searched: the tool reads them, whatever its host's own rules for reading say.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aegis_policy::{Access, PathOp, Policy, Visibility};

/// How many names are looked at, and for how long. Past either it is not known what lies there.
const MAX_NAMES: usize = 20_000;
const MAX_TIME: Duration = Duration::from_millis(40);

/// What is below.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Below {
    /// Nothing that is denied or local-only.
    Clear,
    /// This one is.
    Closed(PathBuf),
    /// There is too much of it.
    TooMuch,
}

/// Looks for files below a directory that may not be read. Links are not followed, as searching tools do not; objects of git are passed over.
pub(super) fn look(policy: &Policy, top: &Path) -> Below {
    let start = Instant::now();
    let mut todo = vec![top.to_path_buf()];
    let mut names = 0;
    while let Some(directory) = todo.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.flatten() {
            names += 1;
            if names > MAX_NAMES || (names % 64 == 0 && start.elapsed() > MAX_TIME) {
                return Below::TooMuch;
            }
            let (path, kind) = (entry.path(), entry.file_type());
            let is_directory = kind.as_ref().is_ok_and(fs::FileType::is_dir);
            if kind.is_ok_and(|kind| kind.is_symlink()) {
                continue;
            }
            let name = policy.decide(&Access::PathName { op: PathOp::Read, path: &path });
            if name.is_deny()
                || (!is_directory && policy.decide(&Access::Path { op: PathOp::Read, path: &path }).visibility() == Visibility::LocalOnly)
            {
                return Below::Closed(path);
            }
            if is_directory && entry.file_name() != ".git" {
                todo.push(path);
            }
        }
    }
    Below::Clear
}
