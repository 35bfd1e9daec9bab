//! What stands in the settings of an agent, and whether it counts.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::shape::{Form, JsonHooks, Section};
use super::sound::sound;
use super::switches::switched_off;
use super::{merge, plugin};
use crate::file::SettingsFile;
use crate::host::{Host, Places, Scope};

/// The hook of one agent in one place.
#[derive(Debug)]
pub struct Status {
    /// The file it would be in.
    pub file: PathBuf,
    /// What is there of ours.
    pub installed: Option<Installed>,
    /// What is wrong with it, or keeps it from running.
    pub warnings: Vec<String>,
}

/// An entry of ours that is there.
#[derive(Debug)]
pub struct Installed {
    /// The program that is started.
    pub program: PathBuf,
    /// The policy that it is told.
    pub policy: Option<PathBuf>,
    /// How long the agent waits for it.
    pub timeout: Option<Duration>,
    /// The events at which it is started.
    pub events: Vec<String>,
}

/// Looks at the hook of an agent; `None` where the agent has none.
#[must_use]
pub fn status(host: Host, scope: Scope, places: &Places<'_>) -> Option<Status> {
    let facts = host.hooks()?;
    let file = facts.file(scope, places);
    let mut status = Status { file: file.clone(), installed: None, warnings: Vec::new() };
    let text = match SettingsFile::open(&file, scope == Scope::User) {
        Ok(opened) => opened.text().map(str::to_owned),
        Err(error) => {
            status.warnings.push(error.to_string());
            std::fs::read_to_string(&file).ok()
        }
    };
    let found = match &facts.form {
        Form::Shared(hooks) | Form::Alone(hooks) => look(&mut status, text.as_deref(), hooks),
        Form::Plugin => {
            plugin(&mut status, text.as_deref());
            Vec::new()
        }
    };
    if let Some(installed) = &status.installed {
        status.warnings.extend(missing(installed));
        status.warnings.extend(switched_off(host, scope, places, &found));
    }
    Some(status)
}

fn look(status: &mut Status, text: Option<&str>, hooks: &JsonHooks) -> Vec<merge::Found> {
    let Some(text) = text else { return Vec::new() };
    let found = merge::found(text, hooks).unwrap_or_default();
    if let Err(error) = sound(text, &hooks.reader) {
        status.warnings.push(error.to_string());
    }
    let Some(first) = found.first() else { return found };
    let timeouts = found.iter().flat_map(|found| hooks.sections.iter().map(|part| part.timeout(&found.entry)));
    status.installed = Some(Installed {
        program: PathBuf::from(&first.known.program),
        policy: first.known.policy.as_ref().map(PathBuf::from),
        timeout: timeouts.min().flatten(),
        events: found.iter().map(|found| found.event.clone()).collect(),
    });
    let mut wrong = Vec::new();
    for entry in &found {
        let event = &entry.event;
        if !entry.is_whole {
            wrong.push(format!("{event}: the entry is not for all tools, or not waited for; install again"));
        }
        if !entry.known.is_guarded {
            wrong.push(format!("{event}: a hook that fails would not block; install again"));
        }
    }
    let is_absent = |key: &&str| !found.iter().any(|found| found.event == **key);
    let keys = |part: &Section| part.events.iter().map(|(key, _)| *key).filter(is_absent).collect::<Vec<_>>();
    let absent: Vec<&str> = hooks.sections.iter().flat_map(keys).collect();
    if !absent.is_empty() {
        wrong.push(format!("nothing of ours at {}; install again", absent.join(", ")));
    }
    let is_as_written = first.known.hook().is_some_and(|hook| merge::is_installed(text, hooks, &hook).unwrap_or(false));
    if wrong.is_empty() && !is_as_written {
        wrong.push("not as it would be installed now; install again".to_owned());
    }
    status.warnings.append(&mut wrong);
    found
}

fn plugin(status: &mut Status, text: Option<&str>) {
    let Some(text) = text.filter(|text| plugin::is_ours(text)) else { return };
    let Some(hook) = plugin::hook(text) else {
        status.warnings.push("the plugin was changed; install again".to_owned());
        return;
    };
    if plugin::text("opencode", &hook) != text {
        status.warnings.push("the plugin is an older one, or was changed; install again".to_owned());
    }
    status.installed = Some(Installed {
        program: PathBuf::from(hook.program()),
        policy: hook.policy().map(PathBuf::from),
        timeout: plugin::timeout(text),
        events: vec![plugin::EVENT.to_owned()],
    });
}

fn missing(installed: &Installed) -> Vec<String> {
    let runs = |path: &Path| path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    let program = &installed.program;
    let mut all = Vec::new();
    if !runs(program) {
        all.push(format!("{}: no such program, so every call is blocked; install again", program.display()));
    }
    if let Some(policy) = installed.policy.as_ref().filter(|policy| !policy.is_file()) {
        all.push(format!("{}: no such policy, so every call is blocked; install again", policy.display()));
    }
    all
}
