//! The path rules of a policy: read at load, put into a trie when the first path is judged.
//!
//! Most of them come from presets and the built-in control files, hundreds in every policy, and a script that touches no file never
//! asks them. The first few paths are judged by the rules whose texts could match them, and only whoever asks more needs all.
//!
//! What the file system has to say about them (where links lead) is looked up at load: a decision touches no file, and what happened
//! since the load has no say in what a pattern means. Only a policy that judges at once and is gone then waits for its first path.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::access::PathOp;
use crate::control::BuiltIn;
use crate::decision::Atom;
use crate::merged::Entry;
use crate::pattern::{Anchor, Links, Names, PathPattern, PatternError, Reading, Trie, each_alternative, names_of};
use crate::rule::{Rule, RuleRef, Text};
use known::{FEW, Known};

/// What a path rule does. The order is that of `PathKind::COUNT` slots, not of strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathKind {
    Sealed,
    Guarded,
    ControlException,
    Deny,
    AskRead,
    AskWrite,
    AskDelete,
    Read,
    Write,
    Delete,
    LocalRead,
    LocalWrite,
    /// Decides nothing of its own: what a confined child may start.
    Exec,
    /// The same: the sockets to which it may connect.
    Socket,
}

impl PathKind {
    pub(crate) const COUNT: usize = 14;

    /// Whether a match makes the answer stricter; such kinds also match other spellings of the same name.
    pub(crate) const fn is_strict(self) -> bool {
        matches!(self, PathKind::Sealed | PathKind::Guarded | PathKind::Deny | PathKind::LocalRead | PathKind::LocalWrite)
    }

    /// Whether a match can count in the answer to an operation.
    const fn is_about(self, op: PathOp) -> bool {
        match self {
            PathKind::Sealed | PathKind::Deny | PathKind::LocalRead | PathKind::LocalWrite => true,
            PathKind::Guarded | PathKind::ControlException => !matches!(op, PathOp::Read),
            PathKind::AskRead | PathKind::Read => matches!(op, PathOp::Read),
            PathKind::AskWrite | PathKind::Write => matches!(op, PathOp::Write),
            PathKind::AskDelete | PathKind::Delete => matches!(op, PathOp::Delete),
            PathKind::Exec | PathKind::Socket => false,
        }
    }

    pub(super) const fn covers_below(self) -> bool {
        matches!(self, PathKind::Sealed | PathKind::Guarded | PathKind::Deny)
    }
}

/// One rule, and how its text is read.
#[derive(Debug)]
pub(crate) struct PathRule {
    pub(crate) kind: PathKind,
    pub(crate) rule: RuleRef,
    pub(crate) atom: Option<Atom>,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// The rule's own text, from this directory.
    Entry(Arc<Path>),
    /// The text behind the capability in `requires_approval`.
    Approval(Arc<Path>, Box<str>),
    /// A built-in pattern; of the name alone, or of all below it too.
    BuiltIn { itself: bool },
    /// A file of this machine.
    Object(PathBuf),
}

/// The path rules of one layer, in the order in which they count.
#[derive(Debug, Default)]
pub(crate) struct PathRules {
    rules: Vec<PathRule>,
    home: Option<PathBuf>,
    links: Mutex<Links>,
    /// Of each rule, whether links give it a meaning that its text does not show; of the rules alone that are about reading, and of all.
    linked_reading: OnceLock<Vec<bool>>,
    linked: OnceLock<Vec<bool>>,
    known: Mutex<Known>,
    /// How often all rules of some kinds were looked through for one path.
    looked_through: AtomicUsize,
    tries: OnceLock<Tries>,
    literal_guarded: OnceLock<Literals>,
}

/// Matchers of path rules.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    pub(crate) exact: Trie,
    /// Strict patterns in lower case, where volumes ignore case.
    pub(crate) folded: Trie,
}

/// Matchers that know every rule about one path.
pub(crate) enum Matchers<'a> {
    /// Those of all rules.
    All(&'a Tries),
    /// Those of the rules that may be about it.
    Of(Arc<Tries>),
}

impl std::ops::Deref for Matchers<'_> {
    type Target = Tries;
    fn deref(&self) -> &Tries {
        match self {
            Matchers::All(tries) => tries,
            Matchers::Of(tries) => tries,
        }
    }
}

