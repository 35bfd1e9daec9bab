//! A command that runs another one.

use std::path::Path;

use aegis_policy::{Access, ArgWord, ExecRequest, FileArgument, Hazard, Reason, Role, Verdict};

use super::command::{is_pipe, subject};
use super::{Cause, Judge, Subject};
use crate::script::{Assignment, Dialect, Word};

/// Options of a shell by which it reads the start-up files of whoever runs it, which are control files.
const START_UP: [&str; 3] = ["-l", "--login", "-i"];

impl Judge<'_> {
    /// A command that adds nothing to what it runs: what it runs is judged in its place, and what it has of its own.
    pub fn through(&mut self, request: &ExecRequest, here: Option<&Path>) {
        let by_its_words = request.by_its_words();
        let access = Access::Exec(&by_its_words);
        let decision = self.policy.decide(&access);
        if matches!(decision.reason(), Reason::AskRule) {
            let cause = self.decided(&access, &subject(request), decision);
            self.push(subject(request), Verdict::Ask, cause);
        } else {
            self.push(subject(request), Verdict::Allow, Cause::Through);
        }
        for hazard in own_hazards(request) {
            self.own_hazard(request, hazard, here);
        }
        for file in own_files(request) {
            let subject = Subject::File { op: file.op, path: aegis_policy::shown(&file.raw) };
            let unseen = aegis_policy::is_unseen(&file.path.to_string_lossy()) || is_pipe(&file.path);
            let at_least = if unseen { Verdict::Ask } else { Verdict::Allow };
            self.decide(&Access::Path { op: file.op, path: &file.path }, subject, at_least);
        }
        if request.may_have_options() {
            self.push(subject(request), Verdict::Ask, Cause::NotKnown("a word that is not known may be an option"));
        }
        self.inside(request, here);
    }

    /// The commands and texts that it runs.
    pub fn inside(&mut self, request: &ExecRequest, here: Option<&Path>) {
        // `trap - EXIT` takes a trap back
        for text in request.texts().iter().filter(|text| *text != "-") {
            let dialect = self.dialect_of(request);
            if aegis_policy::is_unseen(text) {
                self.push(subject(request), Verdict::Ask, Cause::NotKnown("the text that a shell reads is not known"));
                let text = aegis_policy::shown(text).replace('\u{2026}', "$_");
                self.denies(|judge| judge.text(&text, dialect, here));
            } else {
                self.text(text, dialect, here);
            }
        }
        // where there is a text, the words of the policy's own reading of it are no words
        for inner in request.inner().iter().filter(|_| request.texts().is_empty()) {
            if inner.argv().first().is_some_and(|word| word.starts_with('-')) {
                self.any_word(request, here);
            }
            let mark = replaced(request);
            let reads_pipe = request.appends_words() && request.options().iter().all(|option| option.name != "--arg-file");
            if let Some(all) = self.with_names(inner, mark.as_deref()).filter(|_| reads_pipe) {
                for inner in all {
                    let inner = self.looked_up(inner);
                    self.request(&inner, here);
                }
                continue;
            }
            let inner = match mark {
                Some(mark) => self.with_replaced(inner, &mark),
                None if request.appends_words() => inner.with_more_words(),
                None => inner.clone(),
            };
            let inner = self.looked_up(inner);
            let moved = Some(inner.cwd().to_owned()).filter(|_| here.is_some());
            self.request(&inner, moved.as_deref());
        }
    }

    /// A command in whose words a mark is replaced by what is not known (`xargs -I`), also in the middle of a text that a shell reads.
    fn with_replaced(&self, inner: &ExecRequest, mark: &str) -> ExecRequest {
        let words: Vec<ArgWord> = inner
            .argv()
            .iter()
            .map(|word| match (word.find(mark), word.rfind(mark)) {
                (Some(first), Some(last)) => ArgWord::Partly {
                    prefix: word.get(..first).unwrap_or("").to_owned(),
                    suffix: word.get(last + mark.len()..).unwrap_or("").to_owned(),
                    many: false,
                },
                _ => ArgWord::Known(word.clone()),
            })
            .collect();
        ExecRequest::parse_words(&words, inner.cwd())
    }

    fn dialect_of(&self, request: &ExecRequest) -> Dialect {
        match request.program() {
            "eval" | "trap" => self.dialect,
            "sh" | "bash" | "rbash" | "dash" | "ash" | "zsh" | "ksh" | "mksh" | "yash" | "fish" => Dialect::of_program(request.program()),
            _ => Dialect::Bash,
        }
    }

    fn own_hazard(&mut self, request: &ExecRequest, hazard: &Hazard, here: Option<&Path>) {
        if let Some(name) = hazard.option.strip_suffix('=') {
            let value =
                hazard.words.iter().map(|w| if aegis_policy::is_unseen(w) { Word::unknown() } else { Word::Known(w.clone()) }).collect();
            self.variable(&Assignment { name: name.to_owned(), value, span: self.at }, here);
            return;
        }
        let access = Access::Exec(request);
        let decision = self.policy.decide(&access);
        let cause = self.decided(&access, &subject(request), decision);
        self.push(subject(request), Verdict::Deny, cause);
        self.any_word(request, here);
    }

    /// Where it is not certain at which word the command begins, any of them could be it, or be a text.
    pub(super) fn any_word(&mut self, request: &ExecRequest, here: Option<&Path>) {
        for start in 1..request.argv().len() {
            let words = request.argv().get(start..).unwrap_or_default();
            if words.first().is_some_and(|word| word.starts_with('-') || aegis_policy::is_unseen(word)) {
                continue;
            }
            let inner = ExecRequest::parse(words, request.cwd());
            let access = Access::Exec(&inner);
            let decision = self.policy.decide(&access);
            if matches!(decision.reason(), Reason::DenyRule) {
                let cause = self.decided(&access, &subject(&inner), decision);
                self.push(subject(&inner), Verdict::Deny, cause);
            }
        }
        for word in request.argv().iter().filter(|word| word.contains(char::is_whitespace)) {
            self.denies(|judge| judge.text(word, Dialect::Bash, here));
        }
    }
}

