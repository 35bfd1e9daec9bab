//! What confined commands see and may do.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::message::{Reader, Writer};
use super::root::SCRATCH;
use crate::error::SandboxError;

/// Everything that confined commands have. What is not in it is not there for them: no file, no name, no way to the network.
///
/// Beside it they have what every program needs: the usual device files, `/proc` of their own, terminals of their own, and private
/// temporary directories (`/tmp`, `/var/tmp`, `/dev/shm`), which end with the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Files and trees, by real paths: no link leads to them.
    pub grants: Vec<Grant>,
    /// Links to be there, with what they lead to (`/bin`, `usr/bin`).
    pub links: Vec<(PathBuf, PathBuf)>,
    /// Files and directories below grants that nobody may look into or change.
    pub masks: Vec<PathBuf>,
    /// Empty directories to be there, unless a grant makes them, for example the home directory.
    pub directories: Vec<PathBuf>,
    /// Size of all temporary directories together, in bytes.
    pub scratch_bytes: u64,
    /// Processes and threads at once.
    pub max_processes: u32,
    /// Commands are in our session, at the same terminal; else in one of their own.
    pub at_terminal: bool,
    /// There is a socket on the loopback device of their network at which somebody outside listens; else they reach nobody.
    pub proxy: bool,
    /// What commands look for and do not find is told to whoever judges changes; that is slow.
    pub is_traced: bool,
    /// What commands may change is judged change by change; else grants alone say.
    pub(super) is_mediated: bool,
}

/// A file or a tree that commands may read or change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// Its real path.
    pub path: PathBuf,
    /// It may be read; else only changed.
    pub read: bool,
    /// It and what is in it may be changed, too.
    pub write: bool,
    /// Programs in it may be started.
    pub exec: bool,
}

impl Grant {
    /// Whether a real path is the grant's own, or below it.
    #[must_use]
    pub fn holds(&self, path: &Path) -> bool {
        let rest = path.as_os_str().as_bytes().strip_prefix(self.path.as_os_str().as_bytes());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || self.path == Path::new("/"))
    }
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            grants: Vec::new(),
            links: Vec::new(),
            masks: Vec::new(),
            directories: Vec::new(),
            scratch_bytes: 1 << 30,
            max_processes: 4096,
            at_terminal: false,
            proxy: false,
            is_traced: false,
            is_mediated: false,
        }
    }
}

impl Plan {
    /// The temporary directories below which nothing is granted. Landlock's rights reach down into what is mounted below: a right to read or
    /// write in `/tmp` would be one in a project that lies there. The others are empty, and nothing can be written there.
    #[must_use]
    pub fn free_scratch(&self) -> Vec<&'static Path> {
        let is_free = |path: &&'static Path| self.grants.iter().all(|grant| !grant.path.starts_with(path));
        SCRATCH.into_iter().map(Path::new).filter(is_free).collect()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.list(&self.grants, |to, grant| {
            to.bytes(grant.path.as_os_str().as_bytes());
            to.number(u64::from(grant.write) | u64::from(grant.exec) << 1 | u64::from(grant.read) << 2);
        });
        to.list(&self.links, |to, (name, target)| {
            to.bytes(name.as_os_str().as_bytes());
            to.bytes(target.as_os_str().as_bytes());
        });
        to.list(&self.masks, |to, path| to.bytes(path.as_os_str().as_bytes()));
        to.list(&self.directories, |to, path| to.bytes(path.as_os_str().as_bytes()));
        to.number(self.scratch_bytes);
        to.number(u64::from(self.max_processes));
        to.number(
            u64::from(self.is_mediated) | u64::from(self.at_terminal) << 1 | u64::from(self.proxy) << 2 | u64::from(self.is_traced) << 3,
        );
        to.0
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Plan, SandboxError> {
        let mut from = Reader(bytes);
        let mut plan = Plan {
            grants: from.list(|from| {
                let path = from.path()?;
                let rights = from.number()?;
                Ok(Grant { path, read: rights & 4 != 0, write: rights & 1 != 0, exec: rights & 2 != 0 })
            })?,
            links: from.list(|from| Ok((from.path()?, from.path()?)))?,
            masks: from.list(Reader::path)?,
            directories: from.list(Reader::path)?,
            scratch_bytes: from.number()?,
            max_processes: u32::try_from(from.number()?).unwrap_or(u32::MAX),
            at_terminal: false,
            proxy: false,
            is_traced: false,
            is_mediated: false,
        };
        let bits = from.number()?;
        (plan.is_mediated, plan.at_terminal) = (bits & 1 != 0, bits & 2 != 0);
        (plan.proxy, plan.is_traced) = (bits & 4 != 0, bits & 8 != 0);
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_comes_back_as_it_was() {
        let plan = Plan {
            grants: vec![
                Grant { path: "/usr".into(), read: true, write: false, exec: true },
                Grant { path: "/p q".into(), read: false, write: true, exec: false },
            ],
            links: vec![("/bin".into(), "usr/bin".into())],
            masks: vec!["/p q/.env".into(), "/p q/\u{e9}".into()],
            directories: vec!["/home/x".into()],
            scratch_bytes: 5,
            max_processes: 7,
            at_terminal: true,
            proxy: true,
            is_traced: true,
            is_mediated: true,
        };
        let bytes = plan.to_bytes();
        assert_eq!(Plan::from_bytes(&bytes).unwrap(), plan);
        for length in 0..bytes.len() {
            assert!(Plan::from_bytes(&bytes[..length]).is_err(), "cut at {length}");
        }
    }
}
