//! Files.

use aegis_effect::{Effect, EffectError};
use aegis_policy::Capability;
use serde::Deserialize;
use serde_json::json;

use super::{READS, Tool, WRITES, arguments, fields};
use crate::answer::Answer;
use crate::call::Work;
use crate::content::{Content, schema};
use crate::pages::PAGE;

pub(super) const READ: Tool = Tool {
    name: "aegis_fs_read",
    title: "Read a file",
    description: "Reads a text file. A local-only file gives a handle instead of its content. With offset and limit it reads a part, in bytes.",
    input: || {
        let number = json!({ "type": "integer", "minimum": 0 });
        arguments(json!({ "path": { "type": "string" }, "offset": number, "limit": number }), &["path"])
    },
    output: || fields(json!({ "content": { "type": "string" } })),
    needs: &[Capability::FsRead],
    hints: READS,
    call: read,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    path: String,
    offset: Option<u64>,
    limit: Option<u64>,
}

fn read(work: &mut Work<'_>) -> Result<Answer, EffectError> {
    let Read { path, offset, limit } = work.arguments()?;
    let effect = match (offset, limit) {
        (None, None) => Effect::FsRead { path },
        (offset, limit) => Effect::FsReadRange { path, offset: offset.unwrap_or(0), limit: limit.unwrap_or(PAGE as u64) },
    };
    let outcome = work.effect(effect)?;
    Ok(work.value("content", outcome))
}

pub(super) const WRITE: Tool = Tool {
    name: "aegis_fs_write",
    title: "Write a file",
    description: "Makes the content the file's own, at once or not at all; with append it is added at the end. Missing directories are made.",
    input: || {
        arguments(
            json!({ "path": { "type": "string" }, "content": schema("the content"), "append": { "type": "boolean" } }),
            &["path", "content"],
        )
    },
    output: || fields(json!({ "done": { "type": "boolean" } })),
    needs: &[Capability::FsWrite],
    hints: WRITES,
    call: write,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    path: String,
    content: Content,
    #[serde(default)]
    append: bool,
}

fn write(work: &mut Work<'_>) -> Result<Answer, EffectError> {
    let Write { path, content, append } = work.arguments()?;
    let content = content.payload(&mut work.gate, &work.shared.kept)?;
    work.effect(if append { Effect::FsAppend { path, content } } else { Effect::FsWrite { path, content } })?;
    Ok(done("written"))
}

pub(super) const REPLACE: Tool = Tool {
    name: "aegis_fs_replace",
    title: "Replace text in a file",
    description: "Puts new where old stands in the file. old must stand there exactly once.",
    input: || {
        arguments(
            json!({ "path": { "type": "string" }, "old": schema("what stands there"), "new": schema("what will") }),
            &["path", "old", "new"],
        )
    },
    output: || fields(json!({ "done": { "type": "boolean" } })),
    needs: &[Capability::FsWrite],
    hints: WRITES,
    call: replace,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replace {
    path: String,
    old: Content,
    new: Content,
}

fn replace(work: &mut Work<'_>) -> Result<Answer, EffectError> {
    let Replace { path, old, new } = work.arguments()?;
    let old = old.payload(&mut work.gate, &work.shared.kept)?;
    let new = new.payload(&mut work.gate, &work.shared.kept)?;
    work.effect(Effect::FsReplace { path, old, new })?;
    Ok(done("replaced"))
}

pub(super) const LIST: Tool = Tool {
    name: "aegis_fs_list",
    title: "List files",
    description: "The names in a directory, sorted, directories with a slash; or, with pattern, the paths that match it (src/**/*.rs).",
    input: || arguments(json!({ "path": { "type": "string" }, "pattern": { "type": "string" } }), &[]),
    output: || {
        fields(
            json!({ "text": { "type": "string" }, "names": { "type": "array", "items": { "type": "string" } }, "count": { "type": "integer" } }),
        )
    },
    needs: &[Capability::FsRead],
    hints: READS,
    call: list,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    path: Option<String>,
    pattern: Option<String>,
}

fn list(work: &mut Work<'_>) -> Result<Answer, EffectError> {
    let List { path, pattern } = work.arguments()?;
    let effect = match (path, pattern) {
        (path, None) => Effect::FsList { path: path.unwrap_or_else(|| ".".to_owned()) },
        (None, Some(pattern)) => Effect::FsGlob { pattern },
        (Some(path), Some(pattern)) => Effect::FsGlob { pattern: format!("{}/{pattern}", path.trim_end_matches('/')) },
    };
    match work.effect(effect)? {
        aegis_effect::Outcome::Names(names) => {
            let count = names.len();
            let shown: Vec<String> = names.iter().take(MOST).cloned().collect();
            Ok(Answer::paged("text", names.join("\n"), &work.shared.pages).with("names", shown).with("count", count))
        }
        other => Ok(work.value("names", other)),
    }
}

/// Names that a program gets at once.
const MOST: usize = 1000;

pub(super) const DELETE: Tool = Tool {
    name: "aegis_fs_delete",
    title: "Delete a file",
    description: "Deletes a file, a link itself, or an empty directory.",
    input: || arguments(json!({ "path": { "type": "string" } }), &["path"]),
    output: || fields(json!({ "done": { "type": "boolean" } })),
    needs: &[Capability::FsDelete],
    hints: WRITES,
    call: delete,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delete {
    path: String,
}

fn delete(work: &mut Work<'_>) -> Result<Answer, EffectError> {
    let Delete { path } = work.arguments()?;
    work.effect(Effect::FsDelete { path })?;
    Ok(done("deleted"))
}

fn done(what: &str) -> Answer {
    Answer::new(what).with("done", true)
}
