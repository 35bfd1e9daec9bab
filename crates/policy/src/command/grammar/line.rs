//! One line of `options`, and the text of `words`.
//!
//! `-o --output =path-out in-place  # comment`: names, then what the value is (`=` required, `?` optional and glued, `until` for
//! `find -exec`), then `!role` of the option itself, `words:` replacing the words of the command, and effects.

use super::{Arity, Effects, OptionSpec, Value, Words};
use crate::command::request::Role;

/// Why a line cannot be read.
#[derive(Debug, thiserror::Error)]
pub(in crate::command) enum LineError {
    #[error("option line `{line}`: `{token}` is not known here")]
    Token { line: String, token: String },
    #[error("option line `{0}` has no name")]
    NoName(String),
    #[error("words `{text}`: `{token}` is not known here")]
    Words { text: String, token: String },
}

/// The option lines of a text; blank ones and comments are skipped.
pub(super) fn options(text: &str) -> impl Iterator<Item = Result<OptionSpec, LineError>> {
    text.lines().map(|line| line.split(" #").next().unwrap_or("").trim()).filter(|l| !l.is_empty() && !l.starts_with('#')).flat_map(expand)
}

/// A line that starts with `*` is a list of names that are options of their own, without a value (`* -a -b --long`), or with the value
/// that follows a bar (`* --x --y | =path-in`).
fn expand(line: &str) -> Vec<Result<OptionSpec, LineError>> {
    let Some(rest) = line.strip_prefix("* ") else { return vec![option(line)] };
    let (names, tail) = rest.split_once('|').unwrap_or((rest, ""));
    match tokens(tail) {
        Ok(template) => names.split_whitespace().map(|name| Ok(OptionSpec { names: name.into(), ..template.clone() })).collect(),
        Err(error) => vec![Err(error)],
    }
}

fn option(line: &str) -> Result<OptionSpec, LineError> {
    let spec = tokens(line)?;
    if spec.names.is_empty() { Err(LineError::NoName(line.to_owned())) } else { Ok(spec) }
}

fn tokens(line: &str) -> Result<OptionSpec, LineError> {
    let mut names = String::new();
    let mut spec = OptionSpec { names: Box::default(), arity: Arity::None, own: None, words: None, effects: Effects::default() };
    for token in line.split_whitespace() {
        let unknown = || LineError::Token { line: line.to_owned(), token: token.to_owned() };
        if token.starts_with(['-', '+']) {
            if !names.is_empty() {
                names.push(' ');
            }
            names.push_str(token);
        } else if let Some(role) = token.strip_prefix('=') {
            spec.arity = Arity::Required(value(role).ok_or_else(unknown)?);
        } else if let Some(role) = token.strip_prefix('?') {
            spec.arity = Arity::Optional(value(role).ok_or_else(unknown)?);
        } else if let Some(role) = token.strip_prefix('!') {
            spec.own = Some(own_role(role).ok_or_else(unknown)?);
        } else if let Some(text) = token.strip_prefix("words:") {
            spec.words = Some(Box::new(words(&text.replace(',', " "))?));
        } else {
            match token {
                "until" => spec.arity = Arity::UntilSemicolon,
                "in-place" => spec.effects.in_place = true,
                "deletes" => spec.effects.deletes = true,
                "rest" => spec.effects.rest = true,
                "info" => spec.effects.info = true,
                "writes" => spec.effects.writes = true,
                "here" => spec.effects.here = true,
                "writes-here" => spec.effects.writes_here = true,
                _ => return Err(unknown()),
            }
        }
    }
    spec.names = names.into();
    Ok(spec)
}

/// `path-in* path-out`: roles in order, at most one of them repeated.
pub(super) fn words(text: &str) -> Result<Words, LineError> {
    let mut words = Words::default();
    for token in text.split_whitespace() {
        let unknown = || LineError::Words { text: text.to_owned(), token: token.to_owned() };
        match token.strip_suffix('*') {
            Some(name) if words.star.is_none() => words.star = Some(value(name).ok_or_else(unknown)?),
            Some(_) => return Err(unknown()),
            None if words.star.is_none() => words.head.push(value(token).ok_or_else(unknown)?),
            None => words.tail.push(value(token).ok_or_else(unknown)?),
        }
    }
    Ok(words)
}

/// A role that an option or a command can have of itself.
pub(super) fn own_role(name: &str) -> Option<Role> {
    Some(match name {
        "exec" => Role::Exec,
        "config" => Role::Config,
        "net" => Role::Net,
        _ => return None,
    })
}

/// Every role of a value by its name, for the documentation too.
pub(in crate::command) const VALUES: [(&str, Value); 32] = [
    ("plain", Value::Plain),
    ("maybe", Value::Maybe),
    ("any", Value::Any),
    ("path-in", Value::PathIn),
    ("path-out", Value::PathOut),
    ("path-both", Value::PathBoth),
    ("path-delete", Value::PathDelete),
    ("chdir", Value::Chdir),
    ("chdir-next", Value::ChdirNext),
    ("exec", Value::Exec),
    ("config", Value::Config),
    ("net", Value::Net),
    ("url", Value::Url),
    ("git-remote", Value::GitRemote),
    ("at-path", Value::AtPath),
    ("form", Value::Form),
    ("upload", Value::Upload),
    ("archive", Value::Archive),
    ("script", Value::Script),
    ("sed", Value::Sed),
    ("awk", Value::Awk),
    ("jq", Value::Jq),
    ("assignment", Value::Assignment),
    ("command", Value::Command),
    ("command-line", Value::CommandLine),
    ("package", Value::Package),
    ("path-into", Value::PathInto),
    ("go-package", Value::GoPackage),
    ("write-out", Value::WriteOut),
    ("path-move", Value::PathMove),
    ("shell", Value::Shell),
    ("shell-words", Value::ShellWords),
];

fn value(name: &str) -> Option<Value> {
    VALUES.iter().find(|(n, _)| *n == name).map(|(_, v)| *v)
}
