//! The second and third opinion. Both parsers must see the commands that the reader saw; one that does not understand the text has none.
//! What can only be read in one way is split by a few lines that know nothing else, and the parsers are not asked.

mod brush;
mod plain;
mod tree;

use std::borrow::Cow;

use crate::read::Reading;
use crate::script::{Span, UnknownCause};

/// What another parser makes of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Opinion {
    /// It is no shell text to it.
    None,
    /// The words of each simple command, as in [`Reading::seen`].
    Commands(Vec<String>),
}

/// Notes where another parser sees other commands, or none understands the text.
pub(crate) fn compare(text: &str, reading: &mut Reading) {
    let own = sorted(&reading.seen);
    let whole = Span { start: 0, end: text.len() };
    if let Opinion::Commands(commands) = plain::opinion(text) {
        if sorted(&commands) != own {
            reading.script.note(whole, UnknownCause::Disagreement("a plain reading"));
        }
        return;
    }
    let brush = brush::opinion(text);
    let tree = tree::opinion(text);
    if let Opinion::Commands(commands) = &brush
        && sorted(commands) != own
    {
        reading.script.note(whole, UnknownCause::Disagreement("brush-parser"));
    }
    if let Opinion::Commands(commands) = &tree {
        // it reads `[ ... ]` as an expression
        let own = own.iter().filter(|command| *command != "[" && !command.starts_with("[\u{1f}"));
        if !sorted(commands).iter().eq(own) {
            reading.script.note(whole, UnknownCause::Disagreement("tree-sitter-bash"));
        }
    }
    if brush == Opinion::None && tree == Opinion::None {
        reading.script.note(whole, UnknownCause::Syntax("no parser reads it as shell text"));
    }
}

fn sorted(commands: &[String]) -> Vec<Cow<'_, str>> {
    let mut commands: Vec<Cow<'_, str>> = commands.iter().map(|command| normal(command)).collect();
    commands.sort_unstable();
    commands
}

/// The same words in one form: a process substitution is an argument whose text one of the parsers does not keep.
fn normal(command: &str) -> Cow<'_, str> {
    if !command.contains(['(', '\n']) {
        return Cow::Borrowed(command);
    }
    let words = command.split(crate::read::SEPARATOR).map(|word| match word.get(..2) {
        Some(start @ ("<(" | ">(")) => start.to_owned(),
        _ => word.replace("\\\n", ""),
    });
    Cow::Owned(words.collect::<Vec<_>>().join("\u{1f}"))
}
