//! Our entries among those of others, in JSON.

use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstObjectProp};
use serde_json::Value;

use super::hook::{Hook, Known};
use super::shape::{JsonHooks, Section};
use super::sound::sound;
use crate::document::{Document, drop_empty, input, member, object, section, section_or_new, set};
use crate::edit::{EditError, Edited, restored};

/// What would let our own entry be passed over, or not be waited for.
const NARROWS: [&str; 5] = ["if", "async", "once", "args", "matcher"];

/// An entry of ours.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    /// The agent in our own command line.
    pub(crate) host: &'static str,
    /// The key of the event.
    pub(crate) event: String,
    /// Where it stands among the groups, and in its group.
    pub(crate) group: usize,
    pub(crate) index: usize,
    pub(crate) matcher: Option<String>,
    /// Whether it is for all tools, and waited for.
    pub(crate) is_whole: bool,
    pub(crate) known: Known,
    pub(crate) entry: Value,
}

/// The text with our entries; those that are there are brought up to date where they stand.
pub(crate) fn installed(text: &str, hooks: &JsonHooks, hook: &Hook) -> Result<Edited, EditError> {
    sound(text, &hooks.reader)?;
    let document = Document::parse(text)?;
    let root = document.root.object_value_or_create().ok_or(EditError::Wrong)?;
    if hooks.has_version && member(&root, "version")?.is_none() {
        root.insert(0, "version", CstInputValue::Number("1".to_owned()));
    }
    for part in hooks.sections {
        let events = section_or_new(&root, part.path)?;
        for (key, event) in part.events {
            put(&events, key, part, &hook.command(part.host, event))?;
        }
    }
    let new = document.text();
    sound(&new, &hooks.reader)?;
    if !is_installed(&new, hooks, hook)? {
        return Err(EditError::Wrong);
    }
    Ok(Edited::from(text, new))
}

/// The text without our entries. `before` is the file as it was before our first change, where that is known.
pub(crate) fn uninstalled(text: &str, hooks: &JsonHooks, before: Option<&str>) -> Result<Edited, EditError> {
    let ours = found(text, hooks)?;
    let Some(first) = ours.first() else { return Ok(Edited::Same) };
    if let Some(hook) = first.known.hook() {
        let had_none = |origin: &str| found(origin, hooks).is_ok_and(|found| found.is_empty());
        let again = |origin: &str| installed(origin, hooks, &hook).ok().filter(|_| had_none(origin));
        if let Some(restored) = restored(text, before, again) {
            return Ok(restored);
        }
    }
    let document = Document::parse(text)?;
    let root = document.root.object_value().ok_or(EditError::Wrong)?;
    for part in hooks.sections {
        let Some(events) = section(&root, part.path)? else { continue };
        for event in events.properties() {
            take(event, part, before)?;
        }
        drop_empty(&root, part.path, before)?;
    }
    let new = document.text();
    if !found(&new, hooks)?.is_empty() {
        return Err(EditError::Wrong);
    }
    Ok(Edited::Text(new))
}

/// All entries of ours, in the order of the text.
pub(crate) fn found(text: &str, hooks: &JsonHooks) -> Result<Vec<Found>, EditError> {
    let document = Document::parse(text)?;
    let Some(root) = document.root.object_value() else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for part in hooks.sections {
        let Some(events) = section(&root, part.path)? else { continue };
        for event in events.properties() {
            let (Some(name), Some(list)) = (event.decoded_name(), event.array_value()) else { continue };
            for (at, group) in list.elements().iter().enumerate() {
                for (index, entry) in entries(group, part)?.iter().enumerate() {
                    let (Some(known), Some(entry)) = (known(entry, part), entry.to_serde_value()) else { continue };
                    let matcher = matcher(group)?;
                    let is_whole = is_for_all_tools(part, matcher.as_deref()) && !narrows(part).any(|key| entry.get(key).is_some());
                    all.push(Found { host: part.host, event: name.clone(), group: at, index, matcher, is_whole, known, entry });
                }
            }
        }
    }
    Ok(all)
}

/// Whether a text has of ours one entry for each event, as it should be, and nothing else.
pub(crate) fn is_installed(text: &str, hooks: &JsonHooks, hook: &Hook) -> Result<bool, EditError> {
    let found = found(text, hooks)?;
    let is_there = |part: &Section, key: &str, event: &str| {
        let fields = part.fields(&hook.command(part.host, event));
        let mut of_event = found.iter().filter(|found| found.host == part.host && found.event == key);
        let first = of_event.next();
        let is_as_wanted = first.is_some_and(|f| f.is_whole && fields.iter().all(|(key, value)| f.entry.get(key) == Some(value)));
        is_as_wanted && of_event.next().is_none()
    };
    Ok(hooks.sections.iter().all(|part| part.events.iter().all(|(key, event)| is_there(part, key, event))))
}

