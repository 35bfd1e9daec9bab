//! `fs.*` and `load`.

use std::path::PathBuf;

use aegis_effect::{EffectError, ErrorCode, FileKind, Label, Outcome, Payload, Shape, Stat};
use aegis_policy::{Access, Decision, PathOp, Verdict, Visibility};

use crate::approve::ApprovalRequest;
use crate::call::{Call, Ruling};
use crate::files::GlobLimits;
use crate::gate::Gate;
use crate::ledger::Done;
use crate::resolve::{Intent, PathError, Prepared};

/// The largest file that is read whole.
const MAX_READ: u64 = 64 << 20;
/// The largest script that `load` reads.
const MAX_LOAD: u64 = 4 << 20;

impl Gate {
    pub(crate) fn read_text(&mut self, call: &Call<'_>, path: &str) -> Result<Outcome, EffectError> {
        match self.read_with(call, path, |p| p.read(MAX_READ))? {
            Content::Public(bytes) => text(call, bytes),
            Content::LocalOnly(bytes, label) => {
                let kept = self.keep(bytes, label, Shape::Text);
                // A file that scripts may write can hold what a script made of a secret.
                let named = self.tree.named(path).ok();
                let writable = named.is_none_or(|path| !self.policy.decide(&Access::Path { op: PathOp::Write, path: &path }).is_deny());
                match kept {
                    Outcome::Labelled(labelled) if !writable => Ok(Outcome::Labelled(self.vault.as_whole(labelled))),
                    kept => Ok(kept),
                }
            }
        }
    }

    pub(crate) fn read_range(&mut self, call: &Call<'_>, path: &str, offset: u64, limit: u64) -> Result<Outcome, EffectError> {
        match self.read_with(call, path, |p| p.read_range(offset, limit.min(MAX_READ)))? {
            Content::Public(bytes) => match crate::files::whole_characters(&bytes) {
                Ok(text) => Ok(Outcome::Text(text.to_owned())),
                Err(error) => Err(EffectError::new(code_of(&error), format!("{}: {error}", call.asked()))),
            },
            Content::LocalOnly(bytes, label) => {
                let whole = bytes.map(|b| crate::files::whole_characters(&b).map(|text| text.as_bytes().to_vec()).unwrap_or(b));
                Ok(self.keep(whole, label, Shape::Text))
            }
        }
    }

    pub(crate) fn read_bytes(&mut self, call: &Call<'_>, path: &str) -> Result<Outcome, EffectError> {
        match self.read_with(call, path, |p| p.read(MAX_READ))? {
            Content::Public(bytes) => Ok(Outcome::Bytes(bytes)),
            Content::LocalOnly(bytes, label) => Ok(self.keep(bytes, label, Shape::Bytes)),
        }
    }

    /// A script to load: public, whatever shows its text.
    pub(crate) fn load(&mut self, call: &Call<'_>, path: &str) -> Result<Outcome, EffectError> {
        match self.read_with(call, path, |p| p.read(MAX_LOAD))? {
            Content::Public(bytes) => text(call, bytes),
            Content::LocalOnly(..) => {
                let error = EffectError::new(ErrorCode::FlowDenied, format!("denied: {}: a local-only file is no script", call.asked()));
                Err(self.refused(call, error, None))
            }
        }
    }

    /// A labelled value; without content what failed, which only its label's readers may know.
    fn keep(&mut self, content: Option<Vec<u8>>, label: Label, shape: Shape) -> Outcome {
        let Some(content) = content else { return self.delayed(&label, shape) };
        self.redactor.learn(&content);
        Outcome::Labelled(self.vault.keep(content, label, shape, &self.policy))
    }

    /// Resolves, journals, then reads: the record stands before the content is handed out. A read of a local-only file never throws.
    fn read_with(
        &mut self,
        call: &Call<'_>,
        path: &str,
        read: impl FnOnce(&Prepared) -> Result<Vec<u8>, PathError>,
    ) -> Result<Content, EffectError> {
        let (prepared, ruling) = match self.resolve(call, path, Intent::Read, call.current) {
            Ok(resolved) => resolved,
            Err(error) => return self.absent_label(call, error).map(|label| Content::LocalOnly(None, label)),
        };
        let local_only = ruling.visibility() == Visibility::LocalOnly;
        let bytes = match read(&prepared) {
            Ok(bytes) => bytes,
            Err(error) => {
                let error = self.failed(call, &ruling, &prepared, &error);
                let thrown = !local_only || error.code == ErrorCode::Journal;
                return if thrown { Err(error) } else { Ok(Content::LocalOnly(None, ruling.label_with(call.current))) };
            }
        };
        self.ledger.effect(call, &ruling, Some(&prepared.real().to_string_lossy()), Done::bytes(bytes.len()))?;
        Ok(if local_only { Content::LocalOnly(Some(bytes), ruling.label_with(call.current)) } else { Content::Public(bytes) })
    }

