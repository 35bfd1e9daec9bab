//! The gate's side of the journal: which record an effect gets, and when.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aegis_audit::{self as audit, Journal, Record, Sha256Digest, Text};
use aegis_effect::{EffectError, ErrorCode, Label};
use aegis_policy::{Decision, Policy, Visibility};
use std::sync::Arc;

use crate::approve::{Answer, ApprovalRequest};
use crate::budget::Reached;
use crate::call::{Call, Ruling};
use crate::proxy::{RecordConnections, Unrecorded};

/// Writes what the gate does into the journal. Whatever cannot be written does not happen.
pub struct Ledger {
    journal: Option<Arc<Journal>>,
    policy: Arc<Policy>,
    next: u64,
    started: HashMap<u64, (Instant, bool)>,
    effects: u64,
    denied: u64,
    failed: u64,
}

/// How an effect ended.
pub(crate) struct Done {
    error: Option<ErrorCode>,
    bytes: u64,
    detail: Option<String>,
}

impl Done {
    pub(crate) const fn nothing() -> Done {
        Done { error: None, bytes: 0, detail: None }
    }
    pub(crate) fn bytes(bytes: usize) -> Done {
        Done { error: None, bytes: u64::try_from(bytes).unwrap_or(u64::MAX), detail: None }
    }
    pub(crate) const fn failed(code: ErrorCode) -> Done {
        Done { error: Some(code), bytes: 0, detail: None }
    }
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Done {
        self.detail = Some(detail.into());
        self
    }
    fn result(&self) -> audit::EffectResult<'static> {
        self.error.map_or(audit::EffectResult::Ok, |code| audit::EffectResult::Error(code.name()))
    }
}

/// An intent that stands in the journal and waits for its outcome.
#[must_use]
pub(crate) struct Intent(u64);

impl Intent {
    /// Its number in the journal.
    pub(crate) const fn number(&self) -> u64 {
        self.0
    }
}

impl Ledger {
    /// Writes to this journal, or nowhere where the operator said `--no-audit`.
    #[must_use]
    pub fn new(journal: Option<Journal>, policy: Arc<Policy>) -> Ledger {
        Ledger { journal: journal.map(Arc::new), policy, next: 1, started: HashMap::new(), effects: 0, denied: 0, failed: 0 }
    }

    /// The journal, where there is one.
    #[must_use]
    pub fn journal(&self) -> Option<&Journal> {
        self.journal.as_deref()
    }

    /// Where the proxy of a confined child writes its records: into the same journal, as the same run.
    #[must_use]
    pub fn connections(&self) -> Arc<dyn RecordConnections> {
        match &self.journal {
            Some(journal) => journal.clone(),
            None => Arc::new(Unrecorded),
        }
    }

