//! `Tree::resolve`, for names that are made, replaced or removed: the directory is held, the name is judged below it.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use aegis_policy::PathOp;
use rustix::fs::{Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use crate::resolve::judging::Judging;
use crate::resolve::kernel_file;
use crate::resolve::lexical::Asked;
use crate::resolve::locate::Unlocated;
use crate::resolve::prepared::{DirEntry, Intent, Meta, Object, Prepared};
use crate::resolve::tree::Tree;
use crate::resolve::walk::Miss;
use crate::resolve::{Found, NodeKind, PathError};

impl Tree {
    pub(crate) fn resolve_entry(&self, asked: &Asked, intent: Intent, mut judging: Judging<'_>) -> Result<Prepared, PathError> {
        let Some((parent, name)) = asked.split() else {
            return Err(PathError::BadArgument("the path does not end in a name"));
        };
        if asked.must_be_dir && !matches!(intent, Intent::Mkdir | Intent::Delete) {
            return Err(PathError::BadArgument("the path of a file cannot end in a slash"));
        }
        let found = match self.locate(&parent) {
            Ok(dir) => return self.entry_in(Place { dir, name, must_be_dir: asked.must_be_dir }, intent, judging),
            Err(Unlocated::Miss(miss)) => miss,
            Err(Unlocated::Failed(error)) => return Err(error),
        };
        below_missing(found, name, intent, &mut judging).map(|entry| finish(entry.0, entry.1, intent, judging))
    }

    /// A name in a directory that exists.
    fn entry_in(&self, place: Place<'_>, intent: Intent, mut judging: Judging<'_>) -> Result<Prepared, PathError> {
        let real = place.dir.real.join(place.name);
        let held = match openat(&place.dir.fd, place.name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
            Ok(fd) => Some((meta_of(&fd)?, fd)),
            Err(Errno::NOENT) => None,
            Err(errno) => {
                judging.ask_all(intent.ops(), &real)?;
                return Err(PathError::resolving(errno));
            }
        };
        match held {
            Some((meta, _)) if meta.node() == NodeKind::Link && (intent != Intent::Delete || place.must_be_dir) => {
                self.behind_link(real, intent, judging)
            }
            held => self.settle(place, held, real, intent, judging),
        }
    }

    /// What a link as last component leads to: it must exist, and it is its real place that is judged and changed.
    fn behind_link(&self, link: PathBuf, intent: Intent, mut judging: Judging<'_>) -> Result<Prepared, PathError> {
        let target = match self.locate_slowly(&Asked::real(link)) {
            Ok(found) => found,
            Err(Unlocated::Miss(miss)) => {
                judging.ask_all(intent.ops(), &miss.would_be())?;
                return Err(if miss.errno == Errno::NOENT { PathError::Dangling } else { PathError::resolving(miss.errno) });
            }
            Err(Unlocated::Failed(error)) => return Err(error),
        };
        let asked = Asked::real(target.real.clone());
        let Some((parent, name)) = asked.split().filter(|_| intent != Intent::Delete) else {
            // `link/` names what the link leads to, and removing that by the link's name is never meant.
            judging.ask_all(intent.ops(), &target.real)?;
            return Err(check_kind(target.meta.node(), false, intent).err().unwrap_or(PathError::NotADirectory));
        };
        let dir = match self.locate(&parent) {
            Ok(dir) if dir.real == parent.absolute => dir,
            _ => return Err(PathError::Changed),
        };
        let now = openat(&dir.fd, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
        match now {
            Ok(fd) if meta_of(&fd)?.identity() == target.meta.identity() => {}
            _ => return Err(PathError::Changed),
        }
        self.settle(Place { dir, name, must_be_dir: false }, Some((target.meta, target.fd)), target.real, intent, judging)
    }

    /// Judges a name in a held directory, with what stands there. Links are behind us: nothing is followed from here.
    fn settle(
        &self,
        place: Place<'_>,
        held: Option<(Meta, OwnedFd)>,
        real: PathBuf,
        intent: Intent,
        mut judging: Judging<'_>,
    ) -> Result<Prepared, PathError> {
        let Place { dir, name, must_be_dir } = place;
        judging.ask_all(intent.ops(), &real)?;
        if kernel_file::is_on_kernel_fs(dir.fd.as_fd(), &dir.meta) {
            return Err(PathError::KernelFile);
        }
        let mut entry = DirEntry { dir: dir.fd, missing: Vec::new(), name: name.to_os_string(), held: None, content: None };
        if let Some((meta, fd)) = held {
            judging.ask_as_guarded(intent.ops(), &meta, &real)?;
            check_kind(meta.node(), must_be_dir, intent)?;
            let here = (entry.dir.try_clone().map_err(|error| PathError::Io { during: "hold the directory", error })?, entry.name.clone());
            let found = Found { fd, meta, real: real.clone(), entry: Some(here) };
            entry.content = if judging.is_allowed() { self.open_for(intent, &found)? } else { None };
            entry.held = Some((found.fd, meta));
        } else if matches!(intent, Intent::Replace | Intent::Delete) {
            return Err(PathError::NotFound);
        }
        Ok(finish(entry, real, intent, judging))
    }

    /// Opens what stands at an entry, where its content is needed.
    fn open_for(&self, intent: Intent, found: &Found) -> Result<Option<OwnedFd>, PathError> {
        let flags = match intent {
            Intent::Append => OFlags::WRONLY | OFlags::APPEND | OFlags::NONBLOCK | OFlags::NOCTTY,
            Intent::Replace => OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY,
            _ => return Ok(None),
        };
        self.open_found(found, flags).map(Some)
    }
}

/// A name in a found directory.
struct Place<'a> {
    dir: Found,
    name: &'a OsStr,
    must_be_dir: bool,
}

/// A name below directories that do not exist yet. They are judged here and made when the effect happens.
fn below_missing(miss: Miss, name: &OsStr, intent: Intent, judging: &mut Judging<'_>) -> Result<(DirEntry, PathBuf), PathError> {
    let real = miss.would_be().join(name);
    judging.ask_all(intent.ops(), &real)?;
    let creates = matches!(intent, Intent::Write | Intent::Append | Intent::Mkdir);
    if miss.dangling {
        return Err(PathError::Dangling);
    }
    if miss.errno != Errno::NOENT || !creates {
        return Err(PathError::resolving(miss.errno));
    }
    if miss.rest.is_empty() {
        return Err(PathError::Changed);
    }
    if miss.rest.iter().any(|component| component == OsStr::new("..")) {
        return Err(PathError::NotFound);
    }
    judge_missing(&miss.dir_real, &miss.rest, judging)?;
    let meta = meta_of(&miss.dir)?;
    if kernel_file::is_on_kernel_fs(miss.dir.as_fd(), &meta) {
        return Err(PathError::KernelFile);
    }
    Ok((DirEntry { dir: miss.dir, missing: miss.rest, name: name.to_os_string(), held: None, content: None }, real))
}

fn judge_missing(dir_real: &Path, missing: &[OsString], judging: &mut Judging<'_>) -> Result<(), PathError> {
    let mut path = dir_real.to_path_buf();
    for name in missing {
        path.push(name);
        judging.ask(PathOp::Write, &path)?;
    }
    Ok(())
}

/// Whether what stands there can be what the intent needs.
fn check_kind(node: NodeKind, must_be_dir: bool, intent: Intent) -> Result<(), PathError> {
    match (intent, node) {
        (Intent::Write | Intent::Append | Intent::Replace, NodeKind::File) | (Intent::Mkdir, NodeKind::Directory) => Ok(()),
        (Intent::Write | Intent::Append | Intent::Replace, kind) => Err(PathError::NotAFile { kind }),
        (Intent::Mkdir, _) => Err(PathError::NotADirectory),
        (Intent::Delete, kind) if must_be_dir && kind != NodeKind::Directory => Err(PathError::NotADirectory),
        _ => Ok(()),
    }
}

fn finish(entry: DirEntry, real: PathBuf, intent: Intent, judging: Judging<'_>) -> Prepared {
    let unapproved = !judging.is_allowed();
    Prepared { intent, real, judged: judging.into_judged(), unapproved, object: Object::Entry(entry) }
}

fn meta_of(fd: &OwnedFd) -> Result<Meta, PathError> {
    fstat(fd).map(|stat| Meta::of(&stat)).map_err(|e| PathError::io("look at the object", e))
}
