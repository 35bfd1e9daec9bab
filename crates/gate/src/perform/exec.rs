//! `subprocess.*`.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aegis_effect::{Child, EffectError, ErrorCode, ExecOutput, Label, Outcome, Shape};
use aegis_policy::{Access, Decision, ExecRequest, PathOp, Visibility};
use aegis_sandbox::End;
use aegis_sandbox::child::{self, ChildSpec, Finished, RunLimits, Stdin, Stop};

use crate::call::{Call, Ruling};
use crate::gate::Gate;
use crate::ledger::Done;
use crate::resolve::{Binary, Intent, NoBinary, Prepared, search_path};

/// The largest command line, in words and bytes, that is judged at all.
const MAX_WORDS: usize = 10_000;

/// What does not change between the children of a run.
#[derive(Default)]
pub(crate) struct Children {
    search: Option<Vec<PathBuf>>,
    /// Variables every child gets: allowed, and public.
    public_env: Option<Vec<(OsString, OsString)>>,
    /// Whether the policy forbids an agent to write this program and its place in PATH.
    settled: HashMap<PathBuf, bool>,
    /// Processes that are no children of a command: the worker.
    pub(crate) spare: Vec<aegis_sandbox::Pid>,
}

impl Gate {
    pub(crate) fn exec(&mut self, call: &Call<'_>, child: &Child) -> Result<Outcome, EffectError> {
        // name
        let (argv, argv_label) = self.words(call, child)?;
        let cwd = self.working_directory(call, child)?;
        let request = ExecRequest::parse(&argv, cwd.real());
        let access = Access::Exec(&request);
        let decision = self.policy.decide(&access);
        if decision.is_deny() {
            return Err(self.command_denied(call, &request, &decision, &argv_label, None));
        }
        let mut label = argv_label.clone();
        label.join(&self.vault.label_of(&child.stdin)?);
        for (_, value) in &child.env {
            label.join(&self.vault.label_of(value)?);
        }
        if !label.is_public() {
            self.check_flow(call, &label, &decision)?;
        }

        // resolve: the program and every file its arguments name
        let binary = self.program(call, &argv, cwd.real())?;
        let mut resolved = request.clone().with_binary(binary.real.clone());
        resolved.resolve_files(|path| self.tree.leads_to(path));
        let access = Access::Exec(&resolved);
        let decision = self.policy.decide(&access);
        let shown = binary.path.to_string_lossy().into_owned();
        if decision.is_deny() {
            return Err(self.command_denied(call, &request, &decision, &argv_label, Some(&shown)));
        }
        if !label.is_public() {
            self.check_flow(call, &label, &decision)?;
        }
        let env = self.child_environment(call, child, &decision, &mut label)?;
        let ruling = Ruling::of(decision);
        self.approve(call, &ruling, &shown, &argv, None)?;

        let limits = &self.policy.settings().limits;
        let timeout = child.timeout.unwrap_or(limits.child_timeout).min(limits.child_timeout);
        let max_output = usize::try_from(limits.max_child_output_bytes).unwrap_or(usize::MAX);
        let deadline = (Instant::now() + timeout).min(self.deadline());
        let stdin = self.vault.open(&child.stdin)?.bytes;
        let stdin = (!stdin.is_empty()).then_some(stdin);
        let args: Vec<OsString> = argv.iter().map(OsString::from).collect();

        let id = self.ledger.intent(call, &ruling, Some(&shown), &label)?;
        let directory = cwd.directory().map_err(|e| EffectError::new(ErrorCode::Io, format!("{}: {e}", call.asked())))?;
        let spec = ChildSpec {
            program: &binary.path,
            expect: binary.id,
            argv: &args,
            env: &env,
            cwd: directory,
            stdin: Stdin::Null,
            max_memory_bytes: None,
        };
        let run = RunLimits { deadline, max_output, cancel: None, spare: &self.children.spare };
        let out = ruling.label_with(&label);
        match child::run(&spec, stdin.as_deref(), &run) {
            Ok(finished) => {
                let bytes = finished.stdout.len() + finished.stderr.len();
                let code = exit_code(finished.end);
                if let Some(stop) = finished.stopped {
                    let what = match stop {
                        Stop::Output => "wrote more than [subprocess].max_output_bytes and was killed",
                        Stop::Deadline | Stop::Cancelled => "timed out and was killed",
                    };
                    self.ledger.outcome(id, Done::failed(ErrorCode::Exec).detail(what))?;
                    return Err(EffectError::new(ErrorCode::Exec, format!("{}: the command {what}", call.asked())));
                }
                self.ledger.outcome(id, Done::bytes(bytes).detail(format!("exit code {code}")))?;
                self.output(call, child, finished, out)
            }
            Err(error) => {
                self.ledger.outcome(id, Done::failed(ErrorCode::Exec).detail(error.to_string()))?;
                Err(EffectError::new(ErrorCode::Exec, format!("{}: the command could not be started: {error}", call.asked())))
            }
        }
    }

