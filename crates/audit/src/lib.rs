//! The journal: hash-chained records in one append-only file, written before effects happen, verified offline.
//!
//! | module | what it holds |
//! |---|---|
//! | `record` | one type per kind of record, and [`Record`], which a new kind implements |
//! | `connection`, `hook` | the kinds that say what confined children reach, and what coding agents ask |
//! | `fields` | [`Fields`]: puts a record's fields into its line, cut to fit |
//! | `journal` | [`Journal`]: the writer; one locked append per record |
//! | `open`, `lock`, `tail`, `torn` | how the writer opens its file, locks it, finds its end, and sets a torn line aside |
//! | `link` | sequence number and claimed hash of a line, in our shape and the older ones |
//! | `place` | where the journal of a policy root lies |
//! | `verify` | [`verify`]: one verdict on a whole file |
//! | `show`, `render` | [`Entries`]: the records of a file, one by one; [`render_line`]: one of them for people |
//!
//! The format is described in `docs/reference/journal.md`.
#![forbid(unsafe_code)]

mod clock;
mod connection;
mod digest;
mod error;
mod escape;
mod fields;
#[doc(hidden)]
pub mod fuzzing;
mod hook;
mod journal;
mod line;
mod lines;
mod link;
mod lock;
mod open;
mod place;
mod record;
mod render;
mod run_id;
mod show;
mod source;
mod tail;
mod tally;
mod text;
mod torn;
mod verify;

pub use connection::{Connection, ConnectionDenied, ConnectionEnd, ConnectionOpen};
pub use digest::Sha256Digest;
pub use error::JournalError;
pub use fields::Fields;
pub use hook::HookDecision;
pub use journal::{Durability, Journal, Options, Seq};
pub use line::MAX_RECORD_BYTES;
pub use lines::MAX_READ_LINE_BYTES;
pub use place::directory_of_root;
pub use record::{
    Approval, Call, CallEnd, CallStart, Confinement, Declassified, Denied, Effect, EffectIntent, EffectOutcome, EffectResult, Finding,
    Limit, Output, PolicyFile, Record, Redacted, Repair, RunEnd, RunStart, SessionEnd, SessionStart, VerifierRefused,
};
pub use render::{printable, render_line};
pub use run_id::RunId;
pub use show::{Content, Entries, Entry, Filter};
pub use tally::{Tally, TallyError, Today};
pub use text::Text;
pub use verify::{Broken, Intact, Verdict, VerifyOptions, Why, verify};
