//! A file over what it inherits.

use std::collections::BTreeMap;

use hashbrown::HashSet;

use super::gather::{Gathered, Node};
use crate::load_error::{LoadCode, LoadError, quoted};
use crate::merged::{ApprovalEntry, ArgEntry, DeclassifyEntry, Entry, FlowEntry, Lists, Note, Weakening};
use crate::rule::{Rule, RuleRef};
use crate::schema::keys::{Kind, Merge, SECTIONS};
use crate::schema::{Document, Removal, Stated, Value};
use crate::suggest::nearest;

/// A file merged with all it inherits.
#[derive(Clone, Default)]
pub(super) struct Layer {
    pub lists: Lists,
    pub settings: BTreeMap<&'static str, Stated>,
    pub native: BTreeMap<String, toml::Table>,
    /// Inherited rules that were removed, for what refers to them.
    pub removed: Vec<RuleRef>,
    pub weakened: Vec<Weakening>,
    pub notes: Vec<Note>,
}

/// Merges the own file (the first) with all it inherits.
pub(super) fn merge(gathered: &mut Gathered) -> Result<Layer, LoadError> {
    let mut done: Vec<Option<Layer>> = vec![None; gathered.0.len()];
    let mut heirs = vec![0_usize; gathered.0.len()];
    for inherited in gathered.0.iter().flat_map(|node| &node.inherits) {
        if let Some(count) = heirs.get_mut(*inherited) {
            *count += 1;
        }
    }
    node(0, gathered, &mut heirs, &mut done)?;
    // Reports of every file once, the own file's first; layers would repeat those of a file that is inherited twice.
    let mut own = done.first_mut().and_then(Option::take).unwrap_or_default();
    for inherited in done.into_iter().flatten() {
        own.weakened.extend(inherited.weakened);
        own.notes.extend(inherited.notes);
        own.removed.extend(inherited.removed);
    }
    Ok(own)
}

/// The depth is bounded by the gathering.
fn node(index: usize, gathered: &mut Gathered, heirs: &mut [usize], done: &mut Vec<Option<Layer>>) -> Result<(), LoadError> {
    let Some(Node { inherits, .. }) = gathered.0.get(index) else { return Ok(()) };
    let mut layer = Layer::default();
    for inherited in inherits.clone() {
        if done.get(inherited).is_some_and(Option::is_none) {
            node(inherited, gathered, heirs, done)?;
        }
        if let (Some(Some(done)), Some(left)) = (done.get_mut(inherited), heirs.get_mut(inherited)) {
            *left = left.saturating_sub(1);
            // the last heir takes the lists, the others copy them
            let lists = if *left == 0 { std::mem::take(&mut done.lists) } else { done.lists.clone() };
            beside(&mut layer, done, lists);
        }
    }
    let Some(Node { document, .. }) = gathered.0.get_mut(index) else { return Ok(()) };
    over(&mut layer, document)?;
    if let Some(slot) = done.get_mut(index) {
        *slot = Some(layer);
    }
    Ok(())
}

/// Adds a later inherited file to earlier ones.
fn beside(layer: &mut Layer, later: &Layer, lists: Lists) {
    union(&mut layer.lists, lists);
    for stated in later.settings.values() {
        if stated.key.merge != Merge::NotInherited {
            combine(&mut layer.settings, stated.clone());
        }
    }
    layer.native.extend(later.native.clone());
}

/// Lays a file over all it inherits.
fn over(layer: &mut Layer, own: &mut Document) -> Result<(), LoadError> {
    // What a file says of itself ends with it, as its tests do: an heir may rightly answer otherwise.
    layer.settings.retain(|_, stated| stated.key.merge != Merge::NotInherited);
    layer.lists.tests.clear();
    for removal in &own.removals {
        let removed = remove(&mut layer.lists, removal);
        if removed.is_empty() {
            return Err(removes_nothing(&mut layer.lists, removal, own));
        }
        for rule in removed {
            layer.weakened.push(Weakening { what: rule.to_string(), by: own.origin.place(removal.at) });
            layer.removed.push(rule);
        }
    }
    union(&mut layer.lists, std::mem::take(&mut own.lists));
    for stated in own.settings.values() {
        setting(layer, own, stated);
    }
    layer.native.extend(own.native.clone());
    layer.notes.extend(own.notes.iter().cloned());
    Ok(())
}

/// One value of the own file over the inherited ones.
fn setting(layer: &mut Layer, own: &Document, stated: &Stated) {
    let Some(inherited) = layer.settings.get(stated.key.place).cloned() else {
        layer.settings.insert(stated.key.place, stated.clone());
        return;
    };
    let loosened = loosened(&inherited, stated);
    if loosened.is_empty() {
        combine(&mut layer.settings, stated.clone());
        return;
    }
    let section = match stated.key.merge {
        Merge::Smaller => "runtime",
        _ => stated.key.place.trim_start_matches('[').split(']').next().unwrap_or_default(),
    };
    if own.overrides(section).is_some() {
        for what in loosened {
            layer.weakened.push(Weakening { what, by: own.origin.place(stated.at) });
        }
        replace(&mut layer.settings, &inherited, stated);
    } else {
        for what in loosened {
            let what = format!("{what} has no effect without override = true in [{section}]");
            layer.notes.push(Note { what, by: own.origin.place(stated.at) });
        }
        combine(&mut layer.settings, stated.clone());
    }
}

