//! The path rules of a policy: read at load, put into a trie when the first path is judged.
//!
//! Most of them come from presets and the built-in control files, hundreds in every policy, and a script that touches no file never
//! asks them. The first few paths are judged by the rules whose texts could match them, and only whoever asks more needs all. What the file system has to say about them (where links lead) is looked up at load all the same: a decision
//! touches no file, and what happened since the load has no say in what a pattern means.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::control::BuiltIn;
use crate::decision::Atom;
use crate::merged::Entry;
use crate::pattern::{Anchor, Links, Names, PathPattern, PatternError, Reading, Trie, each_alternative};
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
#[derive(Debug, Default)]
pub(crate) struct PathRules {
    rules: Vec<PathRule>,
    home: Option<PathBuf>,
    links: Mutex<Links>,
    /// Of each rule, whether links give it a meaning that its text does not show.
    linked: OnceLock<Vec<bool>>,
    first: Mutex<Vec<First>>,
    /// How often it was asked whether a rule could match.
    asked: AtomicUsize,
    tries: OnceLock<Tries>,
    literal_guarded: OnceLock<Literals>,
}

/// One of the first paths that were judged, and the matchers of the rules that may be about it.
#[derive(Debug)]
struct First {
    path: Box<[u8]>,
    tries: Arc<Tries>,
}

