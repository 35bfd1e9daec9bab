//! Programs that run another one, and whose own words no grammar knows. No more is taken from their words than what is denied: what they run by themselves is
//! judged by their own name.

use std::path::Path;

use aegis_policy::{Access, Certainty, ExecRequest, PathOp, Reason, Verdict};

use super::command::subject;
use super::{Cause, Judge, Subject};

/// Those that run their words, behind options and words of their own that no grammar lists.
const WRAPPERS: [&str; 40] = [
    "bwrap",
    "caffeinate",
    "cgexec",
    "choom",
    "chronic",
    "concurrently",
    "cpulimit",
    "dumb-init",
    "eatmydata",
    "entr",
    "fakeroot",
    "faketime",
    "firejail",
    "flatpak-spawn",
    "gdb",
    "gosu",
    "hyperfine",
    "ifne",
    "ltrace",
    "nix-shell",
    "nodemon",
    "numactl",
    "perf",
    "pkexec",
    "prlimit",
    "proot",
    "rlwrap",
    "setarch",
    "sg",
    "strace",
    "su-exec",
    "systemd-inhibit",
    "systemd-run",
    "tini",
    "trickle",
    "uclampset",
    "unbuffer",
    "valgrind",
    "watchexec",
    "xvfb-run",
];

/// Those that run what stands behind a word of theirs, and how many words of their own stand between.
const RUNNERS: [(&str, &[&str], usize); 34] = [
    ("asdf", &["exec"], 0),
    ("aws-vault", &["exec"], 1),
    ("bundle", &["exec"], 0),
    ("bun", &["x"], 0),
    ("chamber", &["exec"], 1),
    ("conda", &["run"], 0),
    ("direnv", &["exec"], 1),
    ("doppler", &["run"], 0),
    ("dotenv", &["run", "--"], 0),
    ("dotenvx", &["run"], 0),
    ("fnm", &["exec"], 0),
    ("hatch", &["run"], 0),
    ("infisical", &["run"], 0),
    ("lerna", &["exec"], 0),
    ("mamba", &["run"], 0),
    ("micromamba", &["run"], 0),
    ("mise", &["exec", "x"], 0),
    ("nodenv", &["exec"], 0),
    ("nx", &["exec"], 0),
    ("op", &["run"], 0),
    ("pdm", &["run"], 0),
    ("pipenv", &["run"], 0),
    ("pipx", &["run"], 0),
    ("pixi", &["run"], 0),
    ("pnpm", &["exec", "dlx"], 0),
    ("poetry", &["run"], 0),
    ("pyenv", &["exec"], 0),
    ("rbenv", &["exec"], 0),
    ("rtx", &["exec", "x"], 0),
    ("rye", &["run"], 0),
    ("tox", &["exec"], 0),
    ("uv", &["run", "--"], 0),
    ("volta", &["run"], 0),
    ("yarn", &["exec", "dlx"], 0),
];

/// Those that write a file they are given.
const WRITERS: [&str; 21] = [
    "chattr",
    "chmod",
    "chown",
    "dd",
    "ed",
    "emacs",
    "ex",
    "fallocate",
    "install",
    "nano",
    "nvim",
    "patch",
    "rsync",
    "scp",
    "setfacl",
    "shred",
    "split",
    "sponge",
    "truncate",
    "vi",
    "vim",
];

/// Subcommands of git that write the files they are given from what git holds.
const WRITES: [&str; 2] = ["checkout", "restore"];

impl Judge<'_> {
    /// What such a program would run, where that is denied.
    pub(super) fn run_by(&mut self, request: &ExecRequest, here: Option<&Path>) {
        if WRAPPERS.contains(&request.program()) {
            self.any_word(request, here);
        }
        let Some((_, markers, between)) = RUNNERS.iter().find(|(name, ..)| *name == request.program()) else { return };
        let argv = request.argv();
        let Some(marker) = argv.iter().skip(1).position(|word| markers.contains(&word.as_str())) else { return };
        let behind = argv.get(marker + 2..).unwrap_or_default();
        let words = || behind.iter().enumerate().filter(|(_, word)| !word.starts_with('-')).map(|(at, _)| at);
        let starts = [words().nth(*between), behind.iter().position(|word| word == "--").map(|at| at + 1)];
        for words in starts.into_iter().flatten().filter_map(|start| behind.get(start..)).filter(|words| !words.is_empty()) {
            let inner = self.looked_up(ExecRequest::parse(words, request.cwd()));
            self.denies(|judge| judge.request(&inner, here));
        }
    }

    /// A control file may be read; whether that is all that a command does with one is asked about where it can write too.
    pub(super) fn control_files(&mut self, request: &ExecRequest) {
        let writes = request.program() == "git" && request.subcommand().first().is_some_and(|sub| WRITES.contains(&sub.as_str()));
        if !writes && (request.has_grammar() || !WRITERS.contains(&request.program())) {
            return;
        }
        for file in request.files().iter().filter(|file| file.op == PathOp::Read && file.certainty != Certainty::Certain) {
            let access = Access::PathName { op: PathOp::Write, path: &file.path };
            if matches!(self.policy.decide(&access).reason(), Reason::ControlFile) {
                let subject = Subject::File { op: PathOp::Write, path: aegis_policy::shown(&file.raw) };
                self.push(subject, Verdict::Ask, Cause::NotKnown("it is a control file, and what the command does with it is not known"));
            }
        }
    }

    /// What a symbolic link will lead to: its text counts from where the link lies.
    pub(super) fn link(&mut self, request: &ExecRequest) {
        let has = |names: &[&str]| request.options().iter().any(|option| names.contains(&option.name.as_str()));
        if !matches!(request.program(), "ln" | "gln") || !has(&["--symbolic", "-s"]) || has(&["--relative", "-r"]) {
            return;
        }
        let into = request.options().iter().find(|option| option.name == "--target-directory").and_then(|option| option.value.clone());
        let mut targets: Vec<&String> = request.words().iter().collect();
        let name = into.or_else(|| if targets.len() > 1 { targets.pop().cloned() } else { None });
        let Some(name) = name else { return };
        let name = request.cwd().join(name);
        for target in targets.into_iter().filter(|target| !target.starts_with('/') && !aegis_policy::is_unseen(target)) {
            // the link has the name, or lies in the directory of that name
            for directory in [name.parent(), Some(name.as_path())].into_iter().flatten() {
                let path = aegis_policy::lexical(&directory.join(target));
                let access = Access::PathName { op: PathOp::Read, path: &path };
                let decision = self.policy.decide(&access);
                if decision.is_deny() {
                    let subject = subject(request);
                    let cause = self.decided(&access, &subject, decision);
                    self.push(subject, Verdict::Deny, cause);
                }
            }
        }
    }
}
