//! What lies below a directory that a command or a tool reads as a whole: `grep -r`, `rg`, `cp -r`, `tar -c`.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aegis_policy::{Access, ExecRequest, OptionArgument, PathOp, Policy, Verdict, Visibility};

use super::command::subject;
use super::{Cause, Judge, Subject};

/// How many names are looked at, and for how long. Past either it is not known what lies there.
const MAX_NAMES: usize = 20_000;
const MAX_TIME: Duration = Duration::from_millis(40);

/// What is below.
#[derive(Debug, PartialEq, Eq)]
pub enum Below {
    /// Nothing that is denied or local-only.
    Clear,
    /// This one is.
    Closed(PathBuf),
    /// There is too much of it.
    TooMuch,
}

/// Which of the files below a directory are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Links lead on.
    follows: bool,
    /// Names that begin with a dot are passed over.
    passes_hidden: bool,
    /// `--include` (true) and `--exclude`, in their order.
    patterns: Vec<(bool, String)>,
    /// Directories that are passed over.
    excluded: Vec<String>,
    /// What lies there has other names afterwards: only what would not be closed under those counts.
    moves: bool,
}

impl Sweep {
    /// All of them, links left aside.
    #[must_use]
    pub fn of_all() -> Sweep {
        Sweep::default()
    }

    /// What a command reads of the directories that it is given; none if it reads none of them as a whole.
    fn of(request: &ExecRequest) -> Option<Sweep> {
        let has = |names: &[&str]| request.options().iter().any(|option| names.contains(&option.name.as_str()));
        match request.program() {
            "grep" | "egrep" | "fgrep" | "ggrep" | "zgrep" => {
                let recurses = |option: &OptionArgument| {
                    option.name == "--directories" && option.value.as_deref().is_none_or(|value| !matches!(value, "read" | "skip"))
                };
                let follows = has(&["--dereference-recursive"]);
                if !follows && !has(&["--recursive"]) && !request.options().iter().any(recurses) {
                    return None;
                }
                let values = |name: &'static str| {
                    request.options().iter().filter(move |option| option.name == name).filter_map(|option| option.value.clone())
                };
                let patterns = request.options().iter().filter_map(|option| match option.name.as_str() {
                    "--include" => Some((true, option.value.clone().unwrap_or_default())),
                    "--exclude" => Some((false, option.value.clone().unwrap_or_default())),
                    _ => None,
                });
                Some(Sweep { follows, patterns: patterns.collect(), excluded: values("--exclude-dir").collect(), ..Sweep::default() })
            }
            "rg" | "ripgrep" if !has(&["--files", "--type-list"]) => Some(Sweep {
                follows: has(&["--follow"]),
                passes_hidden: !has(&["-.", "--hidden", "-u", "--unrestricted"]),
                ..Sweep::default()
            }),
            "ag" | "ack" | "ugrep" | "ug" | "rgrep" => Some(Sweep::default()),
            "cp" | "gcp" if has(&["--recursive", "-R", "-r", "--archive", "-a"]) => {
                Some(Sweep { follows: has(&["--dereference", "-L"]), ..Sweep::default() })
            }
            "tar" | "gtar" if has(&["--create", "--append", "--update", "--diff"]) => {
                Some(Sweep { follows: has(&["--dereference", "-h"]), ..Sweep::default() })
            }
            // what lies there has other names then
            "mv" | "gmv" | "ln" | "gln" => Some(Sweep { moves: true, ..Sweep::default() }),
            "git" if moves(request) => Some(Sweep { moves: true, ..Sweep::default() }),
            "diff" | "rsync" | "scp" | "zip" if request.argv().iter().any(|word| is_recursive(word)) => Some(Sweep::default()),
            "git" if has(&["--no-index", "--untracked"]) => Some(Sweep::default()),
            _ => None,
        }
    }

    fn takes(&self, name: &OsStr, is_directory: bool) -> bool {
        let bytes = name.as_encoded_bytes();
        if self.passes_hidden && bytes.starts_with(b".") {
            return false;
        }
        if is_directory {
            return !self.excluded.iter().any(|pattern| is_plain(pattern) && pattern.as_bytes() == bytes);
        }
        // the last that fits wins; where none does, a file is read unless the first is an `--include`. What is not plain text behind a
        // star includes everything and excludes nothing.
        let fits = |include: bool, pattern: &str| match pattern.strip_prefix('*') {
            Some(end) if is_plain(end) => bytes.ends_with(end.as_bytes()),
            None if is_plain(pattern) => bytes == pattern.as_bytes(),
            _ => include,
        };
        match self.patterns.iter().rev().find(|(include, pattern)| fits(*include, pattern)) {
            Some((include, _)) => *include,
            None => !self.patterns.first().is_some_and(|(include, _)| *include),
        }
    }
}

