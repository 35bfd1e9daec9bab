//! The rest of an answer that was cut.

use aegis_effect::{EffectError, ErrorCode};
use serde::Deserialize;
use serde_json::json;

use super::{READS, Tool, arguments, fields};
use crate::answer::Answer;
use crate::call::Work;

pub(super) const MORE: Tool = Tool {
    name: "aegis_more",
    title: "Read on",
    description: "The next part of an answer that was cut; id and offset are in the cut answer.",
    input: || arguments(json!({ "id": { "type": "string" }, "offset": { "type": "integer", "minimum": 0 } }), &["id", "offset"]),
    output: || fields(json!({ "text": { "type": "string" } })),
    needs: &[],
    hints: READS,
    call: more,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct More {
    id: String,
    offset: usize,
}

fn more(work: &mut Work<'_>) -> Result<Answer, EffectError> {
    let More { id, offset } = work.arguments()?;
    let page = work.shared.pages.later(&id, offset);
    let page = page.ok_or_else(|| EffectError::new(ErrorCode::NotFound, "that answer is kept no more").suggest("make the call again"))?;
    Ok(Answer::new("").with_page("text", page))
}
