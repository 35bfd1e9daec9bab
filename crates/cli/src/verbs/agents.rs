//! `aegis agents install`, `uninstall` and `status`: the hook in the settings of coding agents.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aegis_agents::{Change, Hook, Host, Places, Plan, PlanError, Status};
use serde_json::{Value, json};

use super::mcp_install::{absolute, load, project, scope, shown};
use crate::cli::{AgentsChoice, AgentsInstall, AgentsMode, AgentsStatus, AgentsVerb, HookHost, Scope};
use crate::home::Start;
use crate::{exit, output};

/// Some agent's file was not changed.
const FAILED: u8 = 1;
/// There is no rulesync here.
const NO_RULESYNC: u8 = 2;

/// What is planned for one file.
type Planned = Result<Plan, PlanError>;

pub(crate) fn agents(verb: &AgentsVerb, start: &Start) -> ExitCode {
    let done = match verb {
        AgentsVerb::Install(args) => install(args, start),
        AgentsVerb::Uninstall(args) => change(&args.chosen, Change::Uninstall, start),
        AgentsVerb::Status(args) => status(args, start),
    };
    done.unwrap_or_else(|error| exit::failure(&aegis_gate::escaped(&error)))
}

fn install(args: &AgentsInstall, start: &Start) -> Result<ExitCode, String> {
    // the policy first: what does not load is not installed
    let policy = policy(args, start)?;
    let program = std::env::current_exe().map_err(|e| format!("the path of this program is not known: {e}"))?;
    let hook = Hook::of(&program, policy.as_deref()).map_err(|e| e.to_string())?;
    change(&args.chosen, Change::Install(&hook), start)
}

/// The policy that is named, or the user's own, after it was loaded.
fn policy(args: &AgentsInstall, start: &Start) -> Result<Option<PathBuf>, String> {
    let path = match &args.policy {
        Some(named) => Some(absolute(named, start)?),
        None => start.user_policy(),
    };
    if let Some(path) = &path {
        load(path, start)?;
    }
    Ok(path)
}

