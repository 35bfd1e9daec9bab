//! `aegis run`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use aegis_audit::{Finding as AuditFinding, Limit as LimitReached, Output, Sha256Digest, Text, VerifierRefused};
use aegis_effect::{EffectError, Labelled};
use aegis_gate::confine::EarlyLauncher;
use aegis_gate::{ApproveAll, ApproveNone, Approver, Gate, GateParts, Ledger, TerminalApprover};
use aegis_policy::{Atom, Policy};
use aegis_script::{Limits, PolicyJudge, RunOptions, RunReport, Runner, Source, Status};

use aegis_sandbox::confine::Preparing;
use sha2::Digest;

use crate::chosen::{self, Chosen};
use crate::cli::Run;
use crate::home::Start;
use crate::operator::{Heard, OperatorLog};
use crate::output::Printed;
use crate::{denied, exit, journal};

pub(crate) fn run(args: Run, start: Start, runner: Option<Runner>) -> ExitCode {
    match prepare(&args, &start) {
        Err(stop) => stop.report(args.json),
        Ok(ready) => go(&args, &start, ready, runner.unwrap_or_else(super::worker::runner)),
    }
}

/// Why nothing was run.
struct Stop {
    code: u8,
    kind: &'static str,
    message: String,
}

impl Stop {
    fn failure(message: impl ToString) -> Stop {
        Stop { code: exit::FAILURE, kind: "failure", message: message.to_string() }
    }

    fn report(&self, json: bool) -> ExitCode {
        if json {
            let object = serde_json::json!({
                "status": "failure", "code": self.code, "output": "", "result": null,
                "error": { "kind": self.kind, "message": self.message },
            });
            say!("{object}");
        } else {
            complain!("aegis: {}", self.message);
        }
        ExitCode::from(self.code)
    }
}

struct Ready {
    gate: Gate,
    policy: Arc<Policy>,
    source: Source,
    local_only_args: Vec<(String, Labelled)>,
    operator: Option<OperatorLog>,
}

fn prepare(args: &Run, start: &Start) -> Result<Ready, Stop> {
    // a mistake in the policy is said before one in the script
    let source = read_script(&args.script, start);
    let says_so = |source: &Source| source.text().contains("subprocess");
    // what holds its commands makes itself ready meanwhile
    let launcher = source.as_ref().is_ok_and(says_so).then(|| EarlyLauncher::start(Preparing::new, false));
    let mut around = start.surroundings();
    around.sealed.extend(args.journal.audit.iter().chain(&args.operator_log).map(|path| start.cwd.join(path)));
    let Chosen { policy, banner } = chosen::choose(args.policy.policy.as_deref(), start, &around).map_err(|e| Stop {
        code: exit::FAILURE,
        kind: "policy",
        message: e.to_string(),
    })?;
    let mut policy = policy;
    let arguments = local_only_arguments(args, &mut policy)?;
    let policy = Arc::new(policy);
    let open = |path: &PathBuf| OperatorLog::open(&start.cwd.join(path)).map_err(|e| Stop::failure(format!("{}: {e}", path.display())));
    let operator = args.operator_log.as_ref().map(open).transpose()?;
    let source = source?;
    let path = journal::chosen(&args.journal, &policy, start).map_err(Stop::failure)?;
    let journal = path.map(|path| journal::open(&path, &policy)).transpose();
    let journal = journal.map_err(|e| Stop { code: exit::FAILURE, kind: "journal", message: e.to_string() })?;
    for line in banner {
        complain!("aegis: {}", aegis_gate::escaped(&line));
    }
    let mut ledger = Ledger::new(journal, policy.clone());
    journal::begin(&mut ledger, &policy, &args.script, Some(source.text()), journal::of_scripts(&policy), start).map_err(Stop::failure)?;
    let approver: Box<dyn Approver> = if args.yes {
        Box::new(ApproveAll)
    } else {
        TerminalApprover::open().map_or_else(|| Box::new(ApproveNone) as Box<dyn Approver>, |t| Box::new(t))
    };
    // what a command leaves behind becomes our child, and is found when the command is cleaned up
    aegis_sandbox::broker::become_subreaper().map_err(Stop::failure)?;
    let parts = GateParts {
        policy: policy.clone(),
        ledger,
        approver,
        environment: start.environment.clone(),
        home: start.home.clone(),
        launcher: Some(Preparing::new),
        declassified: journal::state_of(policy.root(), start).ok().map(|state| state.join("declassified")),
    };
    let mut gate = Gate::new(parts).map_err(|e| Stop::failure(format!("the policy root cannot be opened: {e}")))?;
    launcher.into_iter().for_each(|launcher| gate.keep_launcher(launcher));
    let local_only_args = arguments.into_iter().map(|(name, source, value)| (name, gate.keep_argument(source, value))).collect();
    Ok(Ready { gate, policy, source, local_only_args, operator })
}

