//! Labelled content for a worker that computes with it.

use aegis_effect::{EffectError, ErrorCode, Handle, Outcome};

use crate::call::{Call, Ruling};
use crate::gate::Gate;
use crate::ledger::Done;

impl Gate {
    /// Hands the content of a labelled value to the worker, journalled. From here on its label is the worker's to carry; what was never
    /// revealed is safe even from a worker that is taken over. A delayed error is [`Outcome::Unset`].
    pub(crate) fn reveal(&mut self, call: &Call<'_>, handle: Handle) -> Result<Outcome, EffectError> {
        let (content, label) = self.vault.reveal(handle)?;
        let content = content.map(<[u8]>::to_vec);
        let label = label.clone();
        if self.policy.settings().reveal_denied {
            let error = EffectError::new(
                ErrorCode::FlowDenied,
                "denied: the script computes on a local-only value, and [runtime].reveal is \"deny\"",
            )
            .suggest("pass the value whole, or put into text, to a sink that may have it");
            return Err(self.refused(call, error, None));
        }
        let names: Vec<String> = label.indexes().map(|i| self.policy.source_name(i)).collect();
        let bytes = content.as_ref().map_or(0, Vec::len);
        self.ledger.effect(call, &Ruling::default(), Some(&names.join(", ")), Done::bytes(bytes))?;
        Ok(content.map_or(Outcome::Unset, Outcome::Bytes))
    }
}
