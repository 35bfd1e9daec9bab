//! The second and third opinion. Both parsers must see the commands that the reader saw; one that does not understand the text has none.

mod brush;
mod tree;

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
    let own = sorted(reading.seen.iter().map(|command| normal(command)).collect());
    let brush = brush::opinion(text);
    let tree = tree::opinion(text);
    let whole = Span { start: 0, end: text.len() };
    if let Opinion::Commands(commands) = &brush
        && sorted(commands.iter().map(|command| normal(command)).collect()) != own
    {
        reading.script.note(whole, UnknownCause::Disagreement("brush-parser"));
    }
    if let Opinion::Commands(commands) = &tree {
        // it reads `[ ... ]` as an expression
        let own = own.iter().filter(|command| *command != "[" && !command.starts_with("[\u{1f}"));
        if sorted(commands.iter().map(|command| normal(command)).collect()) != own.cloned().collect::<Vec<_>>() {
            reading.script.note(whole, UnknownCause::Disagreement("tree-sitter-bash"));
        }
    }
    if brush == Opinion::None && tree == Opinion::None {
        reading.script.note(whole, UnknownCause::Syntax("no parser reads it as shell text"));
    }
}

fn sorted(mut commands: Vec<String>) -> Vec<String> {
    commands.sort_unstable();
    commands
}

/// The same words in one form: a process substitution is an argument whose text one of the parsers does not keep.
fn normal(command: &str) -> String {
    let words = command.split(crate::read::SEPARATOR).map(|word| match word.get(..2) {
        Some(start @ ("<(" | ">(")) => start.to_owned(),
        _ => word.replace("\\\n", ""),
    });
    words.collect::<Vec<_>>().join("\u{1f}")
}
