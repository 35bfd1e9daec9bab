//! One call of a script on its way through the gate.

use aegis_effect::{Effect, Label, Part, Payload, Request};
use aegis_policy::{Capability, Decision, Policy, RuleRef, Verdict, Visibility};

/// What a labelled value shows of itself.
pub(crate) const MARK: &str = "[REDACTED]";

/// A call: what was asked, by which builtin, at which line.
pub(crate) struct Call<'a> {
    pub(crate) name: &'static str,
    pub(crate) capability: Option<Capability>,
    pub(crate) line: u32,
    /// The target as asked: a path, URL, variable, or program. Public text of the script, else a mark.
    pub(crate) target: std::borrow::Cow<'a, str>,
    /// What it depends on that it was asked at all.
    pub(crate) current: &'a Label,
}

impl<'a> Call<'a> {
    pub(crate) fn new(request: &'a Request) -> Call<'a> {
        let target = match &request.effect {
            Effect::FsRead { path }
            | Effect::FsReadBytes { path }
            | Effect::FsReadRange { path, .. }
            | Effect::FsWrite { path, .. }
            | Effect::FsAppend { path, .. }
            | Effect::FsReplace { path, .. }
            | Effect::FsDelete { path }
            | Effect::FsMkdir { path }
            | Effect::FsExists { path }
            | Effect::FsStat { path }
            | Effect::FsList { path }
            | Effect::FsListLocal { path }
            | Effect::Load { path } => path.as_str().into(),
            Effect::FsGlob { pattern } => pattern.as_str().into(),
            Effect::Http(http) => http.url.as_str().into(),
            Effect::EnvRead { name, .. } => name.as_str().into(),
            Effect::Exec(child) => command_line(&child.argv).into(),
            Effect::Declassify { reason, .. } => reason.as_str().into(),
            Effect::Now | Effect::Reveal { .. } => "".into(),
        };
        let current = &request.current;
        // After a branch on labelled data the script's own text may hold it: a path or a URL that was made of it.
        let target = if current.is_public() { target } else { MARK.into() };
        Call { name: request.effect.name(), capability: request.effect.capability(), line: request.line, target, current }
    }

    /// The call in words: `fs.write src/x.rs`. Long targets are cut.
    pub(crate) fn asked(&self) -> String {
        let shown = crate::approve::escaped(&self.target);
        match shown.char_indices().nth(300) {
            Some((end, _)) => format!("{} {}...", self.name, shown.get(..end).unwrap_or_default()),
            None => format!("{} {shown}", self.name),
        }
    }
}

/// The words of a command for messages.
fn command_line(argv: &[Payload]) -> String {
    argv.iter().map(marked).collect::<Vec<_>>().join(" ")
}

/// A payload for people and agents: labelled parts show their mark.
pub(crate) fn marked(payload: &Payload) -> String {
    let mut text = String::new();
    for part in payload.parts() {
        match part {
            Part::Bytes(bytes) => text.push_str(&String::from_utf8_lossy(bytes)),
            _ => text.push_str(MARK),
        }
    }
    text
}

/// The same in short, with its size where that is public: what a person sees of a body or of the input of a command.
pub(crate) fn preview(payload: &Payload) -> Option<String> {
    if payload.is_empty() {
        return None;
    }
    let text = marked(payload);
    let start: String = text.chars().take(200).collect();
    let more = if start.len() < text.len() { "..." } else { "" };
    let size = payload.as_public().map_or_else(|| "with local-only data".to_owned(), |bytes| format!("{} bytes", bytes.len()));
    Some(format!("{size}: {start}{more}"))
}

/// Every decision that one effect needed, and the strictest of them.
#[derive(Default)]
pub(crate) struct Ruling {
    pub(crate) decisions: Vec<Decision>,
    /// Who approved it, where someone was asked.
    pub(crate) approver: Option<&'static str>,
}

impl Ruling {
    pub(crate) fn of(decision: Decision) -> Ruling {
        Ruling { decisions: vec![decision], approver: None }
    }

    /// Adds a decision that can only ask.
    pub(crate) fn asked_also(&mut self, decision: Decision) {
        if decision.verdict() == Verdict::Ask {
            self.decisions.push(decision);
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.decisions.iter().map(Decision::verdict).max().unwrap_or(Verdict::Deny)
    }

    /// The rule of the strictest decision.
    pub(crate) fn deciding_rule(&self) -> Option<&RuleRef> {
        let verdict = self.verdict();
        self.decisions.iter().find(|d| d.verdict() == verdict).and_then(Decision::rule)
    }

    pub(crate) fn visibility(&self) -> Visibility {
        self.decisions.iter().map(Decision::visibility).max().unwrap_or(Visibility::LocalOnly)
    }

    /// Joins those of the sources whose data may reach every object of the effect.
    pub(crate) fn join_receivable(&self, policy: &Policy, sources: impl Iterator<Item = usize>, label: &mut Label) {
        for source in sources {
            if self.decisions.iter().all(|object| policy.may_flow([source], object).is_ok()) {
                label.insert(source);
            }
        }
    }

    /// What content of the object depends on.
    pub(crate) fn label(&self) -> Label {
        let mut label = Label::public();
        for atom in self.decisions.iter().flat_map(|d| d.atoms().iter().chain(d.read_atoms())) {
            label.insert(atom.index());
        }
        label
    }

    /// What an outcome depends on: the object, and everything that went in.
    pub(crate) fn label_with(&self, arguments: &Label) -> Label {
        let mut label = self.label();
        label.join(arguments);
        label
    }
}
