//! What the policy says of a call: the strictest of all that it would do.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use aegis_policy::{Access, Decision, Method, PathOp, Policy, Reason, RequestUrl, Unlisted, Verdict, Visibility, lexical};
use aegis_shell::{Around, Below, Cause, Dialect, Finding, Lookup as _, Subject, Sweep, UnknownCause, judge_text};

use super::act::Act;
use super::event::Event;
use super::names::{self, Names};
use super::stance::Stance;

/// One thing that was judged.
#[derive(Debug, Clone)]
pub struct Part {
    /// What is said of it.
    pub stance: Stance,
    /// What it is, as `aegis why` is asked.
    pub asked: String,
    /// Why, in words.
    pub cause: String,
    /// The rule that decided, as `file:line`.
    pub rule: Option<String>,
    /// What would allow it.
    pub suggestion: Option<String>,
}

/// What is said of a call.
#[derive(Debug, Clone)]
pub struct Ruling {
    /// The strictest of its parts.
    pub stance: Stance,
    /// Everything that was judged.
    pub parts: Vec<Part>,
}

impl Ruling {
    /// The first part that makes the stance what it is.
    #[must_use]
    pub fn decisive(&self) -> Option<&Part> {
        self.parts.iter().find(|part| part.stance == self.stance)
    }
}

/// Judges a call. `path` is where the host finds programs (its `PATH`).
#[must_use]
pub fn rule(policy: &Policy, event: &Event, home: Option<&Path>, path: Option<&OsStr>) -> Ruling {
    let mut judge = Judge { policy, event, home, names: Names::new(path), parts: Vec::new() };
    judge.tool();
    for act in &event.acts {
        judge.act(act);
    }
    let stance = judge.parts.iter().map(|part| part.stance).max().unwrap_or(Stance::Deny);
    Ruling { stance, parts: judge.parts }
}

struct Judge<'a> {
    policy: &'a Policy,
    event: &'a Event,
    home: Option<&'a Path>,
    names: Names,
    parts: Vec<Part>,
}

