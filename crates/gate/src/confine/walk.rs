//! What lies below a tree that is granted, name by name: what of it the policy does not give is masked.

use std::collections::HashSet;
use std::fs::{self, FileType};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use aegis_policy::{Extent, PathOp, Policy, Reach};

use super::clearance::Clearance;

/// So many names are looked at in one run; [`super::PlanError`] says so too.
const MOST_NAMES: usize = 200_000;

/// A walk over granted trees.
pub(super) struct Walk<'a> {
    policy: &'a Policy,
    clearance: &'a Clearance,
    /// Names that may still be looked at.
    left: usize,
    /// What nobody may look into.
    pub(super) masks: Vec<PathBuf>,
    /// Sockets that programs may connect to.
    sockets: HashSet<PathBuf>,
    /// Directories below which all is local-only, and not for these programs: how many names there are is none of theirs either.
    closed: HashSet<PathBuf>,
    /// Files among the masks that have other names.
    twins: HashSet<(u64, u64)>,
}

/// There are more names than are looked at.
pub(super) struct TooMany;

impl<'a> Walk<'a> {
    pub(super) fn new(policy: &'a Policy, clearance: &'a Clearance) -> Walk<'a> {
        let mut walk = Walk {
            policy,
            clearance,
            left: MOST_NAMES,
            masks: Vec::new(),
            sockets: HashSet::new(),
            twins: HashSet::new(),
            closed: HashSet::new(),
        };
        for reach in policy.local_only_reach(PathOp::Read).into_iter().chain(policy.local_only_reach(PathOp::Write)) {
            if reach.extent == Extent::All && !walk.may_read(&reach.begin.join("x")) {
                walk.closed.extend(fs::canonicalize(&reach.begin));
            }
        }
        walk
    }

    /// Whether programs may read it.
    pub(super) fn may_read(&self, path: &Path) -> bool {
        self.clearance.may_read(self.policy, path)
    }

    /// Whether all below it is none of theirs.
    pub(super) fn is_closed(&self, directory: &Path) -> bool {
        self.closed.contains(directory)
    }

    /// Masks what is below a tree and may not be read.
    pub(super) fn mask_below(&mut self, top: &Path) -> Result<(), TooMany> {
        self.policy.look_below(top);
        self.each_below(top, &mut |walk, path, kind| {
            if kind.is_dir() && walk.is_closed(path) {
                walk.masks.push(path.to_path_buf());
                return false;
            }
            // whoever can see a socket can connect to it, however little may be read or written
            if kind.is_socket() && walk.sockets.contains(path) || walk.may_read(path) && !kind.is_socket() {
                return true;
            }
            if !kind.is_dir()
                && let Ok(file) = fs::symlink_metadata(path)
                && file.nlink() > 1
            {
                walk.twins.insert((file.dev(), file.ino()));
            }
            walk.masks.push(path.to_path_buf());
            false
        })
    }

    /// Masks the other names of what is masked, where there are any.
    pub(super) fn mask_twins(&mut self, tops: &[PathBuf]) -> Result<(), TooMany> {
        if self.twins.is_empty() {
            return Ok(());
        }
        let masked: HashSet<PathBuf> = self.masks.iter().cloned().collect();
        for top in tops {
            self.each_below(top, &mut |walk, path, kind| {
                if masked.contains(path) {
                    return false;
                }
                if !kind.is_dir() && fs::symlink_metadata(path).is_ok_and(|file| walk.twins.contains(&(file.dev(), file.ino()))) {
                    walk.masks.push(path.to_path_buf());
                }
                true
            })?;
        }
        Ok(())
    }

    /// The sockets that a reach is about, which are masked no more.
    pub(super) fn sockets(&mut self, reach: Reach) -> Result<Vec<PathBuf>, TooMany> {
        let mut found = Vec::new();
        let mut open = vec![reach];
        while let Some(reach) = open.pop() {
            let Ok(what) = fs::symlink_metadata(&reach.begin) else { continue };
            if what.file_type().is_socket() && reach.extent != Extent::Some {
                found.push(reach.begin);
            } else if what.is_dir() && reach.extent != Extent::Itself {
                let Ok(entries) = fs::read_dir(&reach.begin) else { continue };
                for entry in entries.flatten() {
                    self.left = self.left.checked_sub(1).ok_or(TooMany)?;
                    open.extend(reach.below(&entry.file_name()));
                }
            }
        }
        self.sockets.extend(found.iter().cloned());
        Ok(found)
    }

    /// What a reach is about: whole trees, and files that may be read.
    pub(super) fn follow(&mut self, reach: Reach, trees: &mut Vec<PathBuf>, files: &mut Vec<PathBuf>) -> Result<(), TooMany> {
        let mut open = vec![reach];
        while let Some(reach) = open.pop() {
            let Ok(what) = fs::symlink_metadata(&reach.begin) else { continue };
            match reach.extent {
                Extent::All if what.is_dir() => trees.push(reach.begin),
                Extent::All | Extent::Itself => {
                    if what.is_file() && self.may_read(&reach.begin) {
                        self.left = self.left.checked_sub(1).ok_or(TooMany)?;
                        files.push(reach.begin);
                    }
                }
                Extent::Some if what.is_dir() => {
                    let Ok(entries) = fs::read_dir(&reach.begin) else { continue };
                    for entry in entries.flatten() {
                        open.extend(reach.below(&entry.file_name()));
                    }
                    self.left = self.left.checked_sub(1).ok_or(TooMany)?;
                }
                Extent::Some => {}
            }
        }
        Ok(())
    }

    /// Every name below, links not followed; `visit` says whether to look below a directory. What cannot be listed is not there for
    /// programs either.
    fn each_below(&mut self, top: &Path, visit: &mut dyn FnMut(&mut Walk<'a>, &Path, FileType) -> bool) -> Result<(), TooMany> {
        let mut open = vec![top.to_path_buf()];
        while let Some(directory) = open.pop() {
            let Ok(entries) = fs::read_dir(&directory) else { continue };
            for entry in entries.flatten() {
                let path = entry.path();
                let Ok(kind) = entry.file_type() else { continue };
                // names that are none of theirs do not count: how many there are must not stop public programs
                if visit(self, &path, kind) {
                    self.left = self.left.checked_sub(1).ok_or(TooMany)?;
                    if kind.is_dir() {
                        open.push(path);
                    }
                }
            }
        }
        Ok(())
    }
}
