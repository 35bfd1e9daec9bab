//! The path rules of a policy: read at load, put into a trie when the first path is judged.
//!
//! Most of them come from presets and the built-in control files, hundreds in every policy, and a script that touches no file never
//! asks them. What the file system has to say about them (where links lead) is looked up at load all the same: a decision
//! touches no file, and what happened since the load has no say in what a pattern means.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::control::BuiltIn;
use crate::decision::Atom;
use crate::merged::Entry;
use crate::pattern::{Anchor, Links, PathPattern, PatternError, Reading, Trie};
use crate::rule::{Rule, RuleRef, Text};

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
#[derive(Debug)]
pub(crate) struct PathRules {
    rules: Vec<PathRule>,
    home: Option<PathBuf>,
    links: Mutex<Links>,
    tries: OnceLock<Tries>,
}

/// Matchers of path rules.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    pub(crate) exact: Trie,
    /// Strict patterns in lower case, where volumes ignore case.
    pub(crate) folded: Trie,
    /// Literal paths of deny and local-only lists: hard links to them count as them.
    pub(crate) literal_guarded: Literals,
}

impl Tries {
    /// Whether names that differ in case alone are one file here.
    pub(crate) const FOLD: bool = cfg!(any(target_os = "macos", target_os = "windows"));

    fn insert(&mut self, kind: PathKind, pattern: &PathPattern<'_>, index: u32, covers: bool) {
        self.exact.insert(pattern, index, covers);
        if !kind.is_strict() {
            return;
        }
        if matches!(kind, PathKind::Deny | PathKind::LocalRead | PathKind::LocalWrite) {
            self.literal_guarded.add(pattern);
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
    pub(super) fn of_home(home: Option<&Path>) -> PathRules {
        PathRules { rules: Vec::new(), home: home.map(Path::to_path_buf), links: Mutex::default(), tries: OnceLock::new() }
    }

    /// Adds an entry of a list, or with `text` one of `requires_approval`. The text of a preset was checked by a test of this crate.
    pub(super) fn add(&mut self, kind: PathKind, text: Option<&str>, entry: &Entry, atom: Option<Atom>) -> Result<(), PatternError> {
        let form = match text {
            None => Form::Entry(entry.base.clone()),
            Some(text) => Form::Approval(entry.base.clone(), text.into()),
        };
        let rule = PathRule { kind, rule: entry.rule.clone(), atom, form };
        let links = self.links.get_mut().unwrap_or_else(PoisonError::into_inner);
        if entry.rule.is_preset() {
            look_up(&rule, self.home.as_deref(), links);
        } else {
            rule.each(self.home.as_deref(), links, &mut |_, _| {})?;
        }
        self.rules.push(rule);
        Ok(())
    }

    pub(super) fn add_built_in(&mut self, kind: PathKind, entry: &'static BuiltIn) {
        let rule = PathRule { kind, rule: RuleRef::from(&entry.rule), atom: None, form: Form::BuiltIn { itself: entry.itself } };
        look_up(&rule, self.home.as_deref(), self.links.get_mut().unwrap_or_else(PoisonError::into_inner));
        self.rules.push(rule);
    }

    /// A file of this machine, by its path and by where links lead from it.
    pub(super) fn add_object(&mut self, kind: PathKind, path: &Path) {
        let rule = Rule {
            file: Text::Static("built-in"),
            line: 0,
            list: "control files",
            pattern: Text::from(&*path.to_string_lossy()),
            preset: false,
            why: None,
        };
        let rule = PathRule { kind, rule: rule.into(), atom: None, form: Form::Object(path.to_path_buf()) };
        look_up(&rule, self.home.as_deref(), self.links.get_mut().unwrap_or_else(PoisonError::into_inner));
        self.rules.push(rule);
    }

    /// All rules are there: nothing asks the file system any more.
    pub(super) fn asked(mut self) -> PathRules {
        self.links.get_mut().unwrap_or_else(PoisonError::into_inner).freeze();
        self
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
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        for rule in self.rules.iter().filter(|rule| rule.kind == kind) {
            // read at load already
            let _ = rule.each(self.home.as_deref(), &mut links, &mut |pattern, _| found(pattern));
        }
    }

    pub(crate) fn tries(&self) -> &Tries {
        self.tries.get_or_init(|| self.compiled(|kind| !matches!(kind, PathKind::Exec | PathKind::Socket)))
    }

    /// The matchers of some kinds of rules alone.
    pub(super) fn compiled(&self, wanted: impl Fn(PathKind) -> bool) -> Tries {
        let mut tries = Tries::default();
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, rule) in self.rules.iter().enumerate().filter(|(_, rule)| wanted(rule.kind)) {
            // fewer than 2^32: a policy is at most 64 files of 1 MiB
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            // texts of files were read before, all others by tests
            let _ = rule.each(self.home.as_deref(), &mut links, &mut |pattern, covers| tries.insert(rule.kind, pattern, index, covers));
        }
        tries
    }
}

impl PathRule {
    /// Every pattern that the rule stands for, and whether it covers what is below.
    fn each(&self, home: Option<&Path>, links: &mut Links, found: &mut dyn FnMut(&PathPattern<'_>, bool)) -> Result<(), PatternError> {
        let covers = self.kind.covers_below();
        let anchor = if self.kind == PathKind::Deny { Anchor::AnyDepth } else { Anchor::Exact };
        match &self.form {
            Form::Entry(base) => Reading { base, home, anchor }.each(self.rule.pattern(), links, &mut |p| found(p, covers)),
            Form::Approval(base, text) => Reading { base, home, anchor }.each(text, links, &mut |p| found(p, covers)),
            // what is below a home has no place without one
            Form::BuiltIn { .. } if home.is_none() && self.rule.pattern().starts_with('~') => Ok(()),
            Form::BuiltIn { itself } => {
                Reading { base: Path::new("/"), home, anchor: Anchor::Floating }
                    .each(self.rule.pattern(), links, &mut |p| found(p, !itself))
            }
            Form::Object(path) => {
                PathPattern::object(path, links, &mut |p| found(p, covers));
                Ok(())
            }
        }
    }
}

/// Looks up where links lead that the patterns of a rule begin with.
fn look_up(rule: &PathRule, home: Option<&Path>, links: &mut Links) {
    let text = rule.rule.pattern();
    let is_relative = !matches!(rule.form, Form::Object(_)) && !text.starts_with(['/', '~']);
    // relative patterns are never looked up below their base
    let hides_a_beginning = text.starts_with('{') && text.contains(['/', '~']);
    if is_relative && !hides_a_beginning {
        return;
    }
    if text.contains(['{', '\\']) || matches!(rule.form, Form::Object(_)) {
        let _ = rule.each(home, links, &mut |_, _| {});
    } else {
        let (start, rest) = match text.strip_prefix('~') {
            Some(rest) => (home, rest),
            None => (None, text),
        };
        // what is no literal name ends the beginning; of `.` and empty parts there are none in what the program brings along
        let names = rest.split('/').filter(|part| !part.is_empty()).take_while(|part| !part.contains(['*', '?', '[']));
        let start = start.into_iter().flat_map(Path::components).filter_map(|c| match c {
            std::path::Component::Normal(name) => Some(name.as_bytes()),
            _ => None,
        });
        links.real(start.chain(names.map(str::as_bytes)));
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{GUARDED, SEALED};
    use crate::load::{Finder, load_preset};

    /// What `look_up` asks at load is all that compiling asks later: with links in a home, frozen answers are those of an open one.
    #[test]
    fn links_looked_up_at_load_are_those_that_compiling_needs() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(home.join("real/sub")).unwrap();
        for name in [".ssh", ".aws", ".config", ".local", ".cargo", ".gnupg", ".docker", ".kube", ".npmrc", ".mozilla", "Library"] {
            std::os::unix::fs::symlink("real", home.join(name)).unwrap();
        }
        let lists = load_preset("secure-defaults", &Finder::of_this_user()).unwrap().lists;
        let mut rules = PathRules::of_home(Some(&home));
        for entry in SEALED.iter().chain(GUARDED) {
            rules.add_built_in(PathKind::Guarded, entry);
        }
        for entry in &lists.fs_deny {
            rules.add(PathKind::Deny, None, entry, None).unwrap();
        }
        let rules = rules.asked();
        let mut real = 0;
        for rule in &rules.rules {
            let patterns = |links: &mut Links| {
                let mut all = Vec::new();
                rule.each(Some(&home), links, &mut |p, _| all.push(format!("{p:?}"))).unwrap();
                all
            };
            let frozen = patterns(&mut rules.links.lock().unwrap());
            assert_eq!(frozen, patterns(&mut Links::default()), "{}", rule.rule);
            real += frozen.iter().filter(|p| p.contains("114, 101, 97, 108]")).count();
        }
        assert!(real > 10, "{real}");
    }

    /// They are read when the first path is judged, where nobody could be told.
    #[test]
    fn every_path_pattern_of_the_program_is_one() {
        let home = Some(Path::new("/home/mia"));
        let mut links = Links::default();
        let mut rules: Vec<PathRule> = Vec::new();
        for (kind, entries) in [(PathKind::Sealed, SEALED), (PathKind::Guarded, GUARDED)] {
            rules.extend(entries.iter().map(|e| PathRule {
                kind,
                rule: (&e.rule).into(),
                atom: None,
                form: Form::BuiltIn { itself: e.itself },
            }));
        }
        for preset in crate::preset_names() {
            let mut lists = load_preset(preset, &Finder::of_this_user()).unwrap().lists;
            for entry in lists.path_entries().filter(|e| e.rule.list().starts_with("[filesystem]")) {
                rules.push(PathRule { kind: PathKind::Deny, rule: entry.rule.clone(), atom: None, form: Form::Entry(entry.base.clone()) });
            }
            for approval in lists.requires_approval {
                assert!(approval.pattern.is_none() || !approval.capability.name().starts_with("fs."), "read them here too");
            }
        }
        assert!(rules.len() > 500);
        for rule in rules {
            let mut count = 0;
            rule.each(home, &mut links, &mut |_, _| count += 1).unwrap_or_else(|e| panic!("{}: {e}", rule.rule));
            assert!(count > 0, "{}", rule.rule);
        }
    }
}
