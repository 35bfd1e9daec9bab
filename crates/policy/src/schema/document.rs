//! One file, read and checked, before anything it inherits.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::access::Capability;
use crate::load_error::{LoadCode, LoadError};
use crate::merged::{Entry, Lists, Note};
use crate::position::Position;
use crate::rule::{Rule, RuleRef, Text};
use crate::schema::keys::Key;

/// The file that an entry comes from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// As shown to people.
    pub name: Arc<str>,
    /// Whether it is a preset.
    pub preset: bool,
    /// What relative patterns start from: canonical; `/` for presets.
    pub base: Arc<Path>,
}

impl Origin {
    pub(crate) fn error(&self, code: LoadCode, position: Position, message: impl Into<String>) -> LoadError {
        LoadError::new(code, &self.name, message).at(position)
    }

    /// The entry of a list.
    pub(crate) fn entry(&self, list: &'static str, line: u32, pattern: &str, why: Option<&str>) -> Entry {
        Entry {
            rule: RuleRef::from(Rule {
                file: Text::Shared(self.name.clone()),
                line,
                list: Text::Static(list),
                pattern: pattern.into(),
                preset: self.preset,
                why: why.map(Into::into),
            }),
            base: self.base.clone(),
        }
    }

    /// `file:line`.
    pub(crate) fn place(&self, position: Position) -> String {
        format!("{}:{}", self.name, position.line)
    }
}

/// A checked value that is not a list of patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(u64),
    Flag(bool),
    Calls(BTreeMap<Capability, u64>),
    Names(Vec<(String, Position)>),
    Capabilities(Vec<Capability>),
}

impl Value {
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A value and the place where it is stated.
#[derive(Debug, Clone)]
pub(crate) struct Stated {
    pub key: &'static Key,
    pub value: Value,
    pub at: Position,
    pub origin: Arc<Origin>,
}

/// An entry `"!x"`.
#[derive(Debug, Clone)]
pub(crate) struct Removal {
    pub key: &'static Key,
    /// Of `deny_args` and `requires_approval_args`.
    pub command: Option<String>,
    /// Without the `!`.
    pub pattern: String,
    pub at: Position,
}

/// One file, read and checked.
#[derive(Debug)]
pub(crate) struct Document {
    pub origin: Arc<Origin>,
    pub inherits: Vec<(String, Position)>,
    /// Own entries only.
    pub lists: Lists,
    pub removals: Vec<Removal>,
    /// By `[section].key`.
    pub settings: BTreeMap<&'static str, Stated>,
    /// By agent.
    pub native: BTreeMap<String, toml::Table>,
    pub notes: Vec<Note>,
    /// Pairs of source and sink in all `[[flow]]`, which grow faster than the text.
    pub flow_pairs: usize,
    /// Every key that is stated, by `[section].key`, with its first place, in the order of the file.
    pub stated: Vec<(&'static str, Position)>,
}

impl Document {
    pub(crate) fn empty(origin: Arc<Origin>) -> Document {
        Document {
            origin,
            inherits: Vec::new(),
            lists: Lists::default(),
            removals: Vec::new(),
            settings: BTreeMap::new(),
            native: BTreeMap::new(),
            notes: Vec::new(),
            flow_pairs: 0,
            stated: Vec::new(),
        }
    }

    /// Where `override = true` stands in a section, if it does.
    pub(crate) fn overrides(&self, section: &str) -> Option<Position> {
        let stated = self.settings.get(format!("[{section}].override").as_str())?;
        (stated.value == Value::Flag(true)).then_some(stated.at)
    }
}
