//! `[[flow]]`, `[[declassify]]`, `[[test]]` and `[tools.NAME]`: tables with keys of their own.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{Document, Value};
use super::keys::Section;
use super::read::{Item, Reader, in_order};
use super::value::kind_of;
use crate::access::Capability;
use crate::decision::Verdict;
use crate::load_error::{LoadCode, LoadError, quoted};
use crate::merged::{DeclassifyEntry, FlowEntry, Shape, TestEntry, ToolHint};
use crate::position::Position;

/// The values of one table by key, with their places.
struct Fields<'s> {
    section: &'s Section,
    at: Position,
    values: BTreeMap<&'static str, (Value, Position)>,
}

impl Fields<'_> {
    fn text(&mut self, key: &str) -> Option<(String, Position)> {
        match self.values.remove(key) {
            Some((Value::Text(text), at)) => Some((text, at)),
            _ => None,
        }
    }

    fn names(&mut self, key: &str) -> Option<Vec<(String, Position)>> {
        match self.values.remove(key) {
            Some((Value::Names(names), _)) => Some(names),
            _ => None,
        }
    }

    fn capabilities(&mut self) -> Option<Vec<Capability>> {
        match self.values.remove("capabilities") {
            Some((Value::Capabilities(capabilities), _)) => Some(capabilities),
            _ => None,
        }
    }
}

