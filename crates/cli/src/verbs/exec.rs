//! `aegis exec`: any command, held by the kernel to the policy's files, with everything it starts.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use aegis_gate::confine::{Clearance, EarlyLauncher, PlanFor, Planned, PolicyChanges, in_words, plan, serve_proxy, tell_place};
use aegis_gate::{ApproveNone, Denial, Gate, GateParts, Ledger, Resolver, escaped};
use aegis_policy::{Confine, Policy};
use aegis_sandbox::child::{ChildSpec, FileId, Stdin};
use aegis_sandbox::confine::{Confined, Grant, Plan, Preparing};
use aegis_sandbox::{End, SandboxError, Signals};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::chosen::{self, Chosen};
use crate::cli::Exec;
use crate::home::Start;
use crate::{denied, exit, journal};

/// To be called first thing.
pub(crate) fn prepare() -> EarlyLauncher {
    EarlyLauncher::copied(true)
}

pub(crate) fn exec(args: &Exec, start: &Start, launcher: Option<EarlyLauncher>) -> ExitCode {
    match go(args, start, launcher) {
        Ok(code) => ExitCode::from(code),
        Err(error) => exit::failure(&error),
    }
}

fn go(args: &Exec, start: &Start, early: Option<EarlyLauncher>) -> Result<u8, String> {
    let began = Instant::now();
    let early = early.unwrap_or_else(|| EarlyLauncher::start(Preparing::new, true));
    let mut around = start.surroundings();
    around.at_once = true;
    around.sealed.extend(args.journal.audit.iter().map(|path| start.cwd.join(path)));
    let Chosen { policy, banner } = chosen::choose(args.policy.policy.as_deref(), start, &around)?;
    for line in banner {
        complain!("aegis: {}", escaped(&line));
    }
    let policy = Arc::new(policy);
    if policy.settings().confine == Confine::Off {
        return Err("[subprocess].confine = \"off\": nothing would hold the command".to_owned());
    }
    let mut gate = gate(args, &policy, start)?;
    let (word, _) = args.command.split_first().ok_or("no command")?;
    let word = word.to_string_lossy().into_owned();
    let real = gate.find_program(&word, &start.cwd).ok_or_else(|| format!("{word}: no such program"))?;
    let clearance = Clearance::public();
    let of = PlanFor { clearance: &clearance, programs: std::slice::from_ref(&real), home: start.home.as_deref(), cwd: Some(&start.cwd) };
    let (system, launcher) = early.parts();
    let Planned { mut plan, masked } = plan(&policy, &of, system).map_err(|e| e.to_string())?;
    if !plan.grants.iter().any(|grant| start.cwd.starts_with(&grant.path)) {
        return Err(format!(
            "{}: the command could not start here: no rule in [filesystem].read_allow gives this directory",
            start.cwd.display()
        ));
    }
    plan.at_terminal = true;
    plan.is_traced = args.trace;
    if args.dry_run {
        show(&plan, masked, args.json);
        return Ok(0);
    }
    aegis_sandbox::broker::become_subreaper().map_err(|e| e.to_string())?;
    aegis_sandbox::broker::survive_interrupts();
    // before there are threads, which could get them
    let signals = Signals::that_end().map_err(|e| e.to_string())?;
    let (judge, denials) = PolicyChanges::new(policy.clone(), clearance.clone(), args.yes);
    let not_held = |e: SandboxError| format!("the kernel cannot hold the command here: {e}");
    let starting = launcher.and_then(|launcher| launcher.ask(&plan, Some(Box::new(judge)))).map_err(not_held)?;
    // while it follows the plan
    policy.look_up_all();
    let command = Command::new(args, &policy, &real, gate.public_variables(), &signals, start)?;
    let confined = starting.started().map_err(not_held)?;
    let actual = in_words(&confined, plan.proxy);
    journal::begin(gate.ledger(), &policy, Path::new(&word), None, &actual, start).map_err(|e| e.to_string())?;
    let ended = run(&mut gate, confined, &plan, command);
    let denied = denials.all();
    for denial in &denied {
        gate.ledger().denied_change(denial).map_err(|e| e.to_string())?;
    }
    let (status, code) = match &ended {
        Ok((0, _)) => ("ok", 0),
        Ok((code, _)) => ("exec", *code),
        Err(_) => ("failure", exit::FAILURE),
    };
    journal::end(gate.ledger(), status, code, began).map_err(|e| e.to_string())?;
    let (code, unreached) = ended?;
    if args.json {
        complain!("{}", denied::as_json(&denied, &unreached, code));
    } else {
        denied::tell(&denied, &policy, start);
        denied::tell_unreached(&unreached, &policy, start);
    }
    Ok(code)
}

