//! Commands of a run, held by the kernel: a launcher, what it was told, and what came of it.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aegis_policy::Policy;
use aegis_sandbox::SandboxError;
use aegis_sandbox::child::{ChildSpec, Finished, RunLimits, run_confined};
use aegis_sandbox::confine::{Confined, Plan, Preparing};

use super::changes::{Denials, Denied, PolicyChanges};
use super::clearance::Clearance;
use super::plan::{PlanFor, plan, system_plan};
use super::turns::TURNS;
use super::variables::tell_place;
use crate::net::Resolver;
use crate::proxy::{Proxy, ProxyCaps, ProxyParts, RecordConnections};

/// Starts a launcher: the running program in that role.
pub type StartLauncher = fn(at_terminal: bool, base: Option<&Plan>) -> Result<Preparing, SandboxError>;

/// A launcher that is started before it is known what for: what takes the most time needs no policy.
#[derive(Debug)]
pub struct EarlyLauncher {
    /// None where the launcher itself finds that out.
    system: Option<Plan>,
    launcher: Result<Preparing, SandboxError>,
}

impl EarlyLauncher {
    /// Starts it, for [`Gate::keep_launcher`](crate::Gate::keep_launcher), or to be asked for itself.
    #[must_use]
    pub fn start(start: StartLauncher, at_terminal: bool) -> EarlyLauncher {
        let system = system_plan();
        let launcher = start(at_terminal, Some(&system));
        EarlyLauncher { system: Some(system), launcher }
    }

    /// The same as a copy of this process; see [`Preparing::copied`].
    #[must_use]
    pub fn copied(at_terminal: bool) -> EarlyLauncher {
        EarlyLauncher { system: None, launcher: Preparing::copied(at_terminal, system_plan) }
    }

    /// What [`plan`] begins with, and the launcher or why there is none.
    pub fn parts(self) -> (Plan, Result<Preparing, SandboxError>) {
        let EarlyLauncher { system, launcher } = self;
        if let Some(system) = system {
            return (system, launcher);
        }
        match launcher.and_then(|launcher| Ok((launcher.base()?, launcher))) {
            Ok((system, launcher)) => (system, Ok(launcher)),
            Err(error) => (system_plan(), Err(error)),
        }
    }

    /// As [`Confined::abandon`].
    pub(crate) fn abandon(self) {
        if let Ok(launcher) = self.launcher {
            launcher.abandon();
        }
    }
}

/// What a launcher is started with.
pub(crate) struct HeldParts<'a> {
    pub(crate) start: StartLauncher,
    /// The one that waits already.
    pub(crate) early: Option<EarlyLauncher>,
    pub(crate) policy: &'a Arc<Policy>,
    pub(crate) all_approved: bool,
    pub(crate) of: PlanFor<'a>,
    pub(crate) records: Arc<dyn RecordConnections>,
    pub(crate) resolver: Resolver,
}

/// Why there is no launcher.
pub(crate) enum NoLauncher {
    /// What the policy gives cannot be shown so that the rest is hidden.
    Plan(String),
    /// It does not start, or not with this plan.
    Launcher(String),
}

/// A launcher, and what it was told.
pub(crate) struct Held {
    confined: Confined,
    plan: Plan,
    clearance: Clearance,
    denials: Denials,
    proxy: Option<(Proxy, SocketAddr)>,
    /// The effect whose command runs.
    effect: Arc<AtomicU64>,
    /// [`Turns::changes`](super::turns::Turns::changes) when it was planned.
    planned_at: u64,
}

/// What came of one command.
pub(crate) struct Ran {
    pub(crate) finished: Finished,
    /// Changes that were not made.
    pub(crate) denied: Vec<Denied>,
    /// It changed files that not everybody may read.
    pub(crate) changed_unreadable: bool,
}

