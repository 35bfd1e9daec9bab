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
        }
    }

    /// Counts one effect.
    ///
    /// # Errors
    /// `limit` when it would be one too many, or the run's time is over.
    pub(crate) fn charge(&mut self, capability: Option<Capability>) -> Result<(), EffectError> {
        if self.started.elapsed() >= self.max_time {
            return Err(limit(format!("the run took longer than [runtime].max_seconds = {}", self.max_time.as_secs())));
        }
        if self.total >= self.max_total {
            return Err(limit(format!("more than [runtime].max_total_calls = {} effects", self.max_total)));
        }
        self.total += 1;
        let Some(capability) = capability else { return Ok(()) };
        let count = self.each.entry(capability).or_insert(0);
        if let Some(max) = self.max_each.get(&capability) {
            if *count >= *max {
                return Err(limit(format!("more than [runtime].max_calls_per_capability {} = {max}", capability.name())));
            }
        }
        *count += 1;
        Ok(())
    }

    /// When the run's time is over.
    pub(crate) fn deadline(&self) -> Instant {
        self.started + self.max_time
    }

    /// How many effects were asked for, by capability.
    pub(crate) fn counts(&self) -> &BTreeMap<Capability, u64> {
        &self.each
    }
}

fn limit(message: String) -> EffectError {
    EffectError::new(ErrorCode::Limit, message)
}
