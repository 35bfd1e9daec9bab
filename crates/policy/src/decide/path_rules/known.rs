//! Matchers that know every rule about some paths, for who asks for few of them, or for those below one directory.

use std::sync::Arc;

use super::Tries;
use crate::access::PathOp;

/// So many paths are judged before all rules are put into one trie.
pub(super) const FEW: usize = 6;

/// So many directories at once.
const DIRECTORIES: usize = 64;

/// The matchers that were made so far.
#[derive(Debug, Default)]
pub(super) struct Known {
    first: Vec<First>,
    below: Vec<Below>,
}

/// One of the first paths that were judged.
#[derive(Debug)]
struct First {
    /// For nothing else.
    for_reading: bool,
    path: Box<[u8]>,
    tries: Arc<Tries>,
}

/// A directory below which much will be read.
#[derive(Debug)]
struct Below {
    directory: Box<[u8]>,
    tries: Arc<Tries>,
}

impl Below {
    fn holds(&self, path: &[u8]) -> bool {
        // not what is below the root, which needs all rules anyway
        path.strip_prefix(&*self.directory).is_some_and(|rest| rest.first() == Some(&b'/') && rest.len() > 1)
    }
}

impl Known {
    /// Those for one path.
    pub(super) fn of(&self, op: PathOp, path: &[u8]) -> Option<Arc<Tries>> {
        let below = self.below.iter().filter(|_| op == PathOp::Read).find(|below| below.holds(path)).map(|below| &below.tries);
        below
            .or_else(|| {
                self.first.iter().find(|first| first.for_reading == (op == PathOp::Read) && *first.path == *path).map(|first| &first.tries)
            })
            .cloned()
    }

    pub(super) fn is_full(&self) -> bool {
        self.first.len() >= FEW
    }

    pub(super) fn add(&mut self, op: PathOp, path: &[u8], tries: &Arc<Tries>) {
        self.first.push(First { for_reading: op == PathOp::Read, path: path.into(), tries: tries.clone() });
    }

    /// Whether a path is judged by what was made for a directory.
    #[cfg(test)]
    pub(super) fn below_of(&self, op: PathOp, path: &[u8]) -> bool {
        self.of(op, path).is_some_and(|tries| self.below.iter().any(|below| Arc::ptr_eq(&below.tries, &tries)))
    }

    /// Whether there is room for a directory.
    pub(super) fn wants(&self, directory: &[u8]) -> bool {
        self.below.len() < DIRECTORIES && self.below.iter().all(|below| *below.directory != *directory)
    }

    pub(super) fn add_below(&mut self, directory: &[u8], tries: Tries) {
        self.below.push(Below { directory: directory.into(), tries: Arc::new(tries) });
    }
}