fn change(chosen: &AgentsChoice, change: Change<'_>, start: &Start) -> Result<ExitCode, String> {
    let project = project(start);
    let places = Places { home: start.home()?, project: &project, variable: &|name| start.var(name) };
    let scope = scope(chosen.scope);
    let hosts = hosts(&chosen.host, |host| host.is_used(scope, &places));
    let by_rulesync = match chosen.mode {
        AgentsMode::Direct => false,
        AgentsMode::Auto => chosen.scope == Scope::User && aegis_agents::is_rulesync_used(&places),
        AgentsMode::Rulesync => true,
    };
    let is_rulesyncs = |host: &Host| by_rulesync && aegis_agents::is_made_by_rulesync(*host);
    let mut planned: Vec<Planned> = Vec::new();
    let wants_rulesync = chosen.mode == AgentsMode::Rulesync || hosts.iter().any(is_rulesyncs);
    if by_rulesync && wants_rulesync {
        let Some(plan) = aegis_agents::rulesync(&places, change) else {
            complain!("aegis: there is no ~/.rulesync here; see --mode direct");
            return Ok(ExitCode::from(NO_RULESYNC));
        };
        planned.push(plan);
    }
    let is_install = matches!(change, Change::Install(_));
    // what was once put in directly is taken out too
    let is_direct = |host: &Host| chosen.mode != AgentsMode::Rulesync && !(is_install && is_rulesyncs(host));
    let direct: Vec<Host> = hosts.into_iter().filter(is_direct).collect();
    planned.extend(direct.iter().flat_map(|host| aegis_agents::plans(*host, scope, &places, change)));
    if planned.is_empty() {
        return Err("no coding agent found here; name one with --host".to_owned());
    }
    let mut failed = false;
    for plan in &planned {
        if let Err(why) = act(plan, chosen.dry_run, start) {
            failed = true;
            complain!("failed {}", aegis_gate::escaped(&why));
        }
    }
    if is_install && !chosen.dry_run {
        if by_rulesync && wants_rulesync {
            say!("next: rulesync generate, for the agents that you make with it");
        }
        for host in direct {
            let status = aegis_agents::status(host, scope, &places).filter(|status| status.installed.is_some());
            for warning in status.iter().flat_map(|status| &status.warnings) {
                say!("warning: {}: {}", host.word(), aegis_gate::escaped(warning));
            }
        }
    }
    Ok(if failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

/// Makes or shows one change, and says so in one line.
fn act(planned: &Planned, dry_run: bool, start: &Start) -> Result<(), String> {
    let plan = planned.as_ref().map_err(ToString::to_string)?;
    let file = shown(start, plan.file().path());
    if plan.changes_nothing() {
        say!("up to date {file}");
        return Ok(());
    }
    let (would, did) = if plan.removes_the_file() { ("would remove", "removed") } else { ("would write", "wrote") };
    if dry_run {
        say!("{would} {file}");
        output::diff(plan.diff());
    } else {
        plan.carry_out().map_err(|e| e.to_string())?;
        say!("{did} {file}");
    }
    Ok(())
}

fn status(args: &AgentsStatus, start: &Start) -> Result<ExitCode, String> {
    let project = project(start);
    let places = Places { home: start.home()?, project: &project, variable: &|name| start.var(name) };
    let mut scopes = args.scope.map_or(vec![Scope::User, Scope::Project], |scope| vec![scope]);
    if places.home == project {
        // the same files once
        scopes.truncate(1);
    }
    let hosts = hosts(&args.host, |host| host.is_used(aegis_agents::Scope::Project, &places));
    let all: Vec<(Host, Scope, Status)> = hosts
        .into_iter()
        .flat_map(|host| scopes.iter().map(move |scope| (host, *scope)))
        .filter_map(|(host, named)| Some((host, named, aegis_agents::status(host, scope(named), &places)?)))
        .collect();
    if args.json {
        let all: Vec<Value> = all.iter().map(|(host, scope, status)| as_json(*host, *scope, status)).collect();
        return Ok(output::put(format!("{}\n", json!({ "agents": all })).as_bytes()));
    }
    if all.is_empty() {
        say!("no coding agent found here");
    }
    for (host, scope, status) in &all {
        tell(*host, *scope, status, start);
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(host: Host, scope: Scope, status: &Status, start: &Start) {
    let (word, scope, file) = (host.word(), name(scope), shown(start, &status.file));
    match &status.installed {
        None => say!("{word} ({scope}): not installed in {file}"),
        Some(installed) => {
            let policy = installed.policy.as_ref().map_or("none named".to_owned(), |policy| shown(start, policy));
            let timeout = installed.timeout.map_or("unsaid".to_owned(), |timeout| format!("{} s", timeout.as_secs_f64()));
            say!("{word} ({scope}): installed in {file}");
            say!("  program: {}", shown(start, &installed.program));
            say!("  policy: {policy}");
            say!("  time-out: {timeout}");
            say!("  events: {}", aegis_gate::escaped(&installed.events.join(", ")));
        }
    }
    for warning in &status.warnings {
        say!("  warning: {}", aegis_gate::escaped(warning));
    }
}

fn as_json(host: Host, scope: Scope, status: &Status) -> Value {
    let text = |path: &Path| path.display().to_string();
    let installed = status.installed.as_ref().map(|installed| {
        json!({
            "program": text(&installed.program),
            "program_exists": installed.program.is_file(),
            "policy": installed.policy.as_deref().map(text),
            "policy_exists": installed.policy.as_ref().map(|policy| policy.is_file()),
            "timeout_seconds": installed.timeout.map(|timeout| timeout.as_secs_f64()),
            "events": installed.events,
        })
    });
    json!({ "host": host.word(), "scope": name(scope), "file": text(&status.file), "installed": installed, "warnings": status.warnings })
}

/// Those that are named, or those that are used.
fn hosts(named: &[HookHost], is_used: impl Fn(&Host) -> bool) -> Vec<Host> {
    let named: Vec<Host> = named.iter().map(|host| of(*host)).collect();
    Host::with_hooks().filter(|host| if named.is_empty() { is_used(host) } else { named.contains(host) }).collect()
}

fn of(named: HookHost) -> Host {
    match named {
        HookHost::Claude => Host::Claude,
        HookHost::Codex => Host::Codex,
        HookHost::OpenCode => Host::OpenCode,
        HookHost::Gemini => Host::Gemini,
        HookHost::Antigravity => Host::Antigravity,
        HookHost::Copilot => Host::Copilot,
        HookHost::Cursor => Host::Cursor,
    }
}

fn name(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "user",
        Scope::Project => "project",
    }
}
