//! What in the settings of an agent switches its hooks off, ours with them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::features::{self, Switch};
use super::merge::Found;
use super::trust::{Trust, trust};
use crate::document::Document;
use crate::host::{Host, Places, Scope};

/// One line for each thing that does.
pub(crate) fn switched_off(host: Host, scope: Scope, places: &Places<'_>, found: &[Found]) -> Vec<String> {
    let Some(facts) = host.hooks() else { return Vec::new() };
    let (user, project) = (facts.directory(places), places.project);
    match host {
        Host::Claude => {
            let user = user.join("settings.json");
            let project = [".claude/settings.json", ".claude/settings.local.json"].map(|file| project.join(file));
            let managed = PathBuf::from("/etc/claude-code/managed-settings.json");
            let files = project.into_iter().chain([user, managed]);
            files.flat_map(|file| claude(&file)).collect()
        }
        Host::Codex => codex(&user, scope, places, facts.file(scope, places).as_path(), found),
        Host::Gemini => [user.join("settings.json"), project.join(".gemini/settings.json")].iter().flat_map(|file| gemini(file)).collect(),
        Host::Copilot => {
            // seen to count in a folder that Copilot trusts
            let files = [".github/copilot/settings.json", ".claude/settings.json", ".claude/settings.local.json"];
            let in_project = files.iter().map(|file| project.join(file)).chain([facts.file(scope, places)]);
            let off = in_project.filter(|file| is_true(file, &["disableAllHooks"])).map(|file| set_in("disableAllHooks", &file));
            let is_unread = scope == Scope::Project && !is_trusted_folder(&user.join("config.json"), project);
            off.chain(is_unread.then(|| "the folder is not trusted in Copilot CLI, which then reads none of its hooks".to_owned()))
                .collect()
        }
        Host::OpenCode | Host::Antigravity | Host::Cursor | Host::VsCode => Vec::new(),
    }
}

fn claude(file: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for key in ["disableAllHooks", "allowManagedHooksOnly"] {
        if is_true(file, &[key]) {
            all.push(set_in(key, file));
        }
    }
    // a command that is put in front of every hook's can do anything with it
    if value(file, &["env", "CLAUDE_CODE_SHELL_PREFIX"]).is_some() {
        all.push(set_in("env.CLAUDE_CODE_SHELL_PREFIX", file));
    }
    all
}

fn gemini(file: &Path) -> Vec<String> {
    let mut all = Vec::new();
    if value(file, &["hooksConfig", "enabled"]) == Some(Value::Bool(false)) {
        all.push(format!("`hooksConfig.enabled` is false in {}: Gemini CLI runs no hook", file.display()));
    }
    let disabled = value(file, &["hooksConfig", "disabled"]);
    let names = disabled.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    if names.into_iter().any(|name| name == "aegis" || super::hook::Known::of(name, &[]).is_some()) {
        all.push(format!("`hooksConfig.disabled` names aegis in {}: Gemini CLI does not run it", file.display()));
    }
    all
}

fn codex(user: &Path, scope: Scope, places: &Places<'_>, file: &Path, found: &[Found]) -> Vec<String> {
    let config = user.join("config.toml");
    let text = read(&config);
    let mut all = Vec::new();
    for (file, text) in
        [(config, text.clone()), (places.project.join(".codex/config.toml"), read(&places.project.join(".codex/config.toml")))]
    {
        match features::switch(&text) {
            Ok(Switch::Off) => all.push(format!("`features.hooks` is false in {}: Codex runs no hook", file.display())),
            Ok(Switch::On | Switch::Unsaid) => {}
            Err(error) => all.push(format!("{}: {error}", file.display())),
        }
    }
    // by the name that Codex has for it: as named, or where its links lead
    let real = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
    let said = |entry: &Found| match trust(&text, file, entry) {
        Trust::Unsaid => trust(&text, &real, entry),
        said => said,
    };
    for (what, is_so) in [
        (Trust::Unsaid, "not trusted in Codex yet"),
        (Trust::OfAnother, "changed since they were trusted in Codex"),
        (Trust::SwitchedOff, "switched off in Codex"),
    ] {
        let events: Vec<&str> = found.iter().filter(|entry| said(entry) == what).map(|entry| entry.event.as_str()).collect();
        if !events.is_empty() {
            all.push(format!(
                "the hooks of {} are {is_so}, which does not run them until you trust them there with /hooks",
                events.join(", ")
            ));
        }
    }
    if scope == Scope::Project && !found.is_empty() && !is_trusted_project(&text, places.project) {
        all.push("the project is not trusted in Codex, which then reads none of its hooks".to_owned());
    }
    all
}

fn is_trusted_project(config: &str, project: &Path) -> bool {
    let Ok(document) = crate::toml::parse(config) else { return false };
    let level = |path: &Path| {
        let project = document.get("projects")?.get(path.to_str()?)?;
        project.get("trust_level")?.as_str().map(|level| level == "trusted")
    };
    level(project).or_else(|| level(&project.canonicalize().ok()?)).unwrap_or(false)
}

/// The folder or one above it.
fn is_trusted_folder(config: &Path, project: &Path) -> bool {
    let folders = ["trustedFolders", "trusted_folders"].iter().find_map(|key| value(config, &[key]));
    let folders = folders.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    folders.into_iter().any(|folder| project.starts_with(folder))
}

fn set_in(key: &str, file: &Path) -> String {
    format!("`{key}` is set in {}: hooks do not run, or not as installed", file.display())
}

fn is_true(file: &Path, path: &[&str]) -> bool {
    value(file, path) == Some(Value::Bool(true))
}

fn value(file: &Path, path: &[&str]) -> Option<Value> {
    let text = read(file);
    let whole = Document::parse(&text).ok()?.root.to_serde_value()?;
    path.iter().try_fold(&whole, |at, key| at.get(key)).cloned()
}

/// What cannot be read says nothing.
fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}