/// Puts the own value in place of the inherited one; of calls per capability only those that are stated.
fn replace(settings: &mut BTreeMap<&'static str, Stated>, inherited: &Stated, stated: &Stated) {
    let mut stated = stated.clone();
    if let (Value::Calls(own), Value::Calls(inherited)) = (&mut stated.value, &inherited.value) {
        for (capability, calls) in inherited {
            own.entry(*capability).or_insert(*calls);
        }
    }
    settings.insert(stated.key.place, stated);
}

/// What of an inherited value the own one would loosen, in words.
fn loosened(inherited: &Stated, own: &Stated) -> Vec<String> {
    let place = own.key.place;
    match (own.key.merge, &inherited.value, &own.value) {
        (Merge::Smaller, Value::Number(old), Value::Number(new)) if new > old => vec![format!("{place}: {old} -> {new}")],
        (Merge::Smaller, Value::Calls(old), Value::Calls(new)) => new
            .iter()
            .filter_map(|(capability, new)| Some((capability, old.get(capability)?, new)))
            .filter(|(_, old, new)| new > old)
            .map(|(capability, old, new)| format!("{place}.\"{}\": {old} -> {new}", capability.name()))
            .collect(),
        (Merge::Stricter, Value::Text(old), Value::Text(new)) if strictness(own, new) < strictness(own, old) => {
            vec![format!("{place}: \"{old}\" -> \"{new}\"")]
        }
        _ => Vec::new(),
    }
}

fn strictness(stated: &Stated, word: &str) -> Option<usize> {
    match stated.key.kind {
        Kind::Word(words) => words.iter().position(|known| *known == word),
        _ => None,
    }
}

/// The nearer value, the smaller, or the stricter, as the key says.
fn combine(settings: &mut BTreeMap<&'static str, Stated>, new: Stated) {
    let Some(old) = settings.get_mut(new.key.place) else {
        settings.insert(new.key.place, new);
        return;
    };
    if let (Value::Calls(old), Value::Calls(new)) = (&mut old.value, &new.value) {
        for (capability, calls) in new {
            old.entry(*capability).and_modify(|old| *old = (*old).min(*calls)).or_insert(*calls);
        }
    } else if loosened(old, &new).is_empty() {
        *old = new;
    }
}

/// Something that stands in a list, with its rule.
trait Ruled {
    fn rule(&self) -> &RuleRef;
}

macro_rules! ruled {
    ($($entry:ty),*) => { $(impl Ruled for $entry { fn rule(&self) -> &RuleRef { &self.entry.rule } })* };
}
ruled!(ArgEntry, ApprovalEntry, FlowEntry, DeclassifyEntry);

impl Ruled for Entry {
    fn rule(&self) -> &RuleRef {
        &self.rule
    }
}

/// Adds lists behind lists; a rule that is there already (a file that is inherited twice) is not added again.
fn union(into: &mut Lists, mut from: Lists) {
    fn extend<T: Ruled>(into: &mut Vec<T>, from: Vec<T>) {
        if into.is_empty() {
            *into = from;
        } else if !from.is_empty() {
            let known: HashSet<*const Rule> = into.iter().map(|entry| entry.rule().identity()).collect();
            into.extend(from.into_iter().filter(|entry| !known.contains(&entry.rule().identity())));
        }
    }
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        match key.kind {
            Kind::Entries(_, list) => extend(list(into), std::mem::take(list(&mut from))),
            Kind::Arguments(list) => extend(list(into), std::mem::take(list(&mut from))),
            _ => {}
        }
    }
    extend(&mut into.requires_approval, from.requires_approval);
    extend(&mut into.flows, from.flows);
    extend(&mut into.declassify, from.declassify);
    into.tools.extend(from.tools);
    into.tests.extend(from.tests);
}

/// Takes what a `!x` names out of the inherited lists.
fn remove(lists: &mut Lists, removal: &Removal) -> Vec<RuleRef> {
    fn take<T: Ruled>(list: &mut Vec<T>, matches: impl Fn(&T) -> bool) -> Vec<RuleRef> {
        list.extract_if(.., |entry| matches(entry)).map(|entry| entry.rule().clone()).collect()
    }
    let named = |rule: &RuleRef| *rule.pattern == *removal.pattern;
    match removal.key.kind {
        Kind::Entries(_, list) => take(list(lists), |entry| named(&entry.rule)),
        Kind::Arguments(list) => take(list(lists), |entry| Some(&*entry.command) == removal.command.as_deref() && named(&entry.entry.rule)),
        Kind::Approval => take(&mut lists.requires_approval, |entry| named(&entry.entry.rule)),
        _ => Vec::new(),
    }
}

fn removes_nothing(lists: &mut Lists, removal: &Removal, own: &Document) -> LoadError {
    let mut known: Vec<&str> = Vec::new();
    match removal.key.kind {
        Kind::Entries(_, list) => known.extend(list(lists).iter().map(|entry| entry.rule.pattern())),
        Kind::Arguments(list) => {
            let of_command = list(lists).iter().filter(|entry| Some(&*entry.command) == removal.command.as_deref());
            known.extend(of_command.map(|entry| entry.entry.rule.pattern()));
        }
        Kind::Approval => known.extend(lists.requires_approval.iter().map(|entry| entry.entry.rule.pattern())),
        _ => {}
    }
    let suggestion = nearest(&removal.pattern, known).map(|pattern| format!("!{pattern}"));
    let message = format!("{} in {} removes nothing: it is not inherited", quoted(&format!("!{}", removal.pattern)), removal.key.place);
    let error = own.origin.error(LoadCode::RemovesNothing, removal.at, message).in_key(removal.key.place);
    error.suggest(suggestion.as_deref())
}
