//! From TOML to a grammar.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::line::{self, LineError};
use super::{Grammar, Level, Style, Unknown};
use crate::command::request::Role;

/// Why a grammar does not load.
#[derive(Debug, thiserror::Error)]
pub(super) enum GrammarError {
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    #[error("{0}")]
    Line(#[from] LineError),
    #[error("no group named `{0}`")]
    Group(String),
    #[error("`{0}` is not a role here")]
    Role(String),
    #[error("`{0}` stands for no option of its command")]
    Synonym(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FileText {
    names: Vec<String>,
    #[serde(default)]
    style: Style,
    #[serde(default)]
    groups: BTreeMap<String, String>,
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    command: LevelText,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct LevelText {
    options: Option<String>,
    #[serde(rename = "use")]
    groups: Vec<String>,
    words: Option<String>,
    after: Option<String>,
    role: Option<String>,
    bare: Option<String>,
    also: Vec<String>,
    #[serde(rename = "as")]
    synonyms: BTreeMap<String, String>,
    unknown: Option<Unknown>,
    here: bool,
    sub: BTreeMap<String, LevelText>,
}

/// Reads a grammar. Option lines are read later, at their first use; [`check`] reads them all.
pub(super) fn parse(text: &str) -> Result<Grammar, GrammarError> {
    let file: FileText = toml::from_str(text)?;
    let groups = file.groups.into_iter().map(|(name, text)| (name, Arc::from(text))).collect();
    Ok(Grammar { names: file.names, style: file.style, deny: file.deny, root: level(file.command, &groups, Unknown::Deny)? })
}

fn level(text: LevelText, groups: &BTreeMap<String, Arc<str>>, outer: Unknown) -> Result<Level, GrammarError> {
    let mut texts: Vec<Arc<str>> = text.options.iter().map(|t| Arc::from(t.as_str())).collect();
    for name in text.groups {
        texts.push(groups.get(&name).cloned().ok_or(GrammarError::Group(name))?);
    }
    let unknown = text.unknown.unwrap_or(outer);
    let mut subs = BTreeMap::new();
    for (name, sub) in text.sub {
        subs.insert(name, level(sub, groups, unknown)?);
    }
    Ok(Level {
        texts,
        options: OnceLock::new(),
        words: text.words.as_deref().map(line::words).transpose()?,
        after: text.after.as_deref().map(line::words).transpose()?,
        role: text.role.as_deref().map(role).transpose()?,
        bare: text.bare.as_deref().map(role).transpose()?,
        also: text.also,
        synonyms: text.synonyms,
        subs,
        unknown,
        here: text.here,
    })
}

fn role(name: &str) -> Result<Role, GrammarError> {
    line::own_role(name).ok_or_else(|| GrammarError::Role(name.to_owned()))
}

/// Reads every option line too, and checks that synonyms name options.
#[cfg(test)]
pub(super) fn check(level: &Level) -> Result<(), GrammarError> {
    for text in &level.texts {
        for line in line::options(text) {
            line?;
        }
    }
    for option in level.synonyms.values() {
        if level.option(option).is_none() {
            return Err(GrammarError::Synonym(option.clone()));
        }
    }
    level.subs.values().try_for_each(check)
}
