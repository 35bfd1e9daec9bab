//! Names as a caller sees them into objects that we hold. What is judged is where the object lies; what is changed is the object.

use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat2, readlinkat, statat};
use rustix::io::Errno;

/// The file tree that commands see.
#[derive(Debug)]
pub(super) struct Root(pub(super) OwnedFd);

/// Something that is there.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) fd: OwnedFd,
    /// Without links.
    pub(super) path: PathBuf,
    pub(super) stat: Stat,
}

/// A name in a directory that is there; whether the name is, is another question.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) directory: OwnedFd,
    pub(super) name: OsString,
    /// The directory without links, and the name.
    pub(super) path: PathBuf,
}

impl Root {
    /// What a name leads to, or the link itself. `ELOOP` where it leads through a link of `/proc`.
    pub(super) fn object(&self, path: &Path, follow: bool) -> Result<Object, Errno> {
        let mut flags = OFlags::PATH | OFlags::CLOEXEC;
        if !follow {
            flags |= OFlags::NOFOLLOW;
        }
        Object::of(self.open(path, flags)?)
    }

    /// The directory of a name, and its last component.
    pub(super) fn entry(&self, path: &Path) -> Result<Entry, Errno> {
        let bytes = path.as_os_str().as_bytes();
        // `a/` is about the directory `a`
        let end = bytes.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
        let bytes = bytes.get(..end).unwrap_or_default();
        let start = bytes.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let (parent, name) = (bytes.get(..start).unwrap_or_default(), bytes.get(start..).unwrap_or_default());
        if name.is_empty() {
            return Err(Errno::EXIST);
        }
        if matches!(name, b"." | b"..") {
            return Err(Errno::INVAL);
        }
        let parent = Path::new(std::ffi::OsStr::from_bytes(parent));
        let directory = self.open(parent, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC)?;
        let name = OsString::from_vec(name.to_vec());
        Ok(Entry { path: place(directory.as_fd())?.join(&name), directory, name })
    }

    fn open(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        loop {
            match openat2(&self.0, path, flags, Mode::empty(), resolve) {
                // something was renamed meanwhile
                Err(Errno::AGAIN | Errno::INTR) => {}
                result => return result,
            }
        }
    }
}

/// Where an object lies in the tree that commands see. Nothing lies where it was removed.
fn place(fd: BorrowedFd<'_>) -> Result<PathBuf, Errno> {
    let link = readlinkat(rustix::fs::CWD, format!("/proc/self/fd/{}", fd.as_raw_fd()), Vec::new())?;
    let path = PathBuf::from(OsString::from_vec(link.into_bytes()));
    if !path.is_absolute() || fstat(fd)?.st_nlink == 0 {
        return Err(Errno::NOENT);
    }
    Ok(path)
}

impl Object {
    /// What an O_PATH descriptor stands for.
    pub(super) fn of(fd: OwnedFd) -> Result<Object, Errno> {
        Ok(Object { path: place(fd.as_fd())?, stat: fstat(&fd)?, fd })
    }

    pub(super) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }

    /// A name of ours for it, whatever its own is by now.
    pub(super) fn by_descriptor(&self) -> String {
        format!("/proc/self/fd/{}", self.fd.as_raw_fd())
    }
}

impl Entry {
    /// What has that name now, links not followed.
    pub(super) fn stat(&self) -> Result<Stat, Errno> {
        statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW)
    }
}
