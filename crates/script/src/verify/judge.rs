//! The broker's judgement of the worker's facts.

use std::collections::HashSet;

use aegis_policy::Capability;

use super::finding::{Finding, Severity};
use super::{Facts, LiteralCall, LiteralFlow, Span};
use crate::source::Source;

/// Who answers for the policy. Implemented over `aegis_policy::Policy`.
pub trait Judge {
    /// Whether the policy grants the capability to anything at all.
    fn has_capability(&self, capability: Capability) -> bool;

    /// What the policy says against a call with a literal target; nothing if it allows it or would ask.
    fn literal(&self, call: &LiteralCall) -> Option<Objection>;

    /// What the policy says against a value of one literal target in a call on another.
    fn flow(&self, flow: &LiteralFlow) -> Option<Objection> {
        let _ = flow;
        None
    }
}

/// A denial of a literal call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// One line, as the gate would say it.
    pub message: String,
    /// The smallest change that would allow it.
    pub suggestion: Option<String>,
    /// Nothing on the machine, such as a link, can lead the call elsewhere.
    pub certain: bool,
}

/// Findings above this number help nobody.
const MOST: usize = 500;
/// Facts of one kind above this number are not looked at: a worker may send any number.
const MOST_FACTS: usize = 5_000;

/// The findings, in the order of the text.
pub(crate) fn judged(facts: &Facts, source: &Source, judge: &dyn Judge) -> Vec<Finding> {
    let mut found: Vec<(Severity, &str, String, Option<String>, Span)> = Vec::new();
    for problem in facts.problems.iter().take(MOST_FACTS) {
        found.push((problem.severity, &problem.code, problem.message.clone(), problem.suggestion.clone(), problem.span));
    }
    let mut refused: HashSet<Span> = HashSet::new();
    for used in facts.uses.iter().take(MOST_FACTS).filter(|used| !judge.has_capability(used.capability)) {
        let capability = used.capability.name();
        refused.insert(used.span);
        let message = format!("{}: the policy grants {capability} to nothing", used.name);
        let suggestion = format!("add a rule for {capability} to the policy, or leave the call out");
        found.push((Severity::Error, "capability", message, Some(suggestion), used.span));
    }
    for call in facts.calls.iter().take(MOST_FACTS).filter(|call| !refused.contains(&call.callee)) {
        if let Some(objection) = judge.literal(call) {
            let severity = if call.always_runs && objection.certain { Severity::Error } else { Severity::Warning };
            found.push((severity, "denied", objection.message, objection.suggestion, call.span));
        }
    }
    for flow in facts.flows.iter().take(MOST_FACTS) {
        if let Some(objection) = judge.flow(flow) {
            let severity = if flow.always_runs && objection.certain { Severity::Error } else { Severity::Warning };
            found.push((severity, "flow", objection.message, objection.suggestion, flow.span));
        }
    }
    found.sort_by_key(|(.., span)| span.start);
    // An error must not be lost among warnings.
    if found.len() > MOST {
        found.sort_by_key(|(severity, ..)| *severity);
        found.truncate(MOST);
        found.sort_by_key(|(.., span)| span.start);
    }
    found
        .into_iter()
        .map(|(severity, code, message, suggestion, span)| Finding::new(severity, code, message, suggestion, source, span))
        .collect()
}
