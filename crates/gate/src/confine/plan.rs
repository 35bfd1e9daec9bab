//! A policy as a plan for the kernel.
//!
//! Read rules become trees (`dir/**`) or single files, with what of them is denied masked. What may be changed is not in the plan: each
//! change is judged when it comes. The plan is of the names that are there when the run begins.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use aegis_policy::{Access, ChildNetwork, Extent, PathOp, Policy};
use aegis_sandbox::confine::{Grant, Plan};

use super::clearance::Clearance;
use super::system::{PROGRAMS, SETTINGS};
use super::walk::{TooMany, Walk};

/// For whom the plan is.
#[derive(Debug, Clone, Copy)]
pub struct PlanFor<'a> {
    /// What they may know.
    pub clearance: &'a Clearance,
    /// Programs that must be there, as judged.
    pub programs: &'a [PathBuf],
    /// The home directory: there, and empty but for what is granted.
    pub home: Option<&'a Path>,
    /// Where commands start.
    pub cwd: Option<&'a Path>,
}

/// A plan, and what of the policy it cannot hold.
#[derive(Debug)]
pub struct Planned {
    /// For the sandbox.
    pub plan: Plan,
    /// Names looked at and masked.
    pub masked: usize,
}

/// A policy that cannot be held.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// There is too much below a tree to look at all of it.
    #[error("more than 200000 names below {}: what is denied there cannot be hidden; allow less than all of it in [filesystem].read_allow", .0.display())]
    TooMany(PathBuf),
    /// A directory that may be written is not there and cannot be made.
    #[error("{}: {error}", directory.display())]
    Make {
        /// It.
        directory: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
}

/// The plan of a policy, on top of [`system_plan`].
///
/// # Errors
/// [`PlanError`]: it could only be held in part.
pub fn plan(policy: &Policy, of: &PlanFor<'_>, system: Plan) -> Result<Planned, PlanError> {
    let mut plan = system;
    let mut places = Places::default();
    plan.proxy = policy.settings().child_network == ChildNetwork::Proxy;
    let mut walk = Walk::new(policy, of.clearance);
    // whoever listens there sees what is sent, and nobody knows what it says
    let sockets = if of.clearance.is_public() { policy.socket_reach() } else { Vec::new() };
    let mut open_sockets = Vec::new();
    for reach in sockets {
        let Some(begin) = places.real(&reach.begin) else { continue };
        open_sockets.extend(walk.sockets(reach.at(begin.clone())).map_err(|TooMany| PlanError::TooMany(begin))?);
    }
    let (mut trees, mut files) = (Vec::new(), Vec::new());
    let local_only = if of.clearance.is_public() { Vec::new() } else { policy.local_only_reach(PathOp::Read) };
    for reach in policy.reach(PathOp::Read).into_iter().chain(local_only) {
        let Some(begin) = places.real(&reach.begin) else { continue };
        walk.follow(reach.at(begin.clone()), &mut trees, &mut files).map_err(|TooMany| PlanError::TooMany(begin))?;
    }
    plan.grants.extend(files.into_iter().map(|path| Grant { path, read: true, write: false, exec: false }));
    // of trees in trees the outer ones are enough
    trees.retain(|tree| !walk.is_closed(tree));
    trees.sort();
    trees.dedup_by(|inner, outer| inner.starts_with(&*outer));
    for tree in &trees {
        walk.mask_below(tree).map_err(|TooMany| PlanError::TooMany(tree.clone()))?;
        plan.grants.push(Grant { path: tree.clone(), read: true, write: false, exec: false });
    }
    walk.mask_twins(&trees).map_err(|TooMany| PlanError::TooMany(trees.first().cloned().unwrap_or_default()))?;
    // a file that is granted by itself may lie in a tree
    plan.grants.sort();
    plan.grants.dedup_by(|file, tree| tree.holds(&file.path) && !tree.exec && places.is_directory(&tree.path));
    for socket in open_sockets {
        if !plan.grants.iter().any(|grant| grant.holds(&socket)) {
            plan.grants.push(Grant { path: socket, read: false, write: false, exec: false });
        }
    }
    writable(policy, &mut plan, &mut places)?;
    executable(policy, of, &mut walk, &mut plan, &mut places)?;
    plan.directories.extend(of.home.into_iter().chain(of.cwd).map(Path::to_path_buf));
    let masked = walk.masks.len();
    plan.masks = walk.masks;
    Ok(Planned { plan, masked })
}

/// Where paths lead, each looked up once: the lists of a policy begin at few places.
#[derive(Default)]
struct Places(HashMap<PathBuf, Option<Place>>);

/// What is at a path.
#[derive(Clone)]
struct Place {
    /// Without links.
    path: PathBuf,
    is_directory: bool,
}

impl Places {
    /// An absolute path without links, if it is there.
    fn real(&mut self, path: &Path) -> Option<PathBuf> {
        self.at(path).map(|place| place.path)
    }

    fn is_directory(&mut self, path: &Path) -> bool {
        self.at(path).is_some_and(|place| place.is_directory)
    }

    fn at(&mut self, path: &Path) -> Option<Place> {
        if let Some(known) = self.0.get(path) {
            return known.clone();
        }
        let place = self.look(path);
        self.0.insert(path.to_path_buf(), place.clone());
        place
    }

