//! The held directories everything starts from.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, fstatfs, openat, readlinkat};
use rustix::io::Errno;

use crate::resolve::lexical::{Asked, lexical};
use crate::resolve::locate::Engine;
use crate::resolve::openat2;
use crate::resolve::prepared::Meta;
use crate::resolve::walk::walk;
use crate::resolve::{NodeKind, PathError};

const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Where paths start: the policy root and `/`, held open for the whole run. Our own working directory is never asked.
#[derive(Debug)]
pub struct Tree {
    pub(crate) root: PathBuf,
    pub(crate) root_fd: OwnedFd,
    pub(crate) slash_fd: OwnedFd,
    /// The root of a real procfs, where there is one: descriptors are reopened through it.
    pub(crate) proc_fd: Option<OwnedFd>,
    pub(crate) home: Option<PathBuf>,
    pub(crate) engine: Engine,
}

impl Tree {
    /// Holds the policy root, given as an absolute path; links in it are resolved once, here. `home` is what `~/` stands for.
    ///
    /// # Errors
    /// If the root is not absolute, is no directory, or cannot be opened. It is never used uncanonicalised.
    pub fn new(policy_root: &Path, home: Option<&Path>) -> Result<Tree, PathError> {
        if !policy_root.is_absolute() {
            return Err(PathError::BadArgument("the policy root is not an absolute path"));
        }
        let slash_fd = openat(CWD, "/", DIRECTORY, Mode::empty()).map_err(|e| PathError::io("open /", e))?;
        let asked = Asked { absolute: policy_root.to_path_buf(), has_parent: true, must_be_dir: true };
        let found = walk(slash_fd.as_fd(), &asked)
            .map_err(|e| PathError::io("resolve the policy root", e))?
            .map_err(|miss| PathError::resolving(miss.errno))?;
        if found.meta.node() != NodeKind::Directory {
            return Err(PathError::NotADirectory);
        }
        let proc_fd = openat(slash_fd.as_fd(), "proc", DIRECTORY | OFlags::NOFOLLOW, Mode::empty()).ok().filter(is_procfs);
        // A kernel before 5.6 says ENOSYS, an old container runtime EPERM.
        let has_openat2 = openat2::beneath(slash_fd.as_fd(), Path::new("."), DIRECTORY).is_ok();
        let engine = if has_openat2 && proc_fd.is_some() { Engine::Fast } else { Engine::Walk };
        Ok(Tree { root: found.real, root_fd: found.fd, slash_fd, proc_fd, home: home.map(Path::to_path_buf), engine })
    }

    /// The policy root, without links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The absolute path that a text names, with `..` taken away lexically and nothing looked up. Only for judging the name as asked
    /// against deny and control lists; what is used is resolved.
    ///
    /// # Errors
    /// [`PathError::BadArgument`] if the text cannot be a path.
    pub fn named(&self, text: &str) -> Result<PathBuf, PathError> {
        let asked = self.asked(text)?;
        Ok(if asked.has_parent { asked.collapsed() } else { asked.absolute })
    }

    pub(crate) fn asked(&self, text: &str) -> Result<Asked, PathError> {
        lexical(&self.root, self.home.as_deref(), text)
    }

