//! Opening the journal's file, and nothing else in its place.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::Errno;

use crate::error::JournalError;

/// Opens the journal for appending; creates it (0600) and its missing directories (0700).
pub(crate) fn open_for_append(path: &Path) -> Result<File, JournalError> {
    let failed = |source: io::Error| match Errno::from_io_error(&source) {
        Some(Errno::ROFS) => JournalError::ReadOnly { path: path.into() },
        Some(Errno::NOSPC | Errno::DQUOT) => JournalError::Full { path: path.into(), source },
        // What O_NOFOLLOW says of a link, and writing of a directory, a socket, or a FIFO that nobody reads.
        Some(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => JournalError::NotAFile { path: path.into() },
        _ => JournalError::Open { path: path.into(), source },
    };
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(failed)?;
    }
    // Without O_NONBLOCK, opening a FIFO would wait for its other end.
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = open(path, flags, Mode::RUSR | Mode::WUSR).map_err(|e| failed(e.into()))?;
    let stat = fstat(&file).map_err(|e| failed(e.into()))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(JournalError::NotAFile { path: path.into() });
    }
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(JournalError::NotOurs { path: path.into(), uid: stat.st_uid });
    }
    Ok(file.into())
}

/// Opens a journal for reading. A link is not followed: what is judged is the file of that name.
pub(crate) fn open_for_reading(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match open(path, flags, Mode::empty()) {
        Err(Errno::LOOP) => return Err(io::Error::other("it is a symbolic link")),
        result => result?,
    };
    if FileType::from_raw_mode(fstat(&file)?.st_mode) != FileType::RegularFile {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok(file.into())
}
