//! `subprocess.*`.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aegis_effect::{Child, EffectError, ErrorCode, ExecOutput, Label, Outcome, Shape};
use aegis_policy::{Access, ChildNetwork, Decision, ExecRequest, PathOp, Reason, Visibility};
use aegis_sandbox::Cancel;
use aegis_sandbox::child::{ChildSpec, Finished, RunLimits, Stdin, Stop};

use crate::approve::ApprovalRequest;
use crate::call::{Call, MARK, Ruling, marked, preview};
use crate::confine::{Clearance, Denied, EarlyLauncher, Held, TURNS, TurnKind};
use crate::gate::Gate;
use crate::ledger::Done;
use crate::perform::child_env::Variable;
use crate::perform::hold::NotHeld;
use crate::resolve::{Binary, Intent, NoBinary, Prepared, search_path};

/// The largest command line, in words and bytes, that is judged at all.
const MAX_WORDS: usize = 10_000;

/// Why a command did not get its turn.
pub(crate) const WAITED: &str = "other calls with local-only data took until the end of its time";

/// What does not change between the children of a run.
#[derive(Default)]
pub(crate) struct Children {
    /// Launchers for those that come next; the last one for public programs, and the last for others.
    pub(crate) held: Vec<Held>,
    /// Waits for the first command.
    pub(crate) early: Option<EarlyLauncher>,
    /// There was a launcher: this machine can hold commands, whatever happens later.
    pub(crate) was_held: bool,
    /// Why the kernel holds none, where the policy lets them run all the same.
    pub(crate) unheld: Option<String>,
    /// Changes that public ones were denied.
    pub(crate) denied: Vec<Denied>,
    search: Option<Vec<PathBuf>>,
    /// Variables every child gets: allowed, and public.
    pub(crate) public_env: Option<Vec<Variable>>,
    /// Whether a script may write this program, as found and as it is without links.
    settled: HashMap<(PathBuf, PathBuf), bool>,
}

/// A command line in two readings.
struct Words {
    /// As the program gets it.
    exact: Vec<String>,
    /// With marks in place of labelled parts; none where there is nothing labelled.
    marked: Option<Vec<String>>,
    label: Label,
    /// A labelled word is nothing that a program could get.
    unfit: bool,
}

/// Where a child is to start.
struct Cwd {
    /// The path by which arguments are judged.
    at: PathBuf,
    held: Prepared,
    /// What it depends on, where it is local-only.
    label: Label,
    /// It is local-only and not there, or no directory. Who may not know that gets the answers that he would get if it were; `held` is
    /// not it.
    absent: bool,
}

impl Words {
    /// What may be judged, shown and journalled before it is known that the command may have the labelled parts.
    fn shown(&self) -> &[String] {
        self.marked.as_deref().unwrap_or(&self.exact)
    }
}

