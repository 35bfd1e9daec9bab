//! What scripts in the languages of tools do: only as far as files and programs are concerned.

mod awk;
mod jq;
mod sed;

pub(super) use awk::awk;
pub(super) use jq::reaches_out as jq_reaches_out;
pub(super) use sed::sed;

/// The effects of one script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ScriptEffects {
    pub reads: Vec<String>,
    pub writes: Vec<String>,
    /// It runs programs, names files that cannot be known, or cannot be read.
    pub runs: bool,
}
