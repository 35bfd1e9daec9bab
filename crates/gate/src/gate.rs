//! The gate: the only way anything happens.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use aegis_effect::{Effect, EffectError, ErrorCode, Label, Outcome, Perform, Request};
use aegis_policy::{Access, Decision, Policy, Verdict};

use crate::approve::{Answer, ApprovalRequest, Approver};
use crate::budget::Budget;
use crate::call::{Call, Ruling};
use crate::environment::Environment;
use crate::ledger::Ledger;
use crate::network::Network;
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
    literals: OnceCell<Arc<[PathBuf]>>,
    pub(crate) children: crate::perform::exec::Children,
    approved: HashSet<ApprovalKey>,
    /// A person said "no, and stop".
    stopped: bool,
}

#[derive(PartialEq, Eq, Hash)]
struct ApprovalKey {
    call: &'static str,
    target: String,
    argv: Vec<String>,
    note: Option<String>,
}

impl Gate {
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
            literals: OnceCell::new(),
            children: crate::perform::exec::Children::default(),
            approved: HashSet::new(),
            stopped: false,
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
        let explanation = self.policy.explain(access, &call.asked(), decision);
        let error = EffectError {
            code: ErrorCode::PolicyDenied,
            message: explanation.one_line(),
            rule: explanation.rule.clone(),
            suggestion: explanation.suggestion.clone(),
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
        let why = if blocked.narrowed { "its [[flow]] does not lead there" } else { "the target is public" };
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

    /// Asks a person where the ruling says so. What is approved is bound to the resolved target; the caller judges it again.
    pub(crate) fn approve(
        &mut self,
        call: &Call<'_>,
        ruling: &Ruling,
        target: &str,
        argv: &[String],
        note: Option<&str>,
    ) -> Result<(), EffectError> {
        if ruling.verdict() != Verdict::Ask && note.is_none() {
            return Ok(());
        }
        let key = ApprovalKey { call: call.name, target: target.to_owned(), argv: argv.to_vec(), note: note.map(str::to_owned) };
        if self.approved.contains(&key) {
            return Ok(());
        }
        let rule = ruling.deciding_rule();
        let request = ApprovalRequest {
            call: call.name,
            target: target.to_owned(),
            argv: argv.to_vec(),
            rule: rule.map(ToString::to_string),
            why: rule.and_then(|r| r.why().map(str::to_owned)),
            note: note.map(str::to_owned),
        };
        let answer = self.approver.ask(&request);
        self.ledger.approval(call, &request, answer, self.approver.name())?;
        match answer {
            Answer::Once => return Ok(()),
            Answer::ThisRun => {
                self.approved.insert(key);
                return Ok(());
            }
            Answer::No => {}
            Answer::Stop => self.stopped = true,
        }
        let who = match self.approver.name() {
            "nobody" => "nobody is there to approve it",
            _ => "it was not approved",
        };
        let error = EffectError {
            code: ErrorCode::ApprovalDenied,
            message: format!("not approved: {}: {who}", call.asked()),
            rule: rule.map(|r| r.place()),
            suggestion: Some("run it at a terminal and approve it, or with --yes".to_owned()),
        };
        Err(self.refused(call, error, Some(target)))
    }

    /// Answers names of hosts from this resolver only.
    #[must_use]
    pub fn with_resolver(mut self, resolver: crate::net::Resolver) -> Gate {
        self.network.use_resolver(resolver);
        self
    }

    /// Processes of ours that are no children of a command, such as the worker: cleaning up after a command spares them.
    pub fn spare(&mut self, process: aegis_sandbox::Pid) {
        self.children.spare.push(process);
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
        if let Err(error) = self.budget.charge(request.effect.capability()) {
            self.ledger.limit(&call, &error)?;
            return Err(error);
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
            Effect::FsGlob { pattern } => self.glob(&call, pattern),
            Effect::Http(http) => self.http(&call, http),
            Effect::EnvRead { name } => self.env_read(&call, name),
            Effect::Exec(child) => self.exec(&call, child),
            Effect::Now => self.now(&call),
        }
    }
}
