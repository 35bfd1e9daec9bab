//! The file tree that commands see: what the plan grants, at its own place, and nothing else. What is not granted does not exist there, so
//! that it cannot be asked for, looked at, or connected to.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount_change, unmount};
use rustix::process::{chdir, pivot_root};

use super::detach::{Detacher, Leaving};
use super::mounts::{Forbids, at, bind, bind_one, forbid, mount_new};
use super::plan::{Grant, Plan};
use crate::error::SandboxError;

/// Device files that every program may use.
pub(super) const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Private temporary directories.
pub(super) const SCRATCH: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];

/// Where the system's own tree is while the new one is made, and where that is.
const OLD: &str = "/old";
pub(super) const NEW: &str = "/new";
/// Where what masks lies, outside the new tree.
const EMPTY_FILE: &str = "/empty-file";
const EMPTY_DIRECTORY: &str = "/empty-directory";
/// Where the file system of the temporary directories is made.
const ALL_SCRATCH: &str = "/scratch";

/// What could not be had, and what is in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Lacks {
    /// `/proc` is the system's, because a container hides parts of it.
    pub(super) own_proc: bool,
}

/// What every tree has, and who will take the system's away.
pub(super) struct Begun {
    lacks: Lacks,
    detacher: Detacher,
}

/// Makes what every tree has, before it is known what else there is.
pub(super) fn begin(base: &Plan) -> Result<Begun, SandboxError> {
    at(mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC), "unshare", Path::new("/"))?;
    step_aside()?;
    make_scratch(base)?;
    let lacks = fill(base)?;
    Ok(Begun { lacks, detacher: Detacher::new()? })
}

/// Makes the tree and enters it. Nothing of the system's own tree can be reached once that is gone. `begun` is what [`begin`] has made.
pub(super) fn enter(plan: &Plan, begun: Option<(&Plan, Begun)>) -> Result<(Lacks, Leaving), SandboxError> {
    let Begun { lacks, detacher } = match begun {
        Some((base, begun)) if covers(plan, base) => {
            at(unmount(NEW, UnmountFlags::DETACH), "unmount", Path::new(NEW))?;
            Begun { lacks: fill(plan)?, ..begun }
        }
        Some((base, begun)) => {
            add(plan, base)?;
            begun
        }
        None => begin(plan)?,
    };
    for path in plan.directories.iter().map(PathBuf::as_path).chain([Path::new("/run")]) {
        let path = inside(path);
        if fs::symlink_metadata(&path).is_err() {
            parents(&path)?;
            directory(&path)?;
        }
    }
    masks(plan)?;
    let free = plan.free_scratch();
    for path in SCRATCH.iter().map(Path::new).filter(|path| !free.contains(path)) {
        forbid(&inside(path), Forbids::DEVICES.and_writes().and_programs(), false)?;
    }
    forbid(Path::new(NEW), Forbids::DEVICES.and_writes(), false)?;
    forbid(&inside(Path::new("/dev")), Forbids::SETUID.and_writes(), false)?;
    at(chdir(NEW), "enter", Path::new(NEW))?;
    Ok((lacks, detacher.change_root()?))
}

/// Whether something of a plan would lie over what was made before it, or is not what was made.
pub(super) fn covers(plan: &Plan, base: &Plan) -> bool {
    let places = || {
        base.grants.iter().map(|grant| grant.path.as_path()).chain(SCRATCH.map(Path::new)).chain([Path::new("/dev"), Path::new("/proc")])
    };
    let is_new = |grant: &&Grant| !base.grants.contains(grant);
    let is_gone = base.grants.iter().any(|grant| !plan.grants.contains(grant));
    is_gone
        || plan.max_processes != base.max_processes
        || plan.grants.iter().filter(is_new).any(|grant| places().any(|place| place.starts_with(&grant.path)))
}

/// Adds to what was made before what a plan has beyond it, from the top down.
fn add(plan: &Plan, base: &Plan) -> Result<(), SandboxError> {
    links(plan.links.iter().filter(|link| !base.links.contains(link)))?;
    let mut new: Vec<&Grant> = plan.grants.iter().filter(|grant| !base.grants.contains(grant)).collect();
    new.sort();
    new.into_iter().try_for_each(put)
}