    /// A denial in words. Those of a decision name arguments; where some are local-only, only the call as asked is shown.
    fn command_denied(&mut self, call: &Call<'_>, request: &ExecRequest, decision: &Decision, argv: &Label, resolved: Option<&str>) -> EffectError {
        if argv.is_public() {
            return self.denied(call, &Access::Exec(request), decision, resolved);
        }
        let error = EffectError::new(ErrorCode::FlowDenied, format!("denied: {}: the policy does not allow it with local-only arguments", call.asked()))
            .suggest("list the command in [subprocess].local_only_commands");
        self.refused(call, error, resolved)
    }

    /// The argv with labelled words filled in. They are judged like any other: a labelled word only ever reaches a local-only command.
    fn words(&mut self, call: &Call<'_>, child: &Child) -> Result<(Vec<String>, Label), EffectError> {
        let mut label = Label::public();
        let mut argv = Vec::with_capacity(child.argv.len());
        for word in &child.argv {
            let opened = self.vault.open(word)?;
            label.join(&opened.label);
            match String::from_utf8(opened.bytes) {
                Ok(text) if !text.contains('\0') => argv.push(text),
                _ => return Err(self.refused(call, bad(call, "an argument is not UTF-8 text without NUL"), None)),
            }
        }
        if argv.is_empty() || argv.len() > MAX_WORDS {
            return Err(self.refused(call, bad(call, "a command has 1 to 10000 words"), None));
        }
        Ok((argv, label))
    }

    /// The policy root, or the judged directory that the script names.
    fn working_directory(&mut self, call: &Call<'_>, child: &Child) -> Result<Prepared, EffectError> {
        let path = child.cwd.as_deref().unwrap_or(".");
        if child.cwd.is_none() {
            return self.tree.root_directory().map_err(|e| EffectError::new(ErrorCode::Io, format!("{}: policy root: {e}", call.asked())));
        }
        let (prepared, _) = self.resolve(call, path, Intent::List, &Label::public())?;
        Ok(prepared)
    }

    fn program(&mut self, call: &Call<'_>, argv: &[String], cwd: &Path) -> Result<Binary, EffectError> {
        let word = argv.first().map(String::as_str).unwrap_or_default();
        if self.children.search.is_none() {
            self.children.search = Some(search_path(self.environment.get("PATH")));
        }
        let search = self.children.search.as_deref().unwrap_or_default();
        let binary = match Binary::resolve(word, search, cwd) {
            Ok(binary) => binary,
            Err(error) => {
                let code = if error == NoBinary::NotFound { ErrorCode::NotFound } else { ErrorCode::Exec };
                return Err(self.refused(call, EffectError::new(code, format!("{}: {error}", call.asked())), None));
            }
        };
        if !binary.by_path && self.agent_could_write(&binary) {
            let error = EffectError::new(
                ErrorCode::PolicyDenied,
                format!("denied: {}: the policy lets scripts write the program that PATH finds", call.asked()),
            )
            .suggest(format!("name it by its absolute path in [subprocess].allow_commands and in the call: {}", binary.path.display()));
            return Err(self.refused(call, error, Some(&binary.path.to_string_lossy())));
        }
        Ok(binary)
    }

    /// Whether a script may write the file, or put another one in its place.
    fn agent_could_write(&mut self, binary: &Binary) -> bool {
        if let Some(known) = self.children.settled.get(&binary.path) {
            return *known;
        }
        let policy = &self.policy;
        let writable = [&binary.path, &binary.real]
            .into_iter()
            .any(|path| [PathOp::Write, PathOp::Delete].into_iter().any(|op| policy.permits(&Access::Path { op, path })));
        self.children.settled.insert(binary.path.clone(), writable);
        writable
    }

