//! From TOML to a grammar, one table at a time.
//!
//! A command line needs its command and one or two subcommands, so a file is cut at its table headers (a line that begins with `[`; option lines
//! never do) and only the tables at hand are read. The tests read every file as a whole too, and compare.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;

use serde::Deserialize;

use super::line::{self, LineError};
use super::{Grammar, Level, Section, Style, Unknown};
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
    #[error("there is no table [command]")]
    NoCommand,
    #[error("`[{0}]` is not a table of a grammar")]
    Table(String),
}

/// What stands above the first table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct HeadText {
    names: Vec<String>,
    #[serde(default)]
    style: Style,
    #[serde(default)]
    deny: Vec<String>,
}

/// `[command]` and every `[command.sub.NAME]`.
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
    aliases: BTreeMap<String, String>,
    #[serde(rename = "as")]
    synonyms: BTreeMap<String, String>,
    unknown: Option<Unknown>,
    here: bool,
    through: bool,
    appends: bool,
}

/// Cuts a grammar into its tables and reads what stands above them.
pub(super) fn parse(text: &'static str) -> Result<Grammar, GrammarError> {
    let mut sections = Vec::new();
    let mut groups = "";
    let mut cuts = headers(text).chain([text.len()]);
    let mut at = cuts.next().unwrap_or(text.len());
    let head: HeadText = toml::from_str(text.get(..at).unwrap_or(""))?;
    for next in cuts {
        let (header, body) = text.get(at..next).and_then(|t| t.split_once('\n')).unwrap_or(("", ""));
        let name = header.trim().trim_start_matches('[').trim_end_matches(']');
        if name == "groups" {
            groups = body;
        } else if name.starts_with("command") {
            sections.push(Section { name, body, level: OnceLock::new() });
        } else {
            return Err(GrammarError::Table(name.to_owned()));
        }
        at = next;
    }
    if !sections.iter().any(|s| s.name == "command") {
        return Err(GrammarError::NoCommand);
    }
    // of two tables of one name, which no file has, the first counts
    let by_name = sections.iter().enumerate().rev().map(|(at, section)| (section.name, at)).collect();
    Ok(Grammar { names: head.names, style: head.style, deny: head.deny, sections, by_name, groups, group_texts: OnceLock::new() })
}

/// Where the lines begin that are table headers.
fn headers(text: &str) -> impl Iterator<Item = usize> {
    let starts_line = |at: &usize| at.checked_sub(1).is_some_and(|before| text.as_bytes().get(before) == Some(&b'\n'));
    text.match_indices('[').map(|(at, _)| at).filter(starts_line)
}

/// Reads `[groups]`.
pub(super) fn groups(text: &str) -> Result<BTreeMap<String, String>, GrammarError> {
    Ok(toml::from_str(text)?)
}

/// Reads one command or subcommand. Its option lines are read at their first use.
pub(super) fn level(body: &str, groups: &BTreeMap<String, String>) -> Result<Level, GrammarError> {
    let text: LevelText = toml::from_str(body)?;
    let mut texts: Vec<String> = text.options.into_iter().collect();
    for name in text.groups {
        texts.push(groups.get(&name).cloned().ok_or(GrammarError::Group(name))?);
    }
    Ok(Level {
        texts,
        options: OnceLock::new(),
        index: OnceLock::new(),
        looked: AtomicUsize::new(0),
        words: text.words.as_deref().map(line::words).transpose()?,
        after: text.after.as_deref().map(line::words).transpose()?,
        role: text.role.as_deref().map(role).transpose()?,
        bare: text.bare.as_deref().map(role).transpose()?,
        aliases: text.aliases,
        synonyms: text.synonyms,
        unknown: text.unknown,
        here: text.here,
        through: text.through,
        appends: text.appends,
    })
}

fn role(name: &str) -> Result<Role, GrammarError> {
    line::own_role(name).ok_or_else(|| GrammarError::Role(name.to_owned()))
}

#[cfg(test)]
pub(super) mod check {
    use super::*;

    /// Reads a file as a whole and table by table, with every option line, and checks what refers to something.
    pub fn all(text: &'static str) -> Result<Vec<String>, String> {
        let _: toml::Table = toml::from_str(text).map_err(|e| e.to_string())?;
        let grammar = parse(text).map_err(|e| e.to_string())?;
        let groups = groups(grammar.groups).map_err(|e| e.to_string())?;
        for section in &grammar.sections {
            let level = level(section.body, &groups).map_err(|e| format!("{}: {e}", section.name))?;
            for text in &level.texts {
                for line in line::options(text) {
                    line.map_err(|e| format!("{}: {e}", section.name))?;
                }
            }
            if let Some(option) = level.synonyms.values().find(|o| level.option(o).is_none()) {
                return Err(format!("{}: `{option}` is no option", section.name));
            }
            let target = |name: &&String| !grammar.sections.iter().any(|s| s.name == format!("{}.sub.{name}", section.name));
            if let Some(name) = level.aliases.values().find(target) {
                return Err(format!("{}: `{name}` is no subcommand", section.name));
            }
        }
        Ok(grammar.names)
    }
}