/// Fills an empty tree from its top down: what lies below covers what lies above.
fn fill(plan: &Plan) -> Result<Lacks, SandboxError> {
    enum Place<'a> {
        Grant(&'a Grant),
        Devices,
        Scratch,
    }
    directory(Path::new(NEW))?;
    at(rustix::mount::mount_bind(NEW, NEW), "bind", Path::new(NEW))?;
    links(plan.links.iter())?;
    let mut all: Vec<(&Path, Place<'_>)> = plan.grants.iter().map(|grant| (grant.path.as_path(), Place::Grant(grant))).collect();
    all.push((Path::new("/dev"), Place::Devices));
    all.extend(SCRATCH.map(|path| (Path::new(path), Place::Scratch)));
    // at one place the grant comes first
    all.sort_by_key(|(path, _)| *path);
    for (path, place) in all {
        match place {
            Place::Grant(grant) => put(grant)?,
            Place::Devices => devices()?,
            Place::Scratch => scratch(path)?,
        }
    }
    proc(plan)
}

fn links<'a>(links: impl Iterator<Item = &'a (PathBuf, PathBuf)>) -> Result<(), SandboxError> {
    for (name, target) in links {
        let name = inside(name);
        parents(&name)?;
        at(std::os::unix::fs::symlink(target, &name), "link", &name)?;
    }
    Ok(())
}

/// Moves into an empty tree in memory, with the system's below [`OLD`].
fn step_aside() -> Result<(), SandboxError> {
    let there = ["/tmp", "/run", "/mnt", "/usr"].into_iter().map(Path::new).find(|path| path.is_dir());
    let base = at(there.ok_or(ErrorKind::NotFound), "enter", Path::new("/tmp"))?;
    mount_new("tmpfs", base, MountFlags::NOSUID | MountFlags::NODEV, "mode=0755,size=1m,nr_inodes=65536")?;
    at(chdir(base), "enter", base)?;
    at(rustix::fs::mkdir("old", Mode::from_raw_mode(0o755)), "make", Path::new(OLD))?;
    at(pivot_root(".", "old"), "enter", base)?;
    at(chdir("/"), "enter", base)
}

fn inside(path: &Path) -> PathBuf {
    Path::new(NEW).join(path.strip_prefix("/").unwrap_or(path))
}

fn outside(path: &Path) -> PathBuf {
    Path::new(OLD).join(path.strip_prefix("/").unwrap_or(path))
}

fn directory(path: &Path) -> Result<(), SandboxError> {
    match rustix::fs::mkdir(path, Mode::from_raw_mode(0o755)) {
        Err(rustix::io::Errno::EXIST) => Ok(()),
        result => at(result, "make", path),
    }
}

/// Makes the directories above. Below a grant they are there, and a missing one cannot be made.
fn parents(path: &Path) -> Result<(), SandboxError> {
    let above: Vec<&Path> = path.ancestors().skip(1).take_while(|above| above.starts_with(NEW) && *above != Path::new(NEW)).collect();
    above.into_iter().rev().try_for_each(directory)
}

/// Puts a grant at its place. One that is not there is none.
fn put(grant: &Grant) -> Result<(), SandboxError> {
    let (from, to) = (outside(&grant.path), inside(&grant.path));
    let Ok(what) = fs::symlink_metadata(&from) else { return Ok(()) };
    parents(&to)?;
    if fs::symlink_metadata(&to).is_err() {
        if what.is_dir() {
            directory(&to)?;
        } else {
            at(fs::write(&to, ""), "make", &to)?;
        }
    }
    let forbids = Forbids::DEVICES;
    let forbids = if grant.write { forbids } else { forbids.and_writes() };
    bind(&from, &to, if grant.exec { forbids } else { forbids.and_programs() })
}

