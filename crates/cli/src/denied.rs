//! What commands were denied, and the line to add.

use aegis_gate::confine::Denied;
use aegis_gate::{Denial, escaped};
use aegis_policy::Policy;

use crate::home::Start;

/// So many are told; the journal has all.
const TOLD: usize = 20;

/// Changes that were not made.
pub(crate) fn tell(denied: &[Denied], policy: &Policy, start: &Start) {
    for denial in denied.iter().take(TOLD) {
        let explained = &denial.explained;
        let times = if denial.times > 1 { format!(" ({} times)", denial.times) } else { String::new() };
        complain!("aegis: denied: {}: {}{times}", escaped(&start.as_typed(&explained.asked, policy)), escaped(&explained.cause));
        way_out(explained.suggestion.as_deref(), policy, start);
    }
    if let Some(more) = denied.len().checked_sub(TOLD).filter(|more| *more > 0) {
        complain!("aegis: and {more} more; the journal has them all");
    }
}

/// Hosts that were not reached.
pub(crate) fn tell_unreached(unreached: &[Denial], policy: &Policy, start: &Start) {
    for denial in unreached.iter().take(TOLD) {
        complain!("aegis: {}", escaped(&start.as_typed(&denial.reason, policy)));
        way_out(denial.suggestion.as_deref(), policy, start);
    }
}

/// All of it, for programs.
pub(crate) fn as_json(denied: &[Denied], unreached: &[Denial], code: u8) -> serde_json::Value {
    let denied: Vec<_> = denied
        .iter()
        .map(|denial| {
            serde_json::json!({
                "access": denial.op.capability().name(), "path": denial.path.to_string_lossy(), "times": denial.times,
                "cause": denial.explained.cause, "rule": denial.explained.rule, "suggestion": denial.explained.suggestion,
            })
        })
        .collect();
    let unreached: Vec<_> = unreached
        .iter()
        .map(|denial| {
            serde_json::json!({
                "what": denial.what, "host": denial.host, "port": denial.port, "times": denial.times,
                "cause": denial.reason, "rule": denial.rule, "suggestion": denial.suggestion,
            })
        })
        .collect();
    serde_json::json!({ "code": code, "denied": denied, "unreached": unreached })
}

fn way_out(suggestion: Option<&str>, policy: &Policy, start: &Start) {
    if let Some(suggestion) = suggestion {
        complain!("  way out: {}", escaped(&start.as_typed(suggestion, policy)));
    }
}
