//! `ExecRequest::parse`: from an argv to what it means.

use std::path::{Component, Path, PathBuf};

use super::arguments::ArgPattern;
use super::grammar::{self, Grammar};
use super::read;
use super::request::{ExecRequest, Hazard, Role};
use super::{multicall, roles, unseen};

const MAX_WORDS: usize = 10_000;
const MAX_BYTES: usize = 1 << 20;
/// How many commands may stand inside each other (`env env env ...`).
const MAX_DEPTH: usize = 8;
/// How many files one request may name.
pub(super) const MAX_FILES: usize = 20_000;

impl ExecRequest {
    /// Reads an argv. Never fails: what cannot be read is [`malformed`](ExecRequest::malformed), and denied.
    #[must_use]
    pub fn parse(argv: &[String], cwd: &Path) -> ExecRequest {
        parse_named(argv, cwd, None, 0)
    }

    /// The same request, started from this resolved file. A file of another known command is read by that command's grammar: a link
    /// named `sort` to `sed` is `sed`. Binaries that are many commands go by `argv[0]`.
    #[must_use]
    pub fn with_binary(self, binary: PathBuf) -> ExecRequest {
        let name = binary.file_name().and_then(|n| n.to_str()).filter(|name| !multicall::is_multicall(name)).map(str::to_owned);
        let family = name.as_deref().and_then(grammar::family_of);
        let mut request = match (name, family) {
            (Some(name), Some(family)) if self.family != Some(family) => {
                finished(understand(&self.argv, &self.cwd, Some(&name), 0, self.partly))
            }
            _ => self,
        };
        request.binary = Some(binary);
        request
    }
}

/// The last component of argv[0].
pub(super) fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// A path without `.` and `..`, by its text alone: only good for judging a name, as links lead elsewhere.
#[must_use]
pub fn lexical(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                if out.file_name().is_some() {
                    out.pop();
                }
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

fn empty(argv: Vec<String>, cwd: &Path) -> ExecRequest {
    ExecRequest {
        argv,
        cwd: cwd.to_owned(),
        binary: None,
        files: Vec::new(),
        hazards: Vec::new(),
        program: String::new(),
        subcommand: Vec::new(),
        words: Vec::new(),
        options: Vec::new(),
        specs: Vec::new(),
        may_be_values: Vec::new(),
        inner: Vec::new(),
        built_in_deny: None,
        malformed: None,
        family: None,
        texts: Vec::new(),
        through: false,
        appends: false,
        partly: false,
        may_have_options: false,
    }
}

/// What is wrong with an argv before it is read.
fn flaw(argv: &[String]) -> Option<&'static str> {
    if argv.len() > MAX_WORDS {
        return Some("too many words");
    }
    if argv.iter().map(|w| w.len() + 1).sum::<usize>() > MAX_BYTES {
        return Some("too many bytes");
    }
    if argv.iter().any(|w| w.contains('\0')) {
        return Some("a NUL byte in a word");
    }
    match argv.first() {
        None => Some("no command"),
        Some(word) if base_name(word).is_empty() => Some("no command name"),
        Some(_) => None,
    }
}

/// Parses as `name` where given, else as what argv[0] says.
pub(super) fn parse_named(argv: &[String], cwd: &Path, name: Option<&str>, depth: usize) -> ExecRequest {
    finished(understand(argv, cwd, name, depth, false))
}

/// The same for the command of another one, or where words are only partly known.
pub(super) fn parse_inner(argv: &[String], cwd: &Path, depth: usize, partly: bool) -> ExecRequest {
    finished(understand(argv, cwd, None, depth, partly))
}

pub(super) fn parse_partly(argv: &[String], cwd: &Path, partly: bool) -> ExecRequest {
    parse_inner(argv, cwd, 0, partly)
}

fn finished(mut request: ExecRequest) -> ExecRequest {
    if let Some((_, grammar)) = grammar::grammar_of(&request.program) {
        request.built_in_deny = request.built_in_deny.take().or_else(|| built_in_deny(&request, grammar));
    }
    request
}

/// The same without the grammar's own deny list.
pub(super) fn understand(argv: &[String], cwd: &Path, name: Option<&str>, depth: usize, partly: bool) -> ExecRequest {
    let mut request = empty(argv.to_vec(), cwd);
    request.malformed = if depth > MAX_DEPTH { Some("too many commands inside each other") } else { flaw(argv) };
    let Some((first, mut args)) = argv.split_first().filter(|_| request.malformed.is_none()) else { return request };
    let mut program = name.unwrap_or_else(|| base_name(first));
    if multicall::takes_applet(program)
        && let Some((applet, rest)) = args.split_first().filter(|(applet, _)| !applet.starts_with('-'))
    {
        program = base_name(applet);
        args = rest;
    }
    request.program = program.to_owned();
    request.partly = partly;
    let Some((family, grammar, root)) = grammar::grammar_of(program).and_then(|(f, g)| Some((f, g, g.root()?))) else {
        roles::without_grammar(&mut request, args);
        request.may_have_options = partly && args.iter().take_while(|arg| *arg != "--").any(|arg| unseen::may_be_option(arg));
        return request;
    };
    request.family = Some(family);
    request.through = root.through;
    request.appends = root.appends;
    let reading = read::read(grammar, root, args);
    request.may_have_options = partly && reading.may_have_options;
    roles::assign(&mut request, reading, depth);
    request
}

/// The words of the grammar's own deny list that match.
fn built_in_deny(request: &ExecRequest, grammar: &Grammar) -> Option<String> {
    grammar.deny.iter().find(|text| ArgPattern::parse(&request.program, text).map_or(true, |p| p.matches(request))).cloned()
}

/// Adds an option that must be named by the policy.
pub(super) fn hazard(request: &mut ExecRequest, option: impl Into<String>, role: Role, words: Vec<String>) {
    request.hazards.push(Hazard { option: option.into(), role, words });
}
