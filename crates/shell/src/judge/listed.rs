//! `find src -name '*.rs' | xargs wc -l`: the names that a listing command could print, where each of them may be read.
//!
//! Nothing of the listing itself is worked out: every name below the directories is taken, and one that may not be read, or that `xargs`
//! would take apart, makes all of it unknown. What the text itself makes before is not seen, so nothing in it may make anything.

use std::path::Path;

use aegis_policy::{Access, ArgWord, Decision, ExecRequest, PathOp, Reason, Verdict, Visibility};

use super::{Cause, Judge, Lookup};
use crate::script::{Command, Form, RedirectKind, Script};

/// More names than these are not looked at. A number and not a time, so that the answer does not hang on the load of the machine.
const MAX_NAMES: usize = 1_000;

/// Commands that make no file, whatever their words are.
const MAKE_NOTHING: [&str; 16] =
    ["grep", "egrep", "fgrep", "head", "tail", "wc", "cut", "tr", "nl", "cat", "echo", "cd", "ls", "du", "diff", "stat"];
/// Commands that make none where all their words are known, none of them names a file to be written, and what they run makes none.
const CAN_WRITE: [&str; 7] = ["find", "rg", "sort", "uniq", "xargs", "tree", "file"];

/// What only reads the files that its words name, wherever those stand.
const ONLY_READ: [&str; 14] =
    ["grep", "egrep", "fgrep", "wc", "cat", "head", "tail", "nl", "ls", "stat", "file", "du", "basename", "dirname"];

const OF_FIND: [&str; 21] = [
    "-name",
    "-iname",
    "-path",
    "-ipath",
    "-wholename",
    "-regex",
    "-iregex",
    "-type",
    "-size",
    "-empty",
    "-maxdepth",
    "-mindepth",
    "-mtime",
    "-mmin",
    "-newer",
    "-not",
    "-o",
    "-a",
    "-prune",
    "-print",
    "-print0",
];
const OF_RG: [&str; 12] = [
    "--files",
    "--files-with-matches",
    "--glob",
    "--type",
    "--type-not",
    "--ignore-case",
    "--word-regexp",
    "--fixed-strings",
    "--pcre2",
    "--multiline",
    "--null",
    "--sort",
];
const OF_GREP: [&str; 14] = [
    "--files-with-matches",
    "--recursive",
    "--ignore-case",
    "--word-regexp",
    "--line-regexp",
    "--extended-regexp",
    "--fixed-strings",
    "--perl-regexp",
    "--line-number",
    "--include",
    "--exclude",
    "--exclude-dir",
    "--null",
    "--no-messages",
];
/// What only leaves lines out or moves them.
const FILTERS: [(&str, &[&str], usize); 5] = [
    ("grep", &["--invert-match", "--ignore-case", "--extended-regexp", "--fixed-strings", "--word-regexp", "--line-regexp"], 1),
    ("head", &["--lines"], 0),
    ("tail", &["--lines"], 0),
    ("sort", &["--unique", "--reverse", "--version-sort"], 0),
    ("uniq", &[], 0),
];

