//! The worker's own look at the clock, so that a loop that runs too long ends with its line. The broker's is the one that counts.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// When the run should end.
#[derive(Debug)]
pub(crate) struct Deadline {
    at: Option<Instant>,
    reached: Cell<bool>,
}

impl Deadline {
    pub(crate) fn after(time: Duration) -> Deadline {
        Deadline { at: Instant::now().checked_add(time), reached: Cell::new(false) }
    }

    /// Looks at the clock.
    pub(crate) fn is_over(&self) -> bool {
        let over = self.at.is_some_and(|at| Instant::now() >= at);
        if over {
            self.reached.set(true);
        }
        over
    }

    /// Whether [`Deadline::is_over`] ever said so.
    pub(crate) fn was_reached(&self) -> bool {
        self.reached.get()
    }
}
