//! Landlock for a process that needs no file at all.

use ::landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, RestrictionStatus, Ruleset, RulesetAttr, RulesetStatus,
    Scope,
};

use crate::error::SandboxError;

/// The newest version of Landlock that this crate knows.
const NEWEST: ABI = ABI::V7;

/// How much of Landlock is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforced {
    /// Everything this crate knows.
    Fully,
    /// What this kernel's older version knows: always files, with 4 also TCP, with 6 also signals and abstract sockets.
    Partly {
        /// The kernel's version.
        abi: i32,
    },
    /// Nothing: the kernel lacks it, or it is switched off.
    No,
}

/// Denies the calling thread, and what it starts, all that Landlock can deny.
pub(crate) fn deny_all() -> Result<Enforced, SandboxError> {
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .restrict_self()?;
    Ok(enforced(&status))
}

fn enforced(status: &RestrictionStatus) -> Enforced {
    match (&status.ruleset, status.landlock) {
        (RulesetStatus::FullyEnforced, _) => Enforced::Fully,
        (RulesetStatus::PartiallyEnforced, LandlockStatus::Available { effective_abi, .. }) => {
            Enforced::Partly { abi: effective_abi as i32 }
        }
        _ => Enforced::No,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn nothing_can_be_opened() {
        // It binds the thread, so the other tests keep their rights.
        let bound = std::thread::spawn(|| {
            let before = File::open("/etc/passwd").is_ok();
            let enforced = deny_all().unwrap();
            (before, enforced, File::open("/etc/passwd").err(), File::create("/tmp/x").is_err(), TcpStream::connect("127.0.0.1:9").err())
        });
        let (before, enforced, read, create, connect) = bound.join().unwrap();
        assert!(before);
        if enforced == Enforced::No {
            return;
        }
        assert_eq!(read.unwrap().kind(), std::io::ErrorKind::PermissionDenied);
        assert!(create);
        if enforced == Enforced::Fully {
            assert_eq!(connect.unwrap().kind(), std::io::ErrorKind::PermissionDenied);
        }
        assert!(File::open("/etc/passwd").is_ok());
    }
}