impl Judge<'_> {
    /// The names that a command can get through a pipe.
    pub(super) fn names_piped(&self, script: &Script, command: &Command, here: Option<&Path>) -> Option<Vec<String>> {
        let lookup = self.around.lookup.filter(|_| self.depth == 0)?;
        let mut from = command.piped_from?;
        if !self.makes_nothing {
            return None;
        }
        for _ in 0..script.commands.len() {
            let front = script.commands.get(from)?;
            let words: Vec<String> = front.words.iter().map(|word| word.known().map(str::to_owned)).collect::<Option<_>>()?;
            let request = ExecRequest::parse(&words, here?);
            if !is_filter(&request) {
                return self.names_below(lookup, &request, &directories(&request)?);
            }
            from = front.piped_from?;
        }
        None
    }

    fn names_below(&self, lookup: &dyn Lookup, request: &ExecRequest, directories: &[String]) -> Option<Vec<String>> {
        let shows_hidden = request.program() != "rg";
        let mut found = Vec::new();
        // only `rg` prints what is below the working directory without `./` in front
        let mut open: Vec<String> = directories.to_vec();
        while let Some(name) = open.pop() {
            let path = request.cwd().join(&name);
            let (real, is_there) = lookup.leads_to(&path);
            if !is_there {
                continue;
            }
            let decision = self.policy.decide(&Access::Path { op: PathOp::Read, path: &real });
            let is_taken_apart = name.contains(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '\\')) || name.starts_with('-');
            if !decision.is_allow() || decision.visibility() == Visibility::LocalOnly || is_taken_apart || found.len() > MAX_NAMES {
                return None;
            }
            // a link to a directory is a name, and is not followed
            let is_followed = real == aegis_policy::lexical(&path) || directories.contains(&name);
            for inner in lookup.names_in(&real).filter(|_| is_followed).unwrap_or_default() {
                if shows_hidden || !inner.starts_with('.') {
                    open.push(match name.as_str() {
                        "" => inner,
                        name => format!("{}/{inner}", name.trim_end_matches('/')),
                    });
                }
            }
            found.push(name);
        }
        found.retain(|name| !name.is_empty());
        Some(found)
    }

    /// `find src -name '*.rs' -exec wc -l {} +`, where the names are known and nothing but that it runs something is against it: what it
    /// runs is judged for each of them. False if it is not of that kind.
    pub(super) fn finds_and_runs(&mut self, request: &ExecRequest, decision: &Decision, here: Option<&Path>) -> bool {
        let of_find = |name: &str| name == "-exec" || OF_FIND.contains(&name);
        let is_find = request.argv().first().is_some_and(|name| name == "find")
            && matches!(decision.reason(), Reason::DangerousOption { .. })
            && request.options().iter().all(|option| of_find(&option.name))
            && request.hazards().iter().all(|hazard| hazard.option == "-exec");
        let runs: Vec<_> = request.options().iter().filter(|option| option.name == "-exec").collect();
        let ([option], Some(lookup), true) = (
            runs.as_slice(),
            self.around.lookup.filter(|_| self.depth == 0 && self.makes_nothing),
            is_find && self.policy.decide(&Access::Exec(&request.by_its_words())).is_allow(),
        ) else {
            return false;
        };
        let words = request.words();
        let starts: Vec<String> = words.iter().filter(|word| !is_operator(word)).cloned().collect();
        let starts = if starts.is_empty() { vec![".".to_owned()] } else { starts };
        let command = option.command.as_slice();
        let only_reads = match command {
            [name, rest @ ..] => {
                ONLY_READ.contains(&name.as_str()) || name == "ruby" && matches!(rest, [check, file] if check == "-c" && file == "{}")
            }
            [] => false,
        };
        let Some(names) = self.names_below(lookup, request, &starts).filter(|_| only_reads) else { return false };
        self.push(super::command::subject(request), Verdict::Allow, Cause::Through);
        for name in names {
            let argv: Vec<ArgWord> = command.iter().map(|word| ArgWord::Known(word.replace("{}", &name))).collect();
            let inner = self.looked_up(ExecRequest::parse_words(&argv, request.cwd()));
            self.request(&inner, here);
        }
        true
    }

    /// What `xargs` makes of a command with names that are known.
    pub(super) fn with_names(&self, inner: &ExecRequest, mark: Option<&str>) -> Option<Vec<ExecRequest>> {
        let names = self
            .piped
            .as_ref()
            .filter(|_| ONLY_READ.contains(&inner.program()) && inner.argv().first().is_some_and(|n| n == inner.program()))?;
        let known = |words: Vec<String>| {
            let words: Vec<ArgWord> = words.into_iter().map(ArgWord::Known).collect();
            ExecRequest::parse_words(&words, inner.cwd())
        };
        Some(match mark {
            None => vec![known([inner.argv(), names.as_slice()].concat())],
            Some(mark) => names.iter().map(|name| known(inner.argv().iter().map(|word| word.replace(mark, name)).collect())).collect(),
        })
    }
}

