//! Coding agents: where their settings lie, and how Aegis puts its own entries into them without touching what is not its own.
//!
//! | module | what it holds |
//! |---|---|
//! | `host` | the agents as a table: their files, and the shape that an MCP server has there |
//! | `install` | the hook in the settings of the agents |
//! | `server` | the server that is installed, and how one of ours is known again |
//! | `document` | a text in JSON with comments, edited in place |
//! | `jsonc` | the entry in JSON with comments |
//! | `toml` | the entry in TOML |
//! | `edit` | text in, text out: installed, uninstalled |
//! | `file` | a settings file: found, judged, read, replaced whole, backed up once |
//! | `hooks` | what agents ask before they use a tool, and what they are told |
//! | `plan` | what would change in a file, to be shown or done |
#![forbid(unsafe_code)]

mod document;
mod edit;
mod file;
pub mod fuzzing;
pub mod hooks;
mod host;
mod install;
mod jsonc;
mod plan;
mod server;
mod toml;
#[cfg(test)]
mod written;

pub use edit::{EditError, entry};
pub use file::{FileError, SettingsFile};
pub use host::{Host, Places, Scope};
pub use install::{Change, Hook, HookError, Installed, Status, is_made_by_rulesync, is_rulesync_used, plans, rulesync, status};
pub use plan::{Plan, PlanError};
pub use server::Server;