    fn look(&mut self, path: &Path) -> Option<Place> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else { return place(path) };
        let above = self.at(above).filter(|above| above.is_directory)?;
        let there = above.path.join(name);
        let what = std::fs::symlink_metadata(&there).ok()?;
        if what.is_symlink() { place(&there) } else { Some(Place { path: there, is_directory: what.is_dir() }) }
    }

    /// It was made since.
    fn forget(&mut self, path: &Path) {
        self.0.retain(|known, _| !path.starts_with(known) && !known.starts_with(path));
    }
}

fn place(path: &Path) -> Option<Place> {
    let path = std::fs::canonicalize(path).ok()?;
    let is_directory = path.is_dir();
    Some(Place { path, is_directory })
}

/// What every plan has, whatever the policy says: the system's programs, libraries and settings.
#[must_use]
pub fn system_plan() -> Plan {
    let mut plan = Plan::default();
    for (paths, exec) in [(PROGRAMS, true), (SETTINGS, false)] {
        for path in paths.iter().map(Path::new) {
            match std::fs::symlink_metadata(path) {
                Ok(what) if what.is_symlink() => {
                    // `/bin` leads to `usr/bin`, which is granted; `/etc/localtime` into `/usr`
                    if let Ok(target) = std::fs::read_link(path) {
                        plan.links.push((path.to_path_buf(), target));
                    }
                }
                Ok(_) => plan.grants.push(Grant { path: path.to_path_buf(), read: true, write: false, exec }),
                Err(_) => {}
            }
        }
    }
    plan
}

/// Whether files may be made in a directory, as far as no rule is about their names.
fn may_write_below(policy: &Policy, directory: &Path) -> bool {
    policy.decide(&Access::Path { op: PathOp::Write, path: &directory.join("x") }).is_allow()
}

fn make(directory: &Path) -> Result<(), PlanError> {
    std::fs::create_dir_all(directory).map_err(|error| PlanError::Make { directory: directory.to_path_buf(), error })
}

/// Mounts on which changes can be made at all. Which are, is judged one by one.
fn writable(policy: &Policy, plan: &mut Plan, places: &mut Places) -> Result<(), PlanError> {
    for op in [PathOp::Write, PathOp::Delete] {
        for reach in policy.reach(op).into_iter().chain(policy.local_only_reach(op)) {
            // something new is made in the directory above
            let directory = match reach.extent {
                Extent::Itself => reach.begin.parent().unwrap_or(&reach.begin),
                _ => reach.begin.as_path(),
            };
            // below a tree that is there, programs make it themselves
            let is_inside = plan.grants.iter().any(|grant| grant.holds(directory));
            let is_missing = || std::fs::symlink_metadata(directory).is_err() && may_write_below(policy, directory);
            if op == PathOp::Write && reach.extent == Extent::All && !is_inside && is_missing() {
                make(directory)?;
                places.forget(directory);
            }
            // in a tree it may be missing yet; elsewhere what is above it is nothing that was granted
            let there = directory.ancestors().take(if is_inside { usize::MAX } else { 1 }).find_map(|path| places.real(path));
            let Some(directory) = there.filter(|directory| places.is_directory(directory)) else { continue };
            match plan.grants.iter_mut().find(|grant| grant.holds(&directory) && places.is_directory(&grant.path)) {
                Some(grant) => grant.write = true,
                None => plan.grants.push(Grant { path: directory, read: false, write: true, exec: false }),
            }
        }
    }
    // what is granted below is mounted over it
    let writable: Vec<Grant> = plan.grants.iter().filter(|grant| grant.write).cloned().collect();
    for grant in &mut plan.grants {
        grant.write |= writable.iter().any(|above| above.holds(&grant.path));
    }
    Ok(())
}

fn executable(policy: &Policy, of: &PlanFor<'_>, walk: &mut Walk<'_>, plan: &mut Plan, places: &mut Places) -> Result<(), PlanError> {
    for reach in policy.exec_reach() {
        // where programs will be built: the kernel takes rights only for what is there
        if reach.extent == Extent::All && std::fs::symlink_metadata(&reach.begin).is_err() {
            let is_inside = plan.grants.iter().any(|grant| grant.holds(&reach.begin));
            if is_inside && may_write_below(policy, &reach.begin) {
                make(&reach.begin)?;
                places.forget(&reach.begin);
            }
        }
        let Some(begin) = places.real(&reach.begin) else { continue };
        let (mut trees, mut files) = (Vec::new(), Vec::new());
        walk.follow(reach.at(begin.clone()), &mut trees, &mut files).map_err(|TooMany| PlanError::TooMany(begin))?;
        for path in trees.into_iter().chain(files) {
            // what of it can be read; what cannot be read cannot be started
            plan.grants.iter_mut().filter(|grant| grant.read && grant.path.starts_with(&path)).for_each(|grant| grant.exec = true);
            let around = plan.grants.iter().filter(|grant| grant.holds(&path)).max_by_key(|grant| grant.path.as_os_str().len());
            if let Some((read, write)) = around.map(|grant| (grant.read, grant.write)) {
                plan.grants.push(Grant { path, read, write, exec: true });
            }
        }
    }
    for program in of.programs {
        if let Some(path) = places.real(program) {
            plan.grants.push(Grant { path, read: true, write: false, exec: true });
        }
    }
    plan.grants.sort();
    plan.grants.dedup_by(|later, earlier| {
        let is_same = later.path == earlier.path;
        if is_same {
            earlier.read |= later.read;
            earlier.write |= later.write;
            earlier.exec |= later.exec;
        }
        is_same
    });
    Ok(())
}