    /// What a read depends on that found nothing where a local-only object would be; the error where it would be public.
    pub(crate) fn absent_label(&mut self, call: &Call<'_>, error: EffectError) -> Result<Label, EffectError> {
        let mut label = std::mem::take(&mut self.absent);
        if label.is_public() || matches!(error.code, ErrorCode::FlowDenied | ErrorCode::ApprovalDenied | ErrorCode::Journal) {
            return Err(error);
        }
        label.join(call.current);
        Ok(label)
    }

    pub(crate) fn exists(&mut self, call: &Call<'_>, path: &str) -> Result<Outcome, EffectError> {
        let (prepared, ruling) = match self.resolve(call, path, Intent::Exists, call.current) {
            Ok(resolved) => resolved,
            Err(error) => return self.absent_label(call, error).map(|label| self.delayed(&label, Shape::Bool)),
        };
        let local_only = ruling.visibility() == Visibility::LocalOnly;
        let exists = match prepared.exists() {
            Ok(exists) => exists,
            Err(error) => {
                let error = self.failed(call, &ruling, &prepared, &error);
                return if local_only { Ok(self.delayed(&ruling.label_with(call.current), Shape::Bool)) } else { Err(error) };
            }
        };
        self.ledger.effect(call, &ruling, Some(&prepared.real().to_string_lossy()), Done::nothing())?;
        if local_only {
            let content = if exists { b"True".to_vec() } else { b"False".to_vec() };
            return Ok(self.keep(Some(content), ruling.label_with(call.current), Shape::Bool));
        }
        Ok(Outcome::Bool(exists))
    }

    pub(crate) fn stat(&mut self, call: &Call<'_>, path: &str) -> Result<Outcome, EffectError> {
        let (prepared, ruling) = match self.resolve(call, path, Intent::Stat, call.current) {
            Ok(resolved) => resolved,
            Err(error) => return self.absent_label(call, error).map(|label| self.delayed(&label, Shape::Stat)),
        };
        let local_only = ruling.visibility() == Visibility::LocalOnly;
        let stat: Stat = match prepared.stat() {
            Ok(stat) => stat,
            Err(error) => {
                let error = self.failed(call, &ruling, &prepared, &error);
                return if local_only { Ok(self.delayed(&ruling.label_with(call.current), Shape::Stat)) } else { Err(error) };
            }
        };
        self.ledger.effect(call, &ruling, Some(&prepared.real().to_string_lossy()), Done::nothing())?;
        if local_only {
            let kind = match stat.kind {
                FileKind::File => "file",
                FileKind::Dir => "dir",
                FileKind::Other => "other",
            };
            let content = format!("{kind} {} {} {}", stat.size, stat.modified, stat.executable);
            return Ok(self.keep(Some(content.into_bytes()), ruling.label_with(call.current), Shape::Stat));
        }
        Ok(Outcome::Stat(stat))
    }

    /// Local-only entries are left out, whether or not they exist; of a local-only directory that is all, also if it does not exist.
    pub(crate) fn list(&mut self, call: &Call<'_>, path: &str) -> Result<Outcome, EffectError> {
        let (prepared, ruling) = match self.resolve(call, path, Intent::List, call.current) {
            Ok(resolved) => resolved,
            Err(error) => return self.absent_label(call, error).map(|_| Outcome::Names(Vec::new())),
        };
        let policy = self.policy.clone();
        let listed = prepared.list(&self.tree, crate::files::MAX_ENTRIES, &mut |op, p| readable(&policy, op, p), &|| self.literals());
        let names = match listed {
            Ok(names) => names,
            Err(error) => {
                let error = self.failed(call, &ruling, &prepared, &error);
                return if ruling.visibility() == Visibility::LocalOnly { Ok(Outcome::Names(Vec::new())) } else { Err(error) };
            }
        };
        self.ledger.effect(call, &ruling, Some(&prepared.real().to_string_lossy()), Done::bytes(names.len()))?;
        Ok(Outcome::Names(names))
    }