/// Our entry under one event: brought up to date where it stands, or put behind all others. A group in front of others would be another's
/// number to Codex, which then trusts it no more.
fn put(events: &CstObject, key: &str, part: &Section, command: &str) -> Result<(), EditError> {
    let fields = part.fields(command);
    let list = match member(events, key)? {
        Some(event) => event.array_value().ok_or_else(|| EditError::NotA { what: named(part, key), wanted: "a list" })?,
        None => events.append(key, CstInputValue::Array(Vec::new())).array_value().ok_or(EditError::Wrong)?,
    };
    let mut is_there = false;
    for group in list.elements() {
        let entries = entries(&group, part)?;
        let (ours, others): (Vec<CstNode>, Vec<CstNode>) = entries.into_iter().partition(|entry| known(entry, part).is_some());
        let is_for_all = is_for_all_tools(part, matcher(&group)?.as_deref());
        let stays = !is_there && (is_for_all || others.is_empty()) && !ours.is_empty();
        let mut ours = ours.into_iter();
        if let Some(first) = if stays { ours.next() } else { None } {
            if !is_for_all {
                for_all_tools(&group, part)?;
            }
            update(&first, part, &fields)?;
            is_there = true;
        }
        remove(ours.collect(), &group, !stays && others.is_empty(), part);
    }
    if !is_there {
        list.append(fresh(part, &fields));
    }
    Ok(())
}

/// Takes our entries of one event out, and what was around them alone.
fn take(event: CstObjectProp, part: &Section, before: Option<&str>) -> Result<(), EditError> {
    let Some(list) = event.array_value() else { return Ok(()) };
    let mut any = false;
    for group in list.elements() {
        let (ours, others): (Vec<CstNode>, Vec<CstNode>) =
            entries(&group, part)?.into_iter().partition(|entry| known(entry, part).is_some());
        any |= !ours.is_empty();
        let is_ours_alone = !ours.is_empty() && others.is_empty();
        remove(ours, &group, is_ours_alone, part);
    }
    let name = event.decoded_name().unwrap_or_default();
    let had = before.is_some_and(|before| has_event(before, part, &name));
    if any && !had && is_bare(&list) {
        event.remove();
    }
    Ok(())
}

/// Takes entries out, and the group around them where it holds nothing else.
fn remove(ours: Vec<CstNode>, group: &CstNode, with_group: bool, part: &Section) {
    if ours.is_empty() {
        return;
    }
    if part.is_grouped && with_group {
        group.clone().remove();
        return;
    }
    ours.into_iter().for_each(CstNode::remove);
}

/// The entries of a group; without groups each is its own.
fn entries(group: &CstNode, part: &Section) -> Result<Vec<CstNode>, EditError> {
    if !part.is_grouped {
        return Ok(vec![group.clone()]);
    }
    let Some(group) = group.as_object() else { return Ok(Vec::new()) };
    let list = member(&group, "hooks")?.and_then(|hooks| hooks.array_value());
    Ok(list.map(|list| list.elements()).unwrap_or_default())
}

fn known(entry: &CstNode, part: &Section) -> Option<Known> {
    let entry = entry.as_object()?;
    let text = |key| member(&entry, key).ok().flatten()?.to_serde_value();
    let arguments: Vec<String> = match text("args") {
        Some(Value::Array(list)) => list.iter().map(|word| word.as_str().unwrap_or_default().to_owned()).collect(),
        _ => Vec::new(),
    };
    Known::of(text(part.command_key())?.as_str()?, &arguments)
}

fn matcher(group: &CstNode) -> Result<Option<String>, EditError> {
    let Some(group) = group.as_object() else { return Ok(None) };
    let value = member(&group, "matcher")?.and_then(|matcher| matcher.to_serde_value());
    Ok(value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
}

fn is_for_all_tools(part: &Section, matcher: Option<&str>) -> bool {
    !part.is_grouped || matcher.is_none_or(|matcher| part.all_tools.contains(&matcher))
}

fn for_all_tools(group: &CstNode, part: &Section) -> Result<(), EditError> {
    let group = group.as_object().ok_or(EditError::Wrong)?;
    match (part.matcher, member(&group, "matcher")?) {
        (Some(matcher), _) => set(&group, "matcher", &Value::from(matcher)),
        (None, Some(held)) => {
            held.remove();
            Ok(())
        }
        (None, None) => Ok(()),
    }
}

/// Members that an entry of ours must not have.
fn narrows(part: &Section) -> impl Iterator<Item = &'static str> + '_ {
    NARROWS.into_iter().filter(|narrow| !part.entry.iter().any(|(key, _)| key == narrow))
}

/// Members that its owner added stay as they are, unless they would switch it off.
fn update(entry: &CstNode, part: &Section, fields: &[(&'static str, Value)]) -> Result<(), EditError> {
    let entry = entry.as_object().ok_or(EditError::Wrong)?;
    for key in narrows(part) {
        if let Some(held) = member(&entry, key)? {
            held.remove();
        }
    }
    fields.iter().try_for_each(|(key, value)| set(&entry, key, value))
}

fn fresh(part: &Section, fields: &[(&'static str, Value)]) -> CstInputValue {
    if !part.is_grouped {
        return object(fields);
    }
    let matcher = part.matcher.map(|matcher| ("matcher".to_owned(), input(&Value::from(matcher))));
    let hooks = ("hooks".to_owned(), CstInputValue::Array(vec![object(fields)]));
    CstInputValue::Object(matcher.into_iter().chain([hooks]).collect())
}

/// No element and no comment.
fn is_bare(list: &CstArray) -> bool {
    list.elements().is_empty() && !list.children().iter().any(CstNode::is_comment)
}

fn has_event(text: &str, part: &Section, name: &str) -> bool {
    let Ok(document) = Document::parse(text) else { return false };
    let Some(Ok(Some(events))) = document.root.object_value().map(|root| section(&root, part.path)) else { return false };
    matches!(member(&events, name), Ok(Some(_)))
}

fn named(part: &Section, key: &str) -> String {
    part.path.iter().chain([&key]).copied().collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests;
