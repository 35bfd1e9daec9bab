//! The judge that asks a policy, as the gate will.

use aegis_policy::{Access, Capability, Policy, Question, Reason};

use super::facts::Target;
use super::{Judge, LiteralCall, LiteralFlow, Objection};

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
        let question = self.question(&call.target)?;
        let decision = self.policy.decide(&question.access());
        if !decision.is_deny() {
            return None;
        }
        // a link may lead a denied name to an allowed place: of a path only what no link changes is certain
        let certain = match &question {
            Question::Path { op, path } => self.policy.decide(&Access::PathName { op: *op, path }).is_deny(),
            _ => !matches!(decision.reason(), Reason::FileArgument { .. } | Reason::LocalOnlyArgument { .. }),
        };
        let asked = format!("{} {}", call.name, target_words(&call.target).get(1..).unwrap_or_default().join(" "));
        let explanation = self.policy.explain(&question.access(), &asked, &decision);
        Some(Objection { message: explanation.one_line(), suggestion: explanation.suggestion, certain })
    }

    fn flow(&self, flow: &LiteralFlow) -> Option<Objection> {
        let (from, to) = (self.question(&flow.from)?, self.question(&flow.to)?);
        let (source, sink) = (self.policy.decide(&from.access()), self.policy.decide(&to.access()));
        if source.is_deny() || sink.is_deny() {
            return None;
        }
        let blocked = self.policy.may_flow(source.atoms().iter().map(|a| a.index()), &sink).err()?;
        let target = target_words(&flow.to).get(1..).unwrap_or_default().join(" ");
        let why = if blocked.narrowed { "no [[flow]] leads it there" } else { "the target is public" };
        Some(Objection {
            message: format!("denied: {} {target}: it would carry local-only {}, and {why}", flow.name, blocked.source),
            suggestion: Some("list the target as local-only, or leave the value out".to_owned()),
            certain: !matches!(from, Question::Path { .. }) && !matches!(to, Question::Path { .. }),
        })
    }
}

impl PolicyJudge<'_> {
    /// What is no question at all is refused by the gate, with its own words.
    fn question(&self, target: &Target) -> Option<Question> {
        Question::parse(&target_words(target), self.policy.root()).ok()
    }
}

fn target_words(target: &Target) -> Vec<String> {
    match target {
        Target::Path { op, path } => vec![op.capability().name().to_owned(), path.clone()],
        Target::Url { method, url } => vec![method.capability().name().to_owned(), url.clone()],
        Target::Env { name } => vec!["env.read".to_owned(), name.clone()],
        Target::Argv { argv } => std::iter::once("exec".to_owned()).chain(argv.iter().cloned()).collect(),
    }
}