impl Gate {
    pub(crate) fn exec(&mut self, call: &Call<'_>, child: &Child) -> Result<Outcome, EffectError> {
        // name: no answer up to the flow check depends on a labelled word
        let words = self.words(call, child)?;
        let mut label = words.label.clone();
        label.join(call.current);
        label.join(&self.vault.label_of(&child.stdin)?);
        let mut failed = words.unfit || self.vault.has_failed(&child.stdin);
        failed |= child.argv.iter().chain(child.env.iter().map(|(_, value)| value)).any(|payload| self.vault.has_failed(payload));
        for (_, value) in &child.env {
            label.join(&self.vault.label_of(value)?);
        }
        let named = match self.tree.named(child.cwd.as_deref().unwrap_or(".")) {
            Ok(named) => named,
            Err(error) => return Err(self.refused(call, bad(call, &error.to_string()), None)),
        };
        let request = ExecRequest::parse(words.shown(), &named);
        let decision = self.decide_by_name(&request);
        if decision.is_deny() {
            return Err(self.denied_command(call, &request, &decision, None));
        }

        // resolve and decide: the directory, the program, and every file the arguments name
        let cwd = self.working_directory(call, child, &named)?;
        failed |= cwd.absent;
        let request = if cwd.at == named { request } else { ExecRequest::parse(words.shown(), &cwd.at) };
        let binary = self.program(call, &request, &cwd.at)?;
        let shown = binary.path.to_string_lossy().into_owned();
        let resolved = self.resolved(&request, &binary);
        let mut ruling = self.judge(call, &request, &resolved, &shown)?;
        if !cwd.label.is_public() {
            if ruling.visibility() != Visibility::LocalOnly {
                let error = EffectError::new(
                    ErrorCode::PolicyDenied,
                    format!("denied: {}: its working directory is local-only, and the command is not", call.asked()),
                )
                .suggest("list the command in [subprocess].local_only_commands");
                return Err(self.refused(call, error, Some(&shown)));
            }
            label.join(&cwd.label);
        }
        if !label.is_public() {
            for decision in &ruling.decisions {
                self.check_flow(call, &label, decision)?;
            }
        }
        let exact = self.judge_exact(call, &words, &cwd.at, &binary, &mut ruling, &mut failed)?;
        let mut env = self.child_environment(call, child, &mut ruling, &mut label, &mut failed)?;
        env.sort_unstable();
        if !ruling.label_with(&label).is_public() {
            // it can read every local-only file that it may have, and what it writes depends on each
            ruling.join_receivable(&self.policy, self.policy.file_sources(), &mut label);
            if self.policy.settings().child_network == ChildNetwork::Proxy {
                ruling.join_receivable(&self.policy, self.policy.host_sources(), &mut label);
            }
        }
        let out = ruling.label_with(&label);
        self.check_written(call, &out, exact.as_ref().map_or(&resolved, |e| &e.1))?;

        let stdin = self.vault.open(&child.stdin)?.bytes;
        let asked = ApprovalRequest {
            call: call.name,
            target: shown.clone(),
            argv: words.shown().to_vec(),
            cwd: child.cwd.is_some().then(|| cwd.at.to_string_lossy().into_owned()),
            env: child.env.iter().map(|(name, value)| format!("{name}={}", marked(value))).collect(),
            content: preview(&child.stdin),
            ..Default::default()
        };
        let variables = env.iter().flat_map(|(name, value)| [name, value]).map(|s| s.as_encoded_bytes());
        let parts: Vec<&[u8]> = words.exact.iter().map(String::as_bytes).chain([stdin.as_slice()]).chain(variables).collect();
        if self.approve(call, &mut ruling, asked, &parts)? {
            // what its arguments lead to may be something else by now
            let same = |(request, resolved): &(ExecRequest, ExecRequest)| self.resolved(request, &binary) == *resolved;
            if !exact.iter().chain([&(request, resolved)]).all(same) {
                return Err(self.changed(call, &shown));
            }
        }
        // the arguments were judged below its path, and the child starts in the held directory
        if !cwd.held.is_still_there() {
            return Err(self.changed(call, &shown));
        }

        let limits = &self.policy.settings().limits;
        let timeout = child.timeout.unwrap_or(limits.child_timeout).min(limits.child_timeout);
        let max_output = usize::try_from(limits.max_child_output_bytes).unwrap_or(usize::MAX);
        let deadline = (Instant::now() + timeout).min(self.deadline());
        let args: Vec<OsString> = words.exact.iter().map(OsString::from).collect();
        let directory = cwd.held.directory().map_err(|e| EffectError::new(ErrorCode::Io, format!("{}: {e}", call.asked())))?;
        let spec = ChildSpec {
            program: &binary.path,
            expect: binary.id,
            argv: &args,
            env: &env,
            cwd: directory,
            stdin: Stdin::Null,
            max_memory_bytes: Some(limits.max_child_memory_bytes),
        };
        let clearance = Clearance::of(out.clone());
        let kind = if out.is_public() { TurnKind::Public } else { TurnKind::Change };
        let _turn = TURNS.take(kind, deadline).ok_or_else(|| EffectError::new(ErrorCode::Limit, format!("{}: {WAITED}", call.asked())))?;
        // also where it will not start: whether commands are held is public, and that this one cannot start is not
        let hold = match self.hold(&clearance, &binary) {
            Ok(hold) if failed => {
                self.put_back(hold);
                Err("not started: a local-only part of it cannot be given to a command".to_owned())
            }
            Ok(hold) => Ok(hold),
            Err(NotHeld::Unrecorded(error)) => return Err(error),
            Err(NotHeld::Impossible(why)) if out.is_public() => return Err(self.not_held(call, &why)),
            Err(NotHeld::Impossible(why)) => Err(why),
        };
        let id = self.ledger.intent(call, &ruling, Some(&shown), &label)?;
        let hold = match hold {
            Ok(hold) => hold,
            Err(detail) => {
                self.ledger.outcome(id, Done::failed(ErrorCode::Exec).detail(detail))?;
                return Ok(self.no_output(child, &out));
            }
        };
        let cancel = self.cancel.clone();
        let run = RunLimits { deadline, max_output, cancel: cancel.as_ref().map(Cancel::fd), spare: &[] };
        let ran = self.run_held(hold, id.number(), &spec, &cwd.at, (!stdin.is_empty()).then_some(stdin.as_slice()), &run);
        match ran {
            Ok(finished) => {
                let bytes = finished.stdout.len() + finished.stderr.len();
                let code = finished.end.exit_code();
                if let Some(stop) = finished.stopped {
                    let what = match stop {
                        Stop::Output => "wrote more than [subprocess].max_output_bytes and was killed",
                        Stop::Deadline => "timed out and was killed",
                        Stop::Cancelled => "was cancelled and killed",
                    };
                    self.ledger.outcome(id, Done::failed(ErrorCode::Exec).detail(what))?;
                    if !out.is_public() {
                        return Ok(self.no_output(child, &out));
                    }
                    return Err(EffectError::new(ErrorCode::Exec, format!("{}: the command {what}", call.asked())));
                }
                self.ledger.outcome(id, Done::bytes(bytes).detail(format!("exit code {code}")))?;
                self.output(call, child, finished, out)
            }
            Err(error) => {
                let detail = self.redacted(error.to_string());
                self.ledger.outcome(id, Done::failed(ErrorCode::Exec).detail(detail))?;
                if !out.is_public() {
                    return Ok(self.no_output(child, &out));
                }
                Err(EffectError::new(ErrorCode::Exec, format!("{}: the command could not be started: {error}", call.asked())))
            }
        }
    }