impl Tries {
    /// Whether names that differ in case alone are one file here.
    pub(crate) const FOLD: bool = cfg!(any(target_os = "macos", target_os = "windows"));

    fn insert(&mut self, kind: PathKind, pattern: &PathPattern<'_>, index: u32, covers: bool) {
        self.exact.insert(pattern, index, covers);
        if !kind.is_strict() {
            return;
        }
        if let Some(composed) = pattern.composed() {
            self.exact.insert(&composed, index, covers);
        }
        if Tries::FOLD {
            self.folded.insert(&pattern.folded(), index, covers);
        }
    }
}

impl PathRules {
    /// None yet; about `count` will come.
    pub(super) fn of_home(home: Option<&Path>, count: usize) -> PathRules {
        // and some that this machine adds
        PathRules { home: home.map(Path::to_path_buf), rules: Vec::with_capacity(count.saturating_add(8)), ..PathRules::default() }
    }

    /// Adds an entry of a list, or with `text` one of `requires_approval`. The text of a preset was checked by a test of this crate.
    pub(super) fn add(&mut self, kind: PathKind, text: Option<&str>, entry: &Entry, atom: Option<Atom>) -> Result<(), PatternError> {
        let form = match text {
            None => Form::Entry(entry.base.clone()),
            Some(text) => Form::Approval(entry.base.clone(), text.into()),
        };
        let rule = PathRule { kind, rule: entry.rule.clone(), atom, form };
        if !entry.rule.is_preset() {
            rule.count(self.home.as_deref(), &mut Links::none())?;
        }
        self.rules.push(rule);
        Ok(())
    }

    pub(super) fn add_built_in(&mut self, kind: PathKind, entry: &'static BuiltIn) {
        let form = Form::BuiltIn { itself: entry.itself };
        self.rules.push(PathRule { kind, rule: RuleRef::from(&entry.rule), atom: None, form });
    }

    /// A file of this machine, by its path and by where links lead from it.
    pub(super) fn add_object(&mut self, kind: PathKind, path: &Path) {
        let rule = Rule {
            file: Text::Static("built-in"),
            line: 0,
            list: Text::Static("control files"),
            pattern: Text::from(&*path.to_string_lossy()),
            preset: false,
            why: None,
        };
        self.rules.push(PathRule { kind, rule: rule.into(), atom: None, form: Form::Object(path.to_path_buf()) });
    }

    /// All rules are there. Nothing asks the file system any more, or with `later` nothing after the first path was judged.
    pub(super) fn asked(self, later: bool) -> PathRules {
        if !later {
            self.linked();
        }
        self
    }

    /// Looks up where links lead that patterns begin with, once.
    pub(super) fn linked(&self) -> &[bool] {
        self.linked.get_or_init(|| {
            let linked = self.look_up(|_| true);
            self.links().freeze();
            linked
        })
    }

    /// The same, for the rules alone that are about reading if that is what is asked: they are less than half.
    fn linked_for(&self, op: PathOp) -> &[bool] {
        match self.linked.get() {
            Some(linked) => linked,
            None if op == PathOp::Read => self.linked_reading.get_or_init(|| self.look_up(|kind| kind.is_about(op))),
            None => self.linked(),
        }
    }

    fn look_up(&self, wanted: impl Fn(PathKind) -> bool) -> Vec<bool> {
        let mut links = self.links();
        self.rules.iter().map(|rule| wanted(rule.kind) && look_up(rule, self.home.as_deref(), &mut links)).collect()
    }

    pub(crate) fn rule(&self, index: u32) -> Option<&PathRule> {
        self.rules.get(index as usize)
    }

    /// Whether there is a rule of one of these kinds.
    pub(crate) fn has(&self, kinds: &[PathKind]) -> bool {
        self.rules.iter().any(|r| kinds.contains(&r.kind))
    }