    /// The local-only entries alone, as a labelled list. It depends on every local-only rule for files: which of them name something there
    /// is part of what it says.
    pub(crate) fn list_local(&mut self, call: &Call<'_>, path: &str) -> Result<Outcome, EffectError> {
        let mut label = call.current.clone();
        self.policy.file_sources().for_each(|source| label.insert(source));
        let (prepared, ruling) = match self.resolve(call, path, Intent::List, call.current) {
            Ok(resolved) => resolved,
            Err(error) => {
                self.absent_label(call, error)?;
                return Ok(self.delayed(&label, Shape::Names));
            }
        };
        let policy = self.policy.clone();
        let listed = prepared.list(&self.tree, crate::files::MAX_ENTRIES, &mut |op, p| local_only(&policy, op, p), &|| self.literals());
        let content = match listed {
            Ok(names) => serde_json::to_vec(&names).unwrap_or_default(),
            Err(error) => {
                let error = self.failed(call, &ruling, &prepared, &error);
                if error.code == ErrorCode::Journal || ruling.visibility() != Visibility::LocalOnly {
                    return Err(error);
                }
                return Ok(self.delayed(&label, Shape::Names));
            }
        };
        self.ledger.effect(call, &ruling, Some(&prepared.real().to_string_lossy()), Done::bytes(content.len()))?;
        Ok(self.keep(Some(content), label, Shape::Names))
    }

    pub(crate) fn glob(&mut self, call: &Call<'_>, pattern: &str) -> Result<Outcome, EffectError> {
        let policy = self.policy.clone();
        let found = self.tree.glob(
            pattern,
            GlobLimits::default(),
            &mut |op, p| readable(&policy, op, p),
            &|| self.literals(),
            // a directory that a deny list names is not even looked into
            &mut |p| policy.permits(&Access::PathName { op: PathOp::Read, path: p }),
        );
        match found {
            Ok(names) => {
                self.ledger.effect(call, &Ruling::default(), None, Done::bytes(names.len()))?;
                Ok(Outcome::Names(names))
            }
            Err(PathError::Denied { op, real }) => {
                let decision = self.policy.decide(&Access::PathName { op, path: &real });
                // the beginning of the pattern may be a link: where it leads is for the journal
                let named = self.tree.named(pattern).unwrap_or_else(|_| real.clone());
                Err(self.denied(call, &Access::PathName { op, path: &named }, &decision, Some(&real.to_string_lossy())))
            }
            Err(error) => {
                let code = code_of(&error);
                self.ledger.effect(call, &Ruling::default(), None, Done::failed(code))?;
                Err(EffectError::new(code, format!("{}: {error}", call.asked())))
            }
        }
    }

    pub(crate) fn write(&mut self, call: &Call<'_>, path: &str, content: &Payload) -> Result<Outcome, EffectError> {
        let mut label = self.vault.label_of(content)?;
        label.join(call.current);
        let failed = self.vault.has_failed(content);
        self.change(call, path, Intent::Write, &label, failed, |gate, prepared| {
            let bytes = gate.vault.open(content)?.bytes;
            let len = bytes.len();
            prepared.write(&bytes).map_err(Failure::Path)?;
            Ok(len)
        })
    }

    pub(crate) fn append(&mut self, call: &Call<'_>, path: &str, content: &Payload) -> Result<Outcome, EffectError> {
        let mut label = self.vault.label_of(content)?;
        label.join(call.current);
        let failed = self.vault.has_failed(content);
        self.change(call, path, Intent::Append, &label, failed, |gate, prepared| {
            let bytes = gate.vault.open(content)?.bytes;
            let len = bytes.len();
            prepared.append(&bytes, !label.is_public()).map_err(Failure::Path)?;
            Ok(len)
        })
    }

    pub(crate) fn replace(&mut self, call: &Call<'_>, path: &str, old: &Payload, new: &Payload) -> Result<Outcome, EffectError> {
        let mut label = self.vault.label_of(old)?;
        label.join(&self.vault.label_of(new)?);
        label.join(call.current);
        let failed = self.vault.has_failed(old) || self.vault.has_failed(new);
        self.change(call, path, Intent::Replace, &label, failed, |gate, prepared| {
            let (old, new) = (gate.vault.open(old)?.bytes, gate.vault.open(new)?.bytes);
            prepared.replace(&old, &new, MAX_READ).map_err(Failure::Path)?;
            Ok(new.len())
        })
    }

    pub(crate) fn delete(&mut self, call: &Call<'_>, path: &str) -> Result<Outcome, EffectError> {
        self.change(call, path, Intent::Delete, call.current, false, |_, prepared| {
            prepared.delete().map_err(Failure::Path)?;
            Ok(0)
        })
    }

