//! The judge of what confined programs change.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aegis_policy::{Access, Decision, Explanation, PathOp, Policy, Verdict};
use aegis_sandbox::child::FileId;
use aegis_sandbox::mediate::{Change, JudgeChange};

use super::clearance::Clearance;
use crate::call::MARK;

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
pub struct Denials(Arc<Mutex<Noticed>>);

#[derive(Debug, Default)]
struct Noticed {
    denied: Vec<Denied>,
    changed_unreadable: bool,
}

/// More different ones are counted with the last.
const MOST: usize = 1000;

impl Denials {
    /// All so far.
    #[must_use]
    pub fn all(&self) -> Vec<Denied> {
        self.noticed().denied.clone()
    }

    /// All since this was last asked, and whether a file was changed meanwhile that not everybody may read.
    pub(super) fn take(&self) -> (Vec<Denied>, bool) {
        let noticed = std::mem::take(&mut *self.noticed());
        (noticed.denied, noticed.changed_unreadable)
    }

    fn unreadable_was_changed(&self) {
        self.noticed().changed_unreadable = true;
    }

    fn add(&self, op: PathOp, path: &Path, explain: impl FnOnce() -> Explanation) {
        let all = &mut self.noticed().denied;
        if let Some(known) = all.iter_mut().find(|denied| denied.op == op && denied.path == path) {
            known.times += 1;
        } else if all.len() < MOST {
            all.push(Denied { op, path: path.to_path_buf(), explained: explain(), times: 1 });
        } else if let Some(last) = all.last_mut() {
            last.times += 1;
        }
    }

    fn noticed(&self) -> MutexGuard<'_, Noticed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Judges changes by the policy. What would have to be asked is denied, as nobody can be in the middle of a system call, unless all of it was
/// approved before.
#[derive(Debug)]
pub struct PolicyChanges {
    policy: Arc<Policy>,
    clearance: Clearance,
    denials: Denials,
    all_approved: bool,
}

impl PolicyChanges {
    /// A judge of programs with this clearance, and the list of what it denies.
    #[must_use]
    pub fn new(policy: Arc<Policy>, clearance: Clearance, all_approved: bool) -> (PolicyChanges, Denials) {
        let denials = Denials::default();
        (PolicyChanges { policy, clearance, denials: denials.clone(), all_approved }, denials)
    }

    fn may(&self, op: PathOp, path: &Path) -> bool {
        self.judge(op, path, false)
    }

    /// Whether it may be done; else there is one denial more. What a command has made itself it may also take away where a person would be
    /// asked: programs write beside a file and move that over it.
    fn judge(&self, op: PathOp, path: &Path, is_own: bool) -> bool {
        let decision = self.policy.decide(&Access::Path { op, path });
        let granted = match decision.verdict() {
            Verdict::Allow => true,
            Verdict::Ask => self.all_approved || is_own,
            Verdict::Deny => false,
        };
        if granted && self.fits(op, path, &decision) {
            return true;
        }
        if self.clearance.is_public() {
            self.denials.add(op, path, || self.explain(op, path, &decision, granted));
        } else {
            self.denials.add(op, Path::new(MARK), || Explanation {
                verdict: Verdict::Deny,
                asked: format!("{} {MARK}", op.capability().name()),
                cause: "a program with local-only data changes only local-only files that may receive all of it".to_owned(),
                rule: None,
                suggestion: None,
            });
        }
        false
    }

    fn explain(&self, op: PathOp, path: &Path, decision: &Decision, granted: bool) -> Explanation {
        let shown = path.strip_prefix(self.policy.root()).unwrap_or(path);
        let asked = format!("{} {}", op.capability().name(), shown.display());
        let explained = self.policy.explain(&Access::Path { op, path }, &asked, decision);
        if granted {
            let cause = "it is local-only, and the program is not".to_owned();
            return Explanation { verdict: Verdict::Deny, cause, suggestion: None, ..explained };
        }
        explained
    }

    /// Whether the program and the object may have to do with each other.
    fn fits(&self, op: PathOp, path: &Path, decision: &Decision) -> bool {
        match op {
            PathOp::Read => self.clearance.may_learn(decision),
            PathOp::Write => self.clearance.may_tell(&self.policy, decision),
            // that a file is gone is seen by whoever could see it
            PathOp::Delete => {
                self.clearance.is_public() || {
                    let place = self.policy.decide(&Access::Path { op: PathOp::Write, path });
                    self.clearance.may_tell(&self.policy, &place)
                }
            }
        }
    }

    /// What not everybody may read, or not the programs themselves, is nothing that plans made before know of.
    fn notice(&self, path: &Path) {
        if !self.clearance.may_read(&self.policy, path) || !Clearance::public().may_read(&self.policy, path) {
            self.denials.unreadable_was_changed();
        }
    }

    /// Whether it is, under another name, a file that a deny or local-only rule names.
    fn is_guarded_twin(&self, path: &Path, file: FileId) -> bool {
        let is_it = |other: &Path| std::fs::metadata(other).is_ok_and(|meta| (meta.dev(), meta.ino()) == (file.device, file.inode));
        let twin = self.policy.literal_guarded().find(|other| *other != path && is_it(other));
        twin.is_some_and(|twin| !self.may(PathOp::Write, twin))
    }
}

impl JudgeChange for PolicyChanges {
    fn may(&mut self, change: &Change<'_>) -> bool {
        match *change {
            Change::Write { path, file } => {
                let is_twin = matches!(file, Some((file, names)) if names > 1 && self.is_guarded_twin(path, file));
                // what it writes would be read under the other names, too, which may be public
                let tells = !self.clearance.is_public() && file.is_some_and(|(_, names)| names > 1);
                let may = !is_twin && !tells && PolicyChanges::may(self, PathOp::Write, path);
                if may {
                    self.notice(path);
                }
                may
            }
            Change::Read { path } => PolicyChanges::may(self, PathOp::Read, path),
            Change::Remove { path, is_own } => self.judge(PathOp::Delete, path, is_own),
        }
    }

    fn found_nothing(&mut self, path: &Path) {
        // what is not there for us either is nobody's denial
        let Ok(real) = std::fs::canonicalize(path) else { return };
        if !self.clearance.may_read(&self.policy, &real) {
            PolicyChanges::may(self, PathOp::Read, &real);
        }
    }
}