/// Whether nothing in a text makes a file.
pub(super) fn makes_nothing(script: &Script) -> bool {
    script.unknown.is_empty() && script.commands.iter().all(is_making_nothing)
}

fn is_operator(word: &str) -> bool {
    matches!(word, "!" | "(" | ")" | ",")
}

fn is_making_nothing(command: &Command) -> bool {
    let is_read = command.redirects.iter().all(|r| r.kind == RedirectKind::Read || r.target.known() == Some("/dev/null"));
    let name = command.words.first().and_then(|word| word.known());
    // which only looks whether it is Ruby
    let checks = || name == Some("ruby") && command.words.get(1).and_then(|word| word.known()) == Some("-c");
    let writes_nothing = || {
        let words: Option<Vec<String>> = command.words.iter().map(|word| word.known().map(str::to_owned)).collect();
        words.is_some_and(|words| is_writing_nothing(&ExecRequest::parse(&words, Path::new("/"))))
    };
    let makes_nothing = |name: &str| MAKE_NOTHING.contains(&name) || CAN_WRITE.contains(&name) && writes_nothing();
    let is_one = command.form == Form::Simple && (name.is_some_and(makes_nothing) || checks());
    // the variable of a loop stands with the loop
    is_read && (command.form == Form::Compound || command.environment.is_empty() && is_one)
}

/// Whether no word names a file to be written or removed, nor in what it runs.
fn is_writing_nothing(request: &ExecRequest) -> bool {
    let of_find = |name: &str| request.program() != "find" || name == "-exec" || OF_FIND.contains(&name);
    let is_known = |inner: &ExecRequest| {
        let name = inner.argv().first().map_or("", String::as_str);
        let checks = || name == "ruby" && inner.argv().get(1).is_some_and(|word| word == "-c");
        MAKE_NOTHING.contains(&name) || CAN_WRITE.contains(&name) || matches!(name, "basename" | "dirname") || checks()
    };
    request.files().iter().all(|file| file.op == PathOp::Read)
        && request.options().iter().all(|option| of_find(&option.name))
        && request.texts().is_empty()
        && request.inner().iter().all(|inner| is_known(inner) && is_writing_nothing(inner))
}

fn is_filter(request: &ExecRequest) -> bool {
    let fits = |filter: &&(&str, &[&str], usize)| {
        // `-5` is an option of `head`
        let is_count = |name: &str| name.len() > 1 && name.bytes().skip(1).all(|b| b.is_ascii_digit());
        filter.0 == request.program()
            && request.words().len() == filter.2
            && request.options().iter().all(|option| filter.1.contains(&option.name.as_str()) || is_count(&option.name))
    };
    FILTERS.iter().any(|filter| fits(&filter))
}

/// Where a listing command begins; nothing if it is none, or could print something else.
fn directories(request: &ExecRequest) -> Option<Vec<String>> {
    let only = |names: &[&str]| request.options().iter().all(|option| names.contains(&option.name.as_str()));
    let has = |name: &str| request.options().iter().any(|option| option.name == name);
    let (words, here) = match request.program() {
        "find" if only(&OF_FIND) => (request.words().iter().filter(|word| !is_operator(word)).cloned().collect::<Vec<_>>(), "."),
        "rg" if only(&OF_RG) && has("--files") => (request.words().to_vec(), ""),
        "rg" if only(&OF_RG) && has("--files-with-matches") => (request.words().get(1..)?.to_vec(), ""),
        "grep" | "egrep" | "fgrep" if only(&OF_GREP) && has("--files-with-matches") => {
            (request.words().get(1..)?.to_vec(), if has("--recursive") { "" } else { return None })
        }
        _ => return None,
    };
    Some(if words.is_empty() { vec![here.to_owned()] } else { words })
}
