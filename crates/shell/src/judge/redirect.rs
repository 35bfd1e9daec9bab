//! The files that the shell opens for a command.

use std::path::{Path, PathBuf};

use aegis_policy::{Access, ArgWord, PathOp, Question, Verdict, Visibility, lexical};

use super::path::{NOWHERE, shown};
use super::{Cause, Judge, Subject};
use crate::script::{Redirect, RedirectKind};

/// What is no file: nothing, and the streams that the command has anyway.
const STREAMS: [&str; 5] = ["/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty"];

impl Judge<'_> {
    pub fn redirect(&mut self, redirect: &Redirect, here: Option<&Path>) {
        let target = self.argument(&redirect.target);
        let (prefix, known) = match &target {
            ArgWord::Known(text) => (text.as_str(), true),
            ArgWord::Partly { prefix, .. } => (prefix.as_str(), false),
        };
        let is_descriptor = || prefix.strip_prefix("/dev/fd/").is_some_and(|fd| fd.bytes().all(|b| b.is_ascii_digit()));
        if known && (STREAMS.contains(&prefix) || is_descriptor()) {
            return;
        }
        let ops: &[PathOp] = match redirect.kind {
            RedirectKind::Read => &[PathOp::Read],
            RedirectKind::Write => &[PathOp::Write],
            RedirectKind::ReadWrite => &[PathOp::Read, PathOp::Write],
        };
        let asked = here.unwrap_or(Path::new(NOWHERE)).join(text_of(&target));
        let path = lexical(&asked);
        let unseen = aegis_policy::is_unseen(&path.to_string_lossy());
        let written = path.to_string_lossy();
        if let Some(address) = ["/dev/tcp/", "/dev/udp/"].iter().find_map(|device| written.strip_prefix(device)) {
            self.host(address, unseen);
            return;
        }
        for op in ops {
            self.closed_name(*op, &path, &shown(&target));
        }
        // an unknown part can climb out of what is in front of it
        let path = self.leads_to(&asked, path, unseen);
        if ops.contains(&PathOp::Write) && super::makes_a_repository(&path) {
            self.file_of_a_repository(shown(&target));
        }
        for op in ops {
            let subject = Subject::File { op: *op, path: shown(&target) };
            let at_least = if unseen { Verdict::Ask } else { Verdict::Allow };
            if unseen {
                self.push(subject.clone(), Verdict::Ask, Cause::NotKnown("which file that is, is not known"));
            }
            let access = Access::Path { op: *op, path: &path };
            if *op == PathOp::Read && self.policy.decide(&access).visibility() == Visibility::LocalOnly {
                self.push(subject, Verdict::Deny, Cause::LocalOnly);
            } else {
                self.decide(&access, subject, at_least);
            }
        }
    }

    /// The system takes `..` back from where a link leads to, which only a lookup can tell.
    fn leads_to(&self, asked: &Path, normal: PathBuf, unseen: bool) -> PathBuf {
        match self.around.lookup {
            Some(lookup) if !unseen => lookup.leads_to(asked).0,
            _ => normal,
        }
    }

    /// `/dev/tcp/host/port`
    fn host(&mut self, address: &str, unseen: bool) {
        let address = address.replace('/', ":");
        let subject = Subject::Host(aegis_policy::shown(&address));
        let question = Question::parse(&["connect".to_owned(), address], Path::new("/"));
        match question {
            Ok(question) if !unseen => {
                self.decide(&question.access(), subject, Verdict::Allow);
            }
            _ => self.push(subject, Verdict::Ask, Cause::NotKnown("which host that is, is not known")),
        }
    }
}

/// A word as a path, with what is not known as the policy has it.
fn text_of(word: &ArgWord) -> String {
    match word {
        ArgWord::Known(text) => text.clone(),
        ArgWord::Partly { prefix, suffix, .. } => format!("{prefix}\u{2}{suffix}"),
    }
}
