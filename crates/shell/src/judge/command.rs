//! A command with its words.

use std::path::Path;

use aegis_policy::{Access, ArgWord, Certainty, Decision, ExecRequest, PathOp, Reason, Verdict, Visibility, lexical};

use super::path::{NOWHERE, shown};
use super::{Cause, Judge, Subject, is_firm};
use crate::script::{Command, Dialect, Form};

/// Builtins that change nothing but the shell that reads the text, and show nothing but what it has. What `cd` and `set` do to the rest
/// of the text, the reader knows.
const HARMLESS: [&str; 21] = [
    "true", "false", ":", "echo", "printf", "pwd", "cd", "test", "[", "type", "read", "exit", "return", "break", "continue", "shift",
    "wait", "set", "unset", "local", "let",
];

impl Judge<'_> {
    /// One command in one directory.
    pub fn command(&mut self, command: &Command, here: Option<&Path>) {
        for assignment in &command.environment {
            self.variable(assignment, here);
        }
        for redirect in &command.redirects {
            self.redirect(redirect, here);
        }
        if command.form == Form::Test {
            let words = command.words.iter().map(|word| shown(&self.argument(word))).collect();
            self.push(Subject::Command(words), Verdict::Allow, Cause::Builtin);
        }
        if command.form != Form::Simple || command.words.is_empty() {
            return;
        }
        for words in self.turns(command, here) {
            self.simple(command, &words, here);
        }
    }

    fn simple(&mut self, command: &Command, words: &[ArgWord], here: Option<&Path>) {
        if let Some(ArgWord::Partly { .. }) = words.first() {
            self.push(subject_of(words), Verdict::Ask, Cause::NotKnown("which command that is, is not known"));
            return;
        }
        let request = self.looked_up(ExecRequest::parse_words(words, here.unwrap_or(Path::new(NOWHERE))));
        self.request(&request, here);
        if request.argv().first().is_some_and(|name| name == "cd") {
            self.directory_change(words, here);
        }
        if request.program() == "alias" {
            for text in request.argv().iter().filter_map(|word| word.split_once('=')).map(|(_, text)| text) {
                self.denies(|judge| judge.text(text, judge.dialect, here));
            }
        }
        if let Some(input) = command.input.as_deref().filter(|_| reads_commands(&request)) {
            self.denies(|judge| judge.text(input, Dialect::Bash, here));
        }
    }

    /// Programs take settings from the directory they run in: one that may not be read is not gone to without asking.
    fn directory_change(&mut self, words: &[ArgWord], here: Option<&Path>) {
        let is_option = |word: &&ArgWord| matches!(word, ArgWord::Known(text) if text.starts_with('-') && text.len() > 1);
        let Some(target) = words.iter().skip(1).find(|word| !is_option(word)) else {
            self.push(subject_of(words), Verdict::Ask, Cause::NotKnown("which directory that is, is not known"));
            return;
        };
        match (target, here) {
            (ArgWord::Known(path), Some(here)) if path != "-" => {
                let path = lexical(&here.join(path));
                let path = self.around.lookup.map_or_else(|| path.clone(), |lookup| lookup.leads_to(&path).0);
                let access = Access::Path { op: PathOp::Read, path: &path };
                let decision = self.policy.decide(&access);
                if !decision.is_allow() {
                    let verdict = if is_firm(&decision) { Verdict::Deny } else { Verdict::Ask };
                    let subject = Subject::File { op: PathOp::Read, path: shown(target) };
                    let cause = self.decided(&access, &subject, decision);
                    self.push(subject, verdict, cause);
                }
            }
            _ => self.push(subject_of(words), Verdict::Ask, Cause::NotKnown("which directory that is, is not known")),
        }
    }

    /// The same request for the files that its names lead to.
    pub fn looked_up(&self, request: ExecRequest) -> ExecRequest {
        let Some(lookup) = self.around.lookup else { return request };
        let word = request.argv().first().cloned().unwrap_or_default();
        let mut request = match lookup.program(&word, request.cwd()) {
            Some(program) if !request.is_unseen() => request.with_binary(program),
            _ => request,
        };
        request.resolve_files(|path| {
            if aegis_policy::is_unseen(&path.to_string_lossy()) { (path.to_owned(), false) } else { lookup.leads_to(path) }
        });
        request
    }

    /// A command, or one that another one runs.
    pub fn request(&mut self, request: &ExecRequest, here: Option<&Path>) {
        let subject = subject(request);
        if request.is_unseen() {
            self.push(subject, Verdict::Ask, Cause::NotKnown("which command that is, is not known"));
            return;
        }
        let access = Access::Exec(request);
        let decision = self.policy.decide(&access);
        let firm = is_firm(&decision);
        if !firm && is_harmless(request) {
            match decision.reason() {
                Reason::AskRule => self.decided_as(&access, subject, decision),
                _ => self.push(subject, Verdict::Allow, Cause::Builtin),
            }
            return;
        }
        match decision.verdict() {
            Verdict::Deny if firm => self.decided_as(&access, subject, decision),
            Verdict::Deny if request.is_transparent() && runs_something(request) => self.through(request, here),
            Verdict::Deny if self.finds_and_runs(request, &decision, here) => {}
            Verdict::Deny if self.functions.iter().any(|name| name == request.program()) => {
                self.push(subject, Verdict::Ask, Cause::NotKnown("a function; what it does with these words is not followed"));
            }
            Verdict::Deny => {
                self.decided_as(&access, subject, decision);
                self.closed_files(request);
                self.more(request, here);
                self.denies(|judge| judge.inside(request, here));
            }
            Verdict::Allow | Verdict::Ask => {
                self.decided_as(&access, subject, decision);
                self.not_known(request);
                self.more(request, here);
                self.denies(|judge| judge.inside(request, here));
            }
        }
    }

    /// A name that is closed is closed under any link: whoever takes it for what it is called reads what was written through it.
    pub(super) fn closed_name(&mut self, op: PathOp, name: &Path, shown: &str) {
        let access = Access::PathName { op, path: name };
        let decision = self.policy.decide(&access);
        if self.around.lookup.is_some() && is_firm(&decision) && !aegis_policy::is_unseen(&name.to_string_lossy()) {
            let subject = Subject::File { op, path: aegis_policy::shown(shown) };
            let cause = self.decided(&access, &subject, decision);
            self.push(subject, Verdict::Deny, cause);
        }
    }

    /// What the words of a command do not show by themselves.
    fn more(&mut self, request: &ExecRequest, here: Option<&Path>) {
        for file in request.files().iter().filter(|file| file.certainty != Certainty::Possible) {
            self.closed_name(file.op, &lexical(&file.asked), &file.raw);
        }
        self.closed_below(request);
        self.repository(request);
        self.control_files(request);
        self.link(request);
        self.run_by(request, here);
    }

    fn decided_as(&mut self, access: &Access<'_>, subject: Subject, decision: Decision) {
        let verdict = decision.verdict();
        let cause = self.decided(access, &subject, decision);
        self.push(subject, verdict, cause);
    }

    /// Of a command that no list names, the files that are closed all the same: whoever is asked about it is told, and where nobody is asked
    /// about what no list names it is still denied.
    fn closed_files(&mut self, request: &ExecRequest) {
        for file in request.files() {
            let access = Access::Path { op: file.op, path: &file.path };
            let decision = self.policy.decide(&access);
            let subject = Subject::File { op: file.op, path: aegis_policy::shown(&file.raw) };
            let certain = file.certainty != aegis_policy::Certainty::Possible;
            // a word that may not be a file at all is not held to be one that is written
            if is_firm(&decision) && (certain || file.op == PathOp::Read) {
                let cause = self.decided(&access, &subject, decision);
                self.push(subject, Verdict::Deny, cause);
            } else if file.op == PathOp::Read && decision.visibility() == Visibility::LocalOnly {
                self.push(subject, Verdict::Deny, Cause::LocalOnly);
            }
        }
    }

    /// What could be other than it looks.
    pub fn not_known(&mut self, request: &ExecRequest) {
        let unseen = aegis_policy::is_unseen;
        let what = if is_inline(request) {
            "what code on the command line does is not known; in a file it could be read first"
        } else if may_have_options(request) {
            "a word that is not known may be an option"
        } else if request.files().iter().any(|file| unseen(&file.raw) || unseen(&file.path.to_string_lossy()) || is_pipe(&file.path)) {
            "which file that is, is not known"
        } else if request.hazards().iter().any(|hazard| unseen(&hazard.option) || hazard.words.iter().any(|word| unseen(word))) {
            "what it runs is not known"
        } else {
            return;
        };
        self.push(subject(request), Verdict::Ask, Cause::NotKnown(what));
    }
}