    /// The argv with labelled parts filled in, and with marks in their place.
    fn words(&mut self, call: &Call<'_>, child: &Child) -> Result<Words, EffectError> {
        if child.argv.is_empty() || child.argv.len() > MAX_WORDS {
            return Err(self.refused(call, bad(call, "a command has 1 to 10000 words"), None));
        }
        let mut label = Label::public();
        let mut unfit = false;
        let mut exact = Vec::with_capacity(child.argv.len());
        for word in &child.argv {
            let opened = self.vault.open(word)?;
            label.join(&opened.label);
            match String::from_utf8(opened.bytes) {
                Ok(text) if !text.contains('\0') => exact.push(text),
                _ if !opened.label.is_public() => {
                    unfit = true;
                    exact.push(MARK.to_owned());
                }
                _ => return Err(self.refused(call, bad(call, "an argument is not UTF-8 text without NUL"), None)),
            }
        }
        let marked = (!label.is_public()).then(|| child.argv.iter().map(marked).collect());
        Ok(Words { exact, marked, label, unfit })
    }

    /// The decision before anything but a bare name is looked up: a rule may open the file that this name stands for.
    fn decide_by_name(&mut self, request: &ExecRequest) -> Decision {
        let decision = self.policy.decide(&Access::Exec(request));
        let word = request.argv().first().map(String::as_str).unwrap_or_default();
        if matches!(decision.reason(), Reason::NoRule { .. })
            && !word.contains('/')
            && let Ok(binary) = Binary::resolve(word, self.search(), Path::new("/"))
        {
            return self.policy.decide(&Access::Exec(&request.clone().with_binary(binary.real)));
        }
        decision
    }

