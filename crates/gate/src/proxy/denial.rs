//! What a proxy refused, for the operator.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many different ones are kept; a child can ask for any number of names.
const MOST: usize = 256;
/// How many characters of a text are kept.
const MOST_CHARS: usize = 500;

/// Something that a confined child asked for and did not get. Equal ones are one, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// What was asked: `CONNECT host:443`, `GET http://host/path`, `SOCKS5 host:22`.
    pub what: String,
    /// The host; empty where the request was not understood.
    pub host: String,
    /// The port; 0 where the request was not understood.
    pub port: u16,
    /// Why, on one line.
    pub reason: String,
    /// The rule that decided, as `file:line`, where one did.
    pub rule: Option<String>,
    /// What to change in the policy, where something can be.
    pub suggestion: Option<String>,
    /// How often.
    pub times: u64,
}

/// Those of one proxy, in the order in which they first came.
#[derive(Debug, Default)]
pub(super) struct Denials(Mutex<Vec<Denial>>);

impl Denials {
    pub(super) fn add(&self, mut denial: Denial) {
        for text in [&mut denial.what, &mut denial.reason] {
            if let Some((at, _)) = text.char_indices().nth(MOST_CHARS) {
                text.truncate(at);
                text.push_str("...");
            }
        }
        let mut all = self.list();
        let same = |old: &&mut Denial| old.what == denial.what && old.reason == denial.reason;
        if let Some(old) = all.iter_mut().find(same) {
            old.times += 1;
        } else if all.len() < MOST {
            all.push(denial);
        }
    }

    pub(super) fn all(&self) -> Vec<Denial> {
        self.list().clone()
    }

    fn list(&self) -> MutexGuard<'_, Vec<Denial>> {
        // each change is one push or one addition, so a poisoned list is still whole
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