/// Whether what lies in its directories has other names afterwards.
fn moves(request: &ExecRequest) -> bool {
    matches!(request.program(), "mv" | "gmv" | "ln" | "gln") || request.subcommand().first().is_some_and(|sub| sub == "mv")
}

/// Whether a pattern is text without wildcards, all of it known.
fn is_plain(pattern: &str) -> bool {
    pattern.chars().all(|c| c.is_ascii_alphanumeric() || "._-+,@ ".contains(c))
}

/// An option of tools without a grammar by which they go into directories.
fn is_recursive(word: &str) -> bool {
    match word.strip_prefix("--") {
        Some(long) => "recursive".starts_with(long) || "archive".starts_with(long),
        None => word.strip_prefix('-').is_some_and(|letters| letters.contains(['r', 'R', 'a'])),
    }
}

/// Looks for what may not be read. Objects of git are passed over.
pub(super) fn look(policy: &Policy, top: &Path, sweep: &Sweep) -> Below {
    let start = Instant::now();
    let mut todo = vec![top.to_path_buf()];
    let mut led = HashSet::new();
    let mut names = 0;
    while let Some(directory) = todo.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.flatten() {
            names += 1;
            if names > MAX_NAMES || (names % 64 == 0 && start.elapsed() > MAX_TIME) {
                return Below::TooMuch;
            }
            let (mut path, kind) = (entry.path(), entry.file_type());
            let mut is_directory = kind.as_ref().is_ok_and(fs::FileType::is_dir);
            if kind.is_ok_and(|kind| kind.is_symlink()) {
                let Some(real) = sweep.follows.then(|| fs::canonicalize(&path).ok()).flatten() else { continue };
                is_directory = real.is_dir();
                if !sweep.takes(&entry.file_name(), is_directory) || !led.insert(real.clone()) {
                    continue;
                }
                if !policy.decide(&Access::Path { op: PathOp::Read, path: &real }).is_allow() {
                    return Below::Closed(real);
                }
                path = real;
            } else if !sweep.takes(&entry.file_name(), is_directory) {
                continue;
            }
            let name = policy.decide(&Access::PathName { op: PathOp::Read, path: &path });
            let is_local_only = || policy.decide(&Access::Path { op: PathOp::Read, path: &path }).visibility() == Visibility::LocalOnly;
            if name.is_deny() && sweep.moves && is_closed_anywhere(policy, top, &path) {
                continue;
            }
            if name.is_deny() || (!is_directory && is_local_only()) {
                return Below::Closed(path);
            }
            if is_directory && entry.file_name() != ".git" {
                todo.push(path);
            }
        }
    }
    Below::Clear
}

/// Whether it is closed by its own name, whatever the directory is called.
fn is_closed_anywhere(policy: &Policy, top: &Path, path: &Path) -> bool {
    let elsewhere = path.strip_prefix(top).map(|below| top.with_file_name("another name").join(below));
    elsewhere.is_ok_and(|path| policy.decide(&Access::PathName { op: PathOp::Read, path: &path }).is_deny())
}

impl Judge<'_> {
    /// Of a command that reads directories as a whole, what lies in them and may not be read.
    pub(super) fn closed_below(&mut self, request: &ExecRequest) {
        let (Some(lookup), Some(sweep)) = (self.around.lookup, Sweep::of(request)) else { return };
        let mut directories: Vec<&Path> =
            request.files().iter().filter(|file| file.op == PathOp::Read || moves(request)).map(|file| file.path.as_path()).collect();
        if directories.is_empty() && !moves(request) {
            directories.push(request.cwd());
        }
        directories.dedup();
        for directory in directories {
            match lookup.below(self.policy, directory, &sweep) {
                Below::Clear => {}
                Below::Closed(path) => self.closed(&path),
                Below::TooMuch => {
                    let cause = Cause::NotKnown("too much lies there to know whether all of it may be read");
                    self.push(subject(request), Verdict::Ask, cause);
                }
            }
        }
    }

    fn closed(&mut self, path: &Path) {
        let subject = Subject::File { op: PathOp::Read, path: aegis_policy::shown(&path.to_string_lossy()) };
        let by_name = Access::PathName { op: PathOp::Read, path };
        let by_path = Access::Path { op: PathOp::Read, path };
        let (access, decision) = match self.policy.decide(&by_name) {
            decision if decision.is_deny() => (by_name, decision),
            _ => (by_path, self.policy.decide(&by_path)),
        };
        if decision.visibility() == Visibility::LocalOnly {
            self.push(subject, Verdict::Deny, Cause::LocalOnly);
        } else {
            let (verdict, cause) = (decision.verdict(), self.decided(&access, &subject, decision));
            self.push(subject, verdict, cause);
        }
    }
}
