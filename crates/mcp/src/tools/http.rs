//! Requests.

use std::collections::BTreeMap;

use aegis_effect::{Effect, EffectError, ErrorCode, HttpBody, HttpRequest, Outcome, Payload};
use aegis_policy::{Capability, Method};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ACTS, Tool, arguments, fields};
use crate::answer::Answer;
use crate::call::Work;
use crate::content::{Content, schema};

pub(super) const HTTP: Tool = Tool {
    name: "aegis_http",
    title: "HTTP request",
    description: "Sends one request to a host that the policy names. Redirects are not followed. json sets the content type.",
    input: || {
        arguments(
            json!({
                "method": { "type": "string", "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] },
                "url": { "type": "string" },
                "headers": { "type": "object", "additionalProperties": schema("the value") },
                "params": { "type": "object", "additionalProperties": schema("the value") },
                "body": schema("the body"),
                "json": { "description": "the body as JSON" },
                "timeout_seconds": { "type": "number", "exclusiveMinimum": 0 },
            }),
            &["url"],
        )
    },
    output: || {
        fields(json!({
            "status": { "type": ["integer", "string"] },
            "headers": { "type": ["object", "string"] },
            "body": { "type": "string" },
        }))
    },
    needs: &[Capability::NetHttpGet, Capability::NetHttpPost, Capability::NetHttpPut, Capability::NetHttpPatch, Capability::NetHttpDelete],
    hints: ACTS,
    call: http,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Http {
    method: Option<String>,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, Content>,
    #[serde(default)]
    params: BTreeMap<String, Content>,
    body: Option<Content>,
    json: Option<Value>,
    timeout_seconds: Option<f64>,
}

fn http(work: &mut Work<'_>) -> Result<Answer, EffectError> {
    let Http { method, url, headers, params, body, json, timeout_seconds } = work.arguments()?;
    let wrong = |message: &str| EffectError::new(ErrorCode::BadArgument, message);
    let method = method.as_deref().unwrap_or(if body.is_some() || json.is_some() { "POST" } else { "GET" });
    let method = Method::from_name(method).ok_or_else(|| wrong("method: one of GET, HEAD, POST, PUT, PATCH, DELETE"))?;
    let kept = &work.shared.kept;
    let gate = &mut work.gate;
    let body = match (body, json) {
        (Some(_), Some(_)) => return Err(wrong("give body or json, not both")),
        (Some(body), None) => HttpBody::Raw(body.payload(gate, kept)?),
        (None, Some(value)) => HttpBody::Json(Payload::from(value.to_string())),
        (None, None) => HttpBody::Empty,
    };
    let mut pairs = |given: BTreeMap<String, Content>| -> Result<Vec<(String, Payload)>, EffectError> {
        given.into_iter().map(|(name, value)| Ok((name, value.payload(gate, kept)?))).collect()
    };
    let request = HttpRequest {
        method,
        url,
        params: pairs(params)?,
        headers: pairs(headers)?,
        body,
        fail_on_status: false,
        timeout: timeout_seconds.map(super::seconds).transpose()?,
    };
    match work.effect(Effect::Http(request))? {
        Outcome::Response(response) => {
            let headers: serde_json::Map<String, Value> = response.headers.into_iter().map(|(name, value)| (name, value.into())).collect();
            let mut answer = Answer::new(format!("status {}\n", response.status)).with("status", response.status).with("headers", headers);
            answer = answer.with_page("body", work.shared.pages.first(response.body));
            Ok(answer)
        }
        Outcome::LabelledFields(fields) => Ok(fields
            .iter()
            .fold(Answer::new(""), |answer, (name, labelled)| answer.with_local(name, labelled, &work.gate, &work.shared.kept))),
        other => Ok(work.value("body", other)),
    }
}
