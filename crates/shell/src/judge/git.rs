//! Repositories of git that are not known by the name `.git`.
//!
//! A directory with `HEAD`, `objects` and `refs` in it is a repository: git takes its settings from there, and settings name programs
//! (`core.fsmonitor`). Its files have ordinary names, so that no list closes them. Hence: making one is asked about, and so is git within one.

use std::path::Path;

use aegis_policy::{ExecRequest, PathOp, Verdict};

use super::command::subject;
use super::{Cause, Judge, Lookup, Subject};

/// Whether writing this file could make the directory it lies in a repository.
#[must_use]
pub fn makes_a_repository(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("HEAD")) && !path.iter().any(|name| name == ".git")
}

/// Why it is asked about.
pub const MAKES_A_REPOSITORY: &str = "with this file a directory is a repository, whose settings git takes; they can name programs";

impl Judge<'_> {
    /// What git does by where it is.
    pub(super) fn repository(&mut self, request: &ExecRequest) {
        for file in request.files().iter().filter(|file| file.op == PathOp::Write && makes_a_repository(&file.path)) {
            self.file_of_a_repository(aegis_policy::shown(&file.raw));
        }
        if request.program() != "git" {
            return;
        }
        let makes = |name: &str| matches!(name, "--bare" | "--mirror" | "--separate-git-dir");
        let is_made = request.subcommand().first().is_some_and(|sub| matches!(sub.as_str(), "init" | "clone"));
        if is_made && request.options().iter().any(|option| makes(&option.name)) {
            self.push(
                subject(request),
                Verdict::Ask,
                Cause::NotKnown("it makes a repository that is not called `.git`, and whose settings are ordinary files"),
            );
        }
        if self.around.lookup.is_some_and(|lookup| is_bare(lookup, request.cwd())) {
            self.push(
                subject(request),
                Verdict::Ask,
                Cause::NotKnown("the directory is itself a repository, and its settings can name programs"),
            );
        }
    }

    pub(super) fn file_of_a_repository(&mut self, path: String) {
        self.push(Subject::File { op: PathOp::Write, path }, Verdict::Ask, Cause::NotKnown(MAKES_A_REPOSITORY));
    }
}

/// Whether the repository that git finds from here is a directory that is not called `.git`.
fn is_bare(lookup: &dyn Lookup, from: &Path) -> bool {
    for directory in from.ancestors() {
        let is_there = |name: &str| lookup.leads_to(&directory.join(name)).1;
        if is_there(".git") {
            return false;
        }
        if ["HEAD", "objects", "refs"].into_iter().all(is_there) {
            return true;
        }
    }
    false
}
