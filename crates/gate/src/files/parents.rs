//! Making the missing parents of a name, one by one, each in the directory made before it.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::Errno;

use crate::resolve::{DirEntry, PathError};

/// The directory of an entry, and the parents that were made on the way. What is made is taken away again unless it is kept.
pub(crate) struct Parents {
    /// The directory that existed before, then each one below it, with its name and whether it is ours.
    chain: Vec<(OwnedFd, OsString, bool)>,
    last: OwnedFd,
    kept: bool,
}

impl Parents {
    /// Makes what is missing. The entry keeps its name and what is held of it.
    pub(crate) fn make(entry: &mut DirEntry) -> Result<Parents, PathError> {
        let start = entry.dir.try_clone().map_err(|error| PathError::Io { during: "hold the directory", error })?;
        let mut parents = Parents { chain: Vec::new(), last: start, kept: false };
        for name in std::mem::take(&mut entry.missing) {
            let made = match mkdirat(&parents.last, &name, Mode::from_raw_mode(0o777)) {
                Ok(()) => true,
                // Someone else made it. It is the judged path all the same, if it is a directory and no link.
                Err(Errno::EXIST) => false,
                Err(errno) => return Err(PathError::io("make a parent directory", errno)),
            };
            let fd = match directory(&parents.last, &name) {
                Ok(fd) => fd,
                Err(Errno::NOTDIR | Errno::LOOP | Errno::NOENT) => return Err(PathError::Changed),
                Err(errno) => return Err(PathError::io("open a parent directory", errno)),
            };
            let above = std::mem::replace(&mut parents.last, fd);
            parents.chain.push((above, name, made));
        }
        Ok(parents)
    }

    /// The directory that the name stands in.
    pub(crate) const fn dir(&self) -> &OwnedFd {
        &self.last
    }

    /// The effect happened: what was made stays.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Parents {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        for (above, name, made) in self.chain.iter().rev() {
            // Only an empty directory can be removed so; if something is in it by now, it stays.
            if *made && unlinkat(above, name, AtFlags::REMOVEDIR).is_err() {
                return;
            }
        }
    }
}

fn directory(above: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    openat(above, name, OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}
