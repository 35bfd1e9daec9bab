//! Resolution by hand: one component at a time, each opened with `O_NOFOLLOW`, each link read and walked. Needs neither `openat2` nor
//! /proc, and says how far a failing path leads.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, fstat, openat, readlinkat};
use rustix::io::Errno;

use crate::resolve::kernel_file;
use crate::resolve::lexical::{Asked, collapse};
use crate::resolve::locate::Found;
use crate::resolve::prepared::Meta;

/// Links that one resolution may follow (`MAXSYMLINKS` of Linux).
const MAX_LINKS: u32 = 40;

/// How far a path leads that does not resolve.
#[derive(Debug)]
pub(crate) struct Miss {
    pub(crate) errno: Errno,
    /// The deepest directory that was reached, with its real path.
    pub(crate) dir: OwnedFd,
    pub(crate) dir_real: PathBuf,
    /// What is left, beginning with the component that failed.
    pub(crate) rest: Vec<OsString>,
    /// It does not exist, and its name stands in the text of a link.
    pub(crate) dangling: bool,
}

impl Miss {
    /// Where the object would be: the deepest resolved ancestor plus the rest.
    pub(crate) fn would_be(&self) -> PathBuf {
        let mut path = self.dir_real.clone();
        path.extend(self.rest.iter());
        collapse(&path)
    }
}

/// A component that is still to be walked.
struct Step {
    name: OsString,
    from_link: bool,
}

/// The directories from `/` down to where the walk stands. They are held, so that `..` leads back to the very directory that was left,
/// whatever is renamed meanwhile.
struct Trail<'a> {
    slash: BorrowedFd<'a>,
    dirs: Vec<(OwnedFd, OsString)>,
}

impl Trail<'_> {
    fn here(&self) -> BorrowedFd<'_> {
        self.dirs.last().map_or(self.slash, |(fd, _)| fd.as_fd())
    }

    fn real(&self) -> PathBuf {
        let mut path = PathBuf::from("/");
        path.extend(self.dirs.iter().map(|(_, name)| name));
        path
    }

    fn duplicate(&self) -> Result<OwnedFd, Errno> {
        rustix::io::fcntl_dupfd_cloexec(self.here(), 3)
    }
}

/// Walks to the object that an absolute path names, following links. The inner error says how far it leads; the outer one that even that
/// cannot be said.
pub(crate) fn walk(slash: BorrowedFd<'_>, asked: &Asked) -> Result<Result<Found, Miss>, Errno> {
    let mut trail = Trail { slash, dirs: Vec::new() };
    let mut todo: Vec<Step> = Vec::new();
    push_text(&mut todo, &asked.absolute, false);
    let mut must_be_dir = asked.must_be_dir;
    let mut links = 0;
    while let Some(step) = todo.pop() {
        if step.name == OsStr::new("..") {
            trail.dirs.pop();
            continue;
        }
        let (node, meta) = match node_at(trail.here(), &step.name) {
            Ok(node) => node,
            Err(errno) => return miss(&trail, step, todo, errno).map(Err),
        };
        match meta.kind() {
            FileType::Directory => trail.dirs.push((node, step.name)),
            FileType::Symlink => {
                links += 1;
                if links > MAX_LINKS || kernel_file::is_on_kernel_fs(node.as_fd(), &meta) {
                    return miss(&trail, step, todo, Errno::LOOP).map(Err);
                }
                let target = match readlinkat(&node, "", Vec::new()) {
                    Ok(target) => PathBuf::from(OsString::from_vec(target.into_bytes())),
                    Err(errno) => return miss(&trail, step, todo, errno).map(Err),
                };
                if todo.is_empty() && ends_as_directory(&target) {
                    must_be_dir = true;
                }
                if target.has_root() {
                    trail.dirs.clear();
                }
                push_text(&mut todo, &target, true);
            }
            _ if todo.is_empty() && !must_be_dir => {
                let real = trail.real().join(&step.name);
                let dir = trail.duplicate()?;
                return Ok(Ok(Found { fd: node, meta, real, entry: Some((dir, step.name)) }));
            }
            _ => return miss(&trail, step, todo, Errno::NOTDIR).map(Err),
        }
    }
    let fd = trail.duplicate()?;
    let meta = Meta::of(&fstat(&fd)?);
    Ok(Ok(Found { fd, meta, real: trail.real(), entry: None }))
}

fn node_at(dir: BorrowedFd<'_>, name: &OsStr) -> Result<(OwnedFd, Meta), Errno> {
    let node = openat(dir, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let meta = Meta::of(&fstat(&node)?);
    Ok((node, meta))
}

fn miss(trail: &Trail<'_>, step: Step, todo: Vec<Step>, errno: Errno) -> Result<Miss, Errno> {
    let dangling = step.from_link && errno == Errno::NOENT;
    let rest = std::iter::once(step.name).chain(todo.into_iter().rev().map(|s| s.name)).collect();
    Ok(Miss { errno, dir: trail.duplicate()?, dir_real: trail.real(), rest, dangling })
}

/// Puts the components of a text on top of what is still to be walked.
fn push_text(todo: &mut Vec<Step>, text: &Path, from_link: bool) {
    let from = todo.len();
    todo.extend(text.components().filter_map(|c| match c {
        Component::Normal(name) => Some(Step { name: name.to_os_string(), from_link }),
        Component::ParentDir => Some(Step { name: OsString::from(".."), from_link }),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    }));
    if let Some(added) = todo.get_mut(from..) {
        added.reverse();
    }
}

fn ends_as_directory(target: &Path) -> bool {
    let bytes = target.as_os_str().as_bytes();
    bytes.ends_with(b"/") || bytes.ends_with(b"/.")
}
