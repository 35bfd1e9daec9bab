//! The broker's judgement of the worker's facts.

use aegis_policy::Capability;

use super::finding::{Finding, Severity};
use super::{Facts, LiteralCall};
use crate::source::Source;

/// Who answers for the policy. Implemented over `aegis_policy::Policy`.
pub trait Judge {
    /// Whether the policy grants the capability to anything at all.
    fn has_capability(&self, capability: Capability) -> bool;

    /// What the policy says against a call with a literal target; nothing if it allows it or would ask.
    fn literal(&self, call: &LiteralCall) -> Option<Objection>;
}

/// A denial of a literal call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// One line, as the gate would say it.
    pub message: String,
    /// The smallest change that would allow it.
    pub suggestion: Option<String>,
}

/// The findings, in the order of the text.
pub(crate) fn judged(facts: &Facts, source: &Source, judge: &dyn Judge) -> Vec<Finding> {
    let mut found: Vec<(u32, Finding)> = Vec::new();
    let mut add = |severity, code: &str, message: String, suggestion: Option<String>, span: super::Span| {
        found.push((span.start, Finding::new(severity, code, message, suggestion, source, span)));
    };
    for problem in &facts.problems {
        add(problem.severity, &problem.code, problem.message.clone(), problem.suggestion.clone(), problem.span);
    }
    for used in facts.uses.iter().filter(|used| !judge.has_capability(used.capability)) {
        let capability = used.capability.name();
        let message = format!("{}: the policy grants {capability} to nothing", used.name);
        add(
            Severity::Error,
            "capability",
            message,
            Some(format!("add a rule for {capability} to the policy, or leave the call out")),
            used.span,
        );
    }
    for call in facts.calls.iter().filter(|call| !facts.uses.iter().any(|u| u.span == call.span && !judge.has_capability(u.capability))) {
        if let Some(objection) = judge.literal(call) {
            let severity = if call.always_runs { Severity::Error } else { Severity::Warning };
            add(severity, "denied", objection.message, objection.suggestion, call.span);
        }
    }
    found.sort_by_key(|(start, _)| *start);
    found.truncate(MOST);
    found.into_iter().map(|(_, finding)| finding).collect()
}

/// Findings above this number help nobody.
const MOST: usize = 500;
