//! A TOML value to what its key takes.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeInteger, DeValue};

use super::document::{Document, Value};
use super::keys::{Key, Kind};
use super::read::{Reader, in_order};
use crate::access::Capability;
use crate::load_error::{LoadCode, LoadError, quoted};
use crate::position::Position;
use crate::suggest::nearest;

type Spot<'t, 'i> = &'t Spanned<DeValue<'i>>;

/// The kind of a value, with its article.
pub(super) fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl Reader<'_> {
    /// A value of one of the plain kinds.
    pub(super) fn value(&self, key: &'static Key, value: Spot<'_, '_>) -> Result<Value, LoadError> {
        match key.kind {
            Kind::Text | Kind::Path => Ok(Value::Text(self.text(key, value, "a string", false)?.to_owned())),
            Kind::Prose => Ok(Value::Text(self.text(key, value, "a string", true)?.to_owned())),
            Kind::Word(words) => self.word(key, words, value),
            Kind::Flag => match value.get_ref() {
                DeValue::Boolean(flag) => Ok(Value::Flag(*flag)),
                other => Err(self.wrong(key, value, "true or false", other)),
            },
            Kind::Limit(unit, most) => self.limit(key, key.place, unit, most, value).map(Value::Number),
            Kind::Calls => self.calls(key, value),
            Kind::Names => self.names(key, value).map(Value::Names),
            Kind::Capabilities => self.capabilities(key, value),
            _ => Err(self.wrong(key, value, "something else", value.get_ref())),
        }
    }

    pub(super) fn wrong(&self, key: &Key, at: Spot<'_, '_>, expected: &str, found: &DeValue<'_>) -> LoadError {
        let message = format!("{} must be {expected}, not {}", key.place, kind_of(found));
        self.error(LoadCode::WrongType, at, message).in_key(key.place)
    }

    pub(super) fn bad(&self, key: &Key, at: Spot<'_, '_>, message: impl Into<String>) -> LoadError {
        self.error(LoadCode::BadValue, at, message).in_key(key.place)
    }

    /// A string with something in it; `prose` may have line ends and tabs.
    pub(super) fn text<'t>(&self, key: &Key, value: Spot<'t, '_>, expected: &str, prose: bool) -> Result<&'t str, LoadError> {
        let DeValue::String(text) = value.get_ref() else {
            return Err(self.wrong(key, value, expected, value.get_ref()));
        };
        if text.trim().is_empty() {
            return Err(self.bad(key, value, format!("{} has an empty string", key.place)));
        }
        if let Some(c) = text.chars().find(|c| c.is_control() && !(prose && matches!(c, '\n' | '\r' | '\t'))) {
            return Err(self.bad(key, value, format!("{} has the control character U+{:04X}", key.place, u32::from(c))));
        }
        Ok(text)
    }

    fn word(&self, key: &'static Key, words: &[&str], value: Spot<'_, '_>) -> Result<Value, LoadError> {
        let expected = choices(words);
        let text = self.text(key, value, &expected, false)?;
        if words.contains(&text) {
            return Ok(Value::Text(text.to_owned()));
        }
        let message = format!("{} must be {expected}, not {}", key.place, quoted(text));
        Err(self.bad(key, value, message).suggest(nearest(text, words.iter().copied())))
    }

    fn limit(&self, key: &Key, place: &str, unit: &str, most: u64, value: Spot<'_, '_>) -> Result<u64, LoadError> {
        let DeValue::Integer(number) = value.get_ref() else {
            let message = format!("{place} must be a whole number of {unit}, not {}", kind_of(value.get_ref()));
            return Err(self.error(LoadCode::WrongType, value, message).in_key(key.place));
        };
        match whole(number) {
            Some(n) if n > i128::from(most) => Err(self.bad(key, value, format!("{place} must be at most {most} {unit}"))),
            Some(n) if n > 0 => u64::try_from(n).map_err(|_| self.bad(key, value, format!("{place} must be at most {most} {unit}"))),
            Some(_) => Err(self.bad(key, value, format!("{place} must be at least 1: a limit bounds, it does not forbid"))),
            None => Err(self.bad(key, value, format!("{place} must be at most {most} {unit}"))),
        }
    }

    fn calls(&self, key: &'static Key, value: Spot<'_, '_>) -> Result<Value, LoadError> {
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.wrong(key, value, "a table of capability and number of calls", value.get_ref()));
        };
        let mut calls = BTreeMap::new();
        for (name, number) in in_order(table) {
            let capability = self.capability(key, name.get_ref(), self.position(name))?;
            let place = format!("{}.\"{}\"", key.place, capability.name());
            calls.insert(capability, self.limit(key, &place, "calls", u64::MAX, number)?);
        }
        Ok(Value::Calls(calls))
    }

    /// A string, or a list of strings.
    pub(super) fn names(&self, key: &'static Key, value: Spot<'_, '_>) -> Result<Vec<(String, Position)>, LoadError> {
        let expected = "a string or a list of strings";
        let one = |value: Spot<'_, '_>| Ok((self.text(key, value, expected, false)?.to_owned(), self.position(value)));
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(one).collect(),
            _ => Ok(vec![one(value)?]),
        }
    }

    pub(super) fn capabilities(&self, key: &'static Key, value: Spot<'_, '_>) -> Result<Value, LoadError> {
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.wrong(key, value, "a list of capabilities", value.get_ref()));
        };
        let one = |item: Spot<'_, '_>| self.capability(key, self.text(key, item, "a list of capabilities", false)?, self.position(item));
        items.iter().map(one).collect::<Result<Vec<_>, _>>().map(Value::Capabilities)
    }

    pub(super) fn capability(&self, key: &Key, name: &str, at: Position) -> Result<Capability, LoadError> {
        Capability::from_name(name).ok_or_else(|| {
            let message = format!("unknown capability {} in {}", quoted(name), key.place);
            let known = Capability::ALL.into_iter().map(Capability::name);
            self.origin.error(LoadCode::UnknownCapability, at, message).suggest(nearest(name, known)).in_key(key.place)
        })
    }

    /// `[agents] native.NAME`: kept as it is.
    pub(super) fn native(&self, key: &'static Key, value: Spot<'_, '_>, document: &mut Document) -> Result<(), LoadError> {
        let DeValue::Table(agents) = value.get_ref() else {
            return Err(self.wrong(key, value, "a table of settings per agent", value.get_ref()));
        };
        for (name, settings) in in_order(agents) {
            match self.plain(key, settings)? {
                toml::Value::Table(table) => {
                    document.native.insert(name.get_ref().to_string(), table);
                }
                _ => return Err(self.wrong(key, settings, "a table of settings per agent", settings.get_ref())),
            }
        }
        Ok(())
    }

    /// The same value without places. The parser bounds the depth.
    fn plain(&self, key: &Key, value: Spot<'_, '_>) -> Result<toml::Value, LoadError> {
        Ok(match value.get_ref() {
            DeValue::String(text) => toml::Value::String(text.to_string()),
            DeValue::Integer(number) => {
                let number = i64::from_str_radix(number.as_str(), number.radix());
                toml::Value::Integer(number.map_err(|_| self.bad(key, value, format!("{} has a number that is too large", key.place)))?)
            }
            DeValue::Float(number) => {
                let number = number.as_str().parse();
                toml::Value::Float(number.map_err(|_| self.bad(key, value, format!("{} has a number that cannot be read", key.place)))?)
            }
            DeValue::Boolean(flag) => toml::Value::Boolean(*flag),
            DeValue::Datetime(date) => toml::Value::Datetime(*date),
            DeValue::Array(items) => toml::Value::Array(items.iter().map(|item| self.plain(key, item)).collect::<Result<_, _>>()?),
            DeValue::Table(table) => {
                let pairs = in_order(table).into_iter().map(|(name, value)| Ok((name.get_ref().to_string(), self.plain(key, value)?)));
                toml::Value::Table(pairs.collect::<Result<_, LoadError>>()?)
            }
        })
    }
}

/// `"a", "b" or "c"`.
pub(super) fn choices(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

fn whole(number: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(number.as_str(), number.radix()).ok()
}
