//! From the text of a path to an object held by descriptor. No path is ever opened twice: what was judged is what is used.
//!
//! | file | what it holds |
//! |---|---|
//! | `tree` | `Tree`: the held directories everything starts from |
//! | `lexical` | the text of a path as asked, made absolute |
//! | `openat2` | the fast path: no link and no `..` on the way, so the lexical path is the real one; and the kernel's own resolution |
//! | `walk` | the same component by component, where the kernel has no `openat2`, and to find how far a failing path leads |
//! | `locate` | which of these is used when |
//! | `path` | `Tree::resolve` for objects that must exist |
//! | `entry` | `Tree::resolve` for names that are made, replaced or removed |
//! | `judging` | what was judged on the way, and what the hard links of a file add to it |
//! | `binary` | from the first word of a command line to its program |
//! | `kernel_file` | objects that are the kernel's and no files |
//! | `real` | where the arguments of a command lead |
//! | `prepared` | what `resolve` gives: held objects without public constructors |
//! | `agreement` | the test that holds the resolvers against each other |
//! | `error` | why a path did not become an object, or the object not what was asked of it |

#[cfg(test)]
mod agreement;
mod binary;
mod entry;
mod error;
mod judging;
mod kernel_file;
mod lexical;
mod locate;
mod openat2;
mod path;
mod prepared;
mod real;
mod tree;
mod walk;

pub(crate) use binary::{Binary, NoBinary, search_path};
pub use error::{NodeKind, PathError};
pub use judging::{Guarded, Judge, Judged};
pub use prepared::{DirEntry, Identity, Intent, OpenDir, OpenFile, Prepared};
pub use tree::Tree;

pub(crate) use kernel_file::is_on_kernel_fs;
pub(crate) use locate::{Found, Unlocated};
pub(crate) use prepared::{Meta, Object};
