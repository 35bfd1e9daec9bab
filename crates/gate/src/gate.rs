//! The gate: the only way anything happens.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use aegis_audit::Sha256Digest;
use aegis_effect::{Effect, EffectError, ErrorCode, Label, Outcome, Perform, Request, Shape};
use aegis_policy::{Access, Capability, Decision, Policy, Verdict};
use aegis_sandbox::Cancel;

use crate::approve::{Answer, ApprovalRequest, Approver};
use crate::budget::Budget;
use crate::call::{Call, Ruling};
use crate::confine::{EarlyLauncher, StartLauncher};
use crate::environment::Environment;
use crate::ledger::Ledger;
use crate::network::Network;
use crate::perform::exec::Children;
use crate::redact::Redactor;
use crate::resolve::{PathError, Tree};
use crate::vault::Vault;

/// Everything a gate is made of.
pub struct GateParts {
    /// What is allowed.
    pub policy: Arc<Policy>,
    /// Where it is written down; none only where the operator said `--no-audit`.
    pub ledger: Ledger,
    /// Who is asked.
    pub approver: Box<dyn Approver>,
    /// The operator's environment.
    pub environment: Environment,
    /// The operator's home directory, from the user database.
    pub home: Option<PathBuf>,
    /// Starts the launchers that hold commands; without one the kernel holds none.
    pub launcher: Option<StartLauncher>,
    /// Where it is kept how much became public today, for all runs of the policy; without one nothing does.
    pub declassified: Option<PathBuf>,
}

/// Performs effects: name, resolve, decide, flow, approve, journal, act, journal, label.
pub struct Gate {
    pub(crate) policy: Arc<Policy>,
    pub(crate) ledger: Ledger,
    approver: Box<dyn Approver>,
    pub(crate) environment: Environment,
    pub(crate) tree: Tree,
    pub(crate) vault: Vault,
    pub(crate) budget: Budget,
    pub(crate) redactor: Redactor,
    pub(crate) network: Network,
    pub(crate) declassified: Option<PathBuf>,
    literals: OnceCell<Arc<[PathBuf]>>,
    /// What the object depends on that was not there when it was last looked for.
    pub(crate) absent: Label,
    pub(crate) children: Children,
    pub(crate) home: Option<PathBuf>,
    pub(crate) launcher: Option<StartLauncher>,
    /// Requests that were approved for the run, as exactly as they were asked.
    approved: HashSet<Sha256Digest>,
    /// A person said "no, and stop".
    stopped: bool,
    pub(crate) cancel: Option<Cancel>,
}

impl Gate {
    /// Uses this launcher for the first command that needs one.
    pub fn keep_launcher(&mut self, early: EarlyLauncher) {
        self.children.early = Some(early);
    }

    /// Makes a gate; it holds the policy root open from here on.
    ///
    /// # Errors
    /// If the policy root cannot be opened.
    pub fn new(parts: GateParts) -> Result<Gate, PathError> {
        let tree = Tree::new(parts.policy.root(), parts.home.as_deref())?;
        let budget = Budget::new(&parts.policy.settings().limits);
        let network = Network::new(parts.environment.get("SSL_CERT_FILE").map(PathBuf::from));
        Ok(Gate {
            policy: parts.policy,
            ledger: parts.ledger,
            approver: parts.approver,
            environment: parts.environment,
            tree,
            vault: Vault::default(),
            budget,
            redactor: Redactor::default(),
            network,
            declassified: parts.declassified,
            literals: OnceCell::new(),
            absent: Label::public(),
            children: Children::default(),
            home: parts.home,
            launcher: parts.launcher,
            approved: HashSet::new(),
            stopped: false,
            cancel: None,
        })
    }

    /// The journal of this run.
    pub fn ledger(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// Effects asked for so far, by capability.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.budget.counts().iter().map(|(c, n)| (c.name(), *n))
    }

    /// A denial by the policy: journalled, and put into words that show nothing but what was asked.
    pub(crate) fn denied(&mut self, call: &Call<'_>, access: &Access<'_>, decision: &Decision, resolved: Option<&str>) -> EffectError {
        self.denied_as(call, &call.asked(), access, decision, resolved)
    }

