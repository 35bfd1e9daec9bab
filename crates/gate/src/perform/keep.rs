//! Labelled values that outlive the gate they came from: a later call of the same client may use them.

use aegis_effect::{EffectError, Handle, Labelled};

use crate::gate::Gate;
use crate::vault::Held;

/// A labelled value without a gate. No `Debug`, and no way to look at it.
pub struct Kept(pub(crate) Held);

impl Kept {
    /// How large it is, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.size()
    }
}

impl Gate {
    /// A copy of a labelled value.
    ///
    /// # Errors
    /// `bad_argument` for a handle that this gate never gave out.
    pub fn copy_of(&self, handle: Handle) -> Result<Kept, EffectError> {
        self.vault.copy(handle).map(Kept)
    }

    /// Makes a value this gate's own. The gate must be one of the same policy: labels are positions in it.
    pub fn adopt(&mut self, kept: &Kept) -> Labelled {
        self.vault.adopt(&kept.0, &self.policy)
    }
}