pub(super) fn subject(request: &ExecRequest) -> Subject {
    Subject::Command(request.argv().iter().map(|word| aegis_policy::shown(word)).collect())
}

fn subject_of(words: &[ArgWord]) -> Subject {
    Subject::Command(words.iter().map(shown).collect())
}

fn may_have_options(request: &ExecRequest) -> bool {
    request.may_have_options() || request.inner().iter().any(may_have_options)
}

/// A builtin by its bare name; a path is a file of that name.
fn is_harmless(request: &ExecRequest) -> bool {
    let Some((name, arguments)) = request.argv().split_first() else { return false };
    match name.as_str() {
        // looks a command up
        "command" => request.inner().is_empty() && request.options().iter().any(|option| matches!(option.name.as_str(), "-v" | "-V")),
        "exec" => arguments.is_empty(),
        // shows every variable with its value
        "set" => !arguments.is_empty(),
        name => HARMLESS.contains(&name),
    }
}

/// What another command prints. Where it is only read it is no file of a request; elsewhere it is a program or settings that nobody read.
pub(super) fn is_pipe(path: &Path) -> bool {
    path.starts_with("/dev/fd")
}

fn runs_something(request: &ExecRequest) -> bool {
    !request.inner().is_empty() || !request.texts().is_empty()
}