/// So many paths are judged before all rules are put into one trie.
const FEW: usize = 6;

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
    fn linked(&self) -> &[bool] {
        self.linked.get_or_init(|| {
            let mut links = self.links();
            let linked = self.rules.iter().map(|rule| look_up(rule, self.home.as_deref(), &mut links)).collect();
            links.freeze();
            linked
        })
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
        self.linked();
        let mut links = self.links();
        for rule in self.rules.iter().filter(|rule| rule.kind == kind) {
            // read at load already
            let _ = rule.each(self.home.as_deref(), &mut links, &mut |pattern, _| found(pattern));
        }
    }

    /// The matchers for one path: all rules that could match it, or cover it, are in them.
    pub(crate) fn matchers(&self, path: &[u8]) -> Matchers<'_> {
        if let Some(tries) = self.tries.get() {
            return Matchers::All(tries);
        }
        // where names that differ in case are one file, texts do not tell
        let names = if Tries::FOLD { None } else { Names::of(path, self.home.as_deref()) };
        let Some(names) = names else { return Matchers::All(self.tries()) };
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = first.iter().find(|known| *known.path == *path) {
            return Matchers::Of(known.tries.clone());
        }
        if first.len() == FEW {
            return Matchers::All(self.tries());
        }
        let linked = self.linked();
        let may_be = |at: usize, rule: &PathRule| linked.get(at).copied().unwrap_or(true) || names.may_match(rule.text());
        let tries = Arc::new(self.compiled(|at, rule| decides(rule.kind) && may_be(at, rule)));
        first.push(First { path: path.into(), tries: tries.clone() });
        Matchers::Of(tries)
    }

    /// Whether one of the rules of some kinds could match a path. Where none does, hundreds of others need not be asked. It looks through
    /// all of these kinds, so whoever keeps asking is told yes and pays for the matchers, once.
    pub(super) fn could_match(&self, kinds: &[PathKind], path: &[u8]) -> bool {
        if self.asked.fetch_add(1, Ordering::Relaxed) >= FEW || self.tries.get().is_some() {
            return true;
        }
        let names = if Tries::FOLD { None } else { Names::of(path, self.home.as_deref()) };
        let Some(names) = names else { return true };
        let mut links = self.links();
        let mut rules = self.rules.iter().filter(|rule| kinds.contains(&rule.kind));
        rules.any(|rule| names.may_match(rule.text()) || look_up(rule, self.home.as_deref(), &mut links))
    }

    fn tries(&self) -> &Tries {
        self.linked();
        self.tries.get_or_init(|| {
            let mut tries = Tries::default();
            tries.exact.reserve(self.rules.len());
            self.compile(tries, |_, rule| decides(rule.kind))
        })
    }

    /// The matchers of some kinds of rules alone.
    pub(super) fn of_kinds(&self, wanted: impl Fn(PathKind) -> bool) -> Tries {
        self.compiled(|_, rule| wanted(rule.kind))
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

    fn compiled(&self, wanted: impl Fn(usize, &PathRule) -> bool) -> Tries {
        self.compile(Tries::default(), wanted)
    }

    fn compile(&self, mut tries: Tries, wanted: impl Fn(usize, &PathRule) -> bool) -> Tries {
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
        let start = start.map_or(&b""[..], |home| home.as_os_str().as_bytes()).split(|b| *b == b'/');
        // what is no literal name ends the beginning; of `.` and empty parts there are none in what the program brings along
        let names = rest.as_bytes().split(|b| *b == b'/').take_while(|part| !part.iter().any(|b| b"*?[".contains(b)));
        found |= links.real(start.chain(names).filter(|name| !matches!(*name, b"" | b"." | b".."))).is_some();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{GUARDED, SEALED};
    use crate::load::{Finder, load_preset};
    use crate::{Access, PathOp, Policy, Surroundings, Verdict};

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
        let mut rules = PathRules::of_home(Some(&home), 0);
        for entry in SEALED.iter().chain(GUARDED) {
            rules.add_built_in(PathKind::Guarded, entry);
        }
        for entry in &lists.fs_deny {
            rules.add(PathKind::Deny, None, entry, None).unwrap();
        }
        let rules = rules.asked(false);
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

    /// The short way to a no is the long one's.
    #[test]
    fn what_no_list_grants_is_not_permitted() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        let (project, other) = (home.join("project"), home.join("other"));
        std::fs::create_dir_all(&project).unwrap();
        std::fs::create_dir_all(other.join("x")).unwrap();
        std::os::unix::fs::symlink(&other, home.join("link")).unwrap();
        let finder = Finder::at_home(Some(home.clone()));
        let text = "version = 1\ninherits = \"secure-defaults\"\n[filesystem]\nread_allow = [\"**\"]\nlocal_only_read = [\"own/*\"]\nlocal_only_write = [\"own/*\"]\n\
                    write_allow = [\"src/**\", \"~/link/**\", \"/t\u{fc}r/{a,b}\"]\ndelete_allow = [\"{src,~/link}/**\"]\n";
        for at_once in [false, true] {
            let around = Surroundings { at_once, ..Surroundings::default() };
            let (mut yes, mut no) = (0, 0);
            for path in
                ["project/src/a", "project/a", "project/.env", "project/src/.env", "link/x", "other/x", "other", "project/own/x", "x"]
            {
                for path in
                    [home.join(path), Path::new("/").join(path), "/usr/bin/git".into(), "/t\u{fc}r/a".into(), "/".into(), "/a/../b".into()]
                {
                    // a policy of its own for each, which has looked up nothing yet
                    let policy = Policy::from_text("p", text, &project, &finder, &around).unwrap();
                    for op in [PathOp::Read, PathOp::Write, PathOp::Delete] {
                        let access = Access::Path { op, path: &path };
                        let permits = policy.permits(&access);
                        let decided = Policy::from_text("p", text, &project, &finder, &Surroundings::default()).unwrap().decide(&access);
                        assert_eq!(permits, decided.verdict() != Verdict::Deny, "{op:?} {}", path.display());
                        if permits { yes += 1 } else { no += 1 }
                    }
                }
            }
            assert!(yes > 12 && no > 60, "{yes} {no}");
        }
    }

    #[derive(Default)]
    struct Seen(std::collections::BTreeSet<(u32, bool)>);
    impl crate::pattern::Hits for Seen {
        fn hit(&mut self, end: crate::pattern::End) {
            self.0.insert((end.rule, end.directory_itself));
        }
    }

    fn seen(tries: &Tries, path: &str) -> std::collections::BTreeSet<(u32, bool)> {
        let mut seen = Seen::default();
        tries.exact.walk(path.as_bytes(), &mut seen);
        seen.0
    }

    /// The first paths are judged by a few rules: those must be all that match, also where a link gives a pattern another place.
    #[test]
    fn the_few_rules_of_the_first_paths_say_what_all_say() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap().join("home/mia");
        let dots = home.parent().unwrap().join("dots");
        std::fs::create_dir_all(&home).unwrap();
        std::fs::create_dir_all(dots.join("x")).unwrap();
        for name in [".ssh", ".bashrc", ".config", ".vim", ".local"] {
            std::os::unix::fs::symlink(&dots, home.join(name)).unwrap();
        }
        let lists = load_preset("secure-defaults", &Finder::of_this_user()).unwrap().lists;
        let rules = |later| {
            let mut rules = PathRules::of_home(Some(&home), 0);
            for entry in SEALED.iter().chain(GUARDED) {
                rules.add_built_in(PathKind::Guarded, entry);
            }
            for entry in &lists.fs_deny {
                rules.add(PathKind::Deny, None, entry, None).unwrap();
            }
            rules.add_object(PathKind::Guarded, &home.join(".vim/state.json"));
            rules.asked(later)
        };
        let all = rules(false);
        let (home, dots) = (home.to_str().unwrap(), dots.to_str().unwrap());
        let mut paths: Vec<String> = [
            "/",
            "/usr/bin/git",
            "/etc/shadow",
            "/etc/zshrc",
            "/proc/1/environ",
            "/p/.env",
            "/p/a/.env.local/x",
            "/p/x.pem",
            "/p/id_rsa",
            "/p/.git/hooks/pre-commit",
            "/p/.git/config",
            "/p/CLAUDE.md",
            "/p/.mcp.json",
            "/p/ü/.env",
            "/p/src/main.rs",
            "/p/lefthook.yml",
            "/p/.lefthook.toml",
        ]
        .map(str::to_owned)
        .to_vec();
        for name in [
            "",
            "/",
            "/.ssh",
            "/.ssh/id",
            "/.ssh/authorized_keys",
            "/.bashrc",
            "/.zshrc",
            "/.aws/credentials",
            "/.config/gh/hosts.yml",
            "/.config/autostart/x",
            "/bin/x",
            "/x/.ssh/id",
            "/.docker/config.json",
            "/x",
            "/state.json",
            "/autostart/x",
            "/gh/hosts.yml",
            "/share/keyrings/x",
            "/x/y",
        ] {
            paths.extend([format!("{home}{name}"), format!("{dots}{name}")]);
        }
        let mut matched = 0;
        for path in &paths {
            let first = rules(true);
            let few = first.matchers(path.as_bytes());
            assert!(matches!(few, Matchers::Of(_)) || !path.is_ascii(), "{path}");
            let expected = seen(all.tries(), path);
            assert_eq!(seen(&few, path), expected, "{path}");
            matched += usize::from(!expected.is_empty());
        }
        assert!(matched > 30, "{matched} of {}", paths.len());
        // from then on it is all of them, and what was judged before stays
        let first = rules(false);
        for path in paths.iter().filter(|path| path.is_ascii()).take(FEW) {
            assert!(matches!(first.matchers(path.as_bytes()), Matchers::Of(_)));
        }
        assert!(matches!(first.matchers(b"/"), Matchers::Of(_)));
        assert!(matches!(first.matchers(b"/never/asked"), Matchers::All(_)));
        assert!(matches!(first.matchers(b"/"), Matchers::All(_)));
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
                let form = Form::Entry(entry.base.clone());
                rules.push(PathRule { kind: PathKind::Deny, rule: entry.rule.clone(), atom: None, form });
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
