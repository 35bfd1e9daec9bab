//! Command lines: what an argv means, and patterns over it.
//!
//! | module | what it holds |
//! |---|---|
//! | `request` | the argv as the policy sees it: options, words, files, hazards |
//! | `grammar` | the data about common tools, from `policies/commands/*.toml` |
//! | `read` | argv to options and words, by a grammar |
//! | `roles` | options and words to files and hazards |
//! | `normal` | one spelling for all that mean the same |
//! | `guess` | the same for tools without a grammar |
//! | `language` | what sed scripts and awk programs read, write and run |
//! | `pattern` | entries of `allow_commands`, `ask_commands`, `deny_commands` |
//! | `arguments` | entries of `deny_args`, `requires_approval_args` |
//! | `smallest` | the entry to suggest for a command line |
//! | `multicall` | binaries that are many commands |
//! | `understood` | what a pattern means, read when it is first asked |
//! | `unseen` | words of which only a part is known |

mod arguments;
pub(crate) mod fuzz;
mod grammar;
mod guess;
mod language;
mod multicall;
mod normal;
mod parse;
mod pattern;
mod read;
mod request;
mod roles;
mod smallest;
#[cfg(test)]
mod spellings;
mod understood;
mod unseen;
mod word;

pub use arguments::ArgPattern;
pub use parse::lexical;
pub use pattern::CommandPattern;
pub use request::{Certainty, ExecRequest, FileArgument, Hazard, OptionArgument, Role};
pub(crate) use smallest::smallest_pattern;
pub use unseen::{ArgWord, is_unseen, shown};
pub use word::PatternError;

/// The family of commands whose grammar one is read by, by its first name.
pub(crate) use grammar::family_of;

/// The commands that patterns about one may be about: a request, and those that it runs.
pub(crate) struct Concerned<'r>(Vec<Named<'r>>);

/// One command by its names.
struct Named<'r> {
    program: &'r str,
    file: Option<&'r str>,
    family: Option<&'static str>,
    /// Of the file, where that has another name.
    file_family: Option<Option<&'static str>>,
}

impl<'r> Concerned<'r> {
    pub(crate) fn by(request: &'r ExecRequest) -> Concerned<'r> {
        let mut all = Vec::with_capacity(2);
        Concerned::add(request, &mut all);
        Concerned(all)
    }

    fn add(request: &'r ExecRequest, all: &mut Vec<Named<'r>>) {
        let program = request.program();
        let file = request.binary().and_then(std::path::Path::file_name).and_then(|name| name.to_str());
        let file_family = file.filter(|file| *file != program).map(family_of);
        all.push(Named { program, file, family: request.family, file_family });
        request.inner().iter().for_each(|inner| Concerned::add(inner, all));
    }

    /// Whether a pattern for `command`, which is of that family, is about one of them: by its names, or because both are of one grammar.
    pub(crate) fn by_pattern(&self, command: &str, family: Option<&str>) -> bool {
        self.0.iter().any(|named| {
            let is_family = named.family.is_some() && named.family == family || named.file_family.is_some_and(|of_file| of_file == family);
            is_family || named.program == command || named.file == Some(command)
        })
    }
}