/// What `xargs` replaces in the words of its command.
fn replaced(request: &ExecRequest) -> Option<String> {
    let option = request.options().iter().rfind(|option| matches!(option.name.as_str(), "-I" | "--replace" | "-J"))?;
    let mark = option.value.clone().filter(|value| !value.is_empty());
    request.appends_words().then(|| mark.unwrap_or_else(|| "{}".to_owned()))
}

/// The hazards that are not those of what it runs, nor that it runs it.
fn own_hazards(request: &ExecRequest) -> Vec<&Hazard> {
    let mut inner: Vec<&Hazard> = request.inner().iter().flat_map(|inner| inner.hazards()).collect();
    let is_shell = Dialect::of_program(request.program()) != Dialect::Other;
    request
        .hazards()
        .iter()
        .filter(|hazard| {
            if let Some(at) = inner.iter().position(|known| known == hazard) {
                inner.remove(at);
                return false;
            }
            let runs_it = hazard.role == Role::Exec
                && (request.inner().iter().any(|inner| inner.argv() == hazard.words)
                    || !request.texts().is_empty() && hazard.option != "--rcfile"
                    || matches!(hazard.option.as_str(), "--split-string"));
            let starts_up = is_shell && START_UP.contains(&hazard.option.as_str());
            !runs_it && !starts_up && matches!(hazard.role, Role::Exec | Role::Config)
        })
        .collect()
}

/// The files that are not those of what it runs.
fn own_files(request: &ExecRequest) -> Vec<&FileArgument> {
    let mut inner: Vec<&FileArgument> = request.inner().iter().flat_map(|inner| inner.files()).collect();
    request
        .files()
        .iter()
        .filter(|file| match inner.iter().position(|known| known == file) {
            Some(at) => {
                inner.remove(at);
                false
            }
            None => file.certainty != aegis_policy::Certainty::Possible,
        })
        .collect()
}
