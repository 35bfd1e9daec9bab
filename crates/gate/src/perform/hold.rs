//! Which launcher holds a command, or why none does.

use std::path::{Path, PathBuf};

use aegis_effect::{EffectError, ErrorCode};
use aegis_policy::Confine;
use aegis_sandbox::SandboxError;
use aegis_sandbox::child::{self, ChildSpec, Finished, RunLimits};
use aegis_sandbox::confine::Machine;

use crate::call::Call;
use crate::confine::{Clearance, Denied, EarlyLauncher, Held, HeldParts, NoLauncher, PlanFor, TURNS, Turn, TurnKind};
use crate::gate::Gate;
use crate::perform::exec::WAITED;
use crate::resolve::Binary;

/// More denied changes of a run are in the journal only.
const MOST_DENIED: usize = 1000;

/// Why a command does not run.
pub(crate) enum NotHeld {
    /// The policy demands what cannot be had.
    Impossible(String),
    /// It could not be written down.
    Unrecorded(EffectError),
}

/// How a command runs.
pub(crate) enum Hold {
    /// In the namespaces of a launcher.
    Kernel(Box<Held>),
    /// As any program of the user, because the policy says so or the machine gives no more.
    Nothing,
}

impl Gate {
    /// A launcher for this program: one that is there, or a new one. Where the policy does without if a machine gives none, why this one gives
    /// none is journalled, once. That holds for the machine alone: a plan that is too large, or a launcher that fails where others do not,
    /// could be what commands have brought about.
    ///
    /// # Errors
    /// There is none, and the policy demands one or the machine could give one; or the journal cannot be written.
    pub(crate) fn hold(&mut self, clearance: &Clearance, program: &Binary) -> Result<Hold, NotHeld> {
        let confine = self.policy.settings().confine;
        if confine == Confine::Off || self.children.unheld.is_some() {
            return Ok(Hold::Nothing);
        }
        let known = self.children.held.iter().position(|held| held.is_for(clearance, &program.real));
        if let Some(known) = known {
            return Ok(Hold::Kernel(Box::new(self.children.held.swap_remove(known))));
        }
        // the last one of its kind is enough
        self.children.held.retain(|held| held.is_public() != clearance.is_public());
        let why = match self.new_launcher(clearance, program) {
            Ok(held) => {
                self.children.was_held = true;
                self.ledger.confined(&held.in_words()).map_err(NotHeld::Unrecorded)?;
                return Ok(Hold::Kernel(Box::new(held)));
            }
            Err(NoLauncher::Plan(why)) => return Err(NotHeld::Impossible(why)),
            Err(NoLauncher::Launcher(why)) => why,
        };
        if confine == Confine::Required || self.children.was_held || self.machine_could() {
            return Err(NotHeld::Impossible(why));
        }
        self.ledger.confined(&format!("none: {why}")).map_err(NotHeld::Unrecorded)?;
        self.children.unheld = Some(why);
        Ok(Hold::Nothing)
    }

    /// For the next command: this one does not start.
    pub(crate) fn put_back(&mut self, hold: Hold) {
        if let Hold::Kernel(held) = hold {
            self.children.held.push(*held);
        }
    }

    /// Whether this machine can hold commands at all.
    fn machine_could(&self) -> bool {
        self.launcher.is_some() && Machine::probe().can_hold().is_ok()
    }

    fn new_launcher(&mut self, clearance: &Clearance, program: &Binary) -> Result<Held, NoLauncher> {
        let start = self.launcher.ok_or_else(|| NoLauncher::Launcher("this program cannot start launchers".to_owned()))?;
        let root = self.policy.root().to_path_buf();
        let words: Vec<String> = self.policy.program_words().into_iter().map(str::to_owned).collect();
        let named = words.iter().filter_map(|word| self.find_program(word, &root));
        let programs: Vec<PathBuf> = named.chain([program.real.clone()]).collect();
        Held::start(HeldParts {
            start,
            early: self.children.early.take(),
            policy: &self.policy,
            all_approved: self.approves_all(),
            of: PlanFor { clearance, programs: &programs, home: self.home.as_deref(), cwd: Some(&root) },
            records: self.ledger.connections(),
            resolver: self.network.resolver().another(),
        })
    }

    /// Runs a command to its end, and journals what it was denied.
    pub(crate) fn run_held(
        &mut self,
        hold: Hold,
        effect: u64,
        spec: &ChildSpec<'_>,
        cwd: &Path,
        stdin: Option<&[u8]>,
        limits: &RunLimits<'_>,
    ) -> Result<Finished, SandboxError> {
        let mut held = match hold {
            Hold::Kernel(held) => held,
            Hold::Nothing => return child::run(spec, stdin, limits),
        };
        let ran = held.run(effect, spec, cwd, stdin, limits);
        let is_public = held.is_public();
        if ran.as_ref().map_or(!is_public, |ran| ran.changed_unreadable) {
            TURNS.changed();
        }
        let ran = ran?;
        self.children.held.push(*held);
        for denied in &ran.denied {
            // a journal that fails here refuses the next effect
            let _ = self.ledger.denied_change(denied);
        }
        if is_public {
            let left = MOST_DENIED.saturating_sub(self.children.denied.len());
            self.children.denied.extend(ran.denied.into_iter().take(left));
        }
        Ok(ran.finished)
    }

    /// A refusal of a command that could only run unconfined.
    pub(crate) fn not_held(&mut self, call: &Call<'_>, why: &str) -> EffectError {
        let asked = call.asked();
        let error = if self.policy.settings().confine == Confine::Required {
            let message = format!("denied: {asked}: [subprocess].confine is \"required\", and the kernel cannot hold commands here: {why}");
            EffectError::new(ErrorCode::PolicyDenied, message).suggest(
                "aegis doctor says what this machine lacks; with [subprocess] override = true and confine = \"auto\" commands run without it",
            )
        } else {
            let message = format!("denied: {asked}: the kernel holds commands here, but could not hold this one: {why}");
            EffectError::new(ErrorCode::PolicyDenied, message)
        };
        self.refused(call, error, None)
    }

    /// Leaves the launchers of this gate to the end of this process, for who is about to go.
    pub fn abandon_launchers(&mut self) {
        self.children.held.drain(..).for_each(Held::abandon);
        self.children.early.take().into_iter().for_each(EarlyLauncher::abandon);
    }

    /// Changes that confined commands were denied so far, those with local-only data aside.
    #[must_use]
    pub fn denied_changes(&self) -> &[Denied] {
        &self.children.denied
    }

    /// Why commands of this run were not confined, where the policy let them run all the same.
    #[must_use]
    pub fn unconfined(&self) -> Option<&str> {
        self.children.unheld.as_deref()
    }

    /// A turn to change this name, where not everybody may read it.
    pub(crate) fn turn_to_change(&self, call: &Call<'_>, path: &Path) -> Result<Option<Turn>, EffectError> {
        if Clearance::public().may_read(&self.policy, path) {
            return Ok(None);
        }
        let turn = TURNS.take(TurnKind::Change, self.deadline());
        turn.map(Some).ok_or_else(|| EffectError::new(ErrorCode::Limit, format!("{}: {WAITED}", call.asked())))
    }

    /// A name was changed: launchers that do not show it as it is now are not used any more.
    pub(crate) fn was_changed(&mut self, path: &Path, turn: Option<Turn>) {
        if turn.is_some() {
            TURNS.changed();
        }
        self.children.held.retain(|held| held.shows(path));
    }
}
