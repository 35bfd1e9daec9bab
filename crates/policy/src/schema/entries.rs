//! Lists of patterns, of argument words, and of approvals.

use toml::Spanned;
use toml::de::DeValue;

use super::document::{Document, Removal};
use super::keys::{Key, Of};
use super::read::{Reader, in_order};
use crate::access::Capability;
use crate::load_error::{LoadCode, LoadError, quoted};
use crate::merged::{ApprovalEntry, ArgEntry, Entry, Lists};
use crate::position::Position;
use crate::rule::Text;
use crate::suggest::nearest;

type Spot<'t, 'i> = &'t Spanned<DeValue<'i>>;

/// One item of a list, as a string or as `{ match, reason }`.
struct Item<'t> {
    /// Without `!`.
    pattern: &'t str,
    removes: bool,
    why: Option<&'t str>,
    at: Position,
}

const EXPECTED: &str = "a list of strings or of tables { match, reason }";

/// An entry of `requires_approval`: its capability, if there is one of that name, and the pattern behind it.
pub(crate) fn approval(text: &str) -> (Option<Capability>, Option<&str>) {
    let (name, pattern) = parts_of_approval(text);
    (Capability::from_name(name), pattern)
}

fn parts_of_approval(text: &str) -> (&str, Option<&str>) {
    match text.split_once(char::is_whitespace) {
        Some((name, pattern)) => (name, Some(pattern.trim()).filter(|p| !p.is_empty())),
        None => (text, None),
    }
}

impl Reader<'_> {
    pub(super) fn entries(
        &self,
        key: &'static Key,
        of: Of,
        list: fn(&mut Lists) -> &mut Vec<Entry>,
        value: Spot<'_, '_>,
        document: &mut Document,
    ) -> Result<(), LoadError> {
        for item in self.items(key, value)? {
            self.well_formed(key, of, &item)?;
            if item.removes {
                document.removals.push(Removal { key, command: None, pattern: item.pattern.to_owned(), at: item.at });
            } else {
                list(&mut document.lists).push(self.origin.entry(key.place, item.at.line, item.pattern, item.why));
            }
        }
        Ok(())
    }

    pub(super) fn arguments(
        &self,
        key: &'static Key,
        list: fn(&mut Lists) -> &mut Vec<ArgEntry>,
        value: Spot<'_, '_>,
        document: &mut Document,
    ) -> Result<(), LoadError> {
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.wrong(key, value, "a table of command and list of arguments", value.get_ref()));
        };
        for (command, words) in in_order(table) {
            let name = command.get_ref();
            if name.trim().is_empty() || name.chars().any(char::is_control) {
                let message = format!("{} has a command name that is empty or has control characters", key.place);
                return Err(self.error(LoadCode::BadValue, command, message).in_key(key.place));
            }
            let command_name = Text::from(name.as_ref());
            for item in self.items(key, words)? {
                if item.removes {
                    let removal = Removal { key, command: Some(name.to_string()), pattern: item.pattern.to_owned(), at: item.at };
                    document.removals.push(removal);
                } else {
                    let entry = self.origin.entry(key.place, item.at.line, item.pattern, item.why);
                    list(&mut document.lists).push(ArgEntry { command: command_name.clone(), entry });
                }
            }
        }
        Ok(())
    }

    pub(super) fn approvals(&self, key: &'static Key, value: Spot<'_, '_>, document: &mut Document) -> Result<(), LoadError> {
        for item in self.items(key, value)? {
            let (name, pattern) = parts_of_approval(item.pattern);
            let capability = self.capability(key, name, item.at)?;
            let pattern = pattern.map(str::to_owned);
            if item.removes {
                document.removals.push(Removal { key, command: None, pattern: item.pattern.to_owned(), at: item.at });
            } else {
                let entry = self.origin.entry(key.place, item.at.line, item.pattern, item.why);
                document.lists.requires_approval.push(ApprovalEntry { capability, pattern, entry });
            }
        }
        Ok(())
    }

    fn items<'t>(&self, key: &'static Key, value: Spot<'t, '_>) -> Result<Vec<Item<'t>>, LoadError> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| self.item(key, item)).collect(),
            other => Err(self.wrong(key, value, EXPECTED, other)),
        }
    }

    fn item<'t>(&self, key: &'static Key, value: Spot<'t, '_>) -> Result<Item<'t>, LoadError> {
        let at = self.position(value);
        let (written, why) = match value.get_ref() {
            DeValue::Table(table) => {
                let mut pattern = None;
                let mut why = None;
                for (name, value) in in_order(table) {
                    match name.get_ref().as_ref() {
                        "match" => pattern = Some(self.text(key, value, "a string in match", false)?),
                        "reason" => why = Some(self.text(key, value, "a string in reason", false)?),
                        other => {
                            let message = format!("unknown key {} in an entry of {}", quoted(other), key.place);
                            let error = self.error(LoadCode::UnknownKey, name, message).in_key(key.place);
                            return Err(error.suggest(nearest(other, ["match", "reason"])));
                        }
                    }
                }
                let missing =
                    || self.error(LoadCode::MissingKey, value, format!("an entry of {} has no \"match\"", key.place)).in_key(key.place);
                (pattern.ok_or_else(missing)?, why)
            }
            _ => (self.text(key, value, EXPECTED, false)?, None),
        };
        let (pattern, removes) = match written.strip_prefix('!') {
            Some(rest) if rest.trim().is_empty() => {
                return Err(self.bad(key, value, format!("{} has a \"!\" that names nothing", key.place)));
            }
            Some(rest) => (rest, true),
            None => (written, false),
        };
        Ok(Item { pattern, removes, why, at })
    }

    /// What can be told about a pattern without compiling it.
    fn well_formed(&self, key: &'static Key, of: Of, item: &Item<'_>) -> Result<(), LoadError> {
        let (code, wrong) = match of {
            Of::Addresses if !is_address(item.pattern) => (LoadCode::BadValue, "is no address and no network such as 10.0.0.0/8"),
            Of::Variables if item.pattern.contains(['=', ' ']) => (LoadCode::NeverMatches, "is no name of a variable"),
            Of::Hosts if item.pattern.contains(char::is_whitespace) => (LoadCode::NeverMatches, "has white space in a host"),
            _ => return Ok(()),
        };
        let message = format!("{} in {} {wrong}", quoted(item.pattern), key.place);
        Err(self.origin.error(code, item.at, message).in_key(key.place))
    }
}

fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok() || text.parse::<ipnet::IpNet>().is_ok()
}