/// What is run.
struct Command<'a> {
    policy: &'a Arc<Policy>,
    program: &'a Path,
    expect: FileId,
    argv: &'a [OsString],
    env: Vec<(OsString, OsString)>,
    /// Where it starts, and the very directory.
    cwd: (&'a Path, File),
    /// What asks it to end is handed on.
    signals: &'a Signals,
}

impl<'a> Command<'a> {
    fn new(
        args: &'a Exec,
        policy: &'a Arc<Policy>,
        program: &'a Path,
        env: Vec<(OsString, OsString)>,
        signals: &'a Signals,
        start: &'a Start,
    ) -> Result<Command<'a>, String> {
        let expect = FileId::from(&std::fs::metadata(program).map_err(|e| format!("{}: {e}", program.display()))?);
        let cwd = File::open(&start.cwd).map_err(|e| format!("{}: {e}", start.cwd.display()))?;
        Ok(Command { policy, program, expect, argv: &args.command, env, cwd: (&start.cwd, cwd), signals })
    }
}

/// Runs it to its end: its exit code, and what of the network it did not reach.
fn run(gate: &mut Gate, mut confined: Confined, plan: &Plan, mut what: Command<'_>) -> Result<(u8, Vec<Denial>), String> {
    let records = gate.ledger().connections();
    let proxy = serve_proxy(&mut confined, what.policy, &Clearance::public(), records, Resolver::system(), None)?;
    let address = proxy.as_ref().map(|(_, address)| *address);
    tell_place(&mut what.env, plan, address);
    let end = command(&mut confined, &what)?;
    confined.abandon();
    Ok((u8::try_from(end.exit_code()).unwrap_or(u8::MAX), proxy.map(|(proxy, _)| proxy.end()).unwrap_or_default()))
}

fn gate(args: &Exec, policy: &Arc<Policy>, start: &Start) -> Result<Gate, String> {
    let path = journal::chosen(&args.journal, policy, start)?;
    let journal = path.map(|path| journal::open(&path, policy)).transpose().map_err(|e| e.to_string())?;
    Gate::new(GateParts {
        policy: policy.clone(),
        ledger: Ledger::new(journal, policy.clone()),
        approver: Box::new(ApproveNone),
        environment: start.environment.clone(),
        home: start.home.clone(),
        launcher: None,
        declassified: None,
    })
    .map_err(|e| format!("the policy root cannot be opened: {e}"))
}

fn command(confined: &mut Confined, what: &Command<'_>) -> Result<End, String> {
    let (path, directory) = &what.cwd;
    let spec = ChildSpec {
        program: what.program,
        expect: what.expect,
        argv: what.argv,
        env: &what.env,
        cwd: directory.as_fd(),
        stdin: Stdin::Null,
        max_memory_bytes: Some(what.policy.settings().limits.max_child_memory_bytes),
    };
    let (input, output, error) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let stdio = [input.as_fd(), output.as_fd(), error.as_fd()];
    let mut child = confined.start_command(&spec, path, stdio).map_err(|e| e.to_string())?;
    loop {
        let (ended, signalled) = (child.ended_fd(), what.signals.fd());
        let mut fds = [ended, signalled].map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.to_string()),
        }
        while let Some(signal) = what.signals.take() {
            child.signal(signal).map_err(|e| e.to_string())?;
        }
        if let Some(end) = child.wait_until(Instant::now()).map_err(|e| e.to_string())? {
            return Ok(end);
        }
    }
}

/// The rules that would be in force.
fn show(plan: &Plan, masked: usize, json: bool) {
    let network = if plan.proxy { "by the proxy alone" } else { "none" };
    if json {
        let grant = |grant: &Grant| {
            let path = grant.path.to_string_lossy();
            serde_json::json!({ "path": path, "read": grant.read, "write": grant.write, "exec": grant.exec })
        };
        let hidden: Vec<_> = plan.masks.iter().map(|path| path.to_string_lossy()).collect();
        let grants: Vec<_> = plan.grants.iter().map(grant).collect();
        say!("{}", serde_json::json!({ "grants": grants, "hidden": hidden, "network": network }));
        return;
    }
    for Grant { path, read, write, exec } in &plan.grants {
        let right = |has: bool, letter: char| if has { letter } else { '-' };
        say!("{}{}{} {}", right(*read, 'r'), right(*write, 'w'), right(*exec, 'x'), path.display());
    }
    say!("{masked} names below are hidden; where it says w, each change is judged by the policy; network: {network}");
}
