//! Changes of files by confined commands: the kernel stops the call and asks, the judge decides on the object, and the change is done here, for
//! the command, on the very object that was judged. Landlock gives commands no right to change anything themselves outside their temporary
//! directories, so that what is not seen here does not happen.
//!
//! Reads are not stopped: the filter tells them apart by the flags of the call.
//!
//! | file | what it does |
//! |---|---|
//! | `calls` | which calls, and where their arguments are |
//! | `filter` | the filter that stops them |
//! | `notify` | the kernel's questions and our answers |
//! | `caller` | what the calling process has in memory, and where it is |
//! | `object` | names as the caller sees them into objects |
//! | `made` | what commands have made themselves |
//! | `perform` | the changes |
//! | `mediator` | the thread that does all that |

mod caller;
mod calls;
mod filter;
mod made;
mod mediator;
mod notify;
mod object;
mod perform;

pub(crate) use filter::install;
pub(crate) use mediator::Waiting;
pub use mediator::{Change, JudgeChange, Mediator};
