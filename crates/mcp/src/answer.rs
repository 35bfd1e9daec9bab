//! What a model reads of a call, and what a program does.

use aegis_effect::{EffectError, Labelled, Outcome};
use aegis_gate::Gate;
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value, json};

use crate::kept::KeptValues;
use crate::pages::{Page, Pages};

/// What stands for a local-only value.
pub(crate) const REDACTED: &str = "[REDACTED]";

/// An answer: the useful text first.
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) structured: Map<String, Value>,
    /// The stable name of an error.
    pub(crate) error: Option<String>,
}

impl Answer {
    pub(crate) fn new(text: impl Into<String>) -> Answer {
        Answer { text: text.into(), structured: Map::new(), error: None }
    }

    /// The same with one more field for programs.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Answer {
        self.structured.insert(name.to_owned(), value.into());
        self
    }

    /// An error that a model can do something about.
    pub(crate) fn failed(kind: &str, message: &str, rule: Option<&str>, suggestion: Option<&str>) -> Answer {
        let mut text = message.to_owned();
        if let Some(suggestion) = suggestion {
            text.push_str("\nway out: ");
            text.push_str(suggestion);
        }
        let mut answer = Answer::new(text).with("kind", kind).with("message", message);
        answer.structured.insert("rule".to_owned(), rule.into());
        answer.structured.insert("suggestion".to_owned(), suggestion.into());
        answer.error = Some(kind.to_owned());
        answer
    }

    pub(crate) fn of_error(error: &EffectError) -> Answer {
        Answer::failed(error.code.name(), &error.message, error.rule.as_deref(), error.suggestion.as_deref())
    }

    /// A text for the model, cut to what it reads at once, with what it takes to read on.
    pub(crate) fn paged(field: &str, text: String, pages: &Pages) -> Answer {
        Answer::new("").with_page(field, pages.first(text))
    }

    /// The same beside what is there already.
    pub(crate) fn with_page(mut self, field: &str, page: Page) -> Answer {
        self.text.push_str(&page.text);
        let shown = page.text.len();
        self = self.with(field, page.text);
        if let Some((id, offset)) = page.next {
            let rest = page.size.saturating_sub(offset);
            self.text.push_str(&format!(
                "\n[cut: {shown} of {} bytes, {rest} left; read on with aegis_more id={id} offset={offset}]",
                page.size
            ));
            self = self.with("more", json!({ "id": id, "offset": offset, "bytes_left": rest }));
        }
        self
    }

    /// A local-only value: its handle, never its content.
    pub(crate) fn with_local(self, field: &str, labelled: &Labelled, gate: &Gate, kept: &KeptValues) -> Answer {
        let answer = self.with(field, REDACTED);
        let Ok(value) = gate.copy_of(labelled.handle) else { return answer };
        let handle = kept.add(value, labelled.sources.clone());
        let mut answer = answer;
        let told = format!("{field}: {REDACTED} local-only ({}); pass it on as {{\"local\": \"{handle}\"}}", labelled.sources.join(", "));
        if !answer.text.is_empty() && !answer.text.ends_with('\n') {
            answer.text.push('\n');
        }
        answer.text.push_str(&told);
        let locals = answer.structured.entry("local".to_owned()).or_insert_with(|| json!({}));
        if let Some(locals) = locals.as_object_mut() {
            locals.insert(field.to_owned(), json!({ "handle": handle, "sources": labelled.sources }));
        }
        answer
    }

    /// An outcome that is one value.
    pub(crate) fn of_value(field: &str, outcome: Outcome, gate: &Gate, kept: &KeptValues, pages: &Pages) -> Answer {
        match outcome {
            Outcome::Text(text) => Answer::paged(field, text, pages),
            Outcome::Labelled(labelled) => Answer::new("").with_local(field, &labelled, gate, kept),
            Outcome::Names(names) => Answer::new(names.join("\n")).with(field, names),
            Outcome::Unset => Answer::new("not set").with(field, Value::Null),
            _ => Answer::new("done").with("done", true),
        }
    }

    pub(crate) fn into_result(self) -> CallToolResult {
        let text = if self.text.is_empty() { "(nothing)".to_owned() } else { self.text };
        let content = vec![ContentBlock::text(text)];
        let mut result = if self.error.is_some() { CallToolResult::error(content) } else { CallToolResult::success(content) };
        result.structured_content = Some(Value::Object(self.structured));
        result
    }
}