/// Makes each local-only argument a source of the policy.
fn local_only_arguments(args: &Run, policy: &mut Policy) -> Result<Vec<(String, Atom, String)>, Stop> {
    let add = |(name, value): &(String, String)| {
        if args.args.iter().any(|(public, _)| public == name) {
            return Err(Stop::failure(format!("{name} is given with --arg and with --local-only-arg")));
        }
        let source = policy.add_argument(name).map_err(Stop::failure)?;
        Ok((name.clone(), source, value.clone()))
    };
    args.local_only_args.iter().map(add).collect()
}

/// The script's text. A script is a regular file or standard input, and no larger than the runner takes.
pub(crate) fn read_script_text(path: &Path, start: &Start) -> Result<Source, String> {
    let limit = Limits::default().source_bytes;
    let shown = path.display();
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).map_err(|e| format!("standard input: {e}"))?;
    } else {
        let full = start.cwd.join(path);
        let meta = std::fs::metadata(&full).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => format!("{shown}: no such script"),
            _ => format!("{shown}: {}", exit::reason(&e)),
        })?;
        if !meta.is_file() {
            return Err(format!("{shown}: not a regular file"));
        }
        let file = std::fs::File::open(&full).map_err(|e| format!("{shown}: {}", exit::reason(&e)))?;
        file.take(limit + 1).read_to_end(&mut bytes).map_err(|e| format!("{shown}: {e}"))?;
    }
    if bytes.len() as u64 > limit {
        return Err(format!("{shown}: larger than {limit} bytes"));
    }
    let name = if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..good).unwrap_or_default();
            let line = before.iter().filter(|b| **b == b'\n').count() + 1;
            Err(format!("{shown}:{line}: not UTF-8 text"))
        }
    }
}

fn read_script(path: &Path, start: &Start) -> Result<Source, Stop> {
    read_script_text(path, start).map_err(|message| Stop { code: exit::FAILURE, kind: "script", message })
}

fn go(args: &Run, start: &Start, ready: Ready, mut runner: Runner) -> ExitCode {
    let Ready { mut gate, policy, source, local_only_args, operator } = ready;
    let began = Instant::now();
    let options = RunOptions {
        args: args.args.clone(),
        local_only: policy.has_local_only() || !local_only_args.is_empty(),
        local_only_args,
        operator_view: operator.is_some(),
        ..RunOptions::of(&policy)
    };
    let judge = PolicyJudge::new(&policy);
    let public = if args.json { Printed::kept() } else { Printed::on_stdout() };
    let mut heard = Heard { public, operator };
    let report = runner.run(&source, &options, &mut gate, &mut heard, &judge);
    let Heard { public, operator } = heard;
    let written = Sha256Digest::from(<[u8; 32]>::from(public.hash.clone().finalize()));
    let mut code = report.status.exit_code();
    let mut recorded = conclude(&mut gate, &policy, &source, &report, written, began).map_err(|e| e.to_string());
    if let Some(operator) = operator {
        recorded = recorded.and(operator.write(source.name(), &report, &mut gate).map_err(|e| format!("the operator log: {e}")));
    }
    if recorded.is_err() && report.status == Status::Ok {
        code = exit::FAILURE;
    }
    // after a branch on local-only data no end says more than any other
    let withheld = report.status == Status::Withheld;
    if gate.is_stopped() && !withheld {
        // a script that goes on after "no, and stop" does nothing any more; it must not look as if it had
        code = Status::ApprovalDenied.exit_code();
        complain!("aegis: the run was ended at the terminal");
    }
    if args.json {
        say!("{}", as_json(&report, source.name(), public.text(), code, &gate));
    } else {
        show(&report, source.name(), &policy, start);
    }
    if !args.json && !withheld {
        denied::tell(gate.denied_changes(), &policy, start);
    }
    if let Some(why) = gate.unconfined().filter(|_| !withheld) {
        complain!("aegis: commands ran without confinement by the kernel: {}", aegis_gate::escaped(why));
    }
    if withheld {
        complain!("aegis: finished (status withheld)");
    } else if let Err(error) = recorded {
        complain!("aegis: {error}");
    }
    // the worker is killed already; nothing is gained by waiting until the kernel has taken it apart
    std::mem::forget(runner);
    gate.abandon_launchers();
    ExitCode::from(code)
}

