//! Sinks that several sources may reach: one secret may meet another there.

use crate::policy::Policy;

/// Names that are listed before "and N more".
const SHOWN: usize = 3;

impl Policy {
    /// What an operator should know about sources that no `[[flow]]` keeps apart: which ones they are, and where they may meet. None
    /// where no sink may receive two of them.
    #[must_use]
    pub fn shared_sinks(&self) -> Option<String> {
        let layer = self.layers.first()?;
        let names = |kind: &str, entries: &[crate::merged::Entry]| -> Vec<String> {
            entries.iter().map(|entry| format!("{kind}:{}", entry.rule.pattern())).collect()
        };
        let lists = self.lists();
        let mut sinks = names("host", &lists.local_only_hosts);
        sinks.extend(names("command", &lists.local_only_commands));
        sinks.extend(names("file", &lists.local_only_write));
        let mut sources = names("env", &lists.local_only_vars);
        sources.extend(names("file", &lists.local_only_read));
        sources.extend(sinks.iter().cloned());
        sources.sort();
        sources.dedup();
        sources.retain(|source| !layer.is_narrowed(source, &self.atoms));
        // what comes from a place may go back there
        sinks.retain(|sink| sources.iter().filter(|source| *source != sink).count() > 1);
        if sinks.is_empty() {
            return None;
        }
        Some(format!("{} may meet at {}; a [[flow]] for each says where it may go", listed(&sources), listed(&sinks)))
    }
}

fn listed(names: &[String]) -> String {
    let shown = names.get(..SHOWN).unwrap_or(names).join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
