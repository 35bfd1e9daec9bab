//! A project, a policy, a journal, and a gate over them.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aegis_audit::{Journal, Options, Verdict as Audited, VerifyOptions};
use aegis_effect::{
    Child, Effect, EffectError, ErrorCode, ExecOutput, HttpBody, HttpRequest, Label, Labelled, Outcome, Payload, Perform, Request,
};
use aegis_gate::{ApprovalAnswer, ApprovalRequest, ApproveNone, Approver, Environment, Gate, GateParts, Ledger, Resolver};
use aegis_policy::{Finder, Method, Policy, Surroundings};
use serde_json::Value;
use tempfile::TempDir;

pub const SECRET: &str = "sk-live-0123456789abcdefXYZ";

/// Answers in turn, does something while the question is open, and remembers what it was shown.
pub struct Scripted {
    pub answers: Vec<ApprovalAnswer>,
    pub shown: Arc<Mutex<Vec<ApprovalRequest>>>,
    pub meanwhile: Box<dyn FnMut() + Send>,
}

impl Approver for Scripted {
    fn ask(&mut self, request: &ApprovalRequest) -> ApprovalAnswer {
        self.shown.lock().unwrap().push(request.clone());
        (self.meanwhile)();
        if self.answers.is_empty() { ApprovalAnswer::No } else { self.answers.remove(0) }
    }
    fn name(&self) -> &'static str {
        "scripted"
    }
}

pub struct Build {
    temp: TempDir,
    pub top: PathBuf,
    pub root: PathBuf,
    pub home: PathBuf,
    text: String,
    vars: Vec<(String, String)>,
    names: BTreeMap<String, Vec<IpAddr>>,
    approver: Box<dyn Approver>,
    journal: Option<PathBuf>,
    declassified: PathBuf,
}

pub struct World {
    temp: TempDir,
    pub top: PathBuf,
    pub root: PathBuf,
    pub home: PathBuf,
    pub journal: PathBuf,
    pub gate: Gate,
}