    /// The held directory that an absolute path starts from, and the rest of the path.
    pub(crate) fn base<'a>(&'a self, absolute: &'a Path) -> (BorrowedFd<'a>, &'a Path) {
        let (fd, rest) = match absolute.strip_prefix(&self.root) {
            Ok(rest) => (self.root_fd.as_fd(), rest),
            Err(_) => (self.slash_fd.as_fd(), absolute.strip_prefix("/").unwrap_or(absolute)),
        };
        if rest.as_os_str().is_empty() { (fd, Path::new(".")) } else { (fd, rest) }
    }

    /// The kernel's own path of a held object, and an error where it has none (any more).
    pub(crate) fn real_path(&self, fd: BorrowedFd<'_>, meta: &Meta) -> Result<PathBuf, PathError> {
        let text = readlinkat(self.proc_fd()?, descriptor_name(fd), Vec::new()).map_err(|e| PathError::io("read the real path", e))?;
        let path = PathBuf::from(OsString::from_vec(text.into_bytes()));
        if meta.nlink == 0 || !path.is_absolute() {
            return Err(PathError::NotFound);
        }
        // The mark of an unlinked name can also be the end of a real one, and the object can live on under another.
        if path.as_os_str().as_encoded_bytes().ends_with(b" (deleted)") {
            let (base, rest) = self.base(&path);
            let again = openat2::beneath(base, rest, OFlags::PATH).and_then(rustix::fs::fstat).map_err(|_| PathError::NotFound)?;
            if Meta::of(&again).identity() != meta.identity() {
                return Err(PathError::NotFound);
            }
        }
        Ok(path)
    }

    /// Opens a held object once more, for its content.
    pub(crate) fn reopen(&self, fd: BorrowedFd<'_>, flags: OFlags) -> Result<OwnedFd, PathError> {
        openat(self.proc_fd()?, descriptor_name(fd), flags | OFlags::CLOEXEC, Mode::empty()).map_err(PathError::resolving)
    }

    fn proc_fd(&self) -> Result<&OwnedFd, PathError> {
        self.proc_fd.as_ref().ok_or_else(|| PathError::io("find /proc", Errno::NOSYS))
    }
}

fn is_procfs(fd: &OwnedFd) -> bool {
    fstatfs(fd).is_ok_and(|fs| fs.f_type == rustix::fs::PROC_SUPER_MAGIC)
}

fn descriptor_name(fd: BorrowedFd<'_>) -> String {
    format!("self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&fd))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(tree: &Tree, path: &Path) -> (OwnedFd, Meta) {
        let fd = openat(&tree.slash_fd, path.strip_prefix("/").unwrap(), OFlags::PATH, Mode::empty()).unwrap();
        let meta = Meta::of(&rustix::fs::fstat(&fd).unwrap());
        (fd, meta)
    }

    /// The kernel marks unlinked names with a suffix that is also a possible name.
    #[test]
    fn an_unlinked_name_is_no_real_path_even_if_the_mark_is_the_name_of_another_file() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let tree = Tree::new(&root, None).unwrap();
        if tree.engine != Engine::Fast {
            // by the handle, which the test harness does not capture
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                b"SKIPPED unlinked names: no openat2 here, nothing asks for real paths\n",
            );
            return;
        }
        let (plain, marked, kept) = (root.join("f"), root.join("f (deleted)"), root.join("kept"));

        std::fs::write(&marked, "really named so").unwrap();
        let (fd, meta) = held(&tree, &marked);
        assert_eq!(tree.real_path(fd.as_fd(), &meta).unwrap(), marked);

        std::fs::write(&plain, "x").unwrap();
        let (fd, meta) = held(&tree, &plain);
        std::fs::remove_file(&plain).unwrap();
        assert!(matches!(tree.real_path(fd.as_fd(), &meta), Err(PathError::NotFound)));

        std::fs::write(&plain, "x").unwrap();
        std::fs::hard_link(&plain, &kept).unwrap();
        let (fd, meta) = held(&tree, &plain);
        std::fs::remove_file(&plain).unwrap();
        assert!(matches!(tree.real_path(fd.as_fd(), &meta), Err(PathError::NotFound)));

        std::fs::create_dir(&plain).unwrap();
        std::fs::remove_file(&marked).unwrap();
        let (fd, _) = held(&tree, &plain);
        std::fs::remove_dir(&plain).unwrap();
        let gone = Meta::of(&rustix::fs::fstat(&fd).unwrap());
        assert!(matches!(tree.real_path(fd.as_fd(), &gone), Err(PathError::NotFound)));
    }
}