    /// From scratch: allowed names only, local-only ones only for commands that are cleared for them.
    fn child_environment(
        &mut self,
        call: &Call<'_>,
        child: &Child,
        command: &Decision,
        label: &mut Label,
    ) -> Result<Vec<(OsString, OsString)>, EffectError> {
        if self.children.public_env.is_none() {
            self.children.public_env = Some(self.allowed_variables());
        }
        let mut env = self.children.public_env.clone().unwrap_or_default();
        if command.visibility() == Visibility::LocalOnly {
            for (name, value, of_name) in self.local_only_variables() {
                if self.policy.may_flow(of_name.indexes(), command).is_ok() {
                    label.join(&of_name);
                    env.push((name, value));
                }
            }
        }
        for (name, value) in &child.env {
            let access = Access::ChildEnv { name };
            let decision = self.policy.decide(&access);
            if decision.is_deny() {
                return Err(self.denied(call, &access, &decision, None));
            }
            let bytes = self.vault.open(value)?.bytes;
            if bytes.contains(&0) {
                return Err(self.refused(call, bad(call, "the value of a variable has a NUL byte"), None));
            }
            env.retain(|(n, _)| n.as_encoded_bytes() != name.as_bytes());
            env.push((OsString::from(name), OsString::from_vec(bytes)));
        }
        Ok(env)
    }

    fn allowed_variables(&self) -> Vec<(OsString, OsString)> {
        let allowed = |name: &&str| {
            let decision = self.policy.decide(&Access::ChildEnv { name });
            decision.is_allow() && decision.visibility() == Visibility::Public
        };
        self.environment.names().filter(allowed).filter_map(|n| Some((OsString::from(n), self.environment.get(n)?.clone()))).collect()
    }

    fn local_only_variables(&self) -> Vec<(OsString, OsString, Label)> {
        self.environment
            .names()
            .filter_map(|name| {
                let decision = self.policy.decide(&Access::ChildEnv { name });
                let given = decision.is_allow() && decision.visibility() == Visibility::LocalOnly;
                let value = self.environment.get(name)?;
                given.then(|| (OsString::from(name), value.clone(), Ruling::of(decision).label()))
            })
            .collect()
    }

    fn output(&mut self, call: &Call<'_>, child: &Child, mut finished: Finished, label: Label) -> Result<Outcome, EffectError> {
        let code = exit_code(finished.end);
        if !label.is_public() {
            self.redactor.learn(&finished.stdout);
            let mut field =
                |name: &str, bytes: Vec<u8>, shape| (name.to_owned(), self.vault.keep(bytes, label.clone(), shape, &self.policy));
            if child.fail_on_exit {
                return Ok(Outcome::Labelled(field("stdout", finished.stdout, Shape::Text).1));
            }
            return Ok(Outcome::LabelledFields(vec![
                field("exit_code", code.to_string().into_bytes(), Shape::Int),
                field("stdout", finished.stdout, Shape::Text),
                field("stderr", finished.stderr, Shape::Text),
            ]));
        }
        let hits = self.redactor.redact(&mut finished.stdout) + self.redactor.redact(&mut finished.stderr);
        if hits > 0 {
            self.ledger.redacted("child output", hits)?;
        }
        if child.fail_on_exit && code != 0 {
            let tail = tail_of(&finished.stderr);
            let tail = if tail.is_empty() { String::new() } else { format!(": {tail}") };
            return Err(EffectError::new(ErrorCode::Exec, format!("{}: exit code {code}{tail}", call.asked()))
                .suggest("subprocess.run gives exit_code, stdout and stderr of such a command"));
        }
        Ok(Outcome::Exec(ExecOutput { exit_code: code, stdout: finished.stdout, stderr: finished.stderr }))
    }
}

/// As shells have it: 128 and the signal where one ended the child.
const fn exit_code(end: End) -> i32 {
    match end {
        End::Exited(code) => code,
        End::Signal(signal) => 128 + signal,
        _ => 255,
    }
}

fn bad(call: &Call<'_>, what: &str) -> EffectError {
    EffectError::new(ErrorCode::BadArgument, format!("{}: {what}", call.asked()))
}

/// The end of what a command complained about, on one line.
fn tail_of(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    let tail = lines.get(lines.len().saturating_sub(3)..).unwrap_or_default().join(" | ");
    let start = tail.char_indices().rev().nth(400).map_or(0, |(i, _)| i);
    crate::approve::escaped(tail.get(start..).unwrap_or_default())
}
