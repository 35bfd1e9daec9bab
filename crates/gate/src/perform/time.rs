//! `time.now()`.

use std::time::{SystemTime, UNIX_EPOCH};

use aegis_effect::{EffectError, Outcome};

use crate::call::Call;
use crate::gate::Gate;

impl Gate {
    /// The clock is no object of the policy; it is answered without a record.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "one shape for all effects")]
    pub(crate) fn now(&mut self, _: &Call<'_>) -> Result<Outcome, EffectError> {
        Ok(Outcome::Time(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())))
    }
}
