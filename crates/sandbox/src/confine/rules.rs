//! A plan as Landlock rules: the wall behind the file tree, and the one before signals and sockets of others.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use ::landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, Scope, make_bitflags,
};

use rustix::fs::FileType;

use super::plan::{Grant, Plan};
use super::root::{DEVICES, SCRATCH};
use crate::error::SandboxError;

/// The newest version of Landlock that is used.
const NEWEST: ABI = ABI::V7;

const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});

/// Rules that bind each command from its start. None where the kernel has no Landlock.
pub(super) struct Rules {
    made: RulesetCreated,
    is_mediated: bool,
    /// What is granted in [`SETTINGS`] may all be read, and one rule says so.
    has_settings: bool,
}

/// Dozens of single files are granted there, and in the tree that commands see there is nothing else. Each command pays for each rule.
const SETTINGS: &str = "/etc";

impl Rules {
    /// Those of what every tree has, and of what a plan grants. Made inside the file tree that commands see, as rules are bound to what they
    /// name; `tree` is where that is.
    pub(super) fn begin(plan: &Plan, tree: &Path) -> Result<Rules, SandboxError> {
        let mut rules = Ruleset::default();
        if plan.is_mediated {
            // from 3 on it knows of cutting files off: before, a change that is left to the kernel here could be one elsewhere
            rules = rules.set_compatibility(CompatLevel::HardRequirement).handle_access(AccessFs::from_all(ABI::V3))?;
        }
        let all = AccessFs::from_all(NEWEST);
        let rules = rules.set_compatibility(CompatLevel::BestEffort).handle_access(all)?.scope(Scope::from_all(NEWEST))?;
        let has_settings = can_read_settings(plan);
        let mut rules = Rules { made: rules.create()?, is_mediated: plan.is_mediated, has_settings };
        // names only: of what is granted anyway, and of the directories above
        rules.allow(tree, AccessFs::ReadDir.into())?;
        for name in DEVICES.into_iter().chain(["pts"]) {
            rules.allow(&tree.join("dev").join(name), AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev)?;
        }
        rules.allow(&tree.join("proc"), READ)?;
        if has_settings {
            rules.allow(&inside(tree, Path::new(SETTINGS)), READ)?;
        }
        rules.grant(&plan.grants, tree)?;
        Ok(rules)
    }

    /// Whether what is there so far holds for another plan that has all grants of the first one.
    pub(super) fn are_for(&self, plan: &Plan) -> bool {
        self.is_mediated == plan.is_mediated && (!self.has_settings || can_read_settings(plan))
    }

    /// More grants.
    pub(super) fn grant<'a>(&mut self, grants: impl IntoIterator<Item = &'a Grant>, tree: &Path) -> Result<(), SandboxError> {
        for grant in grants {
            let exec = if grant.exec { AccessFs::Execute.into() } else { BitFlags::EMPTY };
            let write = if grant.write && !self.is_mediated { AccessFs::from_write(NEWEST) & !AccessFs::IoctlDev } else { BitFlags::EMPTY };
            let read = if grant.read { READ } else { BitFlags::EMPTY };
            let access = read | exec | write;
            if !(self.has_settings && access == READ && is_setting(grant)) {
                self.allow(&inside(tree, &grant.path), access)?;
            }
        }
        Ok(())
    }

    /// The temporary directories of a plan, and with them all there is. Inside the tree.
    pub(super) fn end(mut self, plan: &Plan) -> Result<Option<OwnedFd>, SandboxError> {
        let free = plan.free_scratch();
        for path in SCRATCH.map(Path::new) {
            // a right to read in one that is not free would be one in all that is granted below it
            let access = AccessFs::from_all(NEWEST) & !AccessFs::IoctlDev & !AccessFs::MakeBlock & !AccessFs::MakeChar;
            let access = if free.contains(&path) { access } else { AccessFs::ReadDir.into() };
            self.allow(path, access)?;
        }
        Ok(self.made.into())
    }

    /// One rule; none for what is not there.
    fn allow(&mut self, path: &Path, access: BitFlags<AccessFs>) -> Result<(), SandboxError> {
        let Ok(fd) = PathFd::new(path) else { return Ok(()) };
        let is_directory = rustix::fs::fstat(&fd).is_ok_and(|what| FileType::from_raw_mode(what.st_mode).is_dir());
        let access = if is_directory { access } else { access & AccessFs::from_file(NEWEST) };
        if !access.is_empty() {
            (&mut self.made).add_rule(PathBeneath::new(fd, access))?;
        }
        Ok(())
    }
}

fn is_setting(grant: &Grant) -> bool {
    grant.path != Path::new(SETTINGS) && grant.path.starts_with(SETTINGS)
}

fn can_read_settings(plan: &Plan) -> bool {
    plan.grants.iter().filter(|grant| is_setting(grant)).all(|grant| grant.read)
}

/// Where a path is in a tree.
fn inside(tree: &Path, path: &Path) -> PathBuf {
    tree.join(path.strip_prefix("/").unwrap_or(path))
}
