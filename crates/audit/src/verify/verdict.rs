//! What `verify` says.

use std::fmt;

use serde::Serialize;

/// The verdict on a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Every record is as it was written, and none is missing between the first and the last.
    Intact(Intact),
    /// It was changed.
    Broken(Broken),
    /// It cannot be read or understood.
    CannotJudge {
        /// Why.
        why: String,
    },
}

/// An intact journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Intact {
    /// How many records it has.
    pub records: u64,
    /// The number of the last one; 0 if there is none.
    pub last_seq: u64,
    /// The hash of the last line: whoever keeps it elsewhere, with its number, can tell later whether the line is still there.
    pub last_sha256: Option<String>,
    /// How many torn lines were set aside.
    pub repairs: u64,
    /// Length of a last line without newline, which a writer is about to finish or the next one sets aside. 0 if there is none.
    pub torn_bytes: u64,
}

/// A broken journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The first bad line, from 1; of a cut tail, the last line that is left.
    pub line: u64,
    /// What was done.
    #[serde(flatten)]
    pub why: Why,
}

/// What was done to a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Why {
    /// The line is not as it was written.
    Edited,
    /// Records are missing before this line.
    Removed {
        /// The first that is missing.
        first: u64,
        /// The last that is missing.
        last: u64,
    },
    /// The line was put in: it claims a number that is taken.
    Inserted {
        /// The number.
        seq: u64,
    },
    /// The line stands before one that was written earlier.
    Reordered {
        /// The number it claims.
        seq: u64,
        /// The number that should stand here and stands further down.
        expected: u64,
    },
    /// The line is only part of a record, and more follow it: no crash leaves that.
    Torn,
    /// The line is not a record.
    NotARecord,
    /// The line is longer than any record.
    TooLong,
    /// Fewer records than there are known to have been.
    TailCut {
        /// Number of the last record.
        found: u64,
        /// What it should be at least.
        wanted: u64,
    },
    /// A record of a run follows the repair of its torn last line: that run did not die, so its line was cut by someone.
    FalseRepair {
        /// The line of the repair record.
        repair: u64,
        /// The run.
        run: String,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Intact(intact) => {
                write!(f, "intact: {} records", intact.records)?;
                if intact.repairs > 0 {
                    write!(f, ", {} repaired", intact.repairs)?;
                }
                if intact.torn_bytes > 0 {
                    write!(f, "; the last {} bytes are a torn line", intact.torn_bytes)?;
                }
                Ok(())
            }
            Verdict::Broken(Broken { line, why }) => write!(f, "broken at line {line}: {why}"),
            Verdict::CannotJudge { why } => write!(f, "cannot be judged: {why}"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Edited => f.write_str("the line was edited"),
            Why::Removed { first, last } if first == last => write!(f, "record {first} was removed before it"),
            Why::Removed { first, last } => write!(f, "records {first} to {last} were removed before it"),
            Why::Inserted { seq } => write!(f, "the line was inserted, record {seq} exists already"),
            Why::Reordered { seq, expected } => write!(f, "records were reordered, {seq} stands where {expected} belongs"),
            Why::Torn => f.write_str("the line is torn, and others follow it"),
            Why::NotARecord => f.write_str("the line is not a record"),
            Why::TooLong => f.write_str("the line is too long for a record"),
            Why::TailCut { found, wanted } => write!(f, "the tail was cut off, record {found} is the last and there were {wanted}"),
            Why::FalseRepair { repair, run } => {
                write!(f, "run {run} goes on after the repair of its torn line (line {repair}), so a living run's record was cut")
            }
        }
    }
}
