//! Whoever carries effects out.

use crate::{EffectError, Outcome, Request};

/// Carries effects out. The gate does; tests have others.
pub trait Perform {
    /// Carries one effect out, or says why not. Nothing has happened where this fails before the effect's intent is journalled.
    ///
    /// Whoever performs decides by the labels of the request's payloads and by `request.current` whether its target may receive what it
    /// depends on; the worker only carries them.
    ///
    /// # Errors
    /// An [`EffectError`] with its stable code.
    fn perform(&mut self, request: &Request) -> Result<Outcome, EffectError>;
}
