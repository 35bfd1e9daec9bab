//! A text in JSON with comments, as a concrete syntax tree: what is edited in it is edited in place, and everything else stays as it was
//! written.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstNode, CstObject, CstObjectProp, CstRootNode};
use serde_json::Value;

use crate::edit::{EditError, position};

/// Editors of another system put it first; no JSON parser takes it for blank.
pub(crate) const MARK: char = '\u{feff}';

/// Comments and trailing commas, as most hosts read them; nothing else beyond JSON.
const MOST: Reads = Reads { comments: true, trailing_commas: true };

const PLAIN: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_trailing_commas: false,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// What a reader takes beyond JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reads {
    pub(crate) comments: bool,
    pub(crate) trailing_commas: bool,
}

/// A parsed text.
pub(crate) struct Document<'t> {
    mark: &'t str,
    pub(crate) root: CstRootNode,
}

impl<'t> Document<'t> {
    /// A text whose whole is an object, or nothing at all.
    pub(crate) fn parse(text: &'t str) -> Result<Document<'t>, EditError> {
        Document::parse_as(text, MOST)
    }

    /// The same for a reader that takes less.
    pub(crate) fn parse_as(text: &'t str, reads: Reads) -> Result<Document<'t>, EditError> {
        let options = ParseOptions { allow_comments: reads.comments, allow_trailing_commas: reads.trailing_commas, ..PLAIN };
        let body = text.strip_prefix(MARK).unwrap_or(text);
        let mark = text.get(..text.len() - body.len()).unwrap_or_default();
        let root = CstRootNode::parse(body, &options).map_err(|error| {
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

    /// Whether there is a comment anywhere.
    pub(crate) fn has_comments(&self) -> bool {
        let mut left: Vec<CstNode> = self.root.children();
        while let Some(node) = left.pop() {
            if node.is_comment() {
                return true;
            }
            left.extend(node.children());
        }
        false
    }

    /// The text as it is now.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.mark, self.root)
    }
}

/// The object at the end of a way of names.
pub(crate) fn section(root: &CstObject, path: &[&str]) -> Result<Option<CstObject>, EditError> {
    let mut at = root.clone();
    for name in path {
        let Some(found) = member(&at, name)? else { return Ok(None) };
        at = found.object_value().ok_or_else(|| EditError::NotA { what: path.join("."), wanted: "an object" })?;
    }
    Ok(Some(at))
}

/// The same, made where it is missing.
pub(crate) fn section_or_new(root: &CstObject, path: &[&str]) -> Result<CstObject, EditError> {
    let mut at = root.clone();
    for name in path {
        member(&at, name)?;
        at = at.object_value_or_create(name).ok_or_else(|| EditError::NotA { what: path.join("."), wanted: "an object" })?;
    }
    Ok(at)
}

/// Takes out the objects along a way that are empty now, the innermost first, unless the text before our first change had them.
pub(crate) fn drop_empty(root: &CstObject, path: &[&str], before: Option<&str>) -> Result<(), EditError> {
    for end in (1..=path.len()).rev() {
        let path = path.get(..end).unwrap_or_default();
        let Some(section) = section(root, path)? else { continue };
        if !is_empty(&section) || before.is_some_and(|before| has(before, path)) {
            break;
        }
        section.parent().and_then(|parent| parent.as_object_prop()).ok_or(EditError::Wrong)?.remove();
    }
    Ok(())
}

/// Gives a member this value; one that has it already stays as it is written.
pub(crate) fn set(object: &CstObject, key: &str, value: &Value) -> Result<(), EditError> {
    match member(object, key)? {
        None => {
            object.append(key, input(value));
        }
        Some(held) if held.to_serde_value().as_ref() == Some(value) => {}
        Some(held) => held.set_value(input(value)),
    }
    Ok(())
}

/// Whether a text has an object there.
fn has(text: &str, path: &[&str]) -> bool {
    let Ok(document) = Document::parse(text) else { return false };
    document.root.object_value().is_some_and(|root| matches!(section(&root, path), Ok(Some(_))))
}

/// A member of an object, by what its name means, not by how it is written.
pub(crate) fn member(object: &CstObject, name: &str) -> Result<Option<CstObjectProp>, EditError> {
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

/// Members in the order they are given.
pub(crate) fn object(members: &[(&'static str, Value)]) -> CstInputValue {
    CstInputValue::Object(members.iter().map(|(key, value)| ((*key).to_owned(), input(value))).collect())
}

/// A value as something to be put in.
pub(crate) fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(is) => CstInputValue::Bool(*is),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(members) => CstInputValue::Object(members.iter().map(|(key, value)| (key.clone(), input(value))).collect()),
    }
}

fn lower(reason: &str) -> String {
    let mut chars = reason.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