impl Reader<'_> {
    /// One `[[section]]`.
    pub(super) fn repeated(
        &self,
        section: &'static Section,
        value: &Spanned<DeValue<'_>>,
        document: &mut Document,
    ) -> Result<(), LoadError> {
        let DeValue::Table(table) = value.get_ref() else {
            let message = format!("{} must be a table, not {}", section.title(), kind_of(value.get_ref()));
            return Err(self.error(LoadCode::WrongType, value, message).in_key(section.title()));
        };
        let at = self.position(value);
        document.stated.push((section.name, at));
        let fields = self.fields(section, at, table)?;
        match section.name {
            "flow" => self.flow(fields, document),
            "declassify" => self.declassify(fields, document),
            _ => self.test(fields, document),
        }
    }

    fn fields<'s>(&self, section: &'s Section, at: Position, table: &DeTable<'_>) -> Result<Fields<'s>, LoadError> {
        let mut values = BTreeMap::new();
        for (name, value) in in_order(table) {
            let key = self.known_key(section, name)?;
            values.insert(key.name, (self.value(key, value)?, self.position(value)));
        }
        Ok(Fields { section, at, values })
    }

    fn missing(&self, fields: &Fields<'_>, key: &str) -> LoadError {
        let message = format!("{} has no {}", fields.section.title(), quoted(key));
        self.origin.error(LoadCode::MissingKey, fields.at, message).in_key(format!("[{}].{key}", fields.section.name))
    }

    fn flow(&self, mut fields: Fields<'_>, document: &mut Document) -> Result<(), LoadError> {
        let from = fields.names("from").ok_or_else(|| self.missing(&fields, "from"))?;
        let to = fields.names("to").ok_or_else(|| self.missing(&fields, "to"))?;
        if from.is_empty() {
            let message = "[flow].from names no source";
            return Err(self.origin.error(LoadCode::BadValue, fields.at, message).in_key("[flow].from"));
        }
        for (name, at) in &from {
            self.one_of_prefixes("[flow].from", name, *at, SOURCES)?;
        }
        for (name, at) in &to {
            self.one_of_prefixes("[flow].to", name, *at, SINKS)?;
        }
        document.flow_pairs = document.flow_pairs.saturating_add(from.len().saturating_mul(to.len()));
        if document.flow_pairs > MAX_FLOW_PAIRS {
            let message = format!("all [[flow]] together name more than {MAX_FLOW_PAIRS} pairs of source and sink");
            return Err(self.origin.error(LoadCode::TooLarge, fields.at, message).in_key("[flow]"));
        }
        let to: Vec<String> = to.into_iter().map(|(name, _)| name).collect();
        for (name, at) in from {
            let entry = self.origin.entry("[flow].from", at.line, &name, None);
            document.lists.flows.push(FlowEntry { to: to.clone(), entry });
        }
        Ok(())
    }

    fn declassify(&self, mut fields: Fields<'_>, document: &mut Document) -> Result<(), LoadError> {
        let (from, at) = fields.text("from").ok_or_else(|| self.missing(&fields, "from"))?;
        let (reason, _) = fields.text("reason").ok_or_else(|| self.missing(&fields, "reason"))?;
        let Some((Value::Number(max_bytes), _)) = fields.values.remove("max_bytes") else {
            return Err(self.missing(&fields, "max_bytes"));
        };
        let shape = self.shape(&mut fields)?;
        self.one_of_prefixes("[declassify].from", &from, at, SOURCES)?;
        let entry = self.origin.entry("[declassify].from", at.line, &from, Some(&reason));
        document.lists.declassify.push(DeclassifyEntry { from, reason, max_bytes, shape, entry });
        Ok(())
    }

    fn shape(&self, fields: &mut Fields<'_>) -> Result<Shape, LoadError> {
        let (word, at) = fields.text("shape").ok_or_else(|| self.missing(fields, "shape"))?;
        let one_of = fields.names("one_of");
        let regex = fields.text("regex");
        let shape = match (word.as_str(), one_of, regex) {
            ("text", None, None) => Shape::Text,
            ("int", None, None) => Shape::Int,
            ("bool", None, None) => Shape::Bool,
            ("one-of", Some(words), None) if !words.is_empty() => Shape::OneOf(words.into_iter().map(|(word, _)| word).collect()),
            ("regex", None, Some((expression, _))) => Shape::Regex(expression),
            (word, _, _) => {
                let wants = match word {
                    "one-of" => "goes with one_of = [\"...\"] and nothing else",
                    "regex" => "goes with regex = \"...\" and nothing else",
                    _ => "goes with neither one_of nor regex",
                };
                let message = format!("[declassify].shape = \"{word}\" {wants}");
                return Err(self.origin.error(LoadCode::BadValue, at, message).in_key("[declassify].shape"));
            }
        };
        Ok(shape)
    }

    fn test(&self, mut fields: Fields<'_>, document: &mut Document) -> Result<(), LoadError> {
        let (access, at) = fields.text("access").ok_or_else(|| self.missing(&fields, "access"))?;
        let (expect, _) = fields.text("expect").ok_or_else(|| self.missing(&fields, "expect"))?;
        let expect = match expect.as_str() {
            "allow" => Verdict::Allow,
            "ask" => Verdict::Ask,
            _ => Verdict::Deny,
        };
        let entry = self.origin.entry("[test].access", at.line, &access, None);
        document.lists.tests.push(TestEntry { expect, entry });
        Ok(())
    }

    /// `NAME = ["capability"]` or `[tools.NAME]`.
    pub(super) fn tool(&self, section: &'static Section, (name, value): Item<'_, '_>, document: &mut Document) -> Result<(), LoadError> {
        let at = self.position(name);
        document.stated.push((section.name, at));
        let hint = match value.get_ref() {
            DeValue::Table(table) => {
                let mut fields = self.fields(section, at, table)?;
                let capabilities = fields.capabilities().ok_or_else(|| self.missing(&fields, "capabilities"))?;
                let mut text = |key| fields.text(key).map(|(text, _)| text);
                ToolHint {
                    capabilities,
                    backend_url: text("backend_url"),
                    backend_method: text("backend_method"),
                    description: text("description"),
                }
            }
            DeValue::Array(_) => {
                let key = section.key("capabilities").ok_or_else(|| self.error(LoadCode::UnknownKey, name, "unknown key"))?;
                let Value::Capabilities(capabilities) = self.capabilities(key, value)? else {
                    return Err(self.wrong(key, value, "a list of capabilities", value.get_ref()));
                };
                ToolHint { capabilities, backend_url: None, backend_method: None, description: None }
            }
            other => {
                let name = quoted(name.get_ref());
                let message =
                    format!("[tools].{} must be a list of capabilities or a table, not {}", name.trim_matches('"'), kind_of(other));
                return Err(self.error(LoadCode::WrongType, value, message).in_key("[tools]"));
            }
        };
        document.lists.tools.insert(name.get_ref().to_string(), hint);
        Ok(())
    }

    fn one_of_prefixes(&self, place: &'static str, name: &str, at: Position, prefixes: &[&str]) -> Result<(), LoadError> {
        let known = name.split_once(':').is_some_and(|(kind, rest)| prefixes.contains(&kind) && !rest.trim().is_empty());
        if known {
            return Ok(());
        }
        let forms: Vec<String> = prefixes.iter().map(|prefix| format!("{prefix}:...")).collect();
        let message = format!("{} in {place} must be one of {}", quoted(name), forms.join(", "));
        Err(self.origin.error(LoadCode::BadValue, at, message).in_key(place))
    }
}

/// Each pair is held by itself, so that a small text could otherwise take any amount of memory.
const MAX_FLOW_PAIRS: usize = 1 << 16;
const SOURCES: &[&str] = &["env", "file", "host", "command", "arg"];
const SINKS: &[&str] = &["host", "command", "file"];
