//! Our entry in JSON with comments.

use jsonc_parser::cst::{CstObject, CstObjectProp};
use serde_json::{Value, json};

use crate::document::{Document, drop_empty, member, object, section, section_or_new, set};
use crate::edit::EditError;
use crate::host::JsonShape;
use crate::server::{NAME, Server, Started};

/// What the entry of our name starts.
pub(crate) fn found(text: &str, shape: &JsonShape) -> Result<Option<Started>, EditError> {
    let document = Document::parse(text)?;
    let Some(object) = document.root.object_value() else { return Ok(None) };
    let Some(section) = section(&object, sections(&object, shape)?)? else { return Ok(None) };
    Ok(member(&section, NAME)?.map(|entry| started(&entry, shape)))
}

/// The text with our entry.
pub(crate) fn put(text: &str, shape: &JsonShape, server: &Server) -> Result<String, EditError> {
    let document = Document::parse(text)?;
    let root = document.root.object_value_or_create().ok_or(EditError::Wrong)?;
    let path = sections(&root, shape)?;
    let section = section_or_new(&root, path)?;
    match member(&section, NAME)? {
        None => {
            section.append(NAME, object(&fresh(shape, &server.started())));
        }
        Some(entry) => update(&entry, shape, server)?,
    }
    let new = document.text();
    if found(&new, shape)?.is_none_or(|started| !started.is_ours()) {
        return Err(EditError::Wrong);
    }
    Ok(new)
}

/// The text without our entry, and without a section that only we needed.
pub(crate) fn take(text: &str, shape: &JsonShape, before: Option<&str>) -> Result<String, EditError> {
    let document = Document::parse(text)?;
    let Some(root) = document.root.object_value() else { return Ok(text.to_owned()) };
    let path = sections(&root, shape)?;
    let Some(inner) = section(&root, path)? else { return Ok(text.to_owned()) };
    if let Some(entry) = member(&inner, NAME)? {
        entry.remove();
    }
    drop_empty(&root, path, before)?;
    Ok(document.text())
}

/// The sections around the entries of this file.
fn sections(root: &CstObject, shape: &JsonShape) -> Result<&'static [&'static str], EditError> {
    let (Some(older), Some(newest)) = (shape.older, shape.sections.last()) else { return Ok(shape.sections) };
    let is_server =
        |prop: &CstObjectProp| prop.object_value().is_some_and(|object| ["type", "command"].iter().any(|key| object.get(key).is_some()));
    let is_older = section(root, older)?.is_some_and(|section| section.get(newest).is_none() && section.properties().iter().any(is_server));
    Ok(if is_older { older } else { shape.sections })
}

fn started(entry: &CstObjectProp, shape: &JsonShape) -> Started {
    let value = entry.to_serde_value();
    let of = |key: &str| value.as_ref().and_then(|value| value.get(key));
    let strings = |value: Option<&Value>| -> Vec<String> {
        let list = value.and_then(Value::as_array).into_iter().flatten();
        list.map(|item| item.as_str().unwrap_or_default().to_owned()).collect()
    };
    if shape.command_is_argv {
        let mut argv = strings(of("command")).into_iter();
        return Started { program: argv.next().unwrap_or_default(), args: argv.collect() };
    }
    Started { program: of("command").and_then(Value::as_str).unwrap_or_default().to_owned(), args: strings(of("args")) }
}

/// Members that say what is started.
fn command(shape: &JsonShape, started: &Started) -> Vec<(&'static str, Value)> {
    if shape.command_is_argv {
        let argv: Vec<&String> = std::iter::once(&started.program).chain(&started.args).collect();
        return vec![("command", json!(argv))];
    }
    vec![("command", json!(started.program)), ("args", json!(started.args))]
}

/// All members of a new entry, in their order.
fn fresh(shape: &JsonShape, started: &Started) -> Vec<(&'static str, Value)> {
    let mut members: Vec<(&'static str, Value)> = shape.kind.map(|kind| ("type", json!(kind))).into_iter().collect();
    members.extend(command(shape, started));
    if shape.names_tools {
        members.push(("tools", json!(["*"])));
    }
    members
}

/// Brings an entry of ours up to date; members that its owner added stay as they are.
fn update(entry: &CstObjectProp, shape: &JsonShape, server: &Server) -> Result<(), EditError> {
    let old = started(entry, shape);
    if !old.is_ours() {
        return Err(EditError::NotOurs);
    }
    let object = entry.object_value().ok_or(EditError::NotOurs)?;
    for (key, value) in command(shape, &server.in_place_of(&old)) {
        set(&object, key, &value)?;
    }
    Ok(())
}
