//! `Tree::resolve`, for objects that must exist.

use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use aegis_policy::{PathOp, Verdict};
use rustix::fs::{OFlags, fstat};
use rustix::io::Errno;

use crate::resolve::judging::Judging;
use crate::resolve::kernel_file;
use crate::resolve::lexical::Asked;
use crate::resolve::locate::{Engine, Unlocated};
use crate::resolve::prepared::{Intent, Meta, Object, OpenDir, OpenFile, Prepared};
use crate::resolve::tree::Tree;
use crate::resolve::{Found, Guarded, Judge, NodeKind, PathError, openat2};

impl Tree {
    /// Resolves the text of a path to the object it names and has every real path judged before anything is opened for content. Nothing
    /// changes on disk. Where a verdict is `ask`, the object is only held, see [`Prepared::needs_approval`].
    ///
    /// # Errors
    /// [`PathError::Denied`] if the judge denies the object, or the place where it would be if it does not exist: denied beats not found.
    /// Else what the path or the object lacks for the intent.
    pub fn resolve(&self, asked: &str, intent: Intent, judge: Judge<'_>, guarded: Guarded<'_>) -> Result<Prepared, PathError> {
        let asked = self.asked(asked)?;
        let judging = Judging::new(judge, guarded);
        if intent.is_on_entry() { self.resolve_entry(&asked, intent, judging) } else { self.resolve_object(&asked, intent, judging) }
    }

    fn resolve_object(&self, asked: &Asked, intent: Intent, mut judging: Judging<'_>) -> Result<Prepared, PathError> {
        if self.engine == Engine::Fast && !asked.has_parent && !kernel_file::may_be_special(&asked.absolute) {
            let verdict = judging.consider(PathOp::Read, &asked.absolute);
            let flags = if verdict == Verdict::Allow { content_flags(intent) } else { OFlags::PATH };
            let flags = if asked.must_be_dir { flags | OFlags::DIRECTORY } else { flags };
            let (base, rest) = self.base(&asked.absolute);
            match openat2::beneath(base, rest, flags) {
                Ok(fd) => {
                    judging.accept(PathOp::Read, asked.absolute.clone(), verdict)?;
                    let meta = meta_of(&fd)?;
                    let found = Found { fd, meta, real: asked.absolute.clone(), entry: None };
                    return self.open_object(found, flags == content_flags(intent), intent, judging);
                }
                Err(Errno::LOOP | Errno::XDEV) => {}
                // No link was met before the component that failed, so the lexical path is where the object would be.
                Err(errno) => {
                    judging.accept(PathOp::Read, asked.absolute.clone(), verdict)?;
                    return absent(errno, false, asked.absolute.clone(), intent, judging);
                }
            }
        }
        match self.locate_slowly(asked) {
            Ok(found) => {
                judging.ask(PathOp::Read, &found.real)?;
                self.open_object(found, false, intent, judging)
            }
            Err(Unlocated::Miss(miss)) => {
                let would_be = miss.would_be();
                judging.ask(PathOp::Read, &would_be)?;
                absent(miss.errno, miss.dangling, would_be, intent, judging)
            }
            Err(Unlocated::Failed(error)) => Err(error),
        }
    }

    /// Checks a found and judged object, and opens it unless a person is to be asked first.
    fn open_object(&self, found: Found, opened: bool, intent: Intent, mut judging: Judging<'_>) -> Result<Prepared, PathError> {
        judging.ask_as_guarded(&[PathOp::Read], &found.meta, &found.real)?;
        if kernel_file::is_on_kernel_fs(found.fd.as_fd(), &found.meta) {
            return Err(PathError::KernelFile);
        }
        match (intent, found.meta.node()) {
            (Intent::Read, NodeKind::File) | (Intent::List, NodeKind::Directory) => {}
            (Intent::Read, kind) => return Err(PathError::NotAFile { kind }),
            (Intent::List, _) => return Err(PathError::NotADirectory),
            _ => {}
        }
        let unapproved = !judging.is_allowed();
        let object = if unapproved || matches!(intent, Intent::Exists | Intent::Stat) {
            Object::Held(found.fd, found.meta)
        } else {
            let flags = content_flags(intent);
            let fd = if opened { found.fd } else { self.open_found(&found, flags)? };
            match intent {
                Intent::List => Object::Dir(OpenDir { fd, real: found.real.clone() }),
                _ => Object::File(OpenFile { fd, meta: found.meta }),
            }
        };
        Ok(Prepared { intent, real: found.real, judged: judging.into_judged(), unapproved, object })
    }
}

/// How an object is opened for what is to be done with it. `NONBLOCK` and `NOCTTY`: a pipe or terminal is an error later, and must not
/// hold us up or become ours before.
fn content_flags(intent: Intent) -> OFlags {
    match intent {
        Intent::Read => OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY,
        Intent::List => OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::DIRECTORY,
        _ => OFlags::PATH,
    }
}

fn meta_of(fd: &OwnedFd) -> Result<Meta, PathError> {
    fstat(fd).map(|stat| Meta::of(&stat)).map_err(|e| PathError::io("look at the object", e))
}

/// What a failed resolution is, once its place is judged: an answer for `exists`, an error for everything else.
fn absent(errno: Errno, dangling: bool, real: PathBuf, intent: Intent, judging: Judging<'_>) -> Result<Prepared, PathError> {
    match (intent, errno) {
        (Intent::Exists, Errno::NOENT | Errno::NOTDIR) => {
            let unapproved = !judging.is_allowed();
            Ok(Prepared { intent, real, judged: judging.into_judged(), unapproved, object: Object::Absent })
        }
        _ if dangling => Err(PathError::Dangling),
        _ => Err(PathError::resolving(errno)),
    }
}
