//! What a call would do.

use aegis_policy::PathOp;
use aegis_shell::Dialect;

/// One thing that a call would do. Paths are as the host has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A shell reads a text.
    Shell {
        /// The text.
        text: String,
        /// The shell.
        dialect: Dialect,
        /// Where, if not where the event says.
        cwd: Option<String>,
    },
    /// A file or directory by its name.
    Path {
        /// What is done.
        op: PathOp,
        /// The file.
        path: String,
    },
    /// All files below a directory are read, or the one file.
    Search {
        /// The file or directory; where the event says, if there is none.
        path: Option<String>,
    },
    /// The names below a directory are listed.
    List {
        /// The directory; where the event says, if there is none.
        path: Option<String>,
    },
    /// A page is fetched.
    Fetch {
        /// Its address.
        url: String,
    },
    /// What the tool does is known by its name alone. Fields that look like files, addresses and commands count where something denies them.
    Named {
        /// Files.
        paths: Vec<String>,
        /// Addresses.
        urls: Vec<String>,
        /// Commands.
        texts: Vec<String>,
    },
    /// Whatever else it does, a person is to be asked.
    Asks(&'static str),
    /// It touches nothing that a policy is about.
    Nothing,
    /// The input is not what the tool takes.
    Unclear(&'static str),
}