impl Judge<'_> {
    /// The tool by its name: a rule of the policy counts for every tool; where there is none, what it does is judged, and a tool of which
    /// that is not known is one that no rule names.
    fn tool(&mut self) {
        let access = Access::Tool { name: &self.event.tool };
        let decision = self.policy.decide(&access);
        let is_named_only = self.event.acts.iter().all(|act| matches!(act, Act::Named { .. }));
        if matches!(decision.reason(), Reason::NoRule { .. }) && !is_named_only {
            return;
        }
        let asked = format!("tool {}", self.event.tool);
        self.decided(&access, &asked, &decision, Stance::Allow);
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Shell { text, dialect, cwd } => self.shell(text, *dialect, cwd.as_deref()),
            Act::Path { op, path } => {
                self.path(*op, path);
            }
            Act::List { path } => {
                self.path(PathOp::Read, path.as_deref().unwrap_or("."));
            }
            Act::Search { path } => self.search(path.as_deref().unwrap_or(".")),
            Act::Fetch { url } => self.fetch(url),
            Act::Named { paths, urls, texts } => self.named(paths, urls, texts),
            Act::Nothing => {
                self.push(Stance::Allow, format!("tool {}", self.event.tool), "it touches nothing that a policy is about".to_owned())
            }
            Act::Asks(why) => self.push(Stance::Ask, format!("tool {}", self.event.tool), (*why).to_owned()),
            Act::Unclear(why) => self.push(Stance::Deny, format!("tool {}", self.event.tool), (*why).to_owned()),
        }
    }

    fn shell(&mut self, text: &str, dialect: Dialect, cwd: Option<&str>) {
        let named = cwd;
        let cwd = match named.map(|cwd| self.absolute(cwd)) {
            None => self.event.cwd.clone(),
            Some(Ok(cwd)) => lexical(&cwd),
            Some(Err(why)) => return self.push(Stance::Deny, "exec".to_owned(), why.to_owned()),
        };
        // programs take settings from where they run: a directory that the call names is judged as one that `cd` goes to
        if let Some(named) = named.filter(|_| cwd != lexical(&self.event.cwd)) {
            self.path(PathOp::Read, named);
        }
        let around = Around { cwd: &cwd, home: self.home, lookup: Some(&self.names) };
        let judgement = judge_text(self.policy, text, dialect, around);
        let mut programs: Vec<&str> = Vec::new();
        for finding in judgement.findings() {
            let part = self.of_finding(finding);
            if let (Stance::Allow, Subject::Command(words)) = (part.stance, &finding.subject)
                && let Some(word) = words.first()
                && !programs.contains(&word.as_str())
            {
                programs.push(word);
            }
            self.parts.push(part);
        }
        for word in programs {
            self.program(word);
        }
        if judgement.findings().is_empty() {
            self.push(Stance::Ask, "exec".to_owned(), "there is no command in the text".to_owned());
        }
    }

    /// A bare name is allowed for the program that it has always been: not for one that the agent may put in its place.
    fn program(&mut self, word: &str) {
        let Some((path, real)) = self.names.found(word) else { return };
        // most programs lie where this user can write nothing, and then what the policy says need not be looked up
        if !names::is_writable(&path) && !names::is_writable(&real) {
            return;
        }
        let could = |path: &Path| [PathOp::Write, PathOp::Delete].into_iter().any(|op| self.policy.permits(&Access::Path { op, path }));
        if could(&path) || could(&real) {
            let why = format!("the policy lets the agent write {}, which PATH finds for it; name it by its absolute path", path.display());
            self.push(Stance::Ask, format!("exec {word}"), why);
        }
    }

    fn of_finding(&self, finding: &Finding) -> Part {
        let (stance, rule, suggestion) = match &finding.cause {
            Cause::Decided { decision, explanation } => {
                let stance = self.stance(decision);
                // what the shell made stricter than the policy stays so
                let stance = if finding.verdict > decision.verdict() { stance.max(plain(finding.verdict)) } else { stance };
                (stance, explanation.rule.clone(), explanation.suggestion.clone())
            }
            Cause::LocalOnly | Cause::Unknown(UnknownCause::Limit(_)) => (Stance::Deny, None, None),
            _ => (plain(finding.verdict), None, None),
        };
        Part { stance, asked: finding.subject.asked(), cause: finding.cause.text(), rule, suggestion }
    }

    /// A file, by the name that the host has and by where that leads. Says where.
    fn path(&mut self, op: PathOp, text: &str) -> Option<PathBuf> {
        let asked = format!("{} {text}", op.capability().name());
        let absolute = match self.absolute(text) {
            Ok(absolute) => absolute,
            Err(why) => {
                self.push(Stance::Deny, asked, why.to_owned());
                return None;
            }
        };
        // names that are closed are closed under any link
        let name = lexical(&absolute);
        let by_name = Access::PathName { op, path: &name };
        let decision = self.policy.decide(&by_name);
        if decision.is_deny() {
            self.decided(&by_name, &asked, &decision, Stance::Deny);
            return None;
        }
        let real = if op == PathOp::Delete { self.names.name_leads_to(&absolute) } else { self.names.leads_to(&absolute).0 };
        let access = Access::Path { op, path: &real };
        let decision = self.policy.decide(&access);
        self.decided(&access, &asked, &decision, Stance::Allow);
        if op == PathOp::Write && aegis_shell::makes_a_repository(&real) {
            self.push(Stance::Ask, asked.clone(), aegis_shell::MAKES_A_REPOSITORY.to_owned());
        }
        if let Some(guarded) = self.names.is_guarded_by_another_name(&real, self.policy) {
            self.push(Stance::Deny, asked, format!("it is another name of {}, which is closed", guarded.display()));
        }
        Some(real)
    }

    fn search(&mut self, text: &str) {
        let Some(real) = self.path(PathOp::Read, text) else { return };
        let asked = format!("search {text}");
        match self.names.below(self.policy, &real, &Sweep::of_all()) {
            Below::Clear => {}
            Below::Closed(path) => {
                let below = path.strip_prefix(&real).unwrap_or(&path).display();
                self.push(Stance::Deny, asked, format!("{below} lies there, which may not be read; search a directory without it"));
            }
            Below::TooMuch => {
                self.push(Stance::Ask, asked, "too much lies there to know whether all of it may be read; search less".to_owned())
            }
        }
    }

    fn fetch(&mut self, text: &str) {
        let asked = format!("net.http_get {text}");
        match RequestUrl::parse(text) {
            Ok(url) => {
                let access = Access::Http { method: Method::Get, url: &url };
                let decision = self.policy.decide(&access);
                self.decided(&access, &asked, &decision, Stance::Allow);
            }
            Err(error) => self.push(Stance::Deny, asked, error.to_string()),
        }
    }

    /// Of a tool that is known by its name alone only what a rule denies counts: no rule allows what is not known.
    fn named(&mut self, paths: &[String], urls: &[String], texts: &[String]) {
        for text in paths {
            let Ok(absolute) = self.absolute(text) else { continue };
            for path in [lexical(&absolute), self.names.leads_to(&absolute).0] {
                let read = Access::PathName { op: PathOp::Read, path: &path };
                let decision = self.policy.decide(&read);
                let asked = format!("fs.read {text}");
                if decision.is_deny() {
                    self.decided(&read, &asked, &decision, Stance::Deny);
                    break;
                }
                if self.policy.decide(&Access::Path { op: PathOp::Read, path: &path }).visibility() == Visibility::LocalOnly {
                    self.push(Stance::Deny, asked, LOCAL_ONLY.to_owned());
                    break;
                }
                // a control file may be read; whether that is all the tool does is not known
                let write = Access::PathName { op: PathOp::Write, path: &path };
                let decision = self.policy.decide(&write);
                if matches!(decision.reason(), Reason::ControlFile) {
                    let asked = format!("fs.write {text}");
                    self.push(Stance::Ask, asked, "it is a control file, and what the tool does with it is not known".to_owned());
                    break;
                }
            }
        }
        for text in urls {
            let Ok(url) = RequestUrl::parse(text) else { continue };
            let access = Access::Http { method: Method::Get, url: &url };
            let decision = self.policy.decide(&access);
            if self.stance(&decision) == Stance::Deny {
                self.decided(&access, &format!("net.http_get {text}"), &decision, Stance::Deny);
            }
        }
        for text in texts {
            let around = Around { cwd: &self.event.cwd, home: self.home, lookup: Some(&self.names) };
            let judgement = judge_text(self.policy, text, Dialect::User, around);
            let denied: Vec<Part> =
                judgement.findings().iter().map(|finding| self.of_finding(finding)).filter(|part| part.stance == Stance::Deny).collect();
            self.parts.extend(denied);
        }
    }

    fn absolute(&self, text: &str) -> Result<PathBuf, &'static str> {
        if text.contains('\0') {
            return Err("a path with a NUL byte");
        }
        match text.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                let home = self.home.ok_or("the home directory is not known")?;
                Ok(home.join(rest.trim_start_matches('/')))
            }
            _ => Ok(self.event.cwd.join(text)),
        }
    }

    fn decided(&mut self, access: &Access<'_>, asked: &str, decision: &Decision, at_least: Stance) {
        let explanation = self.policy.explain(access, asked, decision);
        let stance = self.stance(decision).max(at_least);
        let local_only = decision.visibility() == Visibility::LocalOnly || !decision.read_atoms().is_empty();
        let cause = if local_only && !decision.is_deny() { LOCAL_ONLY.to_owned() } else { explanation.cause };
        self.parts.push(Part { stance, asked: explanation.asked, cause, rule: explanation.rule, suggestion: explanation.suggestion });
    }

    /// A decision as a host is told it: what no rule names is what `[agents] unlisted` says, and nothing local-only goes to a host.
    fn stance(&self, decision: &Decision) -> Stance {
        if decision.visibility() == Visibility::LocalOnly || !decision.read_atoms().is_empty() {
            return Stance::Deny;
        }
        let unlisted = match self.policy.settings().unlisted {
            Unlisted::None => Stance::NoOpinion,
            Unlisted::Ask => Stance::Ask,
            Unlisted::Deny => Stance::Deny,
        };
        match (decision.verdict(), decision.reason()) {
            (Verdict::Allow, _) => Stance::Allow,
            (_, Reason::NoRule { .. }) => unlisted,
            (Verdict::Ask, _) => Stance::Ask,
            (Verdict::Deny, Reason::DangerousOption { .. }) => unlisted.max(Stance::Ask),
            (Verdict::Deny, Reason::FileArgument { .. }) if decision.rule().is_none() => unlisted,
            (Verdict::Deny, _) => Stance::Deny,
        }
    }

    fn push(&mut self, stance: Stance, asked: String, cause: String) {
        self.parts.push(Part { stance, asked, cause, rule: None, suggestion: None });
    }
}

const LOCAL_ONLY: &str = "it is local-only, and what a host sees is not";

const fn plain(verdict: Verdict) -> Stance {
    match verdict {
        Verdict::Allow => Stance::Allow,
        Verdict::Ask => Stance::Ask,
        Verdict::Deny => Stance::Deny,
    }
}
