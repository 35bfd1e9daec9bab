//! What installing and uninstalling would change, file by file.

use std::path::{Path, PathBuf};

use super::features::{self, Switch};
use super::hook::Hook;
use super::shape::{Form, HookFacts, JsonHooks, RULESYNC};
use super::{merge, plugin};
use crate::edit::{EditError, Edited};
use crate::file::SettingsFile;
use crate::host::{Host, Places, Scope};
use crate::plan::{Plan, PlanError, in_file};

/// What is done to the files.
#[derive(Debug, Clone, Copy)]
pub enum Change<'h> {
    /// The hook is put in, or brought up to date.
    Install(&'h Hook),
    /// What is ours is taken out.
    Uninstall,
}

impl Host {
    /// The agents that have hooks.
    pub fn with_hooks() -> impl Iterator<Item = Host> {
        Host::ALL.into_iter().filter(|host| host.hooks().is_some())
    }

    /// Whether the agent has a directory of its own for this user, or this project one for it.
    #[must_use]
    pub fn is_used(self, scope: Scope, places: &Places<'_>) -> bool {
        self.hooks().is_some_and(|facts| {
            let in_project = facts.file(Scope::Project, places);
            let first = in_project.strip_prefix(places.project).ok().and_then(|below| below.components().next());
            // `.github` says nothing of Copilot, `.agents` of no agent
            let is_own = |directory: &Path| ![".github", ".agents"].iter().any(|name| directory.ends_with(name)) && directory.is_dir();
            facts.was_started(places) || (scope == Scope::Project && first.is_some_and(|own| is_own(&places.project.join(own))))
        })
    }

    /// Its name in our own command line; empty for an agent without hooks.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.hooks().map_or("", |facts| facts.word)
    }
}

/// The changes of an agent's files, in their order; each file on its own, so that what one of them holds is no obstacle to another.
pub fn plans(host: Host, scope: Scope, places: &Places<'_>, change: Change<'_>) -> Vec<Result<Plan, PlanError>> {
    let Some(facts) = host.hooks() else { return Vec::new() };
    let mut plans = vec![plan(facts, scope, places, change)];
    if host == Host::Codex {
        plans.extend(features(facts, scope, places, change).transpose());
    }
    plans
}

/// Whether the user has the hooks of all agents made by rulesync.
#[must_use]
pub fn is_rulesync_used(places: &Places<'_>) -> bool {
    rulesync_file(places).is_file()
}

/// The agents whose hooks rulesync makes.
#[must_use]
pub fn is_made_by_rulesync(host: Host) -> bool {
    host.hooks().is_some_and(|facts| RULESYNC.sections.iter().any(|part| part.host == facts.word))
}

/// The change of rulesync's file; nothing where the user has no directory of it.
#[must_use]
pub fn rulesync(places: &Places<'_>, change: Change<'_>) -> Option<Result<Plan, PlanError>> {
    let path = rulesync_file(places);
    let is_there = path.parent().is_some_and(Path::is_dir);
    is_there.then(|| shared(&path, true, &RULESYNC, change))
}

fn rulesync_file(places: &Places<'_>) -> PathBuf {
    places.home.join(".rulesync/hooks.json")
}

fn plan(facts: &HookFacts, scope: Scope, places: &Places<'_>, change: Change<'_>) -> Result<Plan, PlanError> {
    let path = facts.file(scope, places);
    let is_private = scope == Scope::User;
    match &facts.form {
        Form::Shared(hooks) => shared(&path, is_private, hooks, change),
        Form::Alone(hooks) => alone(&path, is_private, change, |text| is_ours_alone(text, hooks), |hook| fresh(hooks, hook)),
        Form::Plugin => alone(&path, is_private, change, plugin::is_ours, |hook| Ok(plugin::text(facts.word, hook))),
    }
}

fn shared(path: &Path, is_private: bool, hooks: &JsonHooks, change: Change<'_>) -> Result<Plan, PlanError> {
    let install = |text: &str, hook: &Hook| merge::installed(text, hooks, hook);
    edited(path, is_private, change, install, |text, before| merge::uninstalled(text, hooks, before))
}

/// Codex's own switch for hooks. In a project it is only turned on where the project has it off: nothing else there asks for it.
fn features(facts: &HookFacts, scope: Scope, places: &Places<'_>, change: Change<'_>) -> Result<Option<Plan>, PlanError> {
    let path = facts.file(scope, places).with_file_name("config.toml");
    let install = |text: &str, _: &Hook| match (scope, features::switch(text)?) {
        (Scope::Project, Switch::Unsaid) => Ok(Edited::Same),
        _ => features::installed(text),
    };
    let plan = edited(&path, scope == Scope::User, change, install, features::uninstalled)?;
    let is_worth_a_word = matches!(change, Change::Install(_)) && scope == Scope::User || !plan.changes_nothing();
    Ok(is_worth_a_word.then_some(plan))
}

fn edited(
    path: &Path,
    is_private: bool,
    change: Change<'_>,
    install: impl Fn(&str, &Hook) -> Result<Edited, EditError>,
    uninstall: impl Fn(&str, Option<&str>) -> Result<Edited, EditError>,
) -> Result<Plan, PlanError> {
    let file = SettingsFile::open(path, is_private)?;
    let text = file.text().unwrap_or_default();
    let (edited, before, keep) = match change {
        // what holds nothing but ours is not worth a backup
        Change::Install(hook) => (install(text, hook), None, !matches!(uninstall(text, None), Ok(Edited::Gone))),
        Change::Uninstall if file.text().is_none() => (Ok(Edited::Same), None, true),
        Change::Uninstall => {
            let before = file.backed_up();
            (uninstall(text, before.as_deref()), before, true)
        }
    };
    let edited = edited.map_err(|error| in_file(path, error))?;
    Ok(Plan::of(file, edited, before, keep))
}

/// A file that Aegis made, and that holds nothing else.
fn alone(
    path: &Path,
    is_private: bool,
    change: Change<'_>,
    is_ours: impl Fn(&str) -> bool,
    fresh: impl Fn(&Hook) -> Result<String, EditError>,
) -> Result<Plan, PlanError> {
    let file = SettingsFile::open(path, is_private)?;
    let edited = match (change, file.text()) {
        (_, Some(text)) if !is_ours(text) => Err(EditError::NotOursAlone),
        (Change::Uninstall, None) => Ok(Edited::Same),
        (Change::Uninstall, Some(_)) => Ok(Edited::Gone),
        (Change::Install(hook), text) => fresh(hook).map(|new| Edited::from(text.unwrap_or_default(), new)),
    };
    let edited = edited.map_err(|error| in_file(path, error))?;
    Ok(Plan::of(file, edited, None, false))
}

fn fresh(hooks: &JsonHooks, hook: &Hook) -> Result<String, EditError> {
    match merge::installed("", hooks, hook)? {
        Edited::Text(text) => Ok(text),
        Edited::Same | Edited::Gone => Err(EditError::Wrong),
    }
}

/// Whether every entry is ours, and at least one is.
fn is_ours_alone(text: &str, hooks: &JsonHooks) -> bool {
    let Ok(ours) = merge::found(text, hooks) else { return false };
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return false };
    let lists = value.get("hooks").and_then(|hooks| hooks.as_object()).into_iter().flatten().map(|(_, list)| list);
    let all: usize = lists.map(|list| list.as_array().map_or(1, Vec::len)).sum();
    !ours.is_empty() && ours.len() == all
}
