//! What a server is made of.

use std::path::PathBuf;
use std::sync::Arc;

use aegis_audit::{Journal, JournalError};
use aegis_gate::Environment;
use aegis_policy::Policy;
use aegis_script::StartWorker;

/// Who is asked where the policy wants approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approvals {
    /// The person behind the client, by elicitation; a client that cannot do that is refused.
    Elicit,
    /// Nobody: everything under approval is refused.
    Deny,
}

impl Approvals {
    /// The word in journals and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Approvals::Elicit => "elicitation",
            Approvals::Deny => "nobody",
        }
    }
}

/// Opens the journal; each call has one of its own, so that its records have a run of their own.
pub type OpenJournal = Box<dyn Fn() -> Result<Journal, JournalError> + Send + Sync>;

/// Makes what starts script workers.
pub type MakeWorkers = Box<dyn Fn() -> Box<dyn StartWorker> + Send + Sync>;

/// Everything a server is made of.
pub struct Parts {
    /// What is allowed.
    pub policy: Arc<Policy>,
    /// Where it is written down; none only where the operator said so.
    pub journal: Option<OpenJournal>,
    /// The operator's environment.
    pub environment: Environment,
    /// The operator's home directory.
    pub home: Option<PathBuf>,
    /// As [`aegis_gate::GateParts::launcher`].
    pub launcher: Option<aegis_gate::confine::StartLauncher>,
    /// As [`aegis_gate::GateParts::declassified`].
    pub declassified: Option<PathBuf>,
    /// How scripts are evaluated.
    pub workers: MakeWorkers,
    /// Who is asked.
    pub approvals: Approvals,
    /// Who runs it, for the journal.
    pub user: String,
}
