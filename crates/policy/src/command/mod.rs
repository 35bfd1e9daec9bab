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

/// Whether a pattern for `command` is about this request or one that it runs: by its names, or because both are of one grammar.
pub(crate) fn concerns(command: &str, request: &ExecRequest) -> bool {
    let file = request.binary().and_then(std::path::Path::file_name).and_then(|n| n.to_str());
    let named = request.program() == command || file == Some(command);
    let family = || grammar::family_of(command);
    named
        || (request.has_grammar() && family() == request.family)
        || (file.is_some_and(|f| f != request.program()) && file.and_then(grammar::family_of) == family())
        || request.inner().iter().any(|inner| concerns(command, inner))
}
