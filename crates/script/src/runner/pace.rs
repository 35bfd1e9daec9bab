//! Where broker and worker run while they talk, and how they wait for each other.
//!
//! A message and its answer cost 0.2 µs where both sides look for the next one on a core each, 5 to 10 µs where they take turns on one
//! core, and 50 to 100 µs where each wakes the other across cores. Looking costs a core, so it pays only while questions and answers
//! follow each other closely; a run that waits for programs or computes for long is better off on one core. What a run does is seen
//! from its last effects.

use std::any::Any;
use std::time::{Duration, Instant};

use super::process::WorkerHandle;
use crate::wire::Line;

/// How long a side looks for the other's message before it sleeps: about what a wake-up across cores costs.
const SPIN: Duration = Duration::from_micros(60);
/// An exchange whose two halves took no longer than this is a close one.
const CLOSE: Duration = Duration::from_micros(50);
/// So many distant exchanges more than close ones put both on one core.
const TOGETHER: i32 = -3;
/// So many close ones more than distant ones take them apart again, the first time; each time it turns out wrong, twice as many. On a
/// machine that is busy otherwise a side that looks is often not running at all.
const FIRST_APART: i32 = 8;
const LAST_APART: i32 = 1024;

/// The pace of one run.
#[derive(Debug)]
pub(super) struct Pace {
    line: Line,
    /// Whether looking is possible at all: shared memory, and more than one core.
    can_look: bool,
    /// Both on one core while this is there.
    together: Option<Box<dyn Any>>,
    score: i32,
    apart_at: i32,
    asked: Instant,
    answered: Option<Instant>,
}

impl Pace {
    pub(super) fn begin(line: Line) -> Pace {
        let can_look = aegis_sandbox::cpu::cores() > 1 && line.spin_for(SPIN);
        Pace { line, can_look, together: None, score: 0, apart_at: FIRST_APART, asked: Instant::now(), answered: None }
    }

    /// The worker has asked for an effect.
    pub(super) fn asked(&mut self) {
        self.asked = Instant::now();
    }

    /// It is about to be answered.
    pub(super) fn answering(&mut self, worker: &dyn WorkerHandle) {
        let now = Instant::now();
        if let Some(answered) = self.answered {
            let is_close = now.duration_since(self.asked) <= CLOSE && self.asked.duration_since(answered) <= CLOSE;
            self.score = if !self.can_look || !is_close { self.score - 1 } else { self.score + 1 }.clamp(TOGETHER, self.apart_at);
        }
        self.answered = Some(now);
        if self.score <= TOGETHER && self.together.is_none() {
            self.together = worker.share_core();
            self.line.spin_for(Duration::ZERO);
            self.apart_at = (self.apart_at * 2).min(LAST_APART);
        } else if self.score >= self.apart_at && self.together.take().is_some() {
            self.line.spin_for(SPIN);
            self.score = 0;
        }
    }
}
