//! Files: control files, deny, ask, allow, local-only.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::Answer;
use super::layer::Layer;
use super::path_rules::{PathKind, Tries};
use crate::access::PathOp;
use crate::decision::{Reason, Verdict};
use crate::pattern::{End, Hits};

/// The longest path Linux takes (`PATH_MAX`).
const MAX_PATH: usize = 4096;

/// The first matching rule of each kind.
struct Best<'a> {
    layer: &'a Layer,
    op: PathOp,
    /// Only the kinds that make an answer stricter are noted.
    strict_only: bool,
    first: [Option<u32>; PathKind::COUNT],
}

impl Hits for Best<'_> {
    fn hit(&mut self, end: End) {
        // `dir/**` lets the directory itself be listed and made, not removed
        if end.directory_itself && self.op == PathOp::Delete {
            return;
        }
        let Some(kind) = self.layer.paths.rule(end.rule).map(|r| r.kind) else { return };
        if self.strict_only && !kind.is_strict() {
            return;
        }
        if let Some(place) = self.first.get_mut(kind as usize)
            && place.is_none_or(|old| end.rule < old)
        {
            *place = Some(end.rule);
        }
    }
}

impl Best<'_> {
    fn rule(&self, kind: PathKind) -> Option<u32> {
        self.first.get(kind as usize).copied().flatten()
    }
}

/// Whether this is an absolute path in the form that is judged, and why not.
fn malformed(path: &Path) -> Option<&'static str> {
    let bytes = path.as_os_str().as_bytes();
    if bytes.first() != Some(&b'/') {
        return Some("the path is not absolute");
    }
    if bytes.len() > MAX_PATH {
        return Some("the path is longer than 4096 bytes");
    }
    if bytes.contains(&0) {
        return Some("the path has a NUL byte");
    }
    if bytes.split(|b| *b == b'/').any(|c| c == b"." || c == b"..") {
        return Some("the path has `.` or `..` in it");
    }
    None
}

fn match_all<'a>(layer: &'a Layer, tries: &Tries, op: PathOp, path: &Path) -> Best<'a> {
    let mut best = Best { layer, op, strict_only: false, first: [None; PathKind::COUNT] };
    let bytes = path.as_os_str().as_bytes();
    tries.exact.walk(bytes, &mut best);
    if !bytes.is_ascii() {
        // a name that only looks like another one must not slip past what forbids it
        if let Ok(text) = std::str::from_utf8(bytes) {
            best.strict_only = true;
            if !is_nfc(text) {
                tries.exact.walk(text.nfc().collect::<String>().as_bytes(), &mut best);
            }
        }
    }
    if Tries::FOLD
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        best.strict_only = true;
        tries.folded.walk(text.nfc().collect::<String>().to_lowercase().as_bytes(), &mut best);
    }
    best
}

/// The full answer for a resolved path.
pub(super) fn decide(layer: &Layer, op: PathOp, path: &Path) -> Answer {
    if let Some(what) = malformed(path) {
        return Answer::malformed(what);
    }
    let best = match_all(layer, &layer.paths.matchers(op, path.as_os_str().as_bytes()), op, path);
    let mut answer = forbidden(layer, op, &best).unwrap_or_else(|| granted(layer, op, &best));
    if let Some(atom) = [PathKind::LocalRead, PathKind::LocalWrite].into_iter().find_map(|k| best.rule(k)).and_then(|r| layer.path_atom(r))
    {
        answer = answer.local_only(atom);
    }
    answer
}

/// The answer for a path before anything is opened: control files and deny lists only.
pub(super) fn decide_name(layer: &Layer, op: PathOp, path: &Path) -> Answer {
    if let Some(what) = malformed(path) {
        return Answer::malformed(what);
    }
    let best = match_all(layer, &layer.paths.matchers(op, path.as_os_str().as_bytes()), op, path);
    forbidden(layer, op, &best).unwrap_or_else(|| Answer::new(Verdict::Allow, Reason::Allowed, None))
}

fn forbidden(layer: &Layer, op: PathOp, best: &Best<'_>) -> Option<Answer> {
    if let Some(rule) = best.rule(PathKind::Sealed) {
        return Some(layer.path_answer(Verdict::Deny, Reason::ControlFile, rule));
    }
    if op != PathOp::Read
        && best.rule(PathKind::ControlException).is_none()
        && let Some(rule) = best.rule(PathKind::Guarded)
    {
        return Some(layer.path_answer(Verdict::Deny, Reason::ControlFile, rule));
    }
    best.rule(PathKind::Deny).map(|rule| layer.path_answer(Verdict::Deny, Reason::DenyRule, rule))
}

fn granted(layer: &Layer, op: PathOp, best: &Best<'_>) -> Answer {
    let (allow, ask, list) = match op {
        PathOp::Read => (best.rule(PathKind::Read).or(best.rule(PathKind::LocalRead)), PathKind::AskRead, "[filesystem].read_allow"),
        PathOp::Write => (best.rule(PathKind::Write).or(best.rule(PathKind::LocalWrite)), PathKind::AskWrite, "[filesystem].write_allow"),
        PathOp::Delete => (best.rule(PathKind::Delete), PathKind::AskDelete, "[filesystem].delete_allow"),
    };
    match (allow, best.rule(ask)) {
        (None, _) => Answer::new(Verdict::Deny, Reason::NoRule { list }, None),
        (Some(_), Some(ask)) => layer.path_answer(Verdict::Ask, Reason::AskRule, ask),
        (Some(allow), None) => match layer.asks_for(op.capability()) {
            Some(rule) => Answer::new(Verdict::Ask, Reason::AskRule, Some(rule.clone())),
            None => layer.path_answer(Verdict::Allow, Reason::Allowed, allow),
        },
    }
}

/// The kinds of rules that grant an operation.
const fn granting(op: PathOp) -> &'static [PathKind] {
    match op {
        PathOp::Read => &[PathKind::Read, PathKind::LocalRead],
        PathOp::Write => &[PathKind::Write, PathKind::LocalWrite],
        PathOp::Delete => &[PathKind::Delete],
    }
}

impl Layer {
    /// Whether a list may grant this; where none does, the answer is no, whatever else there is.
    pub(crate) fn may_grant(&self, op: PathOp, path: &Path) -> bool {
        self.paths.could_match(granting(op), path.as_os_str().as_bytes())
    }

    /// The first of these paths that the lists alone would let somebody write or delete, where no deny list takes it back, and
    /// the rule that does.
    pub(crate) fn granted<'p>(&self, paths: impl Iterator<Item = &'p Path>) -> Option<(&'p Path, crate::rule::RuleRef)> {
        // few rules grant these, and mostly none of them matches: then the other hundreds need not be compiled for it
        let grants = self.paths.of_kinds(|kind| matches!(kind, PathKind::Write | PathKind::LocalWrite | PathKind::Delete));
        paths
            .filter(|path| self.granting_rule(&grants, path).is_some())
            .find_map(|path| Some((path, self.granting_rule(&self.paths.matchers(PathOp::Write, path.as_os_str().as_bytes()), path)?)))
    }

    fn granting_rule(&self, tries: &Tries, path: &Path) -> Option<crate::rule::RuleRef> {
        [PathOp::Write, PathOp::Delete].into_iter().find_map(|op| {
            let best = match_all(self, tries, op, path);
            if best.rule(PathKind::Deny).is_some() {
                return None;
            }
            let rule = granting(op).iter().find_map(|k| best.rule(*k))?;
            self.path_answer(Verdict::Allow, Reason::Allowed, rule).rule
        })
    }
}
