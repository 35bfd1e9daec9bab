//! Adding to the end of a file, or making one.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags, fstat, ftruncate, openat, unlinkat};
use rustix::io::Errno;

use crate::files::parents::Parents;
use crate::files::temporary::{same_as_held, write_all};
use crate::resolve::{DirEntry, Intent, Meta, PathError, Prepared};

impl Prepared {
    /// Adds the content to the end of the judged file; a missing one is made, with missing parents.
    ///
    /// `alone`: only to a file that has no other name, under which others could read it.
    ///
    /// # Errors
    /// [`PathError::Changed`] if a file that was missing is there by now; [`PathError::OtherNames`]. After an error of writing, what was added is taken away again
    /// unless someone else has added to it meanwhile.
    pub fn append(self, content: &[u8], alone: bool) -> Result<(), PathError> {
        let mut entry = self.into_entry(Intent::Append)?;
        let parents = Parents::make(&mut entry)?;
        match entry.content.take() {
            Some(file) if alone && has_other_names(&file)? => return Err(PathError::OtherNames),
            Some(file) => add(&file, content)?,
            None => add_new(&entry, &parents, content)?,
        }
        parents.keep();
        Ok(())
    }
}

fn add(file: &OwnedFd, content: &[u8]) -> Result<(), PathError> {
    let before = size(file)?;
    write_all(file, content).inspect_err(|_| {
        let all = before.saturating_add(u64::try_from(content.len()).unwrap_or(u64::MAX));
        // More than that is not ours alone.
        if size(file).is_ok_and(|now| now > before && now <= all) {
            let _ = ftruncate(file, before);
        }
    })
}

fn add_new(entry: &DirEntry, parents: &Parents, content: &[u8]) -> Result<(), PathError> {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = match openat(parents.dir(), &entry.name, flags, Mode::from_raw_mode(0o644)) {
        Ok(file) => file,
        Err(Errno::EXIST) => return Err(PathError::Changed),
        Err(errno) => return Err(PathError::io("make the file", errno)),
    };
    write_all(&file, content).inspect_err(|_| {
        let ours = fstat(&file).is_ok_and(|stat| same_as_held(parents.dir(), &entry.name, &Meta::of(&stat)).is_ok());
        if ours {
            let _ = unlinkat(parents.dir(), &entry.name, AtFlags::empty());
        }
    })
}

fn has_other_names(file: &OwnedFd) -> Result<bool, PathError> {
    fstat(file).map(|stat| Meta::of(&stat).nlink > 1).map_err(|e| PathError::io("look at the file", e))
}

fn size(file: &OwnedFd) -> Result<u64, PathError> {
    fstat(file).map(|stat| Meta::of(&stat).size).map_err(|e| PathError::io("look at the file", e))
}