    /// The same for one of several objects of a call, in words of its own.
    pub(crate) fn denied_as(
        &mut self,
        call: &Call<'_>,
        asked: &str,
        access: &Access<'_>,
        decision: &Decision,
        resolved: Option<&str>,
    ) -> EffectError {
        let explanation = self.policy.explain(access, asked, decision);
        let error = EffectError {
            code: ErrorCode::PolicyDenied,
            message: explanation.one_line(),
            rule: explanation.rule,
            suggestion: explanation.suggestion,
        };
        self.refused(call, error, resolved)
    }

    /// Journals a refusal of any kind. A refusal that cannot be journalled is a journal error.
    pub(crate) fn refused(&mut self, call: &Call<'_>, error: EffectError, resolved: Option<&str>) -> EffectError {
        match self.ledger.denied(call, &error, resolved) {
            Ok(()) => error,
            Err(journal) => journal,
        }
    }

    /// The flow check: whether everything the arguments depend on may reach the object of this decision.
    pub(crate) fn check_flow(&mut self, call: &Call<'_>, label: &Label, sink: &Decision) -> Result<(), EffectError> {
        let Err(blocked) = self.policy.may_flow(label.indexes(), sink) else { return Ok(()) };
        let sink = match call.capability {
            Some(Capability::SubprocessExec) => "command",
            Some(Capability::FsRead | Capability::FsWrite | Capability::FsDelete) => "file",
            Some(Capability::EnvRead) => "variable",
            _ => "host",
        };
        let why = if blocked.narrowed { "its [[flow]] does not lead there".to_owned() } else { format!("this {sink} is public") };
        let error = EffectError::new(
            ErrorCode::FlowDenied,
            format!("denied: {}: it carries local-only {}, and {why}", call.asked(), blocked.source),
        )
        .suggest(if blocked.narrowed {
            format!("add a [[flow]] from \"{}\" to it", blocked.source)
        } else {
            "list the target as local-only (local_only_hosts, local_only_write, local_only_commands)".to_owned()
        });
        Err(self.refused(call, error, None))
    }

    /// Asks a person where the ruling says so, and says whether it did. What is approved is bound to the resolved target; whoever
    /// asked judges it again. `exact` is what the request shows only in part: with it, another request is another question.
    pub(crate) fn approve(
        &mut self,
        call: &Call<'_>,
        ruling: &mut Ruling,
        mut request: ApprovalRequest,
        exact: &[&[u8]],
    ) -> Result<bool, EffectError> {
        if ruling.verdict() != Verdict::Ask && request.note.is_none() {
            return Ok(false);
        }
        let rule = ruling.deciding_rule().filter(|_| ruling.verdict() == Verdict::Ask).cloned();
        request.rule = rule.as_ref().map(ToString::to_string);
        request.why = rule.as_ref().and_then(|r| r.why().map(str::to_owned));
        let key = key_of(&request, exact);
        let by = self.approver.name();
        if self.approved.contains(&key) {
            ruling.approver = Some(by);
            return Ok(true);
        }
        let answer = self.approver.ask(&request);
        self.ledger.approval(&request, answer, by)?;
        if answer == Answer::ThisRun {
            self.approved.insert(key);
        }
        if matches!(answer, Answer::Once | Answer::ThisRun) {
            ruling.approver = Some(by);
            return Ok(true);
        }
        self.stopped |= answer == Answer::Stop;
        let who = if by == "nobody" { "nobody is there to approve it" } else { "it was not approved" };
        let error = EffectError {
            code: ErrorCode::ApprovalDenied,
            message: format!("not approved: {}: {who}", call.asked()),
            rule: rule.map(|r| r.place()),
            suggestion: Some("run it at a terminal and approve it, or with --yes".to_owned()),
        };
        Err(self.refused(call, error, Some(&request.target)))
    }

    /// Whether nobody need be asked.
    pub(crate) fn approves_all(&self) -> bool {
        self.approver.approves_all()
    }

    /// What was approved is not what would be done.
    pub(crate) fn changed(&mut self, call: &Call<'_>, resolved: &str) -> EffectError {
        let error = EffectError::new(ErrorCode::ApprovalDenied, format!("not approved: {}: {}", call.asked(), PathError::Changed));
        self.refused(call, error, Some(resolved))
    }

