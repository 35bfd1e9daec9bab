//! Arguments of a run that the operator marked as local-only.

use aegis_effect::{Label, Labelled, Shape};
use aegis_policy::Atom;

use crate::gate::Gate;

impl Gate {
    /// Keeps the content of an argument; what the script gets stands for it.
    pub fn keep_argument(&mut self, source: Atom, content: String) -> Labelled {
        self.redactor.learn(content.as_bytes());
        let kept = self.vault.keep(content.into_bytes(), Label::of(source), Shape::Text, &self.policy);
        self.vault.as_whole(kept)
    }
}