    /// The request for this very program, with what its arguments lead to.
    fn resolved(&self, request: &ExecRequest, binary: &Binary) -> ExecRequest {
        let mut resolved = request.clone().with_binary(binary.real.clone());
        resolved.resolve_files(|path| self.tree.leads_to(path));
        resolved
    }

    /// Judges a resolved request, and once more for each argument that is a guarded file by a hard link.
    fn judge(&mut self, call: &Call<'_>, asked: &ExecRequest, resolved: &ExecRequest, shown: &str) -> Result<Ruling, EffectError> {
        let ruling = self.decide_resolved(resolved);
        match ruling.decisions.iter().find(|d| d.is_deny()) {
            // the words show the arguments as asked
            Some(denial) => Err(self.denied_command(call, asked, denial, Some(shown))),
            None => Ok(ruling),
        }
    }

    /// A denial of a command. Where the mark of a labelled part would be a file, nothing is known of that file, and that it is labelled
    /// is what stands in the way.
    fn denied_command(&mut self, call: &Call<'_>, request: &ExecRequest, denial: &Decision, resolved: Option<&str>) -> EffectError {
        match denial.reason() {
            Reason::FileArgument { argument, .. } | Reason::LocalOnlyArgument { argument } if argument.contains(MARK) => {
                let error = not_with_these(call);
                self.refused(call, error, resolved)
            }
            _ => self.denied(call, &Access::Exec(request), denial, resolved),
        }
    }

    fn decide_resolved(&self, resolved: &ExecRequest) -> Ruling {
        let mut ruling = Ruling::of(self.policy.decide(&Access::Exec(resolved)));
        for (index, file) in resolved.files().iter().enumerate() {
            for twin in self.tree.guarded_twins(&file.path, || self.literals()) {
                let mut as_twin = resolved.clone();
                as_twin.set_file_path(index, twin);
                ruling.decisions.push(self.policy.decide(&Access::Exec(&as_twin)));
            }
        }
        ruling
    }

    /// Judges labelled words as they are. The flow check has let them reach the command; what is wrong with them is content, and makes
    /// the call one that failed.
    fn judge_exact(
        &mut self,
        call: &Call<'_>,
        words: &Words,
        cwd: &Path,
        binary: &Binary,
        ruling: &mut Ruling,
        failed: &mut bool,
    ) -> Result<Option<(ExecRequest, ExecRequest)>, EffectError> {
        if words.marked.is_none() || *failed {
            return Ok(None);
        }
        let request = ExecRequest::parse(&words.exact, cwd);
        let resolved = self.resolved(&request, binary);
        let of_exact = self.decide_resolved(&resolved);
        if of_exact.decisions.iter().any(|d| d.is_deny() || self.policy.may_flow(words.label.indexes(), d).is_err()) {
            // That it is denied depends on what the words are: the journal says so, and the outcome is one more failure of its label.
            let error = not_with_these(call);
            let refused = self.refused(call, error, Some(&binary.path.to_string_lossy()));
            *failed = true;
            return if refused.code == ErrorCode::Journal { Err(refused) } else { Ok(None) };
        }
        ruling.decisions.extend(of_exact.decisions);
        Ok(Some((request, resolved)))
    }

    /// What a command writes depends on all that went in, and on the command: a file it is told to write is one more sink.
    fn check_written(&mut self, call: &Call<'_>, out: &Label, resolved: &ExecRequest) -> Result<(), EffectError> {
        if out.is_public() {
            return Ok(());
        }
        for file in resolved.files().iter().filter(|file| file.op == PathOp::Write) {
            let sink = self.policy.decide(&Access::Path { op: PathOp::Write, path: &file.path });
            self.check_flow(call, out, &sink)?;
        }
        Ok(())
    }

    /// The policy root, or the judged directory that the script names.
    fn working_directory(&mut self, call: &Call<'_>, child: &Child, named: &Path) -> Result<Cwd, EffectError> {
        let Some(path) = &child.cwd else { return self.policy_root(call) };
        match self.resolve(call, path, Intent::List, &Label::public()) {
            Ok((held, ruling)) => {
                let label = if ruling.visibility() == Visibility::LocalOnly { ruling.label() } else { Label::public() };
                Ok(Cwd { at: held.real().to_path_buf(), held, label, absent: false })
            }
            Err(error) => {
                let label = self.absent_label(call, error)?;
                Ok(Cwd { at: named.to_path_buf(), label, absent: true, ..self.policy_root(call)? })
            }
        }
    }

