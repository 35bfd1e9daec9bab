//! Variables.

use aegis_effect::{Effect, EffectError};
use aegis_policy::Capability;
use serde::Deserialize;
use serde_json::json;

use super::{READS, Tool, arguments, fields};
use crate::answer::Answer;
use crate::call::Work;

pub(super) const ENV: Tool = Tool {
    name: "aegis_env",
    title: "Read a variable",
    description: "The value of a variable of the operator's environment. A local-only one gives a handle.",
    input: || arguments(json!({ "name": { "type": "string" } }), &["name"]),
    output: || fields(json!({ "value": { "type": ["string", "null"] } })),
    needs: &[Capability::EnvRead],
    hints: READS,
    call: env,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Env {
    name: String,
}

fn env(work: &mut Work<'_>) -> Result<Answer, EffectError> {
    let Env { name } = work.arguments()?;
    let outcome = work.effect(Effect::EnvRead { name, default: None })?;
    Ok(work.value("value", outcome))
}
