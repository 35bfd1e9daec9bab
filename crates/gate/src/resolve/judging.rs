//! What was judged on the way to an object.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aegis_policy::{PathOp, Verdict};

use crate::resolve::PathError;
use crate::resolve::prepared::Meta;

/// Judges an operation on a resolved absolute path.
pub type Judge<'a> = &'a mut dyn FnMut(PathOp, &Path) -> Verdict;

/// Gives the literal `deny` and `local_only` entries of the policy. Asked only where a file has more than one hard link.
pub type Guarded<'a> = &'a dyn Fn() -> Arc<[PathBuf]>;

/// One question that was asked about an object and not denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What is to be done.
    pub op: PathOp,
    /// The resolved path.
    pub path: PathBuf,
}

/// The judge, with what it was asked.
pub(crate) struct Judging<'a> {
    judge: Judge<'a>,
    guarded: Guarded<'a>,
    judged: Vec<Judged>,
    verdict: Verdict,
}

impl<'a> Judging<'a> {
    pub(crate) fn new(judge: Judge<'a>, guarded: Guarded<'a>) -> Judging<'a> {
        Judging { judge, guarded, judged: Vec::new(), verdict: Verdict::Allow }
    }

    /// Asks without remembering: of a path that may turn out not to be the real one.
    pub(crate) fn consider(&mut self, op: PathOp, path: &Path) -> Verdict {
        (self.judge)(op, path)
    }

    /// Takes over an answer of [`Judging::consider`]: the path is the real one.
    pub(crate) fn accept(&mut self, op: PathOp, path: PathBuf, verdict: Verdict) -> Result<(), PathError> {
        if verdict == Verdict::Deny {
            return Err(PathError::Denied { op, real: path });
        }
        self.verdict = self.verdict.max(verdict);
        self.judged.push(Judged { op, path });
        Ok(())
    }

    /// Asks about a real path, and remembers.
    pub(crate) fn ask(&mut self, op: PathOp, path: &Path) -> Result<(), PathError> {
        let verdict = self.consider(op, path);
        self.accept(op, path.to_path_buf(), verdict)
    }

    /// Asks for several operations on the same path.
    pub(crate) fn ask_all(&mut self, ops: &[PathOp], path: &Path) -> Result<(), PathError> {
        ops.iter().try_for_each(|op| self.ask(*op, path))
    }

    /// A file that is also one of the guarded literals, by a hard link, is judged as that one too.
    pub(crate) fn ask_as_guarded(&mut self, ops: &[PathOp], meta: &Meta, real: &Path) -> Result<(), PathError> {
        if meta.nlink < 2 || !meta.is_file() {
            return Ok(());
        }
        for literal in (self.guarded)().iter() {
            let same = rustix::fs::stat(literal).is_ok_and(|stat| Meta::of(&stat).identity() == meta.identity());
            if same && literal != real {
                self.ask_all(ops, literal)?;
            }
        }
        Ok(())
    }

    /// Whether everything so far is allowed, without asking a person.
    pub(crate) fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allow
    }

    pub(crate) fn into_judged(self) -> Vec<Judged> {
        self.judged
    }
}