    pub(crate) fn mkdir(&mut self, call: &Call<'_>, path: &str) -> Result<Outcome, EffectError> {
        self.change(call, path, Intent::Mkdir, call.current, false, |_, prepared| {
            prepared.mkdir().map_err(Failure::Path)?;
            Ok(0)
        })
    }

    /// Resolves, journals the intent, acts, journals the outcome.
    fn change(
        &mut self,
        call: &Call<'_>,
        path: &str,
        intent: Intent,
        label: &Label,
        failed: bool,
        act: impl FnOnce(&mut Gate, Prepared) -> Result<usize, Failure>,
    ) -> Result<Outcome, EffectError> {
        let (prepared, ruling) = match self.resolve(call, path, intent, label) {
            Ok(resolved) => resolved,
            Err(error) => {
                let mut out = self.absent_label(call, error)?;
                out.join(label);
                return self.done(out);
            }
        };
        let real = prepared.real().to_path_buf();
        let turn = self.turn_to_change(call, &real)?;
        let id = self.ledger.intent(call, &ruling, Some(&real.to_string_lossy()), label)?;
        // What is there already is as secret as the place, and what happens to labelled content may depend on it: the outcome says nothing.
        let local_only = ruling.visibility() == Visibility::LocalOnly;
        let out = if local_only || !label.is_public() { ruling.label_with(label) } else { Label::public() };
        if failed {
            self.ledger.outcome(id, Done::failed(ErrorCode::Io).detail("not done: what should be written failed before"))?;
            return self.done(out);
        }
        let acted = act(self, prepared);
        self.was_changed(&real, turn);
        match acted {
            Ok(bytes) => {
                self.ledger.outcome(id, Done::bytes(bytes))?;
                self.done(out)
            }
            Err(Failure::Path(error)) => {
                let code = code_of(&error);
                self.ledger.outcome(id, Done::failed(code).detail(error.operator_detail()))?;
                if out.is_public() { Err(EffectError::new(code, format!("{}: {error}", call.asked()))) } else { self.done(out) }
            }
            Err(Failure::Effect(error)) => {
                self.ledger.outcome(id, Done::failed(error.code))?;
                Err(error)
            }
        }
    }

    fn done(&mut self, label: Label) -> Result<Outcome, EffectError> {
        if label.is_public() {
            return Ok(Outcome::Unit);
        }
        Ok(Outcome::Labelled(self.vault.keep(Vec::new(), label, Shape::Unit, &self.policy)))
    }

    /// Name, resolve, decide, flow, approve: everything before the journal. Where a person was asked, the object is resolved
    /// and judged once more, and must be the same.
    pub(crate) fn resolve(
        &mut self,
        call: &Call<'_>,
        path: &str,
        intent: Intent,
        label: &Label,
    ) -> Result<(Prepared, Ruling), EffectError> {
        self.absent = Label::public();
        let bad = |e: PathError| EffectError::new(code_of(&e), format!("{}: {e}", call.asked()));
        let named = match self.tree.named(path) {
            Ok(named) => named,
            Err(error) => return Err(self.refused(call, bad(error), None)),
        };
        for op in intent.ops() {
            let access = Access::PathName { op: *op, path: &named };
            let decision = self.policy.decide(&access);
            if decision.is_deny() {
                return Err(self.denied(call, &access, &decision, None));
            }
        }
        let (prepared, mut ruling) = self.resolve_once(call, path, intent, &named, false)?;
        if !label.is_public() {
            for decision in &ruling.decisions {
                self.check_flow(call, label, decision)?;
            }
        }
        let executable = prepared.replaces_executable();
        if ruling.verdict() == Verdict::Allow && !executable {
            return Ok((prepared, ruling));
        }
        let request = ApprovalRequest {
            call: call.name,
            target: prepared.real().to_string_lossy().into_owned(),
            note: executable.then(|| "it changes a file that can be executed".to_owned()),
            ..Default::default()
        };
        self.approve(call, &mut ruling, request, &[])?;
        let approver = ruling.approver;
        let (again, ruling) = self.resolve_once(call, path, intent, &named, true)?;
        if again.real() != prepared.real() || again.identity() != prepared.identity() || again.replaces_executable() != executable {
            return Err(self.changed(call, &again.real().to_string_lossy()));
        }
        Ok((again, Ruling { approver, ..ruling }))
    }

