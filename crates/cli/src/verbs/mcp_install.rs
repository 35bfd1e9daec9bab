//! `aegis mcp install`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aegis_agents::{Host, Places, Plan, Server, SettingsFile};
use aegis_policy::{Policy, TrustStore, find_project_policy};

use crate::cli::{self, McpInstall, Scope};
use crate::home::Start;
use crate::{exit, output};

/// Puts the server into an agent's settings, takes it out, or shows either.
pub(crate) fn install(args: &McpInstall, start: &Start) -> ExitCode {
    match act(args, start) {
        Ok(code) => code,
        Err(error) => exit::failure(&aegis_gate::escaped(&error)),
    }
}

fn act(args: &McpInstall, start: &Start) -> Result<ExitCode, String> {
    let host = host(args.host);
    if args.print {
        let text = aegis_agents::entry(host, &server(args, start)?).map_err(|e| e.to_string())?;
        return Ok(output::put(text.as_bytes()));
    }
    let plan = if args.uninstall {
        Plan::uninstall(host, settings(host, args.scope, start)?)
    } else {
        // the policy first: what does not load is not installed
        let server = server(args, start)?;
        Plan::install(host, settings(host, args.scope, start)?, &server)
    };
    let plan = plan.map_err(|e| e.to_string())?;
    if args.dry_run && !plan.changes_nothing() {
        return Ok(output::diff(plan.diff()));
    }
    plan.carry_out().map_err(|e| e.to_string())?;
    report(args, host, &plan, start);
    Ok(ExitCode::SUCCESS)
}

fn report(args: &McpInstall, host: Host, plan: &Plan, start: &Start) {
    let file = shown(start, plan.file().path());
    match (args.uninstall, plan.changes_nothing()) {
        (false, true) => say!("{file}: has the server aegis already; nothing changed"),
        (true, true) => say!("{file}: has no server aegis; nothing changed"),
        (true, false) if plan.removes_the_file() => say!("{file}: removed; it held the server aegis alone"),
        (true, false) => say!("{file}: the server aegis is taken out"),
        (false, false) => {
            say!("{file}: has the server aegis now");
            if plan.file().backup().exists() {
                say!("as it was before: {}", shown(start, &plan.file().backup()));
            }
            say!("next: start the agent anew and look: {}", host.look());
        }
    }
}

fn host(named: cli::Host) -> Host {
    match named {
        cli::Host::Claude => Host::Claude,
        cli::Host::Codex => Host::Codex,
        cli::Host::OpenCode => Host::OpenCode,
        cli::Host::Gemini => Host::Gemini,
        cli::Host::Antigravity => Host::Antigravity,
        cli::Host::Cursor => Host::Cursor,
        cli::Host::Copilot => Host::Copilot,
        cli::Host::VsCode => Host::VsCode,
    }
}

fn settings(host: Host, named: Scope, start: &Start) -> Result<SettingsFile, String> {
    let project = project(start);
    let places = Places { home: start.home()?, project: &project, variable: &|name| start.var(name) };
    SettingsFile::open(&host.settings(scope(named), &places), named == Scope::User).map_err(|e| e.to_string())
}

pub(super) fn scope(named: Scope) -> aegis_agents::Scope {
    match named {
        Scope::User => aegis_agents::Scope::User,
        Scope::Project => aegis_agents::Scope::Project,
    }
}

/// The top of the git repository here, or this directory. The home directory is no project of one that lies below it.
pub(super) fn project(start: &Start) -> PathBuf {
    let below_home = |at: &&Path| start.home.as_deref() != Some(*at);
    let mut upward = start.cwd.ancestors().take_while(below_home);
    upward.find(|at| at.join(".git").exists()).unwrap_or(&start.cwd).to_path_buf()
}

/// This binary with the policy, which loads.
fn server(args: &McpInstall, start: &Start) -> Result<Server, String> {
    let program = std::env::current_exe().map_err(|e| format!("the path of this program is not known: {e}"))?;
    let policy = policy(args, start)?;
    let text = |path: PathBuf| match path.into_os_string().into_string() {
        Ok(text) if !text.contains(char::is_control) => Ok(text),
        Ok(text) => Err(format!("{text}: no settings file can hold this path")),
        Err(path) => Err(format!("{}: no settings file can hold this path", path.display())),
    };
    Ok(Server { program: text(program)?, policy: text(policy)? })
}

fn policy(args: &McpInstall, start: &Start) -> Result<PathBuf, String> {
    let path = match &args.policy {
        Some(named) => absolute(named, start)?,
        None => found(args.scope, start)?,
    };
    let policy = load(&path, start)?;
    // whoever names a policy vouches for it; one that was only found here may have come with somebody else's files
    if args.policy.is_none() && start.user_policy().as_ref() != Some(&path) && !is_trusted(&path, &policy, start) {
        let shown = start.shown(&path);
        return Err(format!("{shown} is not trusted on this machine; read it, then: aegis trust {shown}"));
    }
    Ok(path)
}

fn found(scope: Scope, start: &Start) -> Result<PathBuf, String> {
    let project = || find_project_policy(&start.cwd, start.home.as_deref()?);
    match scope {
        Scope::Project => {
            project().or_else(|| start.user_policy()).ok_or("no aegis.toml here and no policy of your own; name one with --policy")
        }
        Scope::User => {
            start.user_policy().ok_or("no policy of your own in ~/.config/aegis; name one with --policy, or see --scope project")
        }
    }
    .map_err(str::to_owned)
}

fn is_trusted(path: &Path, policy: &Policy, start: &Start) -> bool {
    let store = start.trust_dir().ok().filter(|dir| dir.is_dir()).and_then(|dir| TrustStore::open(&dir).ok());
    let real = std::fs::canonicalize(path);
    store.zip(real.ok()).is_some_and(|(store, real)| store.is_trusted(&real, policy.trust_hash()).unwrap_or(false))
}

/// A policy, or why it does not load.
pub(super) fn load(path: &Path, start: &Start) -> Result<Policy, String> {
    Policy::load(path, &start.finder(), &start.surroundings()).map_err(|error| start.load_failure(&error))
}

/// Without links and `..` in its directory; the file's own name stays, since a policy counts for the directory it is named in.
pub(super) fn absolute(named: &Path, start: &Start) -> Result<PathBuf, String> {
    let path = start.cwd.join(named);
    let absolute = || {
        let name = path.file_name().ok_or(std::io::ErrorKind::IsADirectory)?;
        let directory = path.parent().unwrap_or(Path::new("/")).canonicalize()?;
        Ok(directory.join(name))
    };
    absolute().map_err(|e: std::io::Error| format!("{}: {}", named.display(), exit::reason(&e)))
}

/// As one would type it: below the working directory, or from `~`.
pub(super) fn shown(start: &Start, path: &Path) -> String {
    let text = match (path.strip_prefix(&start.cwd), start.home.as_ref().map(|home| path.strip_prefix(home))) {
        (Ok(below), _) => below.display().to_string(),
        (_, Some(Ok(below))) => format!("~/{}", below.display()),
        _ => path.display().to_string(),
    };
    aegis_gate::escaped(&text)
}