impl Held {
    /// Plans, and starts a launcher for it.
    pub(crate) fn start(parts: HeldParts<'_>) -> Result<Held, NoLauncher> {
        let failed = |error: &dyn std::fmt::Display| NoLauncher::Launcher(error.to_string());
        // the launcher leaves the system's namespaces while the plan is made
        let early = parts.early.unwrap_or_else(|| EarlyLauncher::start(parts.start, false));
        let (system, launcher) = early.parts();
        let launcher = launcher.map_err(|e| failed(&e))?;
        let planned_at = TURNS.changes();
        let plan = plan(parts.policy, &parts.of, system).map_err(|e| NoLauncher::Plan(e.to_string()))?.plan;
        let clearance = parts.of.clearance.clone();
        let (judge, denials) = PolicyChanges::new(parts.policy.clone(), clearance.clone(), parts.all_approved);
        let mut confined = launcher.start(&plan, Some(Box::new(judge))).map_err(|e| failed(&e))?;
        let effect = Arc::new(AtomicU64::new(0));
        let proxy = serve_proxy(&mut confined, parts.policy, &clearance, parts.records, parts.resolver, Some(effect.clone()));
        let proxy = proxy.map_err(|e| failed(&e))?;
        Ok(Held { confined, plan, clearance, denials, proxy, effect, planned_at })
    }

    /// Whether it is for these, and nothing happened that it does not know of.
    pub(crate) fn is_for(&self, clearance: &Clearance, program: &Path) -> bool {
        self.clearance == *clearance && self.planned_at == TURNS.changes() && self.starts(program)
    }

    /// Whether everybody may know what its programs do.
    pub(crate) fn is_public(&self) -> bool {
        self.clearance.is_public()
    }

    /// Whether a program is there that may be started.
    fn starts(&self, program: &Path) -> bool {
        let around = self.plan.grants.iter().filter(|grant| grant.holds(program));
        around.max_by_key(|grant| grant.path.as_os_str().len()).is_some_and(|grant| grant.exec)
    }

    /// Whether it shows a name that was changed from outside as it is now: whatever is in a tree that it shows, unless it is masked.
    pub(crate) fn shows(&self, path: &Path) -> bool {
        let in_tree = |grant: &Path| path != grant && path.starts_with(grant);
        self.plan.grants.iter().any(|grant| grant.read && in_tree(&grant.path))
            && !self.plan.masks.iter().any(|mask| path.starts_with(mask))
    }

    /// As [`Confined::abandon`].
    pub(crate) fn abandon(self) {
        self.confined.abandon();
    }

    /// What the kernel gives, in words.
    pub(crate) fn in_words(&self) -> String {
        in_words(&self.confined, self.plan.proxy)
    }

    /// Runs one command to its end.
    pub(crate) fn run(
        &mut self,
        effect: u64,
        spec: &ChildSpec<'_>,
        cwd: &Path,
        stdin: Option<&[u8]>,
        limits: &RunLimits<'_>,
    ) -> Result<Ran, SandboxError> {
        self.effect.store(effect, Ordering::Relaxed);
        let mut env: Vec<(OsString, OsString)> = spec.env.to_vec();
        tell_place(&mut env, &self.plan, self.proxy.as_ref().map(|(_, address)| *address));
        let finished = run_confined(&mut self.confined, &ChildSpec { env: &env, ..*spec }, cwd, stdin, limits)?;
        let (denied, changed_unreadable) = self.denials.take();
        Ok(Ran { finished, denied, changed_unreadable })
    }
}

/// Serves the socket of a launcher that has one, and says where that is.
///
/// # Errors
/// No descriptor or thread is free.
pub fn serve_proxy(
    confined: &mut Confined,
    policy: &Arc<Policy>,
    clearance: &Clearance,
    records: Arc<dyn RecordConnections>,
    resolver: Resolver,
    effect: Option<Arc<AtomicU64>>,
) -> Result<Option<(Proxy, SocketAddr)>, String> {
    let Some(listener) = confined.take_proxy() else { return Ok(None) };
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let parts = ProxyParts {
        policy: policy.clone(),
        clearance: clearance.clone(),
        resolvers: Arc::new(move || resolver.another()),
        records,
        effect,
        caps: ProxyCaps::default(),
    };
    let proxy = Proxy::serve(listener, parts).map_err(|e| format!("the proxy cannot start: {e}"))?;
    Ok(Some((proxy, address)))
}

/// What the kernel gives for a launcher, in words for the journal.
#[must_use]
pub fn in_words(confined: &Confined, has_proxy: bool) -> String {
    let mut all = vec!["own user, mount, PID, network, IPC and UTS namespaces", "system call filter", "changes judged one by one"];
    all.push(if has_proxy { "network by the proxy alone" } else { "no network" });
    all.push(if confined.lacks_landlock() { "no Landlock" } else { "Landlock" });
    if confined.lacks_proc() {
        all.push("the system's /proc");
    }
    all.join("; ")
}
