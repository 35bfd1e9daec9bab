//! Who may run while files change that not everybody may read.
//!
//! What programs can read is planned when their launcher starts. A file that gets a local-only content afterwards would be open to public
//! programs that are under way, of other runs in this process too: so the two take turns, and a plan made before such a change is made anew.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The turns of one process.
#[derive(Debug)]
pub(crate) struct Turns {
    state: Mutex<State>,
    over: Condvar,
}

#[derive(Debug)]
struct State {
    public: usize,
    closed: bool,
    /// Who waits to change something goes before programs that wait to start.
    waiting: usize,
    changes: u64,
}

/// A turn; over when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    of: &'static Turns,
    kind: Kind,
}

/// What a turn is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Programs that everybody may know of; any number at once.
    Public,
    /// What may change files that not everybody may read; alone.
    Change,
}

/// Those of this process.
pub(crate) static TURNS: Turns = Turns::new();

impl Turns {
    const fn new() -> Turns {
        Turns { state: Mutex::new(State { public: 0, closed: false, waiting: 0, changes: 0 }), over: Condvar::new() }
    }

    /// How many changes there were. A plan is as good as this number is the same.
    pub(crate) fn changes(&self) -> u64 {
        self.state().changes
    }

    /// Plans that were made before do not hold any more.
    pub(crate) fn changed(&self) {
        self.state().changes += 1;
    }

    /// A turn, unless it does not come before the deadline.
    pub(crate) fn take(&'static self, kind: Kind, deadline: Instant) -> Option<Turn> {
        let mut state = self.state();
        if kind == Kind::Change {
            state.waiting += 1;
        }
        let has_come = loop {
            let is_free = match kind {
                Kind::Public => !state.closed && state.waiting == 0,
                Kind::Change => !state.closed && state.public == 0,
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if is_free || left.is_zero() {
                break is_free;
            }
            state = self.over.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        };
        match kind {
            Kind::Public if has_come => state.public += 1,
            Kind::Public => {}
            Kind::Change => {
                state.waiting = state.waiting.saturating_sub(1);
                state.closed |= has_come;
                self.over.notify_all();
            }
        }
        has_come.then(|| Turn { of: self, kind })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // each change of it is whole
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.of.state();
        match self.kind {
            Kind::Public => state.public = state.public.saturating_sub(1),
            Kind::Change => state.closed = false,
        }
        self.of.over.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(30)
    }

    fn late() -> Instant {
        Instant::now() + Duration::from_secs(30)
    }

    #[test]
    fn programs_run_together_and_changes_alone() {
        static OWN: Turns = Turns::new();
        let first = OWN.take(Kind::Public, soon()).unwrap();
        let second = OWN.take(Kind::Public, soon()).unwrap();
        assert!(OWN.take(Kind::Change, soon()).is_none());
        drop(first);
        assert!(OWN.take(Kind::Change, soon()).is_none());
        drop(second);
        assert_eq!(OWN.changes(), 0);
        let change = OWN.take(Kind::Change, soon()).unwrap();
        assert!(OWN.take(Kind::Public, soon()).is_none() && OWN.take(Kind::Change, soon()).is_none());
        OWN.changed();
        drop(change);
        assert_eq!(OWN.changes(), 1);
        assert!(OWN.take(Kind::Public, soon()).is_some());
    }

    #[test]
    fn a_change_that_waits_comes_before_new_programs() {
        static OWN: Turns = Turns::new();
        let program = OWN.take(Kind::Public, soon()).unwrap();
        let (done, order) = channel();
        std::thread::scope(|scope| {
            let (for_change, for_program) = (done.clone(), done);
            scope.spawn(move || {
                let turn = OWN.take(Kind::Change, late()).unwrap();
                for_change.send("change").unwrap();
                drop(turn);
            });
            while OWN.state().waiting == 0 {
                std::thread::yield_now();
            }
            scope.spawn(move || {
                let turn = OWN.take(Kind::Public, late()).unwrap();
                for_program.send("program").unwrap();
                drop(turn);
            });
            std::thread::sleep(Duration::from_millis(20));
            drop(program);
        });
        assert_eq!(order.iter().collect::<Vec<_>>(), ["change", "program"]);
    }
}
