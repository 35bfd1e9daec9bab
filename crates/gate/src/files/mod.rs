//! What is done with a resolved object: one operation per file. Each acts on the held object only; no path is looked up again.

mod append;
mod delete;
mod glob;
mod list;
mod mkdir;
mod parents;
mod pattern;
mod read;
mod replace;
mod stat;
mod temporary;
mod write;

pub use glob::GlobLimits;
pub use list::MAX_ENTRIES;
pub use pattern::MAX_PATTERN_BYTES;
pub use read::whole_characters;
