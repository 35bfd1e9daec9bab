//! Shell text to the commands that it would run: with which words, redirects and environment, in which directory. Nothing is executed.
//!
//! | module | what it holds |
//! |---|---|
//! | `limits` | how much text is read, by a scan before any parser runs |
//! | `script` | what a text would run: commands, words, redirects, assignments, and what is not known |
//! | `read` | the reader: text to a script, as bash reads it |
//! | `second` | the second and third opinion: `brush-parser` and `tree-sitter-bash` must see the same commands |
//! | `bounded` | all of it within a time and on a large enough stack |
//! | `judge` | what a policy says of a script |
//!
//! ```
//! use aegis_shell::{Dialect, Word, parse};
//!
//! let script = parse("r\\m -rf \"$dir\" # tidy up", Dialect::Bash);
//! assert_eq!(script.commands[0].words[..2], [Word::Known("rm".into()), Word::Known("-rf".into())]);
//! assert!(script.unknown.is_empty());
//! ```
#![forbid(unsafe_code)]

mod bounded;
pub mod fuzzing;
mod judge;
mod limits;
mod read;
mod script;
mod second;

pub use bounded::parse;
pub use judge::{
    Around, Below, Cause, Finding, Judgement, Lookup, MAKES_A_REPOSITORY, Subject, Sweep, judge, judge_text, makes_a_repository, names_in,
};
pub use limits::{LimitError, MAX_DEPTH, MAX_NODES, MAX_TEXT, MAX_TIME};
pub use script::{Assignment, Command, Dialect, Directory, Form, Redirect, RedirectKind, Script, Span, Unknown, UnknownCause, Word};
