//! Finding paths by pattern. Directories are walked from a held one, no link is followed below the literal beginning of the pattern.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, OFlags, fstat};
use rustix::io::Errno;

use crate::files::list::entries;
use crate::files::pattern::{Pattern, States};
use crate::resolve::{Found, Guarded, Judge, Meta, NodeKind, OpenDir, PathError, Tree, Unlocated, is_on_kernel_fs};

/// How much a search may look at and give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlobLimits {
    /// Directory entries looked at.
    pub visited: usize,
    /// Paths found.
    pub results: usize,
}

impl Default for GlobLimits {
    fn default() -> GlobLimits {
        GlobLimits { visited: 200_000, results: 100_000 }
    }
}

/// A directory that is still to be searched.
struct Todo {
    /// Below the directory where the search starts.
    below: PathBuf,
    states: States,
}

impl Tree {
    /// The paths that match, sorted; relative to the policy root where the pattern is. `*`, `?`, `[..]`, `{a,b}` stay inside a component, a
    /// component `**` spans any number, a slash at the end asks for directories. Names that begin with a dot are like all others. What may
    /// not be read is left out. `enters` says whether a directory may be searched at all: one that a deny list names may not.
    ///
    /// # Errors
    /// [`PathError::BadArgument`] if the pattern is not well-formed, [`PathError::TooMany`] at a limit, [`PathError::Denied`] if `enters`
    /// refuses the literal beginning of the pattern, whether or not it exists.
    pub fn glob(
        &self,
        pattern: &str,
        limits: GlobLimits,
        judge: Judge<'_>,
        guarded: Guarded<'_>,
        enters: &mut dyn FnMut(&Path) -> bool,
    ) -> Result<Vec<String>, PathError> {
        let pattern = Pattern::parse(pattern)?;
        let at_home = pattern.beginning() == "~" || pattern.beginning().starts_with("~/");
        let shown_base = if at_home { self.named(pattern.beginning())? } else { pattern.beginning().into() };
        let start = if pattern.beginning().is_empty() { self.asked(".")? } else { self.asked(pattern.beginning())? };
        let base = match self.locate(&start) {
            Ok(found) => found,
            Err(Unlocated::Miss(miss)) => return nothing(&miss.would_be(), miss.errno, enters),
            Err(Unlocated::Failed(error)) => return Err(error),
        };
        if !enters(&base.real) {
            return Err(denied(base.real));
        }
        if base.meta.node() != NodeKind::Directory {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let mut visited = 0;
        let mut todo = vec![Todo { below: PathBuf::new(), states: pattern.start() }];
        while let Some(next) = todo.pop() {
            let Some(dir) = self.open_below(&base, &next.below)? else { continue };
            for entry in entries(&dir)? {
                visited += 1;
                if visited > limits.visited {
                    return Err(PathError::TooMany { what: "entries looked at", limit: limits.visited });
                }
                let (name, kind) = entry?;
                let step = pattern.step(next.states, &name);
                if step.is_match && (kind == FileType::Directory || !pattern.only_directories()) {
                    let real = dir.real.join(&name);
                    if self.may_be_shown(&real, kind, judge, guarded) {
                        if found.len() >= limits.results {
                            return Err(PathError::TooMany { what: "paths found", limit: limits.results });
                        }
                        found.push(shown_base.join(&next.below).join(&name).to_string_lossy().into_owned());
                    }
                }
                if kind == FileType::Directory && !step.states.is_empty() && enters(&dir.real.join(&name)) {
                    todo.push(Todo { below: next.below.join(&name), states: step.states });
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Opens a directory below the one where the search starts. None if it cannot be searched (any more).
    fn open_below(&self, base: &Found, below: &Path) -> Result<Option<OpenDir>, PathError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let fd = match self.open_strictly(base.fd.as_fd(), below, flags) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV | Errno::ACCESS) => return Ok(None),
            Err(errno) => return Err(PathError::io("search a directory", errno)),
        };
        if is_kernels(&fd)? {
            return if below.as_os_str().is_empty() { Err(PathError::KernelFile) } else { Ok(None) };
        }
        let real = if below == OsStr::new("") { base.real.clone() } else { base.real.join(below) };
        Ok(Some(OpenDir { fd, real }))
    }
}

fn is_kernels(fd: &OwnedFd) -> Result<bool, PathError> {
    let meta = Meta::of(&fstat(fd).map_err(|e| PathError::io("look at a directory", e))?);
    Ok(is_on_kernel_fs(fd.as_fd(), &meta))
}

/// The answer where the beginning of the pattern leads nowhere.
fn nothing(would_be: &Path, errno: Errno, enters: &mut dyn FnMut(&Path) -> bool) -> Result<Vec<String>, PathError> {
    if !enters(would_be) {
        return Err(denied(would_be.to_path_buf()));
    }
    match errno {
        Errno::NOENT | Errno::NOTDIR => Ok(Vec::new()),
        other => Err(PathError::resolving(other)),
    }
}

fn denied(real: PathBuf) -> PathError {
    PathError::Denied { op: aegis_policy::PathOp::Read, real }
}
