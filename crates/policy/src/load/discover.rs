//! The policy of the project that one is in.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The file name of a project's policy.
const NAME: &str = "aegis.toml";

/// The nearest `aegis.toml` upward from a directory, not above the home directory and not across a change of owner.
///
/// Whatever has the name is found, also what cannot be loaded (a directory, a dangling link): a broken policy is an error,
/// never no policy.
#[must_use]
pub fn find_project_policy(start: &Path, home: &Path) -> Option<PathBuf> {
    let start = fs::canonicalize(start).ok()?;
    let home = fs::canonicalize(home).unwrap_or_else(|_| home.to_path_buf());
    let owner = |directory: &Path| fs::metadata(directory).ok().map(|meta| meta.uid());
    let first = owner(&start)?;
    for directory in start.ancestors() {
        if owner(directory) != Some(first) {
            return None;
        }
        let policy = directory.join(NAME);
        if fs::symlink_metadata(&policy).is_ok() {
            return Some(policy);
        }
        if directory == home {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upward_to_the_home_and_no_further() {
        let dir = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(dir.path()).unwrap();
        let home = top.join("home");
        let deep = home.join("project/src/gen");
        fs::create_dir_all(&deep).unwrap();
        fs::write(top.join(NAME), "").unwrap();
        assert_eq!(find_project_policy(&deep, &home), None, "above the home");
        assert_eq!(find_project_policy(&deep, &top), Some(top.join(NAME)));
        fs::write(home.join(NAME), "").unwrap();
        assert_eq!(find_project_policy(&deep, &home), Some(home.join(NAME)));
        std::os::unix::fs::symlink("nowhere", home.join("project").join(NAME)).unwrap();
        assert_eq!(find_project_policy(&deep, &home), Some(home.join("project").join(NAME)), "a dangling link is found");
        assert_eq!(find_project_policy(&top.join("absent"), &home), None);
    }

    #[test]
    fn not_across_a_change_of_owner() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("theirs/mine");
        fs::create_dir_all(&deep).unwrap();
        fs::write(dir.path().join(NAME), "").unwrap();
        assert!(find_project_policy(&deep, Path::new("/")).is_some());
        if std::os::unix::fs::chown(dir.path().join("theirs"), Some(4242), None).is_err() {
            // by the handle, which the test harness does not capture
            let _ = std::io::Write::write_all(&mut std::io::stderr(), b"SKIPPED a change of owner: only root can give a directory away\n");
            return;
        }
        assert_eq!(find_project_policy(&deep, Path::new("/")), None);
    }
}
