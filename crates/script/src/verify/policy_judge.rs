//! The judge that asks a policy, as the gate will.

use aegis_policy::{Access, Capability, Policy, Question};

use super::facts::Target;
use super::{Judge, LiteralCall, Objection};

/// Judges literal calls by [`Policy::decide`]. Paths are judged by their names: the gate judges what they lead to.
#[derive(Debug, Clone, Copy)]
pub struct PolicyJudge<'p> {
    policy: &'p Policy,
}

impl<'p> PolicyJudge<'p> {
    /// A judge for this policy.
    #[must_use]
    pub const fn new(policy: &'p Policy) -> PolicyJudge<'p> {
        PolicyJudge { policy }
    }
}

impl Judge for PolicyJudge<'_> {
    fn has_capability(&self, capability: Capability) -> bool {
        self.policy.has_capability(capability)
    }

    fn literal(&self, call: &LiteralCall) -> Option<Objection> {
        let words = match &call.target {
            Target::Path { op, path } => vec![op.capability().name().to_owned(), path.clone()],
            Target::Url { method, url } => vec![method.capability().name().to_owned(), url.clone()],
            Target::Env { name } => vec!["env.read".to_owned(), name.clone()],
            Target::Argv { argv } => std::iter::once("exec".to_owned()).chain(argv.iter().cloned()).collect(),
        };
        // what is no question at all is refused by the gate, with its own words
        let question = Question::parse(&words, self.policy.root()).ok()?;
        // a link may lead a denied name to an allowed place: of a path only what no link changes is certain
        let certain = match &question {
            Question::Path { op, path } => self.policy.decide(&Access::PathName { op: *op, path }),
            other => self.policy.decide(&other.access()),
        };
        let full = self.policy.decide(&question.access());
        if !full.is_deny() {
            return None;
        }
        let asked = format!("{} {}", call.name, words.get(1..).unwrap_or_default().join(" "));
        let explanation = self.policy.explain(&question.access(), &asked, &full);
        Some(Objection {
            message: explanation.one_line(),
            suggestion: explanation.suggestion,
            certain: certain.is_deny() || !matches!(question, Question::Path { .. }),
        })
    }
}