/// The last records of a run: what the verifier refused, what was put out, how it ended.
fn conclude(
    gate: &mut Gate,
    policy: &Policy,
    source: &Source,
    report: &RunReport,
    written: Sha256Digest,
    began: Instant,
) -> Result<(), EffectError> {
    let ledger = gate.ledger();
    if let Some(limit) = reached(policy, report, began) {
        ledger.write(&limit)?;
    }
    if report.status == Status::Refused {
        let findings: Vec<AuditFinding<'_>> =
            report.findings.iter().map(|f| AuditFinding { line: f.line, code: &f.code, message: Text::from(f.message.as_str()) }).collect();
        ledger.write(&VerifierRefused {
            script: Text::from(source.name()),
            script_sha256: Sha256Digest::of(source.text().as_bytes()),
            findings: &findings,
        })?;
    }
    ledger.write(&Output { sink: "stdout", bytes: report.output_bytes, sha256: written })?;
    if let Some(result) = &report.result {
        ledger.write(&Output { sink: "result", bytes: result.len() as u64, sha256: Sha256Digest::of(result.as_bytes()) })?;
    }
    let fallback = if report.status == Status::Withheld { "withheld" } else { "ok" };
    let status = report.error.as_ref().map_or(fallback, |e| e.kind.as_str());
    journal::end(ledger, status, report.status.exit_code(), began)
}

/// The limit of the policy that ended the run, if one of the runner's did; the gate's own are journalled by the gate.
fn reached(policy: &Policy, report: &RunReport, began: Instant) -> Option<LimitReached<'static>> {
    let limits = &policy.settings().limits;
    let (name, limit, used) = match report.error.as_ref()?.limit.as_deref()? {
        "time" => ("max_seconds", limits.max_time.as_secs(), began.elapsed().as_secs()),
        "steps" => ("max_steps", limits.max_steps, report.counts.steps),
        "memory" => ("max_memory_bytes", limits.max_memory_bytes, 0),
        "output" => ("max_output_bytes", limits.max_output_bytes, report.output_bytes),
        "callstack" => ("max_callstack_size", u64::from(limits.max_callstack_size), 0),
        _ => return None,
    };
    // where it is not known how much more was asked for, it was at least the limit
    Some(LimitReached { name, limit, used: used.max(limit) })
}

/// What a person sees after the run.
fn show(report: &RunReport, script: &str, policy: &Policy, start: &Start) {
    let errors = report.findings.iter().filter(|f| f.severity == aegis_script::Severity::Error);
    let refused = report.status == Status::Refused;
    if refused {
        for finding in errors {
            complain!("{}", start.as_typed(&finding.to_string(), policy));
        }
        complain!("aegis: refused before anything ran");
        return;
    }
    let Some(error) = &report.error else { return };
    let file = error.file.as_deref().unwrap_or(script);
    let place = match (error.line, error.column) {
        (0, _) => String::new(),
        (line, 0) => format!("{file}:{line}: "),
        (line, column) => format!("{file}:{line}:{column}: "),
    };
    complain!("aegis: {place}{}", aegis_gate::escaped(&start.as_typed(&error.message, policy)));
    if let Some(frame) = &error.frame {
        complain!("{frame}");
    }
    if let Some(suggestion) = &error.suggestion {
        complain!("  way out: {}", aegis_gate::escaped(&start.as_typed(suggestion, policy)));
    }
}

fn as_json(report: &RunReport, script: &str, output: &str, code: u8, gate: &Gate) -> serde_json::Value {
    let error = report.error.as_ref().map(|e| {
        serde_json::json!({
            "kind": e.kind, "limit": e.limit, "message": e.message, "rule": e.rule, "suggestion": e.suggestion,
            "location": { "file": e.file.as_deref().unwrap_or(script), "line": e.line, "column": e.column },
        })
    });
    let result = report.result.as_deref().map(|r| serde_json::from_str::<serde_json::Value>(r).unwrap_or(serde_json::Value::Null));
    let calls: serde_json::Map<String, serde_json::Value> = gate.counts().map(|(name, n)| (name.to_owned(), n.into())).collect();
    serde_json::json!({
        "status": report.status, "code": code, "output": output, "result": result, "error": error,
        "findings": report.findings,
        "counts": { "effects": report.counts.effects, "failed_effects": report.counts.failed_effects, "steps": report.counts.steps, "calls": calls },
    })
}
