//! A text to a document, section by section, strictly.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{Document, Origin, Stated, Value};
use super::keys::{Form, Key, Kind, SECTIONS, Section, key};
use super::value::kind_of;
use crate::load_error::{LoadCode, LoadError, quoted};
use crate::merged::Note;
use crate::position::{Lines, Position};
use crate::suggest::nearest;

/// Larger texts are refused unread.
pub(crate) const MAX_TEXT_BYTES: usize = 1 << 20;

/// What the reading of one text shares.
pub(super) struct Reader<'a> {
    pub lines: Lines<'a>,
    pub origin: Arc<Origin>,
}

/// A key as written and its value.
pub(super) type Item<'t, 'i> = (&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>);

/// Reads and checks one text.
pub(crate) fn read(text: &str, origin: Arc<Origin>) -> Result<Document, LoadError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(LoadError::new(
            LoadCode::TooLarge,
            &origin.name,
            format!("a policy has at most {MAX_TEXT_BYTES} bytes, not {}", text.len()),
        ));
    }
    let reader = Reader { lines: Lines::of(text), origin: origin.clone() };
    let table = DeTable::parse(text).map_err(|e| reader.syntax(&e))?;
    let mut document = Document::empty(origin);
    let items = in_order(table.get_ref());
    // The version first: in another version other keys may be right.
    for (name, value) in items.iter().filter(|(name, _)| name.get_ref() == "version") {
        reader.version(value)?;
        document.stated.push(("version", reader.position(name)));
    }
    for item in items.into_iter().filter(|(name, _)| name.get_ref() != "version") {
        reader.top(item, &mut document)?;
    }
    reader.older_sandbox(&mut document)?;
    Ok(document)
}

/// The items of a table in the order of the file.
pub(super) fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<Item<'t, 'i>> {
    let mut items: Vec<_> = table.iter().collect();
    items.sort_by_key(|(name, _)| name.span().start);
    items
}

