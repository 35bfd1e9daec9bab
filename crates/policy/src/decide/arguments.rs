//! Arguments of a run that the operator marked as local-only: sources that no list names.

use crate::decision::Atom;
use crate::load_error::{LoadCode, LoadError};
use crate::policy::Policy;
use crate::rule::Text;

/// What names of such sources begin with.
pub(crate) const PREFIX: &str = "arg:";

impl Policy {
    /// Makes an argument of a run a source, `arg:NAME`; its data may go to every local-only sink of the policy, narrowed by a
    /// `[[flow]]` from it. The name need not stand in the policy.
    ///
    /// # Errors
    /// More sources than can be told apart.
    pub fn add_argument(&mut self, name: &str) -> Result<Atom, LoadError> {
        let name = Text::from(format!("{PREFIX}{name}"));
        // a project's policy that only tightens has no say in where it may go
        let is_ours = |index: usize| self.layers.first().is_some_and(|l| l.has_atom(index)) || self.is_of_no_layer(index);
        let index = match self.atoms.iter().enumerate().position(|(index, known)| *known == name && is_ours(index)) {
            Some(index) => index,
            None => {
                self.atoms.push(name);
                self.atoms.len() - 1
            }
        };
        let too_many = || LoadError::new(LoadCode::TooLarge, &"policy".into(), "more than 65535 local-only sources".to_owned());
        u16::try_from(index).map(Atom).map_err(|_| too_many())
    }

    /// Whether a source is one of a run's own, which no layer made. What is no source at all is not.
    pub(super) fn is_of_no_layer(&self, source: usize) -> bool {
        source < self.atoms.len() && self.layers.iter().all(|layer| !layer.has_atom(source))
    }
}
