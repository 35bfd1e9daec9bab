//! When the end of a run is told whose length depends on local-only data.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_secs(1);

/// Waits until the next step.
pub(super) fn wait(started: Instant, most: Duration) {
    std::thread::sleep(left(started.elapsed(), most));
}

/// Steps double, so that there are few of them: a run of an hour tells less than four bits.
fn left(elapsed: Duration, most: Duration) -> Duration {
    let mut step = FIRST;
    while step < elapsed {
        step = step.saturating_mul(2);
    }
    step.min(most.max(elapsed)).saturating_sub(elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_come_at_steps_that_double() {
        let ms = Duration::from_millis;
        for (elapsed, most, expected) in [
            (0, 60_000, 1_000),
            (1, 60_000, 999),
            (1_000, 60_000, 0),
            (1_001, 60_000, 999),
            (5_000, 60_000, 3_000),
            (33_000, 60_000, 27_000),
            (60_500, 60_000, 0),
            (100, 500, 400),
        ] {
            assert_eq!(left(ms(elapsed), ms(most)), ms(expected), "{elapsed} of {most}");
        }
    }
}
