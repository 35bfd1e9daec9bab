//! Where labelled data may go.

use crate::decision::{Atom, Decision, Visibility};
use crate::policy::Policy;

/// A source and the sink it may not reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedFlow {
    /// The name of the source, for example `env:TOKEN`.
    pub source: String,
    /// Whether the sink is local-only at all; then a `[[flow]]` narrows the source away from it.
    pub narrowed: bool,
}

impl Policy {
    /// Whether data that depends on these sources (indexes of atoms) may reach the object of this decision.
    ///
    /// # Errors
    /// The first source that may not.
    pub fn may_flow(&self, sources: impl IntoIterator<Item = usize>, sink: &Decision) -> Result<(), BlockedFlow> {
        for source in sources {
            let cleared = sink.visibility() == Visibility::LocalOnly && sink.atoms().iter().any(|s| self.edge(source, *s));
            if !cleared {
                return Err(BlockedFlow { source: self.source_name(source), narrowed: sink.visibility() == Visibility::LocalOnly });
            }
        }
        Ok(())
    }

    /// Each layer of a policy is enforced for itself: a sink must be cleared by the layer that made the source local-only.
    fn edge(&self, source: usize, sink: Atom) -> bool {
        if self.is_of_no_layer(source) {
            // the operator's own, so the operator's own policy says where it may go
            return self.layers.first().is_some_and(|layer| layer.has_atom(sink.index()));
        }
        self.layers.iter().any(|layer| layer.has_atom(source) && layer.has_atom(sink.index()) && layer.flow_allows(source, sink.index()))
    }

    /// The indexes of all local-only variables, set or not.
    pub fn environment_sources(&self) -> impl Iterator<Item = usize> + '_ {
        self.sources_of_kind("env:")
    }

    /// The indexes of all local-only rules for files.
    pub fn file_sources(&self) -> impl Iterator<Item = usize> + '_ {
        self.sources_of_kind("file:")
    }

    /// The indexes of all local-only rules for hosts.
    pub fn host_sources(&self) -> impl Iterator<Item = usize> + '_ {
        self.sources_of_kind("host:")
    }

    fn sources_of_kind(&self, prefix: &'static str) -> impl Iterator<Item = usize> + '_ {
        self.atoms.iter().enumerate().filter(move |(_, name)| name.starts_with(prefix)).map(|(index, _)| index)
    }

    /// The name of an atom, for example `env:TOKEN` or `file:~/.config/app/token`.
    #[must_use]
    pub fn atom_name(&self, atom: Atom) -> &str {
        self.atoms.get(atom.index()).map_or("unknown", |name| name)
    }

    /// The name of the atom of that index.
    #[must_use]
    pub fn source_name(&self, index: usize) -> String {
        self.atoms.get(index).map_or_else(|| "unknown".to_owned(), |name| name.to_string())
    }
}
