//! What a run may still do: calls and time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aegis_effect::{EffectError, ErrorCode};
use aegis_policy::{Capability, Limits};

/// Counts effects against `[runtime]`. A limit that is reached ends the run.
pub(crate) struct Budget {
    started: Instant,
    max_time: Duration,
    max_total: u64,
    max_each: BTreeMap<Capability, u64>,
    total: u64,
    each: BTreeMap<Capability, u64>,
    /// The same, of what the public may know.
    shown: BTreeMap<Capability, u64>,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Budget {
        Budget {
            started: Instant::now(),
            max_time: limits.max_time,
            max_total: limits.max_total_calls,
            max_each: limits.max_calls.clone(),
            total: 0,
            each: BTreeMap::new(),
            shown: BTreeMap::new(),
        }
    }

    /// Lowers the number of effects that it takes.
    pub(crate) fn cap(&mut self, most: u64) {
        self.max_total = self.max_total.min(most);
    }

    /// Counts one effect.
    ///
    /// # Errors
    /// When it would be one too many, or the run's time is over.
    pub(crate) fn charge(&mut self, capability: Option<Capability>, public: bool) -> Result<(), Reached> {
        let elapsed = self.started.elapsed();
        if elapsed >= self.max_time {
            let (name, limit) = ("max_seconds", self.max_time.as_secs());
            return Err(Reached {
                name,
                limit,
                used: elapsed.as_secs(),
                message: format!("the run took longer than [runtime].{name} = {limit}"),
            });
        }
        if self.total >= self.max_total {
            let (name, limit) = ("max_total_calls", self.max_total);
            return Err(Reached { name, limit, used: self.total + 1, message: format!("more than [runtime].{name} = {limit} effects") });
        }
        self.total += 1;
        let Some(capability) = capability else { return Ok(()) };
        let count = self.each.entry(capability).or_insert(0);
        if let Some(max) = self.max_each.get(&capability)
            && *count >= *max
        {
            let (name, limit) = ("max_calls_per_capability", *max);
            let message = format!("more than [runtime].{name} {} = {limit}", capability.name());
            return Err(Reached { name, limit, used: *count + 1, message });
        }
        *count += 1;
        if public {
            *self.shown.entry(capability).or_insert(0) += 1;
        }
        Ok(())
    }

    /// When the run's time is over.
    pub(crate) fn deadline(&self) -> Instant {
        self.started + self.max_time
    }

    /// How many effects were asked for, by capability, before the run branched on anything local-only.
    pub(crate) fn counts(&self) -> &BTreeMap<Capability, u64> {
        &self.shown
    }
}

/// A limit of `[runtime]` that stands in the way.
pub(crate) struct Reached {
    /// Its key.
    pub(crate) name: &'static str,
    pub(crate) limit: u64,
    /// How much was asked for.
    pub(crate) used: u64,
    message: String,
}

impl From<Reached> for EffectError {
    fn from(reached: Reached) -> EffectError {
        EffectError::new(ErrorCode::Limit, reached.message)
    }
}