fn devices() -> Result<(), SandboxError> {
    let dev = inside(Path::new("/dev"));
    directory(&dev)?;
    mount_new("tmpfs", &dev, MountFlags::NOSUID | MountFlags::NOEXEC, "mode=0755,size=64k,nr_inodes=64")?;
    for name in DEVICES {
        let (from, to) = (Path::new(OLD).join("dev").join(name), dev.join(name));
        if fs::symlink_metadata(&from).is_ok() {
            at(fs::write(&to, ""), "make", &to)?;
            // what is written to a device is no change of the file
            bind_one(&from, &to, Forbids::SETUID.and_writes().and_programs())?;
        }
    }
    for (name, target) in
        [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2")]
    {
        at(std::os::unix::fs::symlink(target, dev.join(name)), "link", &dev)?;
    }
    // terminals of its own: those of the user stay out of reach
    let terminals = dev.join("pts");
    directory(&terminals)?;
    mount_new("devpts", &terminals, MountFlags::NOSUID | MountFlags::NOEXEC, "newinstance,ptmxmode=0666,mode=0620")?;
    at(std::os::unix::fs::symlink("pts/ptmx", dev.join("ptmx")), "link", &dev)
}

/// One file system in memory for all temporary directories.
fn make_scratch(plan: &Plan) -> Result<(), SandboxError> {
    let all = Path::new(ALL_SCRATCH);
    directory(all)?;
    let options = format!("mode=0755,size={},nr_inodes=1m", plan.scratch_bytes);
    mount_new("tmpfs", all, MountFlags::NOSUID | MountFlags::NODEV, &options)
}

/// A directory of it at its place.
fn scratch(path: &Path) -> Result<(), SandboxError> {
    let name = path.to_string_lossy().trim_start_matches('/').replace('/', "-");
    let (from, to) = (Path::new(ALL_SCRATCH).join(name), inside(path));
    directory(&from)?;
    at(rustix::fs::chmod(&from, Mode::from_raw_mode(0o1777)), "make", &to)?;
    parents(&to)?;
    if fs::symlink_metadata(&to).is_err() {
        directory(&to)?;
    }
    bind_one(&from, &to, Forbids::DEVICES)
}

/// `/proc` of the PID namespace. Its bound on processes binds root too, which a resource limit does not.
fn proc(plan: &Plan) -> Result<Lacks, SandboxError> {
    let to = inside(Path::new("/proc"));
    directory(&to)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    match rustix::mount::mount("proc", &to, "proc", flags, None) {
        Ok(()) => {}
        // a container shows only parts of /proc, and the kernel does not let us see more
        Err(rustix::io::Errno::PERM) => {
            bind(&outside(Path::new("/proc")), &to, Forbids::DEVICES.and_writes().and_programs())?;
            return Ok(Lacks { own_proc: true });
        }
        Err(errno) => return at(Err(errno), "mount", &to),
    }
    let limit = to.join("sys/kernel/pid_max");
    // older kernels have one number for all namespaces, and it is not ours
    let _ = fs::write(&limit, plan.max_processes.max(301).to_string());
    let settings = to.join("sys");
    bind(&settings, &settings, Forbids::DEVICES.and_writes().and_programs())?;
    Ok(Lacks::default())
}

/// Covers what nobody may look into. A mask is owned by the same user, so that its mode alone would not hold.
fn masks(plan: &Plan) -> Result<(), SandboxError> {
    at(fs::write(EMPTY_FILE, ""), "make", Path::new(EMPTY_FILE))?;
    directory(Path::new(EMPTY_DIRECTORY))?;
    for path in [EMPTY_FILE, EMPTY_DIRECTORY] {
        at(rustix::fs::chmod(path, Mode::empty()), "make", Path::new(path))?;
    }
    let mut paths: Vec<&PathBuf> = plan.masks.iter().collect();
    paths.sort();
    for path in paths {
        let to = inside(path);
        let mask = match fs::symlink_metadata(&to) {
            Ok(what) if what.is_dir() => EMPTY_DIRECTORY,
            // what a link leads to has a name of its own
            Ok(what) if what.is_symlink() => continue,
            Ok(_) => EMPTY_FILE,
            // not granted at all, or below a mask
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
            Err(error) => return at(Err(error), "mask", &to),
        };
        bind_one(Path::new(mask), &to, Forbids::DEVICES.and_writes().and_programs())?;
    }
    Ok(())
}