    /// Every pattern of the rules of a kind.
    pub(super) fn each_of(&self, kind: PathKind, found: &mut dyn FnMut(&PathPattern<'_>)) {
        let mut links = self.links();
        for rule in self.rules.iter().filter(|rule| rule.kind == kind) {
            // read at load already
            let _ = rule.each(self.home.as_deref(), &mut links, &mut |pattern, _| found(pattern));
        }
    }

    /// The matchers for one path: all rules that could match it, or cover it, are in them.
    pub(crate) fn matchers(&self, op: PathOp, path: &[u8]) -> Matchers<'_> {
        if let Some(tries) = self.tries.get() {
            return Matchers::All(tries);
        }
        let mut known = self.known();
        if let Some(tries) = known.of(op, path) {
            return Matchers::Of(tries);
        }
        let Some(names) = self.names(path).filter(|_| !known.is_full()) else { return Matchers::All(self.tries()) };
        let linked = self.linked_for(op);
        let may_be = |at: usize, rule: &PathRule| linked.get(at).copied().unwrap_or(true) || names.may_match(rule.text());
        // what is found for reading is about nothing else
        let is_about = |kind: PathKind| if op == PathOp::Read { kind.is_about(op) } else { decides(kind) };
        let tries = Arc::new(self.compiled(0, |at, rule| is_about(rule.kind) && may_be(at, rule)));
        known.add(op, path, &tries);
        Matchers::Of(tries)
    }

