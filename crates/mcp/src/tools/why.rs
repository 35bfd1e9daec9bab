//! What the policy would say.

use aegis_effect::{EffectError, ErrorCode};
use aegis_policy::Question;
use serde::Deserialize;
use serde_json::json;

use super::{READS, Tool, arguments, fields};
use crate::answer::Answer;
use crate::call::Work;

pub(super) const WHY: Tool = Tool {
    name: "aegis_why",
    title: "Ask the policy",
    description: "Says what the policy decides about an access and by which rule, without doing it and without looking at any file: \
                  \"fs.write src/main.rs\", \"exec git push -f\", \"net.http_get https://example.com/\", \"env.read HOME\".",
    input: || arguments(json!({ "access": { "type": "string" } }), &["access"]),
    output: || fields(json!({ "verdict": { "type": "string", "enum": ["allow", "ask", "deny"] }, "cause": { "type": "string" } })),
    needs: &[],
    hints: READS,
    call: why,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    access: String,
}

/// By name alone: whether a file is there, and where a link leads, is for those who may read it.
fn why(work: &mut Work<'_>) -> Result<Answer, EffectError> {
    let Why { access } = work.arguments()?;
    let policy = work.policy().clone();
    let question = Question::read(&access, policy.root()).map_err(|e| EffectError::new(ErrorCode::BadArgument, e.to_string()))?;
    let decision = policy.decide(&question.access());
    let explanation = policy.explain(&question.access(), &access, &decision);
    Ok(Answer::new(explanation.to_string())
        .with("verdict", decision.verdict().to_string())
        .with("cause", explanation.cause)
        .with("rule", explanation.rule)
        .with("suggestion", explanation.suggestion))
}
