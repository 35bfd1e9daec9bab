//! What is done with a resolved object: one operation per file. Each acts on the held object only; no path is looked up again.

mod read;

pub use read::whole_characters;
