//! Where a path leads, for names that a child will open itself: the arguments of a command.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use crate::resolve::lexical::{Asked, collapse};
use crate::resolve::locate::Unlocated;
use crate::resolve::prepared::{Intent, Object, OpenDir, Prepared};
use crate::resolve::{Meta, PathError, Tree};

impl Tree {
    /// The real path of the object at an absolute path, or of where it would be; and whether it is there.
    #[must_use]
    pub fn leads_to(&self, path: &Path) -> (PathBuf, bool) {
        let asked = Asked {
            absolute: path.to_path_buf(),
            has_parent: path.components().any(|c| c == std::path::Component::ParentDir),
            must_be_dir: false,
        };
        match self.locate(&asked) {
            Ok(found) => (found.real, true),
            Err(Unlocated::Miss(miss)) => (miss.would_be(), false),
            // it cannot even be said how far it leads: the name stands for itself, and counts as a file
            Err(Unlocated::Failed(_)) => (collapse(path), true),
        }
    }

    /// The same for a name that is itself meant, not what a link there leads to.
    pub(crate) fn name_leads_to(&self, path: &Path) -> PathBuf {
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => self.leads_to(parent).0.join(name),
            _ => self.leads_to(path).0,
        }
    }

    /// The guarded literals that this file is too, by a hard link.
    pub(crate) fn guarded_twins(&self, real: &Path, literals: impl FnOnce() -> std::sync::Arc<[PathBuf]>) -> Vec<PathBuf> {
        match rustix::fs::lstat(real).map(|stat| Meta::of(&stat)) {
            Ok(meta) if meta.is_file() && meta.nlink > 1 => {
                let same = |p: &&PathBuf| rustix::fs::stat(p.as_path()).is_ok_and(|stat| Meta::of(&stat).identity() == meta.identity());
                literals().iter().filter(|p| p.as_path() != real).filter(same).cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The policy root itself: the working directory of children that name no other. It is the operator's choice, not a script's.
    pub(crate) fn root_directory(&self) -> Result<Prepared, PathError> {
        let fd = self.root_fd.try_clone().map_err(|error| PathError::Io { during: "hold the policy root", error })?;
        let object = Object::Dir(OpenDir { fd, real: self.root.clone() });
        Ok(Prepared { intent: Intent::List, real: self.root.clone(), judged: Vec::new(), unapproved: false, object })
    }
}

impl Prepared {
    /// Whether its path still leads to this very object.
    pub(crate) fn is_still_there(&self) -> bool {
        let now = rustix::fs::stat(&self.real).map(|stat| Meta::of(&stat).identity());
        now.is_ok_and(|now| self.identity() == Some(now))
    }

    /// The descriptor of a directory that was prepared for listing.
    pub(crate) fn directory(&self) -> Result<BorrowedFd<'_>, PathError> {
        self.dir().map(|d| d.fd.as_fd())
    }
}
