//! What a text would run.

use std::path::PathBuf;

use serde::Serialize;

use crate::limits::LimitError;

/// Which shell reads the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// POSIX `sh`. What only bash knows is unknown.
    Sh,
    /// GNU bash.
    Bash,
    /// zsh. What only zsh knows is unknown.
    Zsh,
    /// The shell of the user, which is bash or zsh: read as bash does, and what zsh reads in another way is unknown.
    User,
    /// PowerShell and `cmd.exe`: nothing of it is read, all of it is unknown.
    Other,
}

impl Dialect {
    /// The dialect of a shell by the name of its program.
    #[must_use]
    pub fn of_program(name: &str) -> Dialect {
        match name {
            "bash" | "rbash" => Dialect::Bash,
            "zsh" => Dialect::Zsh,
            "sh" | "dash" | "ash" | "ksh" | "mksh" | "yash" => Dialect::Sh,
            _ => Dialect::Other,
        }
    }
}

/// A part of the text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
}

/// One word as the command would get it, as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// Exactly this.
    Known(String),
    /// The home directory of whoever runs the text, and this behind it: empty, or from a slash on.
    Home(String),
    /// An expansion, a substitution or a pattern is in it.
    Partly {
        /// Whether the home directory stands in front of all of it.
        home: bool,
        /// How it begins.
        prefix: String,
        /// How it ends.
        suffix: String,
        /// Whether it can become several words, or none.
        many: bool,
    },
    /// The name of a pipe from or to another command: `/dev/fd/` and a number.
    Pipe,
    /// A pattern over names of files, and nothing else that is not known. What it matches, or itself where nothing does.
    Pattern {
        /// Whether the home directory stands in front of all of it.
        home: bool,
        /// Whether it is the value of a loop over what it matches: one word at a time, not all at once.
        each: bool,
        /// Whether such a value is not in quotes, so that blanks and wildcards in a name count again.
        splits: bool,
        /// The pattern; what is quoted in it has a backslash in front.
        pattern: String,
        /// How it begins.
        prefix: String,
        /// How it ends.
        suffix: String,
    },
}

impl Word {
    /// One word of which nothing is known.
    pub(crate) const fn unknown() -> Word {
        Word::Partly { home: false, prefix: String::new(), suffix: String::new(), many: false }
    }

    /// The word, if all of it is known.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        match self {
            Word::Known(text) => Some(text),
            Word::Home(_) | Word::Partly { .. } | Word::Pattern { .. } | Word::Pipe => None,
        }
    }
}

/// `NAME=value` in front of a command, by itself, or behind `export` and its like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// What it is set to; for an array each element.
    pub value: Vec<Word>,
    /// Where it stands.
    pub span: Span,
}

/// What a redirect does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RedirectKind {
    /// `<`
    Read,
    /// `>`, `>>`, `>|`, `&>`, `&>>`, `>&file`
    Write,
    /// `<>`
    ReadWrite,
}

/// A file that the shell opens for a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Redirect {
    /// What is done to it.
    pub kind: RedirectKind,
    /// Its name.
    pub target: Word,
    /// Where it stands.
    pub span: Span,
}

/// A directory that a command may run in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Directory {
    /// Where the text starts, and this path from there; absolute paths are absolute.
    From(PathBuf),
    /// Below the home directory.
    Home(String),
    /// It depends on what cannot be known.
    Unknown,
}

/// What kind of command it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A program, builtin or function with its words; only assignments or redirects, if there are no words.
    Simple,
    /// `[[ ... ]]` or `(( ... ))`: starts nothing by itself.
    Test,
    /// A compound command; only its redirects stand here.
    Compound,
    /// The name of a function that the text defines. Its body follows as commands of its own.
    Function,
}

/// Something that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Command {
    /// What kind.
    pub form: Form,
    /// The command and its arguments.
    pub words: Vec<Word>,
    /// Files that the shell opens for it.
    pub redirects: Vec<Redirect>,
    /// Variables that are set for it, or by it.
    pub environment: Vec<Assignment>,
    /// Where it may run: any of these.
    pub directories: Vec<Directory>,
    /// Text that it gets on standard input, from a here-document or here-string, where all of it is known.
    pub input: Option<String>,
    /// The command before it in a pipe, by its place in the script, where both are simple and have no redirects.
    #[serde(skip)]
    pub piped_from: Option<usize>,
    /// Where it stands.
    pub span: Span,
}

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownCause {
    /// It is no shell text, or uses what is not read here.
    Syntax(&'static str),
    /// Two parsers see different commands.
    Disagreement(&'static str),
    /// Only another shell, or this one with an option, reads it this way.
    Dialect(&'static str),
    /// It evaluates text that cannot be known.
    Evaluated(String),
    /// Too much of it; this is denied.
    Limit(LimitError),
}

impl UnknownCause {
    /// In words, for people.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            UnknownCause::Syntax(what) => format!("not understood: {what}"),
            UnknownCause::Disagreement(who) => format!("{who} sees other commands in it"),
            UnknownCause::Dialect(what) => format!("{what} means different things to different shells"),
            UnknownCause::Evaluated(what) => format!("{what} is evaluated, and its text is not known"),
            UnknownCause::Limit(limit) => limit.to_string(),
        }
    }
}

/// A part of the text of which it is not known what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// Where it stands.
    pub span: Span,
    /// Why.
    pub cause: UnknownCause,
}

/// All that a text would run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Script {
    /// In the order of the text; what stands inside of a command comes before it.
    pub commands: Vec<Command>,
    /// Where that is not all there is to say.
    pub unknown: Vec<Unknown>,
    /// Variables whose values it uses.
    pub variables: Vec<String>,
    /// Texts in quotes that hold substitutions. They run if something evaluates them as arithmetic or as text.
    pub latent: Vec<String>,
}

impl Script {
    /// Notes something that is not known, once for each place and cause.
    pub(crate) fn note(&mut self, span: Span, cause: UnknownCause) {
        let unknown = Unknown { span, cause };
        if !self.unknown.contains(&unknown) {
            self.unknown.push(unknown);
        }
    }
}
