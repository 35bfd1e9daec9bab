//! Outcomes of effects as values.

use aegis_effect::{ExecOutput, FileKind, HttpResponse, Labelled, Outcome, Shape, Stat};
use num_bigint::BigInt;
use starlark::values::bytes::StarlarkBytes;
use starlark::values::dict::AllocDict;
use starlark::values::list::AllocList;
use starlark::values::structs::AllocStruct;
use starlark::values::{Heap, Value};

use super::Response;
use crate::flow::LocalOnly;
use crate::worker::Context;

/// An outcome as the value it is. Answers of hosts and children become structs; where a builtin gives only their body or standard
/// output, it takes [`body`] or [`stdout`].
pub(super) fn value<'v>(outcome: Outcome, context: &Context, heap: Heap<'v>) -> Value<'v> {
    match outcome {
        Outcome::Unit | Outcome::Unset => Value::new_none(),
        Outcome::Bool(b) => Value::new_bool(b),
        Outcome::Text(text) => heap.alloc_str(&text).to_value(),
        Outcome::Int(digits) => digits.parse::<BigInt>().map_or_else(|_| Value::new_none(), |n| heap.alloc(n)),
        Outcome::Bytes(bytes) => heap.alloc(StarlarkBytes::from_vec(bytes)),
        Outcome::Names(names) => heap.alloc(AllocList(names)),
        Outcome::Stat(stat) => stat_value(stat, context, heap),
        Outcome::Response(response) => response_value(response, heap),
        Outcome::Exec(output) => exec_value(&output, heap),
        Outcome::Time(seconds) => time(seconds, context, heap),
        // Whether it was done is not for the script to see, and there is nothing else.
        Outcome::Labelled(labelled) if labelled.shape == Shape::Unit => Value::new_none(),
        Outcome::Labelled(labelled) => local_only(labelled, context, heap),
        Outcome::LabelledFields(fields) => labelled_fields(fields, context, heap),
    }
}

/// Strings as a list.
pub(super) fn text_list<'v, 't>(items: impl Iterator<Item = &'t str>, heap: Heap<'v>) -> Value<'v> {
    let items: Vec<Value<'v>> = items.map(|s| heap.alloc_str(s).to_value()).collect();
    heap.alloc(AllocList(items))
}

/// The body alone of an HTTP answer.
pub(super) fn body<'v>(outcome: Outcome, context: &Context, heap: Heap<'v>) -> Value<'v> {
    match outcome {
        Outcome::Response(response) => heap.alloc_str(&response.body).to_value(),
        Outcome::LabelledFields(fields) => one_of(fields, "body", context, heap),
        other => value(other, context, heap),
    }
}

/// Standard output alone of a child.
pub(super) fn stdout<'v>(outcome: Outcome, context: &Context, heap: Heap<'v>) -> Value<'v> {
    match outcome {
        Outcome::Exec(output) => heap.alloc_str(&String::from_utf8_lossy(&output.stdout)).to_value(),
        Outcome::LabelledFields(fields) => one_of(fields, "stdout", context, heap),
        other => value(other, context, heap),
    }
}

fn local_only<'v>(labelled: Labelled, context: &Context, heap: Heap<'v>) -> Value<'v> {
    heap.alloc(LocalOnly::new(labelled, context.secrets()))
}

fn one_of<'v>(fields: Vec<(String, Labelled)>, name: &str, context: &Context, heap: Heap<'v>) -> Value<'v> {
    fields.into_iter().find(|(n, _)| n == name).map_or_else(Value::new_none, |(_, l)| local_only(l, context, heap))
}

fn labelled_fields<'v>(fields: Vec<(String, Labelled)>, context: &Context, heap: Heap<'v>) -> Value<'v> {
    let mut values: Vec<(String, Value<'v>)> = Vec::with_capacity(fields.len());
    for (name, labelled) in fields {
        if !values.iter().any(|(n, _)| *n == name) {
            values.push((name, local_only(labelled, context, heap)));
        }
    }
    let get = |name: &str| values.iter().find(|(n, _)| n == name).map(|(_, v)| *v);
    match (get("status"), get("headers"), get("body")) {
        (Some(status), Some(headers), Some(body)) => heap.alloc(Response::new(status, headers, body)),
        _ => heap.alloc(AllocStruct(values)),
    }
}

/// How long something took tells of what was done.
fn time<'v>(seconds: f64, context: &Context, heap: Heap<'v>) -> Value<'v> {
    let secrets = context.secrets();
    let seconds = heap.alloc(seconds);
    if secrets.exist() { secrets.labelled(seconds, secrets.everything(), heap) } else { seconds }
}

fn stat_value<'v>(stat: Stat, context: &Context, heap: Heap<'v>) -> Value<'v> {
    let kind = match stat.kind {
        FileKind::File => "file",
        FileKind::Dir => "dir",
        FileKind::Other => "other",
    };
    heap.alloc(AllocStruct([
        ("kind", heap.alloc(kind)),
        ("size", heap.alloc(stat.size)),
        // the script may have written the file a moment ago: that is a clock too
        ("modified", time(stat.modified, context, heap)),
        ("executable", Value::new_bool(stat.executable)),
    ]))
}

fn response_value(response: HttpResponse, heap: Heap<'_>) -> Value<'_> {
    let headers = heap.alloc(AllocDict(response.headers));
    heap.alloc(Response::new(heap.alloc(i32::from(response.status)), headers, heap.alloc_str(&response.body).to_value()))
}

fn exec_value<'v>(output: &ExecOutput, heap: Heap<'v>) -> Value<'v> {
    heap.alloc(AllocStruct([
        ("exit_code", heap.alloc(output.exit_code)),
        ("stdout", heap.alloc_str(&String::from_utf8_lossy(&output.stdout)).to_value()),
        ("stderr", heap.alloc_str(&String::from_utf8_lossy(&output.stderr)).to_value()),
    ]))
}
