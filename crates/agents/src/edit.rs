//! Text in, text out: a settings file with our entry, and without it.

use crate::host::{Host, Shape};
use crate::server::{NAME, Server};
use crate::{jsonc, toml};

/// Why a text was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text is not what its host reads.
    #[error("line {line}, column {column}: {reason}")]
    Invalid {
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// Something stands where an object or table is needed.
    #[error("`{what}` is not {wanted}")]
    NotA {
        /// The path of the key.
        what: String,
        /// What it would have to be.
        wanted: &'static str,
    },
    /// A key stands there twice, and hosts differ in which they take.
    #[error("`{0}` stands there twice")]
    Twice(String),
    /// The user has a server of our name.
    #[error("it has a server `{NAME}` that is not Aegis's own; rename that first")]
    NotOurs,
    /// A form that Aegis does not write and does not edit.
    #[error("`{0}` is written in a form that Aegis does not edit; change it by hand")]
    Form(String),
    /// The host does not read a file with such a thing in it.
    #[error("{what}; {host} ignores a file with that, and every hook in it: mend it first")]
    Ignored {
        /// What it is and where.
        what: String,
        /// The host's name.
        host: &'static str,
    },
    /// A file that should be ours alone is not.
    #[error("holds something that Aegis did not write; move it away first")]
    NotOursAlone,
    /// The changed text does not mean what it should; a bug of ours, and nothing was written.
    #[error("the changed text would not mean what it should; nothing was changed")]
    Wrong,
}

/// What becomes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edited {
    Same,
    Text(String),
    /// Nothing that anybody wrote is left: the file was made by us.
    Gone,
}

impl Edited {
    /// A new text in the place of an old one.
    pub(crate) fn from(old: &str, new: String) -> Edited {
        if new == old { Edited::Same } else { Edited::Text(new) }
    }
}

/// The text with our entry in it; an entry of ours that is there already is brought up to date.
pub(crate) fn installed(host: Host, text: &str, server: &Server) -> Result<Edited, EditError> {
    let new = match host.facts().shape {
        Shape::Json(shape) => jsonc::put(text, shape, server)?,
        Shape::Toml => toml::put(text, server)?,
    };
    Ok(Edited::from(text, new))
}

/// The text without our entry. `before` is the file as it was before our first change, where that is known.
pub(crate) fn uninstalled(host: Host, text: &str, before: Option<&str>) -> Result<Edited, EditError> {
    let Some(started) = found(host, text)? else { return Ok(Edited::Same) };
    if !started.is_ours() {
        return Err(EditError::NotOurs);
    }
    if let Some(server) = started.server() {
        let had_none = |origin: &str| found(host, origin).is_ok_and(|entry| entry.is_none());
        let again = |origin: &str| installed(host, origin, &server).ok().filter(|_| had_none(origin));
        if let Some(restored) = restored(text, before, again) {
            return Ok(restored);
        }
    }
    let new = match host.facts().shape {
        Shape::Json(shape) => jsonc::take(text, shape, before)?,
        Shape::Toml => toml::take(text)?,
    };
    if found(host, &new)?.is_some() {
        return Err(EditError::Wrong);
    }
    Ok(Edited::Text(new))
}

/// Where nobody changed the file since our first change, it becomes what it was, to the byte. `again` makes that change anew.
pub(crate) fn restored(text: &str, before: Option<&str>, again: impl Fn(&str) -> Option<Edited>) -> Option<Edited> {
    let is_untouched = again(before.unwrap_or_default()) == Some(Edited::Text(text.to_owned()));
    is_untouched.then(|| before.map_or(Edited::Gone, |before| Edited::Text(before.to_owned())))
}

/// Our entry alone, in the sections around it, as a host's file has it.
///
/// # Errors
/// None that a server without control characters in its paths can cause.
pub fn entry(host: Host, server: &Server) -> Result<String, EditError> {
    match installed(host, "", server)? {
        Edited::Text(text) => Ok(text),
        Edited::Same | Edited::Gone => Err(EditError::Wrong),
    }
}

fn found(host: Host, text: &str) -> Result<Option<crate::server::Started>, EditError> {
    match host.facts().shape {
        Shape::Json(shape) => jsonc::found(text, shape),
        Shape::Toml => toml::found(text),
    }
}

/// Where a byte lies, as people count.
pub(crate) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count();
    (before.matches('\n').count() + 1, column + 1)
}

#[cfg(test)]
mod tests;
