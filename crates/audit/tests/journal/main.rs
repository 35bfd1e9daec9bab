//! What the journal promises, seen from outside: in its file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod connections;
mod damage;
mod disk;
mod files;
mod fixture;
mod hostile;
mod older_shapes;
mod show;
mod torn;
mod writers;
