//! Placeholder.
#![forbid(unsafe_code)]

mod files;
mod resolve;

pub use files::{GlobLimits, MAX_ENTRIES, MAX_PATTERN_BYTES, whole_characters};
pub use resolve::{DirEntry, Guarded, Identity, Intent, Judge, Judged, NodeKind, OpenDir, OpenFile, PathError, Prepared, Tree};
