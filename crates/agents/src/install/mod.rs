//! The hook in the settings of the agents: put in, taken out, looked at.
//!
//! | module | what it holds |
//! |---|---|
//! | `shape` | the agents as a table: files, events, and what an entry looks like |
//! | `hook` | the command that is installed, and how one of ours is known again |
//! | `words` | the words of a command in a settings file |
//! | `plans` | what would change, file by file |
//! | `merge` | our entries among those of others, in JSON |
//! | `sound` | whether the agent reads such a file at all |
//! | `features` | the switch for hooks in Codex's `config.toml` |
//! | `plugin` | the plugin for OpenCode |
//! | `status` | what is installed, and whether it counts |
//! | `switches` | what in the settings of an agent switches its hooks off |
//! | `fuzzed` | what must hold of all that, for fuzzers |
//! | `trust` | which hooks Codex runs |

mod features;
mod fuzzed;
mod hook;
mod merge;
mod plans;
mod plugin;
mod shape;
mod sound;
mod status;
mod switches;
mod trust;
mod words;

pub(crate) use fuzzed::fuzzed;
pub use hook::{Hook, HookError};
pub use plans::{Change, is_made_by_rulesync, is_rulesync_used, plans, rulesync};
pub use status::{Installed, Status, status};