/// Interpreters, by how their names begin, and the options behind which they take code.
const INLINE: [(&str, &[&str]); 16] = [
    ("python", &["-c"]),
    ("pypy", &["-c"]),
    ("ipython", &["-c"]),
    ("perl", &["-e", "-E"]),
    ("ruby", &["-e"]),
    ("jruby", &["-e"]),
    ("node", &["--eval", "-e", "--print", "-p"]),
    ("bun", &["--eval", "-e", "--print", "-p"]),
    ("tsx", &["--eval", "-e", "--print", "-p"]),
    ("ts-node", &["--eval", "-e", "--print", "-p"]),
    ("php", &["-r", "--run", "-B", "-R", "-E"]),
    ("lua", &["-e"]),
    ("luajit", &["-e"]),
    ("julia", &["-e", "-E", "--eval", "--print"]),
    ("R", &["-e"]),
    ("Rscript", &["-e"]),
];

/// Whether an interpreter is given code in its words, which no rule over words can judge.
fn is_inline(request: &ExecRequest) -> bool {
    let name = request.program();
    let is_version = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '.');
    let own = INLINE.iter().find(|(known, _)| name.strip_prefix(known).is_some_and(is_version));
    let takes_code = own.is_some_and(|(_, options)| {
        let has =
            |option: &&str| request.options().iter().any(|given| given.name == **option || given.name.starts_with(&format!("{option}=")));
        options.iter().any(has)
    });
    takes_code || name == "deno" && request.argv().get(1).is_some_and(|word| word == "eval")
}

/// Whether standard input is commands to it.
fn reads_commands(request: &ExecRequest) -> bool {
    Dialect::of_program(request.program()) != Dialect::Other || matches!(request.program(), "source" | ".")
}
