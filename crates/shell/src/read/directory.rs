//! Where a command runs. `cd` moves what follows it, if it succeeds.

use std::path::{Path, PathBuf};

use crate::script::{Directory, Word};

/// More alternatives than this are one unknown directory.
const MAX_ALTERNATIVES: usize = 4;

/// All directories that the next command may run in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directories(Vec<Directory>);

impl Directories {
    pub fn start() -> Directories {
        Directories(vec![Directory::From(PathBuf::new())])
    }

    pub fn unknown() -> Directories {
        Directories(vec![Directory::Unknown])
    }

    pub fn list(&self) -> Vec<Directory> {
        self.0.clone()
    }

    /// Either these or those.
    pub fn or(&mut self, other: &Directories) {
        if self != other {
            for directory in &other.0 {
                if !self.0.contains(directory) {
                    self.0.push(directory.clone());
                }
            }
        }
        if self.0.len() > MAX_ALTERNATIVES || self.0.contains(&Directory::Unknown) {
            *self = Directories::unknown();
        }
    }

    /// Behind `cd` with these arguments.
    pub fn changed(&self, arguments: &[Word]) -> Directories {
        let mut arguments = arguments;
        let mut physical = false;
        while let [Word::Known(option), rest @ ..] = arguments {
            match option.as_str() {
                "-L" | "-P" | "-e" | "-@" => {
                    physical |= option == "-P";
                    arguments = rest;
                }
                "--" => {
                    arguments = rest;
                    break;
                }
                _ => break,
            }
        }
        let next = |from: &Directory, to: &Word| match (from, to) {
            // from where a link leads to
            (_, Word::Known(path)) if physical && path.contains("..") => Directory::Unknown,
            (_, Word::Home(rest)) => Directory::Home(rest.clone()),
            (_, Word::Known(path)) if path.starts_with('/') => Directory::From(PathBuf::from(path)),
            // `-` is the last directory; an empty one none at all, or the home directory
            (_, Word::Known(path)) if path.starts_with('-') || path.is_empty() => Directory::Unknown,
            (Directory::From(from), Word::Known(path)) => Directory::From(from.join(Path::new(path))),
            (Directory::Home(from), Word::Known(path)) => Directory::Home(format!("{from}/{path}")),
            (Directory::Unknown, _) | (_, Word::Partly { .. } | Word::Pattern { .. } | Word::Pipe) => Directory::Unknown,
        };
        let home = Word::Home(String::new());
        match arguments {
            [] => Directories(vec![next(&Directory::Unknown, &home)]),
            [to] => Directories(self.0.iter().map(|from| next(from, to)).collect()),
            _ => Directories::unknown(),
        }
    }
}
