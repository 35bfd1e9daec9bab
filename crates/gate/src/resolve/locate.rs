//! Which resolver is used when.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use crate::resolve::lexical::Asked;
use crate::resolve::openat2;
use crate::resolve::prepared::Meta;
use crate::resolve::tree::Tree;
use crate::resolve::walk::{Miss, walk};
use crate::resolve::{NodeKind, PathError};

/// How paths are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// `openat2` without links first, then with links and the kernel's own path.
    Fast,
    /// Always with links and the kernel's own path. Only tests choose it, to compare.
    #[cfg(test)]
    Kernel,
    /// Component by component.
    Walk,
}

/// An object held by an `O_PATH` descriptor, with its real path.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) fd: OwnedFd,
    pub(crate) meta: Meta,
    pub(crate) real: PathBuf,
    /// Its directory and name, where the walk found it there.
    pub(crate) entry: Option<(OwnedFd, OsString)>,
}

/// Why nothing was located.
pub(crate) enum Unlocated {
    /// It leads only so far.
    Miss(Miss),
    /// It cannot even be said how far it leads.
    Failed(PathError),
}

impl Tree {
    /// Finds the object that a path names, following links. Nothing is opened for content.
    pub(crate) fn locate(&self, asked: &Asked) -> Result<Found, Unlocated> {
        if self.engine == Engine::Fast && !asked.has_parent {
            let (base, rest) = self.base(&asked.absolute);
            let flags = if asked.must_be_dir { OFlags::PATH | OFlags::DIRECTORY } else { OFlags::PATH };
            if let Ok(fd) = openat2::beneath(base, rest, flags) {
                let meta = Meta::of(&fstat(&fd).map_err(|e| Unlocated::Failed(PathError::io("look at the object", e)))?);
                return Ok(Found { fd, meta, real: asked.absolute.clone(), entry: None });
            }
        }
        self.locate_slowly(asked)
    }

    /// The same, following links from the start.
    pub(crate) fn locate_slowly(&self, asked: &Asked) -> Result<Found, Unlocated> {
        let mut refusal = None;
        if self.engine != Engine::Walk {
            let (base, rest) = self.base(&asked.absolute);
            let flags = if asked.must_be_dir { OFlags::PATH | OFlags::DIRECTORY } else { OFlags::PATH };
            match openat2::following(base, rest, flags) {
                Ok(fd) => {
                    let found = fstat(&fd).map_err(|e| PathError::io("look at the object", e)).and_then(|stat| {
                        let meta = Meta::of(&stat);
                        let real = self.real_path(fd.as_fd(), &meta)?;
                        Ok(Found { fd, meta, real, entry: None })
                    });
                    return found.map_err(Unlocated::Failed);
                }
                Err(errno) => refusal = Some(errno),
            }
        }
        match (walk(self.slash_fd.as_fd(), asked), refusal) {
            (Ok(Ok(found)), None) => Ok(found),
            // The kernel refuses, the walk arrives: something changed in between, or only one of them may pass. Neither is trusted.
            (Ok(Ok(found)), Some(errno)) => {
                Err(Unlocated::Miss(Miss { errno, dir: found.fd, dir_real: found.real, rest: Vec::new(), dangling: false }))
            }
            (Ok(Err(miss)), _) => Err(Unlocated::Miss(miss)),
            (Err(errno), _) => Err(Unlocated::Failed(PathError::io("resolve", errno))),
        }
    }

    /// Opens beneath a held directory without following any link.
    pub(crate) fn open_strictly(&self, dir: BorrowedFd<'_>, below: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        if self.engine != Engine::Walk {
            return openat2::beneath(dir, if below.as_os_str().is_empty() { Path::new(".") } else { below }, flags);
        }
        let mut here = openat(dir, ".", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        for name in below.iter() {
            here = openat(&here, name, OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        }
        openat(&here, ".", flags | OFlags::CLOEXEC, Mode::empty())
    }

    /// Opens a found object for its content. It is the same object, whatever its name leads to by now.
    pub(crate) fn open_found(&self, found: &Found, flags: OFlags) -> Result<OwnedFd, PathError> {
        if found.meta.node() == NodeKind::Directory {
            return openat(&found.fd, ".", flags | OFlags::CLOEXEC, Mode::empty()).map_err(PathError::resolving);
        }
        let Some((dir, name)) = &found.entry else { return self.reopen(found.fd.as_fd(), flags) };
        let fd = match openat(dir, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::LOOP) => return Err(PathError::Changed),
            Err(errno) => return Err(PathError::resolving(errno)),
        };
        let meta = Meta::of(&fstat(&fd).map_err(|e| PathError::io("look at the object", e))?);
        if meta.identity() == found.meta.identity() { Ok(fd) } else { Err(PathError::Changed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walked_file_that_was_replaced_is_not_opened() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("f"), "judged").unwrap();
        let mut tree = Tree::new(temp.path(), None).unwrap();
        tree.engine = Engine::Walk;
        let Ok(found) = tree.locate(&tree.asked("f").unwrap()) else { panic!("not found") };
        assert!(tree.open_found(&found, OFlags::RDONLY).is_ok());
        std::fs::write(temp.path().join("other"), "not judged").unwrap();
        std::fs::rename(temp.path().join("other"), temp.path().join("f")).unwrap();
        assert!(matches!(tree.open_found(&found, OFlags::RDONLY), Err(PathError::Changed)));
        std::fs::remove_file(temp.path().join("f")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", temp.path().join("f")).unwrap();
        assert!(matches!(tree.open_found(&found, OFlags::RDONLY), Err(PathError::Changed)));
    }
}