    /// A text that others wrote, after the second net went over it.
    pub fn redacted(&mut self, text: String) -> String {
        let mut bytes = text.into_bytes();
        self.redactor.redact(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Answers names of hosts from this resolver only.
    #[must_use]
    pub fn with_resolver(mut self, resolver: crate::net::Resolver) -> Gate {
        self.network.use_resolver(resolver);
        self
    }

    /// Ends effects under way, and refuses more, once this is cancelled.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Cancel) -> Gate {
        self.cancel = Some(cancel);
        self
    }

    /// Takes no more effects than this, whatever the policy allows to one run.
    pub fn cap_effects(&mut self, most: u64) {
        self.budget.cap(most);
    }

    /// Whether it was ended from outside.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(Cancel::is_cancelled)
    }

    /// What an effect failed with whose outcome is labelled: stored in the outcome, never thrown.
    pub(crate) fn delayed(&mut self, label: &Label, shape: Shape) -> Outcome {
        Outcome::Labelled(self.vault.keep_failure(label.clone(), shape, &self.policy))
    }

    /// Whether a person ended the run.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// When the run's time is over.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.budget.deadline()
    }

    /// The file that the first word of a command stands for: a path, or a name that the operator's PATH finds; where links lead from it.
    #[must_use]
    pub fn find_program(&self, word: &str, cwd: &std::path::Path) -> Option<PathBuf> {
        let search = crate::resolve::search_path(self.environment.get("PATH"));
        crate::resolve::Binary::resolve(word, &search, cwd).ok().map(|binary| binary.real)
    }

    /// Literal deny and local-only paths, made once, and only when a hard link needs them.
    pub(crate) fn literals(&self) -> Arc<[PathBuf]> {
        self.literals.get_or_init(|| self.policy.literal_guarded().map(PathBuf::from).collect()).clone()
    }
}

impl Perform for Gate {
    fn perform(&mut self, request: &Request) -> Result<Outcome, EffectError> {
        let call = Call::new(request);
        if self.stopped {
            return Err(EffectError::new(ErrorCode::ApprovalDenied, "the run was ended at the terminal"));
        }
        if self.is_cancelled() {
            return Err(cancelled());
        }
        if let Effect::Reveal { handle } = &request.effect {
            return self.reveal(&call, *handle);
        }
        if let Err(reached) = self.budget.charge(request.effect.capability(), request.current.is_public()) {
            self.ledger.limit(&reached)?;
            return Err(reached.into());
        }
        match &request.effect {
            Effect::FsRead { path } => self.read_text(&call, path),
            Effect::FsReadBytes { path } => self.read_bytes(&call, path),
            Effect::FsReadRange { path, offset, limit } => self.read_range(&call, path, *offset, *limit),
            Effect::Load { path } => self.load(&call, path),
            Effect::FsWrite { path, content } => self.write(&call, path, content),
            Effect::FsAppend { path, content } => self.append(&call, path, content),
            Effect::FsReplace { path, old, new } => self.replace(&call, path, old, new),
            Effect::FsDelete { path } => self.delete(&call, path),
            Effect::FsMkdir { path } => self.mkdir(&call, path),
            Effect::FsExists { path } => self.exists(&call, path),
            Effect::FsStat { path } => self.stat(&call, path),
            Effect::FsList { path } => self.list(&call, path),
            Effect::FsListLocal { path } => self.list_local(&call, path),
            Effect::FsGlob { pattern } => self.glob(&call, pattern),
            Effect::Http(http) => self.http(&call, http),
            Effect::EnvRead { name, default } => self.env_read(&call, name, default.as_deref()),
            Effect::Exec(child) => self.exec(&call, child),
            Effect::Now => self.now(&call),
            Effect::Declassify { value, reason } => self.declassify(&call, value, reason),
            Effect::Reveal { handle } => self.reveal(&call, *handle),
        }
    }
}

/// Somebody ended the run from outside.
pub(crate) fn cancelled() -> EffectError {
    EffectError::new(ErrorCode::Limit, "the call was cancelled")
}

/// A name for a request in all its parts; each is told from the next by its length.
fn key_of(request: &ApprovalRequest, exact: &[&[u8]]) -> Sha256Digest {
    let mut all = serde_json::to_vec(request).unwrap_or_default();
    for part in exact {
        all.extend_from_slice(&part.len().to_le_bytes());
        all.extend_from_slice(part);
    }
    Sha256Digest::of(&all)
}
