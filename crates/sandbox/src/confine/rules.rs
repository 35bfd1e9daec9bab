//! A plan as Landlock rules: the wall behind the file tree, and the one before signals and sockets of others.

use std::os::fd::OwnedFd;
use std::path::Path;

use ::landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, Scope,
};

use super::plan::Plan;
use super::root::{DEVICES, SCRATCH};
use crate::error::SandboxError;

/// The newest version of Landlock that is used.
const NEWEST: ABI = ABI::V7;

/// The rules as a descriptor, which each command enters before it starts. Made inside the file tree that commands see: rules are bound to
/// what they name. None where the kernel has no Landlock.
pub(super) fn ruleset(plan: &Plan) -> Result<Option<OwnedFd>, SandboxError> {
    let all = AccessFs::from_all(NEWEST);
    let mut rules = Ruleset::default();
    if plan.is_mediated {
        // from 3 on it knows of cutting files off: before, a change that is left to the kernel here could be one elsewhere
        rules = rules.set_compatibility(CompatLevel::HardRequirement).handle_access(AccessFs::from_all(ABI::V3))?;
    }
    let rules = rules.set_compatibility(CompatLevel::BestEffort).handle_access(all)?.scope(Scope::from_all(NEWEST))?;
    let mut rules = rules.create()?;
    // names only: of what is granted anyway, and of the directories above
    rules = allow(rules, Path::new("/"), AccessFs::ReadDir.into())?;
    let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
    for grant in &plan.grants {
        let exec = if grant.exec { AccessFs::Execute.into() } else { BitFlags::EMPTY };
        let write = if grant.write && !plan.is_mediated { AccessFs::from_write(NEWEST) & !AccessFs::IoctlDev } else { BitFlags::EMPTY };
        let read = if grant.read { read } else { BitFlags::EMPTY };
        rules = allow(rules, &grant.path, read | exec | write)?;
    }
    let free = plan.free_scratch();
    for path in SCRATCH.map(Path::new) {
        // a right to read in one that is not free would be one in all that is granted below it
        let access = all & !AccessFs::IoctlDev & !AccessFs::MakeBlock & !AccessFs::MakeChar;
        let access = if free.contains(&path) { access } else { AccessFs::ReadDir.into() };
        rules = allow(rules, path, access)?;
    }
    for name in DEVICES {
        rules = allow(rules, &Path::new("/dev").join(name), AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev)?;
    }
    rules = allow(rules, Path::new("/dev/pts"), AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev)?;
    rules = allow(rules, Path::new("/proc"), read)?;
    Ok(rules.into())
}

/// One rule; none for what is not there.
fn allow(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated, SandboxError> {
    let Ok(fd) = PathFd::new(path) else { return Ok(rules) };
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(NEWEST) };
    if access.is_empty() {
        return Ok(rules);
    }
    Ok(rules.add_rule(PathBeneath::new(fd, access))?)
}