impl Reader<'_> {
    pub(super) fn position<T>(&self, spanned: &Spanned<T>) -> Position {
        self.lines.position(spanned.span().start)
    }

    pub(super) fn error<T>(&self, code: LoadCode, at: &Spanned<T>, message: impl Into<String>) -> LoadError {
        self.origin.error(code, self.position(at), message)
    }

    fn syntax(&self, error: &toml::de::Error) -> LoadError {
        let message = format!("not valid TOML: {}", error.message().replace('\n', " "));
        let plain = LoadError::new(LoadCode::Syntax, &self.origin.name, message);
        match error.span() {
            Some(span) => plain.at(self.lines.position(span.start)),
            None => plain,
        }
    }

    fn version(&self, value: &Spanned<DeValue<'_>>) -> Result<(), LoadError> {
        let DeValue::Integer(number) = value.get_ref() else {
            return Err(self
                .error(LoadCode::WrongType, value, format!("version must be the number 1, not {}", kind_of(value.get_ref())))
                .in_key("version"));
        };
        if number.as_str() == "1" {
            return Ok(());
        }
        let message = format!("version {} is not known here; this program reads version 1", shown_number(number.as_str()));
        Err(self.error(LoadCode::Version, value, message).in_key("version"))
    }

    fn top(&self, (name, value): Item<'_, '_>, document: &mut Document) -> Result<(), LoadError> {
        if let Some(key) = key("", name.get_ref()) {
            return self.key(key, (name, value), document);
        }
        let Some(section) = SECTIONS.iter().find(|s| s.form != Form::Root && s.name == name.get_ref()) else {
            return Err(self.unknown_top(name, value));
        };
        match (section.form, value.get_ref()) {
            (Form::Table, DeValue::Table(table)) => {
                in_order(table).into_iter().try_for_each(|item| self.section_item(section, item, document))
            }
            (Form::Named, DeValue::Table(table)) => in_order(table).into_iter().try_for_each(|item| self.tool(section, item, document)),
            (Form::Repeated, DeValue::Array(tables)) => tables.iter().try_for_each(|table| self.repeated(section, table, document)),
            (form, other) => {
                let message = match form {
                    Form::Repeated => format!("{} must be written with two brackets: it may stand any number of times", section.title()),
                    _ => format!("{} must be a section, not {}", section.title(), kind_of(other)),
                };
                Err(self.error(LoadCode::WrongType, name, message).in_key(section.title()))
            }
        }
    }

    fn section_item(&self, section: &Section, item: Item<'_, '_>, document: &mut Document) -> Result<(), LoadError> {
        let key = self.known_key(section, item.0)?;
        self.key(key, item, document)
    }

    pub(super) fn known_key(&self, section: &Section, name: &Spanned<std::borrow::Cow<'_, str>>) -> Result<&'static Key, LoadError> {
        if let Some(key) = section.key(name.get_ref()) {
            return Ok(key);
        }
        let mut message = format!("unknown key {} in {}", quoted(name.get_ref()), section.title());
        let suggestion = nearest(name.get_ref(), section.keys.iter().map(|key| key.name));
        if suggestion.is_none()
            && let Some(other) = SECTIONS.iter().find(|other| other.key(name.get_ref()).is_some())
        {
            message.push_str(&format!("; it belongs to {}", other.title()));
        }
        let place = format!("[{}].{}", section.name, name.get_ref());
        Err(self.error(LoadCode::UnknownKey, name, message).suggest(suggestion).in_key(place))
    }

    fn unknown_top(&self, name: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) -> LoadError {
        let written = name.get_ref();
        let is_section = match value.get_ref() {
            DeValue::Table(_) => true,
            DeValue::Array(items) => !items.is_empty() && items.iter().all(|item| item.get_ref().is_table()),
            _ => false,
        };
        let names = SECTIONS.iter().map(|s| s.name).filter(|name| !name.is_empty());
        if is_section {
            let message = format!("unknown section [{}]", quoted(written).trim_matches('"'));
            return self.error(LoadCode::UnknownSection, name, message).suggest(nearest(written, names)).in_key(written.to_string());
        }
        let mut message = format!("unknown key {} at the top of the file", quoted(written));
        let root = SECTIONS.iter().filter(|s| s.form == Form::Root).flat_map(|s| s.keys).map(|key| key.name);
        let suggestion = nearest(written, root.chain(names));
        if let Some(section) = SECTIONS.iter().find(|s| s.form == Form::Table && s.key(written).is_some()) {
            message.push_str(&format!("; it belongs to {}", section.title()));
            return self.error(LoadCode::UnknownKey, name, message).in_key(written.to_string());
        }
        self.error(LoadCode::UnknownKey, name, message).suggest(suggestion).in_key(written.to_string())
    }

    /// Reads one key of the top or of a `[section]` into the document.
    fn key(&self, key: &'static Key, (name, value): Item<'_, '_>, document: &mut Document) -> Result<(), LoadError> {
        document.stated.push((key.place, self.position(name)));
        match key.kind {
            Kind::Version => Ok(()),
            Kind::Inherits => {
                document.inherits = self.names(key, value)?;
                Ok(())
            }
            Kind::Entries(of, list) => self.entries(key, of, list, value, document),
            Kind::Arguments(list) => self.arguments(key, list, value, document),
            Kind::Approval => self.approvals(key, value, document),
            Kind::Native => self.native(key, value, document),
            _ => {
                let value = self.value(key, value)?;
                let stated = Stated { key, value, at: self.position(name), origin: self.origin.clone() };
                document.settings.insert(key.place, stated);
                Ok(())
            }
        }
    }

    /// `[subprocess] sandbox`, the older name of `confine`.
    fn older_sandbox(&self, document: &mut Document) -> Result<(), LoadError> {
        let Some(sandbox) = document.settings.remove("[subprocess].sandbox") else { return Ok(()) };
        if document.settings.contains_key("[subprocess].confine") {
            let message = "\"sandbox\" is the older name of \"confine\"; state only \"confine\"";
            return Err(self.origin.error(LoadCode::Contradiction, sandbox.at, message).in_key(sandbox.key.place));
        }
        let Some(confine) = key("subprocess", "confine") else { return Ok(()) };
        let word = if sandbox.value.text() == Some("none") { "auto" } else { "required" };
        if word == "auto" {
            let what = "[subprocess].sandbox = \"none\" is read as confine = \"auto\"; confine = \"off\" would turn confinement off";
            document.notes.push(Note { what: what.to_owned(), by: self.origin.place(sandbox.at) });
        }
        let stated = Stated { key: confine, value: Value::Text(word.to_owned()), ..sandbox };
        document.settings.insert(confine.place, stated);
        Ok(())
    }
}

fn shown_number(digits: &str) -> String {
    quoted(digits).trim_matches('"').to_owned()
}