    /// Much below a directory will be judged for reading: that takes the rules alone that could be about it.
    pub(super) fn look_below(&self, directory: &[u8]) {
        let mut known = self.known();
        if self.tries.get().is_some() || !known.wants(directory) {
            return;
        }
        let Some(names) = self.names(directory) else { return };
        let linked = self.linked_for(PathOp::Read);
        let may_be = |at: usize, rule: &PathRule| {
            linked.get(at).copied().unwrap_or(true) || names.may_match_below(rule.text(), self.home.as_deref())
        };
        known.add_below(directory, self.compiled(0, |at, rule| rule.kind.is_about(PathOp::Read) && may_be(at, rule)));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one of the rules of some kinds could match a path. Where none does, hundreds of others need not be asked. It looks through
    /// all of these kinds, so whoever keeps asking is told yes and pays for the matchers, once.
    pub(super) fn could_match(&self, kinds: &[PathKind], path: &[u8]) -> bool {
        if self.looked_through.fetch_add(1, Ordering::Relaxed) >= FEW || self.tries.get().is_some() {
            return true;
        }
        let Some(names) = self.names(path) else { return true };
        let mut links = self.links();
        let mut rules = self.rules.iter().filter(|rule| kinds.contains(&rule.kind));
        rules.any(|rule| names.may_match(rule.text()) || look_up(rule, self.home.as_deref(), &mut links))
    }

    /// The names of a path, where the texts of rules tell what they can match.
    fn names<'p>(&self, path: &'p [u8]) -> Option<Names<'p>> {
        // where names that differ in case are one file, they do not
        if Tries::FOLD { None } else { Names::of(path, self.home.as_deref()) }
    }

    fn tries(&self) -> &Tries {
        self.linked();
        self.tries.get_or_init(|| self.compiled(self.rules.len(), |_, rule| decides(rule.kind)))
    }

    /// The matchers of some kinds of rules alone.
    pub(super) fn of_kinds(&self, wanted: impl Fn(PathKind) -> bool) -> Tries {
        self.compiled(0, |_, rule| wanted(rule.kind))
    }

    /// Literal paths of deny and local-only lists: hard links to them count as them.
    pub(crate) fn literal_guarded(&self) -> &Literals {
        self.linked();
        self.literal_guarded.get_or_init(|| {
            let mut literals = Literals::default();
            let mut links = self.links();
            let counts = |kind| matches!(kind, PathKind::Deny | PathKind::LocalRead | PathKind::LocalWrite);
            for rule in self.rules.iter().filter(|rule| counts(rule.kind)) {
                let _ = rule.each(self.home.as_deref(), &mut links, &mut |pattern, _| literals.add(pattern));
            }
            literals
        })
    }

    /// The matchers of some rules, with room for so many.
    fn compiled(&self, room: usize, wanted: impl Fn(usize, &PathRule) -> bool) -> Tries {
        let mut tries = Tries::default();
        tries.exact.reserve(room);
        let mut links = self.links();
        for (index, rule) in self.rules.iter().enumerate().filter(|(index, rule)| wanted(*index, rule)) {
            // fewer than 2^32: a policy is at most 64 files of 1 MiB
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            // texts of files were read before, all others by tests
            let _ = rule.each(self.home.as_deref(), &mut links, &mut |pattern, covers| tries.insert(rule.kind, pattern, index, covers));
        }
        tries
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What children may start or connect to is asked as a whole, never of one path.
const fn decides(kind: PathKind) -> bool {
    !matches!(kind, PathKind::Exec | PathKind::Socket)
}

impl PathRule {
    /// The text that is read as its pattern.
    fn text(&self) -> &str {
        match &self.form {
            Form::Approval(_, text) => text,
            Form::Entry(_) | Form::BuiltIn { .. } | Form::Object(_) => self.rule.pattern(),
        }
    }

    /// For how many patterns the rule stands: one, if there are no alternatives in it and no links behind it.
    fn count(&self, home: Option<&Path>, links: &mut Links) -> Result<usize, PatternError> {
        let mut count = 0_usize;
        self.each(home, links, &mut |_, _| count += 1)?;
        Ok(count)
    }

    /// Every pattern that the rule stands for, and whether it covers what is below.
    fn each(&self, home: Option<&Path>, links: &mut Links, found: &mut dyn FnMut(&PathPattern<'_>, bool)) -> Result<(), PatternError> {
        let covers = self.kind.covers_below();
        let anchor = if self.kind == PathKind::Deny { Anchor::AnyDepth } else { Anchor::Exact };
        match &self.form {
            Form::Entry(base) | Form::Approval(base, _) => {
                Reading { base, home, anchor }.each(self.text(), links, &mut |p| found(p, covers))
            }
            // what is below a home has no place without one
            Form::BuiltIn { .. } if home.is_none() && self.rule.pattern().starts_with('~') => Ok(()),
            Form::BuiltIn { itself } => {
                Reading { base: Path::new("/"), home, anchor: Anchor::Floating }.each(self.text(), links, &mut |p| found(p, !itself))
            }
            Form::Object(path) => {
                PathPattern::object(path, links, &mut |p| found(p, covers));
                Ok(())
            }
        }
    }
}

/// Looks up where links lead that the patterns of a rule begin with. Says whether some lead elsewhere.
fn look_up(rule: &PathRule, home: Option<&Path>, links: &mut Links) -> bool {
    let text = rule.text();
    let is_object = matches!(rule.form, Form::Object(_));
    let is_relative = !is_object && !text.starts_with(['/', '~']);
    // relative patterns are never looked up below their base
    let hides_a_beginning = text.starts_with('{') && text.contains(['/', '~']);
    if is_relative && !hides_a_beginning {
        return false;
    }
    // what the operator wrote is read as it will be, the rest was checked by tests
    if is_object
        || hides_a_beginning
        || text.contains('\\')
        || matches!(&rule.form, Form::Entry(_) | Form::Approval(..)) && !rule.rule.is_preset()
    {
        return rule.count(home, links).is_ok_and(|count| count > 1);
    }
    let mut found = false;
    // in what the program brings along every pattern can be read
    let _ = each_alternative(text, &mut |text| {
        let (start, rest) = match text.strip_prefix('~') {
            Some(rest) => (home, rest),
            None => (None, text),
        };
        // what is no literal name ends the beginning; of `.` and empty parts there are none in what the program brings along
        let names = rest.as_bytes().split(|b| *b == b'/').filter(|name| !name.is_empty());
        let names = names.take_while(|name| !name.iter().any(|b| b"*?[".contains(b)));
        found |= links.real(start.into_iter().flat_map(names_of).chain(names)).is_some();
        Ok(())
    });
    found
}

/// Many paths, in one piece of memory: few ask for them.
#[derive(Debug, Default)]
pub(crate) struct Literals {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Literals {
    /// The path that a pattern is, if it has no wildcard.
    fn add(&mut self, pattern: &PathPattern<'_>) {
        let Some(names) = pattern.literal() else { return };
        for name in names {
            self.bytes.push(b'/');
            self.bytes.extend_from_slice(name);
        }
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Path> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default()).map(|bytes| {
            // a pattern of no names at all is the root
            Path::new(OsStr::from_bytes(if bytes.is_empty() { b"/" } else { bytes }))
        })
    }
}

mod known;

#[cfg(test)]
mod tests;
