//! New content under a temporary name, that takes the place of the old in one step or leaves no trace. Only a kill or a crash of the machine
//! can leave a `.aegis-*.tmp` behind.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Gid, Mode, OFlags, RenameFlags, Uid, fchmod, fchown, openat, renameat, renameat_with, statat, unlinkat};
use rustix::io::Errno;

use crate::resolve::{Meta, PathError};

/// Attempts at finding a free name; names are random, so one is nearly always enough.
const ATTEMPTS: u32 = 16;

/// A file that is removed again unless it was moved to its place.
struct Temporary<'a> {
    dir: BorrowedFd<'a>,
    name: String,
    file: OwnedFd,
    placed: bool,
}

/// Puts new content at a name in a directory: in place of the held file, or where nothing is.
pub(crate) fn put(dir: &OwnedFd, name: &OsStr, old: Option<&Meta>, content: &[u8]) -> Result<(), PathError> {
    let mut temporary = Temporary::new(dir.as_fd(), old)?;
    write_all(&temporary.file, content)?;
    match old {
        Some(old) => {
            same_as_held(dir, name, old)?;
            renameat(dir, &temporary.name, dir, name).map_err(|e| PathError::io("put the file in its place", e))?;
        }
        None => place_new(dir, &temporary.name, name)?,
    }
    temporary.placed = true;
    Ok(())
}

/// Whether what stands at the name is still what was judged.
pub(crate) fn same_as_held(dir: &OwnedFd, name: &OsStr, held: &Meta) -> Result<(), PathError> {
    match statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if Meta::of(&stat).identity() == held.identity() => Ok(()),
        Ok(_) | Err(Errno::NOENT) => Err(PathError::Changed),
        Err(errno) => Err(PathError::io("look at the file", errno)),
    }
}

/// Writes everything, however often the system takes only a part.
pub(crate) fn write_all(file: &OwnedFd, mut content: &[u8]) -> Result<(), PathError> {
    while !content.is_empty() {
        match rustix::io::write(file, content) {
            Ok(0) => return Err(PathError::io("write", Errno::IO)),
            Ok(count) => content = content.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(PathError::io("write", errno)),
        }
    }
    Ok(())
}

/// Moves the file to a name that must be free: what appeared there since was not judged.
fn place_new(dir: &OwnedFd, from: &str, to: &OsStr) -> Result<(), PathError> {
    match renameat_with(dir, from, dir, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(PathError::Changed),
        // This file system cannot refuse by itself. What is left open is a moment, and a link in it would be replaced, not followed.
        Err(Errno::INVAL | Errno::NOSYS) => match statat(dir, to, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => renameat(dir, from, dir, to).map_err(|e| PathError::io("put the file in its place", e)),
            Ok(_) => Err(PathError::Changed),
            Err(errno) => Err(PathError::io("look at the file", errno)),
        },
        Err(errno) => Err(PathError::io("put the file in its place", errno)),
    }
}

impl Temporary<'_> {
    /// An empty file of ours. In place of an old one it is private until it has that one's mode; a new one is born with 0644 less the umask.
    fn new<'a>(dir: BorrowedFd<'a>, old: Option<&Meta>) -> Result<Temporary<'a>, PathError> {
        let mode = Mode::from_raw_mode(if old.is_some() { 0o600 } else { 0o644 });
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut last = Errno::EXIST;
        for _ in 0..ATTEMPTS {
            let name = random_name()?;
            match openat(dir, &name, flags, mode) {
                Ok(file) => {
                    let temporary = Temporary { dir, name, file, placed: false };
                    if let Some(old) = old {
                        temporary.take_after(old)?;
                    }
                    return Ok(temporary);
                }
                Err(Errno::EXIST) => last = Errno::EXIST,
                Err(errno) => return Err(PathError::io("make a temporary file", errno)),
            }
        }
        Err(PathError::io("make a temporary file", last))
    }

    /// Owner first: a change of owner clears bits of the mode. Set-user and set-group bits are not kept, the content is another now.
    fn take_after(&self, old: &Meta) -> Result<(), PathError> {
        if rustix::process::geteuid().is_root() {
            fchown(&self.file, Some(Uid::from_raw(old.uid)), Some(Gid::from_raw(old.gid)))
                .map_err(|e| PathError::io("keep the owner", e))?;
        }
        fchmod(&self.file, Mode::from_raw_mode(old.mode & 0o777)).map_err(|e| PathError::io("keep the mode", e))
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.placed {
            // Nothing can be done about a failure here, and the error that led here says more.
            let _ = unlinkat(self.dir, &self.name, AtFlags::empty());
        }
    }
}

fn random_name() -> Result<String, PathError> {
    let mut random = [0u8; 12];
    let filled =
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty()).map_err(|e| PathError::io("draw a name", e))?;
    if filled < random.len() {
        return Err(PathError::io("draw a name", Errno::IO));
    }
    let mut name = String::from(".aegis-");
    for byte in random {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name.push_str(".tmp");
    Ok(name)
}
