//! Programs in namespaces of their own, under Landlock and a filter of system calls, with everything they start.
//!
//! A *launcher*, which is this very binary under another name, makes the namespaces of a run once, is their first process, and starts
//! every command of the run in them. What it makes follows from a [`Plan`]; nothing here knows of policies. When it ends, so does all that
//! ever ran in it.
//!
//! | file | what it does |
//! |---|---|
//! | `plan` | what commands see and may do |
//! | `message` | plan and requests as bytes |
//! | `confined` | the broker's side: start, commands, end |
//! | `launcher` | the launcher's life |
//! | `orphans` | what commands leave behind |
//! | `namespaces` | user, mount, PID, network and the others |
//! | `root` | the file tree that commands see |
//! | `detach` | the system's own file tree goes |
//! | `mounts` | mounts, one by one |
//! | `privileges` | capabilities, for good |
//! | `rules` | the plan as Landlock rules |
//! | `probe` | what this machine gives |

mod confined;
mod detach;
mod launcher;
mod message;
mod mounts;
mod namespaces;
mod orphans;
mod plan;
mod privileges;
mod probe;
mod root;
mod rules;

pub use confined::{Confined, ConfinedChild, Preparing, Starting};
pub use launcher::{LAUNCHER, launcher};
pub use plan::{Grant, Plan};
pub use probe::Machine;
