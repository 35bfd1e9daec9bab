//! The journal of hooks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aegis_agents::hooks::{Event, Ruling, Stance, redacted};
use aegis_audit::{Durability, HookDecision, Journal, Options, Sha256Digest, Text, directory_of_root};
use aegis_policy::Policy;

/// Where the decisions of hooks are kept for a policy root: beside the journal of its runs.
#[must_use]
pub fn journal_of(state: &Path, root: &Path) -> PathBuf {
    directory_of_root(state, root).join("hooks/audit.jsonl")
}

/// One decision.
pub(crate) struct Decision<'a> {
    pub(crate) event: &'a Event,
    pub(crate) ruling: &'a Ruling,
    pub(crate) told: Stance,
    pub(crate) cause: &'a str,
    pub(crate) request: Option<Sha256Digest>,
    pub(crate) took: Duration,
}

/// Writes it. What cannot be journalled is not allowed.
pub(crate) fn write(decision: &Decision<'_>, policy: &Policy, state: &Path) -> Result<(), String> {
    let durability = match policy.settings().durability {
        aegis_policy::Durability::Fsync => Durability::Fsync,
        aegis_policy::Durability::Os => Durability::Os,
    };
    let journal = Journal::open(journal_of(state, policy.root()), Options { durability }).map_err(|error| error.to_string())?;
    let event = decision.event;
    let parts: Vec<String> =
        decision.ruling.parts.iter().map(|part| format!("{}: {}", part.stance.word(), redacted(&part.asked))).collect();
    let parts: Vec<Text<'_>> = parts.iter().map(Text::from).collect();
    let cause = redacted(decision.cause);
    let record = HookDecision {
        host: event.host.word(),
        event: Text::from(&event.name),
        session: event.session.as_deref(),
        mode: event.mode.as_deref(),
        cwd: Text::from(event.cwd.as_path()),
        tool: Text::from(&event.tool),
        verdict: decision.ruling.stance.word(),
        told: decision.told.word(),
        cause: Text::from(&cause),
        rule: decision.ruling.decisive().and_then(|part| part.rule.as_deref()),
        parts: &parts,
        request_sha256: decision.request,
        policy_sha256: Sha256Digest::from_hex(policy.trust_hash()),
        took: decision.took,
    };
    journal.append(&record).map(drop).map_err(|error| error.to_string())
}