/// A policy text, not yet in force: first the files.
pub fn policy(text: &str) -> Build {
    let temp = tempfile::tempdir().unwrap();
    let top = temp.path().canonicalize().unwrap();
    let (root, home) = (top.join("proj"), top.join("home"));
    std::fs::create_dir_all(root.join("src")).unwrap();
    std::fs::create_dir(&home).unwrap();
    let vars = vec![("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())];
    let declassified = top.join("state/declassified");
    let approver = Box::new(ApproveNone);
    Build { temp, top, root, home, text: text.to_owned(), vars, names: BTreeMap::new(), approver, journal: None, declassified }
}

impl Build {
    pub fn file(self, name: &str, content: &str) -> Build {
        let path = self.root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }
    pub fn program(self, name: &str, content: &str) -> Build {
        use std::os::unix::fs::PermissionsExt;
        let this = self.file(name, content);
        std::fs::set_permissions(this.root.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
        this
    }
    pub fn link(self, target: impl AsRef<Path>, name: &str) -> Build {
        std::os::unix::fs::symlink(target, self.root.join(name)).unwrap();
        self
    }
    pub fn var(mut self, name: &str, value: &str) -> Build {
        self.vars.retain(|(n, _)| n != name);
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }
    pub fn name(mut self, name: &str, ips: &[&str]) -> Build {
        self.names.insert(name.to_owned(), ips.iter().map(|ip| ip.parse().unwrap()).collect());
        self
    }
    pub fn approver(mut self, approver: impl Approver + 'static) -> Build {
        self.approver = Box::new(approver);
        self
    }
    pub fn answers(self, answers: &[ApprovalAnswer]) -> (Build, Arc<Mutex<Vec<ApprovalRequest>>>) {
        self.answers_while(answers, || {})
    }
    pub fn answers_while(
        self,
        answers: &[ApprovalAnswer],
        meanwhile: impl FnMut() + Send + 'static,
    ) -> (Build, Arc<Mutex<Vec<ApprovalRequest>>>) {
        let shown = Arc::default();
        let scripted = Scripted { answers: answers.to_vec(), shown: Arc::clone(&shown), meanwhile: Box::new(meanwhile) };
        (self.approver(scripted), shown)
    }
    pub fn journal_at(mut self, path: &Path) -> Build {
        self.journal = Some(path.to_path_buf());
        self
    }
    pub fn counts_at(mut self, path: &Path) -> Build {
        self.declassified = path.to_path_buf();
        self
    }
    pub fn open(self) -> World {
        let finder = Finder::of_this_user().with_home(&self.home);
        let text = self.text.replace("{ROOT}", &self.root.to_string_lossy()).replace("{TOP}", &self.top.to_string_lossy());
        let policy = Policy::from_text("policy.toml", &text, &self.root, &finder, &Surroundings::default()).unwrap();
        let policy = Arc::new(policy);
        let path = self.journal.clone().unwrap_or_else(|| self.top.join("audit.jsonl"));
        let journal = Journal::open(&path, Options::default()).unwrap();
        let parts = GateParts {
            policy: policy.clone(),
            ledger: Ledger::new(Some(journal), policy),
            approver: self.approver,
            environment: Environment::new(self.vars.iter().map(|(n, v)| (OsString::from(n), OsString::from(v)))),
            home: Some(self.home.clone()),
            launcher: None,
            declassified: Some(self.declassified),
        };
        let gate = Gate::new(parts).unwrap().with_resolver(Resolver::fixed(self.names));
        World { temp: self.temp, top: self.top, root: self.root, home: self.home, journal: path, gate }
    }
}

pub type Answered = Result<Outcome, EffectError>;

impl World {
    pub fn perform(&mut self, effect: Effect) -> Answered {
        self.gate.perform(&Request { effect, line: 7, current: Label::public() })
    }
    pub fn read(&mut self, path: &str) -> Answered {
        self.perform(Effect::FsRead { path: path.into() })
    }
    pub fn write(&mut self, path: &str, content: impl Into<Payload>) -> Answered {
        self.perform(Effect::FsWrite { path: path.into(), content: content.into() })
    }
    pub fn append(&mut self, path: &str, content: impl Into<Payload>) -> Answered {
        self.perform(Effect::FsAppend { path: path.into(), content: content.into() })
    }
    pub fn replace(&mut self, path: &str, old: impl Into<Payload>, new: impl Into<Payload>) -> Answered {
        self.perform(Effect::FsReplace { path: path.into(), old: old.into(), new: new.into() })
    }
    pub fn delete(&mut self, path: &str) -> Answered {
        self.perform(Effect::FsDelete { path: path.into() })
    }
    pub fn env(&mut self, name: &str) -> Answered {
        self.perform(Effect::EnvRead { name: name.into(), default: None })
    }
    pub fn get(&mut self, url: &str) -> Answered {
        self.perform(Effect::Http(request(Method::Get, url)))
    }
    pub fn run(&mut self, argv: &[&str]) -> Answered {
        self.perform(Effect::Exec(child(argv)))
    }
    /// Standard output of a command that succeeded.
    pub fn stdout(&mut self, argv: &[&str]) -> String {
        stdout_of(self.run(argv).unwrap())
    }
    /// The content of a labelled answer, as a worker learns it; none if it failed.
    pub fn revealed(&mut self, answer: Answered) -> Option<String> {
        let Ok(Outcome::Labelled(labelled)) = answer else { panic!("not labelled: {answer:?}") };
        match self.perform(Effect::Reveal { handle: labelled.handle }).unwrap() {
            Outcome::Bytes(bytes) => Some(String::from_utf8(bytes).unwrap()),
            Outcome::Unset => None,
            other => panic!("{other:?}"),
        }
    }
    /// An effect of a run that has branched on what this label says.
    pub fn perform_raised(&mut self, effect: Effect, current: &Label) -> Answered {
        self.gate.perform(&Request { effect, line: 7, current: current.clone() })
    }
    pub fn labelled(&mut self, effect: Effect) -> Labelled {
        match self.perform(effect).unwrap() {
            Outcome::Labelled(labelled) => labelled,
            other => panic!("not labelled: {other:?}"),
        }
    }
    /// The labelled value of a variable.
    pub fn secret(&mut self, name: &str) -> Payload {
        Payload::labelled(self.labelled(Effect::EnvRead { name: name.into(), default: None }).handle)
    }

    pub fn content(&self, name: &str) -> String {
        std::fs::read_to_string(self.root.join(name)).unwrap()
    }
    pub fn is_there(&self, name: &str) -> bool {
        self.root.join(name).symlink_metadata().is_ok()
    }

    pub fn journal_text(&self) -> String {
        std::fs::read_to_string(&self.journal).unwrap()
    }
    pub fn records(&self) -> Vec<Value> {
        records(&self.journal)
    }
    pub fn last(&self) -> Value {
        self.records().pop().unwrap()
    }
    pub fn kinds(&self) -> Vec<String> {
        self.records().iter().map(|r| r["kind"].as_str().unwrap().to_owned()).collect()
    }
    pub fn assert_intact(&self) {
        assert!(matches!(aegis_audit::verify(&self.journal, &VerifyOptions::default()), Audited::Intact(_)));
    }
}

pub fn records(path: &Path) -> Vec<Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn child(argv: &[&str]) -> Child {
    Child {
        argv: argv.iter().map(|w| Payload::from(*w)).collect(),
        stdin: Payload::empty(),
        cwd: None,
        env: Vec::new(),
        timeout: None,
        fail_on_exit: false,
    }
}

pub fn request(method: Method, url: &str) -> HttpRequest {
    HttpRequest {
        method,
        url: url.into(),
        params: Vec::new(),
        headers: Vec::new(),
        body: HttpBody::Empty,
        fail_on_status: true,
        timeout: Some(Duration::from_secs(10)),
    }
}

pub fn stdout_of(outcome: Outcome) -> String {
    String::from_utf8(output_of(outcome).stdout).unwrap()
}

pub fn output_of(outcome: Outcome) -> ExecOutput {
    match outcome {
        Outcome::Exec(output) => output,
        other => panic!("no output: {other:?}"),
    }
}

pub fn code(answer: &Answered) -> Option<ErrorCode> {
    answer.as_ref().err().map(|e| e.code)
}

/// Whether the secret stands in the text, in an encoding that someone could undo by hand.
pub fn tells(text: &str, secret: &str) -> bool {
    let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
    let base64 = |shift: usize| {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bytes: Vec<u8> = secret.bytes().skip(shift).collect();
        bytes
            .chunks_exact(3)
            .flat_map(|c| {
                let n = u32::from(c[0]) << 16 | u32::from(c[1]) << 8 | u32::from(c[2]);
                [18, 12, 6, 0].map(|s| char::from(ALPHABET[(n >> s & 63) as usize]))
            })
            .collect::<String>()
    };
    let lower = text.to_lowercase();
    text.contains(secret) || lower.contains(&hex) || (0..3).any(|shift| text.contains(&base64(shift))) || text.contains(&secret[4..16])
}
