//! `grep -r x .`: what lies below a directory is read too. A command that the text starts is not confined, so a file there that may not
//! be read is asked about, as far as one is found among the first names.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use aegis_policy::{Access, ExecRequest, PathOp, Reason, Verdict, Visibility};

use super::{Cause, Judge, Subject, names};

/// More names than these are not looked at; those nearest to the top come first.
const MAX_NAMES: usize = 2_000;

impl Judge<'_> {
    /// Asks about the first file below the directories of a recursive read that may not be read, or not be shown.
    pub(super) fn read_below(&mut self, request: &ExecRequest) {
        let Some(lookup) = self.around.lookup.filter(|_| reads_all_below(request)) else { return };
        let values = |name: &str| request.options().iter().filter(|o| o.name == name).filter_map(|o| o.value.clone()).collect::<Vec<_>>();
        let (included, excluded) = (values("--include"), values("--exclude"));
        let left_out = values("--exclude-dir");
        let fits = |patterns: &[String], name: &str| patterns.iter().any(|pattern| names::fits(pattern, name));
        let mut open: VecDeque<PathBuf> = request.files().iter().filter(|f| f.op == PathOp::Read).map(|f| f.path.clone()).collect();
        if request.program() == "git" {
            open.push_back(request.cwd().to_owned());
        }
        let mut count = 0;
        while let Some(directory) = open.pop_front() {
            for name in lookup.names_in(&directory).unwrap_or_default() {
                count += 1;
                if count > MAX_NAMES {
                    return;
                }
                let path = directory.join(&name);
                let is_read = !fits(&excluded, &name) && (included.is_empty() || fits(&included, &name));
                if is_read && self.is_closed(&path) {
                    let subject = Subject::File { op: PathOp::Read, path: path.to_string_lossy().into_owned() };
                    self.push(
                        subject,
                        Verdict::Ask,
                        Cause::NotKnown("it lies below a directory that is read as a whole, and may not be read"),
                    );
                    return;
                }
                if !fits(&left_out, &name) {
                    open.push_back(path);
                }
            }
        }
    }

    fn is_closed(&self, path: &Path) -> bool {
        let decision = self.policy.decide(&Access::Path { op: PathOp::Read, path });
        decision.visibility() == Visibility::LocalOnly
            || matches!(decision.reason(), Reason::DenyRule | Reason::ControlFile) && decision.is_deny()
    }
}

/// `rg` leaves hidden and ignored files out, unless it is told not to.
fn reads_all_below(request: &ExecRequest) -> bool {
    let has = |names: &[&str]| request.options().iter().any(|option| names.contains(&option.name.as_str()));
    match request.program() {
        "grep" | "egrep" | "fgrep" => {
            let recurses = |o: &aegis_policy::OptionArgument| o.name == "--directories" && o.value.as_deref() == Some("recurse");
            has(&["--recursive", "--dereference-recursive"]) || request.options().iter().any(recurses)
        }
        "git" if request.subcommand().first().is_some_and(|name| name == "grep") => has(&["--no-index", "--untracked"]),
        "rg" => {
            has(&["--unrestricted", "--hidden", "--no-ignore", "--no-ignore-vcs"]) && !has(&["--files", "--files-with-matches", "--count"])
        }
        "diff" => has(&["--recursive"]),
        _ => false,
    }
}
