//! The policies that come with Aegis.

use std::sync::Arc;

use crate::decision::Verdict;
use crate::merged::{ApprovalEntry, ArgEntry, Entry, FlowEntry, TestEntry};
use crate::position::Position;
use crate::rule::{Rule, RuleRef, Text};
use crate::schema::keys::{Kind, key};
use crate::schema::{Document, Origin, Stated, Value, approval};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Names of the presets that `inherits` can name, in alphabetical order.
pub fn preset_names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|preset| preset.name)
}

/// The text of a preset.
#[must_use]
pub fn preset_text(name: &str) -> Option<&'static str> {
    PRESETS.iter().find(|preset| preset.name == name).map(|preset| preset.text)
}

/// Names of the starter policies (`aegis init --lang NAME`), in alphabetical order.
pub fn starter_names() -> impl Iterator<Item = &'static str> {
    STARTERS.iter().map(|(name, _)| *name)
}

/// The text of a starter policy.
#[must_use]
pub fn starter_text(name: &str) -> Option<&'static str> {
    STARTERS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// What `inherits` can name.
pub(crate) fn presets() -> &'static [Preset] {
    PRESETS
}

/// A preset: its text, and what was made of the text when the program was built.
#[derive(Debug, Clone)]
pub(crate) struct Preset {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// Of the text, in lower-case hex.
    pub(crate) sha256: Option<&'static str>,
    pub(crate) compiled: Option<&'static Compiled>,
}

type Rules = &'static [Rule];

/// The entries of a preset by section and key. Written by the build script, which knows shapes but not meanings.
#[derive(Debug)]
pub(crate) struct Compiled {
    inherits: &'static [(&'static str, Position)],
    lists: &'static [(&'static str, &'static str, Rules)],
    arguments: &'static [(&'static str, &'static str, &'static str, Rules)],
    settings: &'static [(&'static str, &'static str, Position, Plain)],
    flows: &'static [(Rule, &'static [&'static str])],
    tests: &'static [(Rule, Verdict)],
}

/// A value that is not a list.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code, reason = "which of them occur depends on the presets")]
enum Plain {
    Text(&'static str),
    Number(u64),
    Flag(bool),
}

impl Compiled {
    /// What reading the preset's text gives, but for the places of keys (they are asked for in files only).
    ///
    /// A key that the schema does not have is left out here; the test below would show it.
    pub(crate) fn document(&self, origin: Arc<Origin>) -> Document {
        let mut document = Document::empty(origin.clone());
        document.inherits = self.inherits.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect();
        let entry = |rule: &'static Rule| Entry { rule: RuleRef::from(rule), base: origin.base.clone() };
        for (section, name, rules) in self.lists {
            match key(section, name).map(|key| key.kind) {
                Some(Kind::Entries(_, list)) => list(&mut document.lists).extend(rules.iter().map(entry)),
                Some(Kind::Approval) => document.lists.requires_approval.extend(rules.iter().filter_map(|rule| {
                    let (capability, pattern) = approval(rule.pattern());
                    Some(ApprovalEntry { capability: capability?, pattern: pattern.map(str::to_owned), entry: entry(rule) })
                })),
                _ => {}
            }
        }
        for (section, name, command, rules) in self.arguments {
            if let Some(Kind::Arguments(list)) = key(section, name).map(|key| key.kind) {
                let of_command = |rule| ArgEntry { command: Text::Static(command), entry: entry(rule) };
                list(&mut document.lists).extend(rules.iter().map(of_command));
            }
        }
        for (section, name, at, value) in self.settings {
            let Some(key) = key(section, name) else { continue };
            let value = match value {
                Plain::Text(text) => Value::Text((*text).to_owned()),
                Plain::Number(number) => Value::Number(*number),
                Plain::Flag(flag) => Value::Flag(*flag),
            };
            document.settings.insert(key.place, Stated { key, value, at: *at, origin: origin.clone() });
        }
        let flow = |(rule, to): &'static (Rule, &'static [&'static str])| FlowEntry {
            to: to.iter().map(|to| (*to).to_owned()).collect(),
            entry: entry(rule),
        };
        document.lists.flows.extend(self.flows.iter().map(flow));
        document.flow_pairs = self.flows.iter().map(|(_, to)| to.len()).sum();
        document.lists.tests.extend(self.tests.iter().map(|(rule, expect)| TestEntry { expect: *expect, entry: entry(rule) }));
        document
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sha2::{Digest as _, Sha256};

    use super::*;

    /// What was compiled is what the schema's own reader makes of the text, entry by entry with lines and reasons.
    #[test]
    fn compiled_presets_are_what_their_texts_say() {
        assert!(PRESETS.len() >= 2);
        for preset in PRESETS {
            let origin = || Arc::new(Origin { name: format!("preset {}", preset.name).into(), preset: true, base: Path::new("/").into() });
            let mut read = crate::schema::read(preset.text, origin()).unwrap();
            read.stated.clear();
            let compiled = preset.compiled.unwrap().document(origin());
            assert_eq!(format!("{:#?}", compiled.lists), format!("{:#?}", read.lists), "{}", preset.name);
            // pairs in the text count for each source that one [[flow]] names, as here
            assert_eq!(format!("{compiled:?}"), format!("{read:?}"), "{}", preset.name);
        }
    }

    /// Trust is given to the bytes of the text, as that of files.
    #[test]
    fn hashes_are_those_of_the_texts() {
        for preset in PRESETS {
            let hash: String = Sha256::digest(preset.text).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(preset.sha256, Some(&*hash), "{}", preset.name);
        }
    }
}