    fn policy_root(&self, call: &Call<'_>) -> Result<Cwd, EffectError> {
        let root = self.tree.root_directory();
        let held = root.map_err(|e| EffectError::new(ErrorCode::Io, format!("{}: policy root: {e}", call.asked())))?;
        Ok(Cwd { at: held.real().to_path_buf(), held, label: Label::public(), absent: false })
    }

    fn search(&mut self) -> &[PathBuf] {
        let environment = &self.environment;
        self.children.search.get_or_insert_with(|| search_path(environment.get("PATH")))
    }

    fn program(&mut self, call: &Call<'_>, request: &ExecRequest, cwd: &Path) -> Result<Binary, EffectError> {
        let word = request.argv().first().map(String::as_str).unwrap_or_default();
        let binary = match Binary::resolve(word, self.search(), cwd) {
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

    /// Whether a script may write the file, or put another one in its place or in that of a link to it.
    fn agent_could_write(&mut self, binary: &Binary) -> bool {
        let key = (binary.path.clone(), binary.real.clone());
        if let Some(known) = self.children.settled.get(&key) {
            return *known;
        }
        let could = |path: &PathBuf| [PathOp::Write, PathOp::Delete].into_iter().any(|op| self.policy.permits(&Access::Path { op, path }));
        let writable = binary.names().iter().any(could);
        self.children.settled.insert(key, writable);
        writable
    }

    fn output(&mut self, call: &Call<'_>, child: &Child, mut finished: Finished, label: Label) -> Result<Outcome, EffectError> {
        let code = finished.end.exit_code();
        if !label.is_public() {
            self.redactor.learn(&finished.stdout);
            let mut keep = |bytes, shape| self.vault.keep(bytes, label.clone(), shape, &self.policy);
            if child.fail_on_exit && code != 0 {
                return Ok(self.no_output(child, &label));
            }
            if child.fail_on_exit {
                return Ok(Outcome::Labelled(keep(finished.stdout, Shape::Text)));
            }
            return Ok(Outcome::LabelledFields(vec![
                ("exit_code".to_owned(), keep(code.to_string().into_bytes(), Shape::Int)),
                ("stdout".to_owned(), keep(finished.stdout, Shape::Text)),
                ("stderr".to_owned(), keep(finished.stderr, Shape::Text)),
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

impl Gate {
    /// The output that did not come, where only its label's readers may know that.
    fn no_output(&mut self, child: &Child, label: &Label) -> Outcome {
        if child.fail_on_exit {
            return self.delayed(label, Shape::Text);
        }
        let mut failed = |shape| self.vault.keep_failure(label.clone(), shape, &self.policy);
        Outcome::LabelledFields(vec![
            ("exit_code".to_owned(), failed(Shape::Int)),
            ("stdout".to_owned(), failed(Shape::Text)),
            ("stderr".to_owned(), failed(Shape::Text)),
        ])
    }
}

/// Says no more of labelled arguments than that they are there.
fn not_with_these(call: &Call<'_>) -> EffectError {
    EffectError::new(
        ErrorCode::FlowDenied,
        format!("denied: {}: the policy does not allow it with these local-only arguments", call.asked()),
    )
}

pub(crate) fn bad(call: &Call<'_>, what: &str) -> EffectError {
    EffectError::new(ErrorCode::BadArgument, format!("{}: {what}", call.asked()))
}

/// The end of what a command complained about, on one line.
fn tail_of(stderr: &[u8]) -> String {
    let end = stderr.get(stderr.len().saturating_sub(4096)..).unwrap_or_default();
    let text = String::from_utf8_lossy(end);
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    let tail = lines.get(lines.len().saturating_sub(3)..).unwrap_or_default().join(" | ");
    let start = tail.char_indices().rev().nth(400).map_or(0, |(i, _)| i);
    crate::approve::escaped(tail.get(start..).unwrap_or_default())
}