    /// Effects carried out, denied, failed.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64, u64) {
        (self.effects, self.denied, self.failed)
    }

    /// Writes any record.
    ///
    /// # Errors
    /// `journal` if it cannot be written.
    pub fn write(&mut self, record: &dyn Record) -> Result<(), EffectError> {
        self.append(record, "nothing was done")
    }

    fn append(&mut self, record: &dyn Record, done: &str) -> Result<(), EffectError> {
        let Some(journal) = &self.journal else { return Ok(()) };
        match journal.append(record) {
            Ok(_) => Ok(()),
            Err(error) => Err(EffectError::new(ErrorCode::Journal, format!("{done}: {error}"))),
        }
    }

    fn take_id(&mut self) -> u64 {
        let id = self.next;
        self.next += 1;
        id
    }

    /// The one record of an effect that changes nothing; before its content is handed out.
    pub(crate) fn effect(&mut self, call: &Call<'_>, ruling: &Ruling, resolved: Option<&str>, done: Done) -> Result<(), EffectError> {
        let id = self.take_id();
        if done.error.is_some() {
            self.failed += 1
        } else {
            self.effects += 1
        }
        if self.journal.is_none() {
            return Ok(());
        }
        let rule = ruling.deciding_rule().map(|r| r.place());
        let call = described(id, call, rule.as_deref(), visibility(ruling), resolved, &[], ruling.approver);
        self.write(&audit::Effect { call, result: done.result(), bytes: Some(done.bytes) })
    }

    /// The record before an effect that changes something.
    pub(crate) fn intent(
        &mut self,
        call: &Call<'_>,
        ruling: &Ruling,
        resolved: Option<&str>,
        label: &Label,
    ) -> Result<Intent, EffectError> {
        let id = self.take_id();
        if self.journal.is_some() {
            let rule = ruling.deciding_rule().map(|r| r.place());
            let names: Vec<String> = label.indexes().map(|i| self.policy.source_name(i)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let call = described(id, call, rule.as_deref(), visibility(ruling), resolved, &names, ruling.approver);
            self.write(&audit::EffectIntent { call })?;
        }
        self.started.insert(id, (Instant::now(), call.current.is_public()));
        Ok(Intent(id))
    }

    /// The record after it.
    pub(crate) fn outcome(&mut self, intent: Intent, done: Done) -> Result<(), EffectError> {
        if done.error.is_some() {
            self.failed += 1
        } else {
            self.effects += 1
        }
        let (took, public) = self.started.remove(&intent.0).map_or((Duration::ZERO, false), |(at, public)| (at.elapsed(), public));
        let record = audit::EffectOutcome {
            id: intent.0,
            result: done.result(),
            bytes: done.bytes,
            took,
            // an error of the system quotes paths and names
            detail: done.detail.as_deref().filter(|_| public).map(Text::from),
        };
        let happened = if done.error.is_some() {
            "it was tried and failed, and this could not be journalled"
        } else {
            "it was done, and this could not be journalled"
        };
        self.append(&record, happened)
    }

    /// A refusal. The reason is as the script sees it; the resolved target is for the operator.
    pub(crate) fn denied(&mut self, call: &Call<'_>, error: &EffectError, resolved: Option<&str>) -> Result<(), EffectError> {
        let id = self.take_id();
        self.denied += 1;
        let public = call.current.is_public();
        let call = described(id, call, error.rule.as_deref(), "public", resolved, &[], None);
        // words that quote an argument would quote what it was made of
        let reason = if public { error.message.as_str() } else { "the run had branched on local-only data, and its words may hold some" };
        self.write(&audit::Denied { call, reason: Text::from(reason), code: error.code.name() })
    }

    /// What the kernel gives for the commands that come next.
    pub(crate) fn confined(&mut self, actual: &str) -> Result<(), EffectError> {
        self.write(&audit::Confinement { actual })
    }

    /// A change by a confined program that was not made.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn denied_change(&mut self, denied: &crate::confine::Denied) -> Result<(), EffectError> {
        let id = self.take_id();
        self.denied += 1;
        let explained = &denied.explained;
        let call = audit::Call {
            id,
            capability: denied.op.capability().name(),
            call: "a confined program",
            line: 0,
            target: Text::from(denied.path.as_os_str().as_encoded_bytes()),
            resolved: None,
            rule: explained.rule.as_deref(),
            visibility: "public",
            labels: &[],
            approver: None,
        };
        let reason = format!("{} ({} times)", explained.cause, denied.times);
        self.write(&audit::Denied { call, reason: Text::from(reason.as_str()), code: ErrorCode::PolicyDenied.name() })
    }

    /// What a person answered, about the effect whose records come next.
    pub(crate) fn approval(&mut self, request: &ApprovalRequest, answer: Answer, by: &str) -> Result<(), EffectError> {
        let shown = serde_json::to_vec(request).unwrap_or_default();
        let answer = match answer {
            Answer::Once => "yes",
            Answer::ThisRun => "yes, for this run",
            Answer::No => "no",
            Answer::Stop => "no, and stop",
        };
        self.write(&audit::Approval { id: self.next, answer, by, request_sha256: Some(Sha256Digest::of(&shown)) })
    }

    /// A labelled value becomes public; before it does.
    pub(crate) fn declassified(&mut self, record: &audit::Declassified<'_>) -> Result<(), EffectError> {
        self.effects += 1;
        self.write(record)
    }

    /// A limit of the run.
    pub(crate) fn limit(&mut self, reached: &Reached) -> Result<(), EffectError> {
        self.denied += 1;
        self.write(&audit::Limit { name: reached.name, limit: reached.limit, used: reached.used })
    }

    /// A secret was taken out of a text that no label follows.
    pub(crate) fn redacted(&mut self, place: &str, count: u64) -> Result<(), EffectError> {
        self.write(&audit::Redacted { place, sources: &[], count })
    }
}

fn visibility(ruling: &Ruling) -> &'static str {
    if ruling.decisions.iter().any(|d: &Decision| d.visibility() == Visibility::LocalOnly) { "local-only" } else { "public" }
}

fn described<'a>(
    id: u64,
    call: &'a Call<'_>,
    rule: Option<&'a str>,
    visibility: &'a str,
    resolved: Option<&'a str>,
    labels: &'a [&'a str],
    approver: Option<&'a str>,
) -> audit::Call<'a> {
    audit::Call {
        id,
        capability: call.capability.map_or(call.name, aegis_policy::Capability::name),
        call: call.name,
        line: call.line,
        target: Text::from(&*call.target),
        // what was resolved from text that may hold labelled data may hold it too
        resolved: resolved.filter(|_| call.current.is_public()).map(Text::from),
        rule,
        visibility,
        labels,
        approver,
    }
}
