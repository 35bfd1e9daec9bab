//! What resolution gives: objects held by descriptor. Nothing outside `resolve` can make one.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use aegis_policy::PathOp;
use rustix::fs::{FileType, Stat};

use crate::resolve::{Judged, NodeKind, PathError};

/// What is to be done with the object that a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Its content is read.
    Read,
    /// It is asked whether it is there.
    Exists,
    /// Its kind, size and time are read.
    Stat,
    /// The names in it are read.
    List,
    /// Its content is replaced; it may be new.
    Write,
    /// Content is added; it may be new.
    Append,
    /// A part of its content is replaced.
    Replace,
    /// It is made a directory.
    Mkdir,
    /// Its name is removed.
    Delete,
}

impl Intent {
    /// The operations that are judged.
    #[must_use]
    pub const fn ops(self) -> &'static [PathOp] {
        match self {
            Intent::Read | Intent::Exists | Intent::Stat | Intent::List => &[PathOp::Read],
            Intent::Write | Intent::Append | Intent::Mkdir => &[PathOp::Write],
            Intent::Replace => &[PathOp::Read, PathOp::Write],
            Intent::Delete => &[PathOp::Delete],
        }
    }

    /// Whether it acts on a name in a directory, rather than on an object that must exist.
    pub(crate) const fn is_on_entry(self) -> bool {
        matches!(self, Intent::Write | Intent::Append | Intent::Replace | Intent::Mkdir | Intent::Delete)
    }
}

/// What a device and inode number say: two equal ones are the same object while one of them is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    device: u64,
    inode: u64,
}

/// What `fstat` says of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meta {
    pub(crate) dev: u64,
    pub(crate) ino: u64,
    pub(crate) mode: u32,
    pub(crate) nlink: u64,
    pub(crate) size: u64,
    pub(crate) modified: (i64, u64),
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Meta {
    #[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions, reason = "the widths differ between architectures")]
    pub(crate) fn of(stat: &Stat) -> Meta {
        Meta {
            dev: u64::from(stat.st_dev),
            ino: u64::from(stat.st_ino),
            mode: u32::from(stat.st_mode),
            nlink: u64::from(stat.st_nlink),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: (i64::from(stat.st_mtime), u64::try_from(stat.st_mtime_nsec).unwrap_or(0)),
            uid: stat.st_uid,
            gid: stat.st_gid,
        }
    }

    pub(crate) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }

    pub(crate) fn node(&self) -> NodeKind {
        NodeKind::of(self.kind())
    }

    pub(crate) fn is_file(&self) -> bool {
        self.kind() == FileType::RegularFile
    }

    pub(crate) fn is_executable(&self) -> bool {
        self.is_file() && self.mode & 0o111 != 0
    }

    pub(crate) const fn identity(&self) -> Identity {
        Identity { device: self.dev, inode: self.ino }
    }
}

/// A regular file, opened for its content.
#[derive(Debug)]
pub struct OpenFile {
    pub(crate) fd: OwnedFd,
    pub(crate) meta: Meta,
}

/// A directory, opened for its names.
#[derive(Debug)]
pub struct OpenDir {
    pub(crate) fd: OwnedFd,
    pub(crate) real: PathBuf,
}

/// A name in a held directory, with what stands there now, if anything.
#[derive(Debug)]
pub struct DirEntry {
    /// The deepest directory that exists.
    pub(crate) dir: OwnedFd,
    /// The directories between it and the name that are yet to be made.
    pub(crate) missing: Vec<OsString>,
    pub(crate) name: OsString,
    /// What stands there, held by `O_PATH`, so that its inode number is not given to another.
    pub(crate) held: Option<(OwnedFd, Meta)>,
    /// The same, opened for the content that is added or replaced.
    pub(crate) content: Option<OwnedFd>,
}

#[derive(Debug)]
pub(crate) enum Object {
    /// Nothing is there, and that may be known.
    Absent,
    /// Something is there; it is not opened.
    Held(OwnedFd, Meta),
    File(OpenFile),
    Dir(OpenDir),
    Entry(DirEntry),
}

/// A resolved and judged object, ready for the one thing it was resolved for. Nothing has changed on disk yet.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) intent: Intent,
    pub(crate) real: PathBuf,
    pub(crate) judged: Vec<Judged>,
    /// Some verdict was `ask`: nothing is opened, and every act fails.
    pub(crate) unapproved: bool,
    pub(crate) object: Object,
}

impl Prepared {
    /// The resolved absolute path: of the object itself, or of where it will be.
    #[must_use]
    pub fn real(&self) -> &Path {
        &self.real
    }

    /// Everything that was judged and not denied, the object first: then missing parents and hard-linked guarded files.
    #[must_use]
    pub fn judged(&self) -> &[Judged] {
        &self.judged
    }

    /// Whether some verdict was `ask`. Such an object is only held: after approval it is resolved again, with a judge that allows.
    #[must_use]
    pub const fn needs_approval(&self) -> bool {
        self.unapproved
    }

    /// The object that stands there now, if any. While this value is held, an equal identity means the same object.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        match &self.object {
            Object::Absent => None,
            Object::Held(_, meta) => Some(meta.identity()),
            Object::File(file) => Some(file.meta.identity()),
            Object::Dir(dir) => rustix::fs::fstat(&dir.fd).ok().map(|stat| Meta::of(&stat).identity()),
            Object::Entry(entry) => entry.held.as_ref().map(|(_, meta)| meta.identity()),
        }
    }

    /// The object that was looked at ([`Intent::Exists`], [`Intent::Stat`]) or needs approval, by a descriptor that no content passes through.
    #[must_use]
    pub fn held(&self) -> Option<BorrowedFd<'_>> {
        match &self.object {
            Object::Held(fd, _) => Some(fd.as_fd()),
            _ => None,
        }
    }

    /// Whether content of an executable file would be changed. Such a change is asked for, whatever the lists say: it is a way to run code.
    #[must_use]
    pub fn replaces_executable(&self) -> bool {
        match &self.object {
            Object::Entry(DirEntry { held: Some((_, meta)), .. }) => {
                matches!(self.intent, Intent::Write | Intent::Append | Intent::Replace) && meta.is_executable()
            }
            _ => false,
        }
    }

    /// The file, if this was prepared for reading.
    pub(crate) fn file(&self) -> Result<&OpenFile, PathError> {
        match &self.object {
            Object::File(file) => Ok(file),
            _ => Err(self.unusable()),
        }
    }

    /// The directory, if this was prepared for listing.
    pub(crate) fn dir(&self) -> Result<&OpenDir, PathError> {
        match &self.object {
            Object::Dir(dir) => Ok(dir),
            _ => Err(self.unusable()),
        }
    }

    /// The entry, if this was prepared for that change and needs no approval.
    pub(crate) fn into_entry(self, intent: Intent) -> Result<DirEntry, PathError> {
        if self.unapproved || self.intent != intent {
            return Err(self.unusable());
        }
        match self.object {
            Object::Entry(entry) => Ok(entry),
            _ => Err(PathError::WrongIntent),
        }
    }

    pub(crate) const fn unusable(&self) -> PathError {
        if self.unapproved { PathError::Unapproved } else { PathError::WrongIntent }
    }
}
