//! The judge of what confined programs change.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aegis_policy::{Access, Decision, Explanation, PathOp, Policy, Verdict, Visibility};
use aegis_sandbox::child::FileId;
use aegis_sandbox::mediate::{Change, JudgeChange};

/// A change that was denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Write, delete, or read where a descriptor would do both.
    pub op: PathOp,
    /// What it was about.
    pub path: PathBuf,
    /// Why, and what to change in the policy.
    pub explained: Explanation,
    /// How often.
    pub times: u64,
}

/// What was denied in a run, in order, each once. Clones are the same list.
#[derive(Debug, Clone, Default)]
pub struct Denials(Arc<Mutex<Vec<Denied>>>);

/// More different ones are counted with the last.
const MOST: usize = 1000;

impl Denials {
    /// All so far.
    #[must_use]
    pub fn all(&self) -> Vec<Denied> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, op: PathOp, path: &Path, explain: impl FnOnce() -> Explanation) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.iter_mut().find(|denied| denied.op == op && denied.path == path) {
            known.times += 1;
        } else if all.len() < MOST {
            all.push(Denied { op, path: path.to_path_buf(), explained: explain(), times: 1 });
        } else if let Some(last) = all.last_mut() {
            last.times += 1;
        }
    }
}

/// Judges changes by the policy. What would have to be asked is denied, as nobody can be in the middle of a system call, unless all of it was
/// approved before.
#[derive(Debug)]
pub struct PolicyChanges {
    policy: Arc<Policy>,
    denials: Denials,
    all_approved: bool,
}

impl PolicyChanges {
    /// A judge, and the list of what it denies.
    #[must_use]
    pub fn new(policy: Arc<Policy>, all_approved: bool) -> (PolicyChanges, Denials) {
        let denials = Denials::default();
        (PolicyChanges { policy, denials: denials.clone(), all_approved }, denials)
    }

    /// The decision, if it allows; else one denial more.
    fn allowed(&self, op: PathOp, path: &Path) -> Option<Decision> {
        let access = Access::Path { op, path };
        let decision = self.policy.decide(&access);
        match decision.verdict() {
            Verdict::Allow => return Some(decision),
            Verdict::Ask if self.all_approved => return Some(decision),
            _ => {}
        }
        self.denials.add(op, path, || {
            let shown = path.strip_prefix(self.policy.root()).unwrap_or(path);
            self.policy.explain(&access, &format!("{} {}", op.capability().name(), shown.display()), &decision)
        });
        None
    }

    /// Whether it is, under another name, a file that a deny or local-only rule names.
    fn is_guarded_twin(&self, path: &Path, file: FileId) -> bool {
        let is_it = |other: &Path| std::fs::metadata(other).is_ok_and(|meta| (meta.dev(), meta.ino()) == (file.device, file.inode));
        let twin = self.policy.literal_guarded().find(|other| *other != path && is_it(other));
        twin.is_some_and(|twin| self.allowed(PathOp::Write, twin).is_none())
    }
}

impl JudgeChange for PolicyChanges {
    fn may(&mut self, change: &Change<'_>) -> bool {
        match *change {
            Change::Write { path, file } => {
                let is_twin = matches!(file, Some((file, names)) if names > 1 && self.is_guarded_twin(path, file));
                self.allowed(PathOp::Write, path).is_some() && !is_twin
            }
            Change::Read { path } => self.allowed(PathOp::Read, path).is_some_and(|decision| decision.visibility() == Visibility::Public),
            Change::Remove { path } => self.allowed(PathOp::Delete, path).is_some(),
        }
    }
}
