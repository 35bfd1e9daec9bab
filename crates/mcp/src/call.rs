//! One call: its gate, its journal, its end. On a thread of its own.

use std::sync::Arc;
use std::time::Instant;

use aegis_audit::{CallEnd, CallStart, Sha256Digest, Text};
use aegis_effect::{Effect, EffectError, ErrorCode, Label, Outcome, Perform, Request};
use aegis_gate::{Approver, Gate, GateParts, Ledger};
use aegis_policy::Policy;
use aegis_sandbox::Cancel;
use aegis_script::Runner;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::server::Shared;
use crate::tools::Tool;

/// What is asked, and by whom.
pub(crate) struct Asked {
    pub(crate) tool: &'static Tool,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) client: String,
    pub(crate) client_version: String,
    pub(crate) cancel: Cancel,
}

/// A call while it runs.
pub(crate) struct Work<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) gate: Gate,
    pub(crate) cancel: Cancel,
    arguments: Map<String, Value>,
    /// What evaluated a script, to be given back.
    pub(crate) runner: Option<Runner>,
}

/// Does a call from beginning to end. What it took to evaluate a script is given back by whoever has sent the answer: making the next worker
/// ready takes longer than a short script.
pub(crate) fn perform(shared: &Shared, asked: Asked, approver: Box<dyn Approver>) -> (Answer, Option<Runner>) {
    let began = Instant::now();
    let left = match shared.begin_call() {
        Ok(left) => left,
        Err(error) => return (Answer::of_error(&error), None),
    };
    let mut runner = None;
    let answer = work(shared, asked, approver, left, began, &mut runner).unwrap_or_else(|error| Answer::of_error(&error));
    (answer, runner)
}

fn work(
    shared: &Shared,
    asked: Asked,
    approver: Box<dyn Approver>,
    left: u64,
    began: Instant,
    runner: &mut Option<Runner>,
) -> Result<Answer, EffectError> {
    let parts = &shared.parts;
    let journal = match &parts.journal {
        Some(open) => Some(open().map_err(|e| EffectError::new(ErrorCode::Journal, format!("nothing was done: {e}")))?),
        None => None,
    };
    let mut ledger = Ledger::new(journal, parts.policy.clone());
    let text = serde_json::to_vec(&asked.arguments).unwrap_or_default();
    let script = asked.arguments.get("script").and_then(Value::as_str).map(|script| Sha256Digest::of(script.as_bytes()));
    ledger.write(&CallStart {
        session: &shared.session,
        client: Text::from(asked.client.as_str()),
        client_version: Text::from(asked.client_version.as_str()),
        tool: asked.tool.name,
        arguments_sha256: Sha256Digest::of(&text),
        script_sha256: script,
        policy_sha256: shared.policy_sha256,
    })?;
    let parts = GateParts {
        policy: parts.policy.clone(),
        ledger,
        approver,
        environment: parts.environment.clone(),
        home: parts.home.clone(),
        launcher: parts.launcher,
        declassified: parts.declassified.clone(),
    };
    let gate = Gate::new(parts).map_err(|e| EffectError::new(ErrorCode::Io, format!("the policy root cannot be opened: {e}")))?;
    let mut gate = gate.with_cancel(asked.cancel.clone());
    gate.cap_effects(left);
    let mut work = Work { shared, gate, cancel: asked.cancel, arguments: asked.arguments, runner: None };
    let answer = (asked.tool.call)(&mut work).unwrap_or_else(|error| Answer::of_error(&error));
    *runner = work.runner.take();
    let ledger = work.gate.ledger();
    let (effects, denied, failed) = ledger.counts();
    shared.used(effects + denied + failed);
    ledger.write(&CallEnd {
        status: answer.error.as_deref().unwrap_or("ok"),
        effects,
        denied,
        failed,
        bytes: answer.text.len() as u64,
        took: began.elapsed(),
    })?;
    Ok(answer)
}

impl Work<'_> {
    pub(crate) fn policy(&self) -> &Arc<Policy> {
        &self.shared.parts.policy
    }

    /// The arguments, as the tool's own type.
    ///
    /// # Errors
    /// `bad_argument`, with what is wrong.
    pub(crate) fn arguments<T: DeserializeOwned>(&mut self) -> Result<T, EffectError> {
        let arguments = Value::Object(std::mem::take(&mut self.arguments));
        serde_json::from_value(arguments).map_err(|e| EffectError::new(ErrorCode::BadArgument, format!("wrong arguments: {e}")))
    }

    /// Asks the gate.
    ///
    /// # Errors
    /// The gate's.
    pub(crate) fn effect(&mut self, effect: Effect) -> Result<Outcome, EffectError> {
        self.gate.perform(&Request { effect, line: 0, current: Label::public() })
    }

    /// The answer to an outcome that is one value.
    pub(crate) fn value(&self, field: &str, outcome: Outcome) -> Answer {
        Answer::of_value(field, outcome, &self.gate, &self.shared.kept, &self.shared.pages)
    }
}
