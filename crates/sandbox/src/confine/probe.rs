//! What this machine gives.

use super::confined::{Confined, Preparing};
use super::plan::{Grant, Plan};
use crate::mediate::{Change, JudgeChange};

/// What this machine gives, found by trying it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The kernel's release.
    pub kernel: String,
    /// Namespaces and a file tree of their own; else why not.
    pub namespaces: Result<(), String>,
    /// Changes judged one by one; else why not.
    pub judged_changes: Result<(), String>,
    /// The kernel's version of Landlock.
    pub landlock: Option<i32>,
    /// Commands have a `/proc` of their own.
    pub own_proc: bool,
}

struct Nothing;

impl JudgeChange for Nothing {
    fn may(&mut self, _: &Change<'_>) -> bool {
        false
    }
}

impl Machine {
    /// Tries it: starts launchers, as for commands that see nothing but the system's programs.
    #[must_use]
    pub fn probe() -> Machine {
        let mut plan = Plan::default();
        plan.grants.push(Grant { path: "/usr".into(), read: true, write: false, exec: true });
        let begin = |judge: Option<Box<dyn JudgeChange>>| -> Result<Confined, String> {
            let launcher = Preparing::new(false, None).map_err(|e| e.to_string())?;
            launcher.start(&plan, judge).map_err(|e| e.to_string())
        };
        let plain = begin(None);
        let judged = begin(Some(Box::new(Nothing)));
        let own_proc = plain.as_ref().is_ok_and(|confined| !confined.lacks_proc());
        Machine {
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
            namespaces: plain.map(drop),
            judged_changes: judged.map(drop),
            landlock: version(),
            own_proc,
        }
    }

    /// Whether it can hold commands; else why not.
    ///
    /// # Errors
    /// What is missing.
    pub fn can_hold(&self) -> Result<(), String> {
        self.namespaces.clone().and_then(|()| self.judged_changes.clone())
    }
}

/// Asked of the kernel, which makes no rule set for that.
fn version() -> Option<i32> {
    const VERSION: u32 = 1; // LANDLOCK_CREATE_RULESET_VERSION
    // SAFETY: without a rule set, of size 0 and with this flag, the call only answers a number.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0usize, VERSION) };
    i32::try_from(version).ok().filter(|version| *version > 0)
}
