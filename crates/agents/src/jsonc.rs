//! Our entry in JSON with comments. The text is edited through a concrete syntax tree, so that everything else stays as it was written.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstNode, CstObject, CstObjectProp, CstRootNode};
use serde_json::{Value, json};

use crate::edit::{EditError, position};
use crate::host::JsonShape;
use crate::server::{NAME, Server, Started};

/// Editors of another system put it first; no JSON parser takes it for blank.
const MARK: char = '\u{feff}';

/// Comments and trailing commas, as most hosts read them; nothing else beyond JSON.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

struct Document<'t> {
    mark: &'t str,
    root: CstRootNode,
}

impl<'t> Document<'t> {
    fn parse(text: &'t str) -> Result<Document<'t>, EditError> {
        let body = text.strip_prefix(MARK).unwrap_or(text);
        let mark = text.get(..text.len() - body.len()).unwrap_or_default();
        let root = CstRootNode::parse(body, &OPTIONS).map_err(|error| {
            let (line, column) = position(body, error.range().start);
            EditError::Invalid { line, column, reason: lower(&error.kind().to_string()) }
        })?;
        match root.value() {
            None => {}
            Some(CstNode::Container(node)) if node.is_object() => {}
            Some(_) => return Err(EditError::NotA { what: "the whole file".to_owned(), wanted: "an object" }),
        }
        Ok(Document { mark, root })
    }

    fn text(&self) -> String {
        format!("{}{}", self.mark, self.root)
    }
}

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
    let mut section = root;
    for name in path {
        member(&section, name)?;
        section = section.object_value_or_create(name).ok_or_else(|| EditError::NotA { what: path.join("."), wanted: "an object" })?;
    }
    match member(&section, NAME)? {
        None => {
            section.append(NAME, input(&fresh(shape, &server.started())));
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
    for end in (1..=path.len()).rev() {
        let path = path.get(..end).unwrap_or_default();
        let Some(section) = section(&root, path)? else { continue };
        if !is_empty(&section) || before.is_some_and(|before| has(before, path)) {
            break;
        }
        section.parent().and_then(|parent| parent.as_object_prop()).ok_or(EditError::Wrong)?.remove();
    }
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

fn section(root: &CstObject, path: &[&str]) -> Result<Option<CstObject>, EditError> {
    let mut at = root.clone();
    for name in path {
        let Some(found) = member(&at, name)? else { return Ok(None) };
        at = found.object_value().ok_or_else(|| EditError::NotA { what: path.join("."), wanted: "an object" })?;
    }
    Ok(Some(at))
}

fn has(text: &str, path: &[&str]) -> bool {
    let Ok(document) = Document::parse(text) else { return false };
    document.root.object_value().is_some_and(|root| matches!(section(&root, path), Ok(Some(_))))
}

/// A member of an object, by what its name means, not by how it is written.
fn member(object: &CstObject, name: &str) -> Result<Option<CstObjectProp>, EditError> {
    let mut named = object.properties().into_iter().filter(|p| p.decoded_name().as_deref() == Some(name));
    let first = named.next();
    if named.next().is_some() {
        return Err(EditError::Twice(name.to_owned()));
    }
    Ok(first)
}

/// No member and no comment.
fn is_empty(object: &CstObject) -> bool {
    object.properties().is_empty() && !object.children().iter().any(CstNode::is_comment)
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
        match member(&object, key)? {
            None => {
                object.append(key, one(&value));
            }
            Some(held) if held.to_serde_value().as_ref() == Some(&value) => {}
            Some(held) => held.set_value(one(&value)),
        }
    }
    Ok(())
}

fn input(members: &[(&'static str, Value)]) -> CstInputValue {
    CstInputValue::Object(members.iter().map(|(key, value)| ((*key).to_owned(), one(value))).collect())
}

/// Only what entries are made of: texts and lists of texts.
fn one(value: &Value) -> CstInputValue {
    match value {
        Value::Array(items) => CstInputValue::Array(items.iter().map(one).collect()),
        other => CstInputValue::String(other.as_str().unwrap_or_default().to_owned()),
    }
}

fn lower(reason: &str) -> String {
    let mut chars = reason.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
