//! Variables of the operator's environment, and tools of agents.

use super::Answer;
use super::layer::Layer;
use crate::access::Capability;
use crate::control;
use crate::decision::{Reason, Verdict};
use crate::merged::Unlisted;

/// Reading a variable.
pub(super) fn decide(layer: &Layer, name: &str) -> Answer {
    if !is_name(name) {
        return Answer::malformed("not the name of a variable");
    }
    // Aegis's own variables carry its secrets: nothing opens them
    if name.starts_with("AEGIS_") {
        return Answer::new(Verdict::Deny, Reason::ReservedName, None);
    }
    listed(layer, name)
}

/// Passing a variable to a child: what the loader or an interpreter of the child would obey is reserved.
pub(super) fn decide_child(layer: &Layer, name: &str) -> Answer {
    if !is_name(name) {
        return Answer::malformed("not the name of a variable");
    }
    if name.starts_with("AEGIS_") {
        return Answer::new(Verdict::Deny, Reason::ReservedName, None);
    }
    if control::is_reserved(name) && layer.allow_reserved.first_match(name).is_none() {
        return Answer::new(Verdict::Deny, Reason::ReservedName, None);
    }
    listed(layer, name)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 4096 && !name.contains(['=', '\0'])
}

fn listed(layer: &Layer, name: &str) -> Answer {
    if let Some(rule) = layer.deny_vars.first_match(name) {
        return Answer::new(Verdict::Deny, Reason::DenyRule, Some(rule.clone()));
    }
    let local = layer.local_only_vars.first_match(name);
    // a variable that a [[flow]] starts from is a secret, whatever glob also allows it; only naming it makes it readable
    let secret = layer.flow_vars.get(name);
    let allow = layer.allow_vars.first_match(name);
    let Some(rule) = local.map(|l| &l.0).or(allow) else {
        return Answer::new(Verdict::Deny, Reason::NoRule { list: "[environment].allow_vars" }, None);
    };
    let answer = match layer.asks_for(Capability::EnvRead).or_else(|| layer.ask_vars.first_match(name)) {
        Some(ask) => Answer::new(Verdict::Ask, Reason::AskRule, Some(ask.clone())),
        None => Answer::new(Verdict::Allow, Reason::Allowed, Some(rule.clone())),
    };
    match secret.copied().or(local.map(|l| l.1)) {
        Some(atom) => answer.local_only(atom),
        None => answer,
    }
}

/// A tool of a coding agent.
pub(super) fn decide_tool(layer: &Layer, name: &str) -> Answer {
    for (set, verdict, reason) in [
        (&layer.deny_tools, Verdict::Deny, Reason::DenyRule),
        (&layer.ask_tools, Verdict::Ask, Reason::AskRule),
        (&layer.allow_tools, Verdict::Allow, Reason::Allowed),
    ] {
        if let Some(rule) = set.first_match(name) {
            return Answer::new(verdict, reason, Some(rule.clone()));
        }
    }
    let verdict = if layer.unlisted == Unlisted::Deny { Verdict::Deny } else { Verdict::Ask };
    Answer::new(verdict, Reason::NoRule { list: "[agents].allow_tools" }, None)
}
