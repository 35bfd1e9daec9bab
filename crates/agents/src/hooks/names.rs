//! Where names on this machine lead, by the kernel's word, without opening anything.
//!
//! The host opens the file later, and by its name: what changes in between is not seen. That is the limit of every hook, and said in the documentation.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use aegis_policy::{Policy, lexical};
use aegis_shell::Lookup;

/// As many links as the kernel follows.
const MAX_LINKS: usize = 40;

/// Looks names up on this machine, each once: a text of many commands asks for the same programs and directories again and again.
#[derive(Debug)]
pub(super) struct Names {
    search: Vec<PathBuf>,
    found: RefCell<HashMap<String, Option<(PathBuf, PathBuf)>>>,
    led: RefCell<HashMap<PathBuf, (PathBuf, bool)>>,
}

impl Names {
    /// With the directories in which a host would find programs: the value of its `PATH`.
    pub(super) fn new(path: Option<&OsStr>) -> Names {
        let value = path.map_or(&b"/usr/local/bin:/usr/bin:/bin"[..], OsStr::as_bytes);
        let search = value.split(|b| *b == b':').map(|d| PathBuf::from(OsStr::from_bytes(d))).filter(|d| d.is_absolute()).collect();
        Names { search, found: RefCell::default(), led: RefCell::default() }
    }

    /// The file that an absolute path leads to, after all links; one that is not there by the deepest directory that is.
    pub(super) fn leads_to(&self, path: &Path) -> (PathBuf, bool) {
        if let Some(known) = self.led.borrow().get(path) {
            return known.clone();
        }
        let led = self.follow(path);
        self.led.borrow_mut().insert(path.to_path_buf(), led.clone());
        led
    }

    fn follow(&self, path: &Path) -> (PathBuf, bool) {
        let mut path = path.to_path_buf();
        for _ in 0..MAX_LINKS {
            if let Ok(real) = fs::canonicalize(&path) {
                return (real, true);
            }
            // a link that leads to nothing is written through
            match fs::read_link(&path) {
                Ok(target) => path = path.parent().unwrap_or(Path::new("/")).join(target),
                Err(_) => return (self.missing(&path), false),
            }
        }
        (lexical(&path), false)
    }

    /// The path under which a name is removed: links before it count, it does not.
    pub(super) fn name_leads_to(&self, path: &Path) -> PathBuf {
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => self.leads_to(parent).0.join(name),
            _ => self.leads_to(path).0,
        }
    }

    fn missing(&self, path: &Path) -> PathBuf {
        let mut rest: Vec<OsString> = Vec::new();
        let mut at = path;
        while let Some(parent) = at.parent() {
            match at.components().next_back() {
                Some(std::path::Component::Normal(name)) => rest.push(name.to_owned()),
                // below what is not there, `..` can only be taken by name
                _ => return lexical(path),
            }
            if let Ok(real) = fs::canonicalize(parent) {
                return rest.iter().rev().fold(real, |path, name| path.join(name));
            }
            if fs::symlink_metadata(parent).is_ok_and(|meta| meta.is_symlink()) {
                let (real, _) = self.leads_to(parent);
                return rest.iter().rev().fold(real, |path, name| path.join(name));
            }
            at = parent;
        }
        lexical(path)
    }

    /// The program that a bare name means: as `PATH` finds it, and without links.
    pub(super) fn found(&self, word: &str) -> Option<(PathBuf, PathBuf)> {
        if word.contains('/') {
            return None;
        }
        if let Some(known) = self.found.borrow().get(word) {
            return known.clone();
        }
        let found = self.search.iter().map(|directory| directory.join(word)).find_map(|path| runnable(&path).map(|real| (path, real)));
        self.found.borrow_mut().insert(word.to_owned(), found.clone());
        found
    }

    /// Whether a file is one that the policy closes by name, under another name.
    pub(super) fn is_guarded_by_another_name(&self, path: &Path, policy: &Policy) -> Option<PathBuf> {
        let meta = fs::metadata(path).ok().filter(|meta| meta.is_file() && meta.nlink() > 1)?;
        policy
            .literal_guarded()
            .find(|guarded| fs::metadata(guarded).is_ok_and(|other| (other.dev(), other.ino()) == (meta.dev(), meta.ino())))
            .map(Path::to_path_buf)
    }
}

impl Lookup for Names {
    fn program(&self, word: &str, cwd: &Path) -> Option<PathBuf> {
        if word.contains('/') { runnable(&cwd.join(word)) } else { self.found(word).map(|(_, real)| real) }
    }

    fn leads_to(&self, path: &Path) -> (PathBuf, bool) {
        Names::leads_to(self, path)
    }

    fn names_in(&self, directory: &Path) -> Option<Vec<String>> {
        aegis_shell::names_in(directory)
    }
}

/// Whether this user can write the file, or put another one in its place.
pub(super) fn is_writable(path: &Path) -> bool {
    let can = |path: &Path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    can(path) || path.parent().is_none_or(can)
}

/// A program, without links.
fn runnable(path: &Path) -> Option<PathBuf> {
    let meta = fs::metadata(path).ok()?;
    if meta.is_file() && meta.mode() & 0o111 != 0 { fs::canonicalize(path).ok() } else { None }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_lead_where_the_kernel_says() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("real/sub")).unwrap();
        fs::write(top.join("real/file"), "").unwrap();
        symlink("real", top.join("link")).unwrap();
        symlink("real/new", top.join("dangling")).unwrap();
        symlink("nowhere/deep", top.join("lost")).unwrap();
        symlink("self", top.join("self")).unwrap();
        let names = Names::new(None);
        for (path, real, is_there) in [
            ("link/file", "real/file", true),
            ("link/none/x", "real/none/x", false),
            ("link/sub/../file", "real/file", true),
            ("dangling", "real/new", false),
            ("dangling/x", "real/new/x", false),
            ("lost", "nowhere/deep", false),
            ("real/file", "real/file", true),
        ] {
            assert_eq!(names.leads_to(&top.join(path)), (top.join(real), is_there), "{path}");
        }
        assert_eq!(names.leads_to(&top.join("self")), (top.join("self"), false));
        assert_eq!(names.name_leads_to(&top.join("link/file")), top.join("real/file"));
        assert_eq!(names.name_leads_to(&top.join("link")), top.join("link"), "the link itself");
    }
}