    fn resolve_once(
        &mut self,
        call: &Call<'_>,
        path: &str,
        intent: Intent,
        named: &std::path::Path,
        approved: bool,
    ) -> Result<(Prepared, Ruling), EffectError> {
        let policy = self.policy.clone();
        let mut asked: Vec<(PathOp, PathBuf, Decision)> = Vec::new();
        let result = self.tree.resolve(
            path,
            intent,
            &mut |op, real| {
                let decision = policy.decide(&Access::Path { op, path: real });
                let verdict = decision.verdict();
                asked.push((op, real.to_path_buf(), decision));
                if approved && verdict == Verdict::Ask { Verdict::Allow } else { verdict }
            },
            &|| self.literals(),
        );
        match result {
            Ok(prepared) => {
                // what was only considered (a lexical path that led through a link) does not count
                let decisions = prepared
                    .judged()
                    .iter()
                    .filter_map(|j| asked.iter().rposition(|(op, p, _)| *op == j.op && *p == j.path).map(|i| asked.swap_remove(i).2))
                    .collect();
                Ok((prepared, Ruling { decisions, approver: None }))
            }
            Err(PathError::Denied { op, real }) => {
                // Where a local-only name leads is as secret as what stands there.
                let by_name = policy.decide(&Access::PathName { op, path: named });
                if by_name.visibility() == Visibility::LocalOnly {
                    self.absent = Ruling::of(by_name).label();
                }
                let decision = policy.decide(&Access::Path { op, path: &real });
                // the words show the path as asked: where a link leads is for the journal
                Err(self.denied(call, &Access::Path { op, path: named }, &decision, Some(&real.to_string_lossy())))
            }
            Err(error) => {
                let code = code_of(&error);
                let would_be = policy.decide(&Access::PathName { op: PathOp::Read, path: named });
                let looked_for = asked.into_iter().map(|(_, _, decision)| decision).chain([would_be]);
                let decisions = looked_for.filter(|d| d.visibility() == Visibility::LocalOnly).collect();
                self.absent = Ruling { decisions, approver: None }.label();
                self.ledger.effect(call, &Ruling::default(), None, Done::failed(code).detail(error.operator_detail()))?;
                Err(EffectError::new(code, format!("{}: {error}", call.asked())))
            }
        }
    }

    /// A read that failed after its object was resolved.
    fn failed(&mut self, call: &Call<'_>, ruling: &Ruling, prepared: &Prepared, error: &PathError) -> EffectError {
        let code = code_of(error);
        let done = Done::failed(code).detail(error.operator_detail());
        match self.ledger.effect(call, ruling, Some(&prepared.real().to_string_lossy()), done) {
            Ok(()) => EffectError::new(code, format!("{}: {error}", call.asked())),
            Err(journal) => journal,
        }
    }
}

/// Listings show only what may be read openly: local-only entries are left out whether or not they exist.
fn readable(policy: &aegis_policy::Policy, op: PathOp, path: &std::path::Path) -> Verdict {
    let decision = policy.decide(&Access::Path { op, path });
    if decision.visibility() == Visibility::LocalOnly { Verdict::Deny } else { decision.verdict() }
}

/// The opposite: what is local-only and may be read.
fn local_only(policy: &aegis_policy::Policy, op: PathOp, path: &std::path::Path) -> Verdict {
    let decision = policy.decide(&Access::Path { op, path });
    if decision.visibility() == Visibility::LocalOnly { decision.verdict() } else { Verdict::Deny }
}

/// What was read.
enum Content {
    Public(Vec<u8>),
    /// None: it failed.
    LocalOnly(Option<Vec<u8>>, Label),
}

fn text(call: &Call<'_>, bytes: Vec<u8>) -> Result<Outcome, EffectError> {
    String::from_utf8(bytes)
        .map(Outcome::Text)
        .map_err(|_| EffectError::new(ErrorCode::Io, format!("{}: {}", call.asked(), PathError::NotText)).suggest("use fs.read_bytes"))
}

enum Failure {
    Path(PathError),
    Effect(EffectError),
}

impl From<EffectError> for Failure {
    fn from(error: EffectError) -> Self {
        Failure::Effect(error)
    }
}

const fn code_of(error: &PathError) -> ErrorCode {
    match error {
        PathError::Denied { .. } => ErrorCode::PolicyDenied,
        PathError::NotFound => ErrorCode::NotFound,
        PathError::BadArgument(_) | PathError::TextNotFound | PathError::Ambiguous { .. } => ErrorCode::BadArgument,
        _ => ErrorCode::Io,
    }
}
