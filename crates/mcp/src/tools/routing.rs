//! What the operator says about tools of other servers.

use aegis_effect::EffectError;
use aegis_policy::{Access, Capability, Method, Policy, RequestUrl, ToolHint};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{READS, Tool, arguments, fields};
use crate::answer::Answer;
use crate::call::Work;

pub(super) const ROUTING: Tool = Tool {
    name: "aegis_tool_routing",
    title: "Which tool for what",
    description: "The operator's hints about tools of other servers: what they stand for here, and which aegis tool does it.",
    input: || arguments(json!({ "tool": { "type": "string" } }), &[]),
    output: || fields(json!({ "tools": { "type": "object" } })),
    needs: &[],
    hints: READS,
    call: routing,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Routing {
    tool: Option<String>,
}

fn routing(work: &mut Work<'_>) -> Result<Answer, EffectError> {
    let Routing { tool } = work.arguments()?;
    let policy = work.policy().clone();
    let named = policy.tools().iter().filter(|(name, _)| tool.as_ref().is_none_or(|wanted| wanted == *name));
    let tools: Map<String, Value> = named.map(|(name, hint)| (name.clone(), described(hint, &policy))).collect();
    let text = match (tools.is_empty(), tool) {
        (true, Some(tool)) => format!("the policy says nothing about {tool}"),
        (true, None) => "the policy has no hints about tools".to_owned(),
        (false, _) => serde_json::to_string_pretty(&tools).unwrap_or_default(),
    };
    Ok(Answer::new(text).with("tools", tools))
}

/// Where a request would go is said only of hosts that the policy opens: others are nobody's business.
fn described(hint: &ToolHint, policy: &Policy) -> Value {
    let open = hint.backend_url.as_deref().filter(|url| {
        let method = hint.backend_method.as_deref().and_then(Method::from_name).unwrap_or(Method::Get);
        RequestUrl::parse(url).is_ok_and(|url| !policy.decide(&Access::Http { method, url: &url }).is_deny())
    });
    json!({
        "description": hint.description,
        "capabilities": hint.capabilities,
        "use": hint.capabilities.iter().map(|capability| instead(*capability)).collect::<Vec<_>>(),
        "url": open,
        "method": open.and(hint.backend_method.as_deref()),
    })
}

/// The tool of ours that has a capability.
const fn instead(capability: Capability) -> &'static str {
    match capability {
        Capability::FsRead => "aegis_fs_read",
        Capability::FsWrite => "aegis_fs_write",
        Capability::FsDelete => "aegis_fs_delete",
        Capability::EnvRead => "aegis_env",
        Capability::SubprocessExec => "aegis_exec",
        Capability::Declassify => "aegis_run",
        _ => "aegis_http",
    }
}
