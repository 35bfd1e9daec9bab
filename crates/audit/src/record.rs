//! What is recorded: one type per kind. A new kind is a type that implements [`Record`].

use std::time::Duration;

use crate::digest::Sha256Digest;
use crate::fields::Fields;
use crate::text::Text;

/// One kind of record.
pub trait Record {
    /// Its name: lower-case words joined by `.` or `_`.
    fn kind(&self) -> &'static str;
    /// Puts its fields, in order. May be asked more than once, when values must be cut, and must put the same each time.
    fn fields(&self, to: &mut Fields<'_>);
}

/// `run.start`: what runs, under which policy, how confined, for whom.
#[derive(Debug, Clone)]
pub struct RunStart<'a> {
    /// The script's file name, or `-`; the command for `exec`.
    pub script: Text<'a>,
    /// Of the script's text.
    pub script_sha256: Option<Sha256Digest>,
    /// Of the policy in force, all files merged.
    pub policy_sha256: Sha256Digest,
    /// Every file that went into it.
    pub policy_files: &'a [PolicyFile<'a>],
    /// Preset rules that the policy takes back with `!`.
    pub weakened: &'a [&'a str],
    /// What the policy asks for.
    pub confinement_requested: &'a str,
    /// What the kernel grants.
    pub confinement_actual: &'a str,
    /// Of Aegis.
    pub version: &'a str,
    /// The user's name, or the number where it has none.
    pub user: Text<'a>,
    /// The machine's name.
    pub host: Text<'a>,
    /// The process that writes the journal.
    pub pid: u32,
    /// Its command line.
    pub argv: &'a [Text<'a>],
}

/// `confinement`: what the kernel grants to the commands that come next. A run that starts none has no such record.
#[derive(Debug, Clone, Copy)]
pub struct Confinement<'a> {
    /// In words; `none: ` and why, where it grants nothing.
    pub actual: &'a str,
}

impl Record for Confinement<'_> {
    fn kind(&self) -> &'static str {
        "confinement"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.text("actual", self.actual);
    }
}

/// A policy file as it was loaded.
#[derive(Debug, Clone, Copy)]
pub struct PolicyFile<'a> {
    /// As shown to people.
    pub name: Text<'a>,
    /// Of its text.
    pub sha256: Sha256Digest,
}

impl Record for RunStart<'_> {
    fn kind(&self) -> &'static str {
        "run.start"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.text("script", self.script);
        if let Some(digest) = &self.script_sha256 {
            to.digest("script_sha256", digest);
        }
        to.digest("policy_sha256", &self.policy_sha256);
        to.objects("policy_files", self.policy_files, |file, to| {
            to.text("name", file.name);
            to.digest("sha256", &file.sha256);
        });
        to.texts("weakened", self.weakened);
        to.text("confinement_requested", self.confinement_requested);
        to.text("confinement_actual", self.confinement_actual);
        to.text("version", self.version);
        to.text("user", self.user);
        to.text("host", self.host);
        to.number("pid", u64::from(self.pid));
        to.texts("argv", self.argv);
    }
}

/// What an effect's records say of the effect itself.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Number of the effect within its run, from 1.
    pub id: u64,
    /// The policy's word (`fs.read`, `net.http_get`, `exec`).
    pub capability: &'a str,
    /// The name the script called (`fs.read_range`).
    pub call: &'a str,
    /// Line of the call in the script, from 1; 0 where there is no script.
    pub line: u32,
    /// As asked.
    pub target: Text<'a>,
    /// The object it turned out to be, where that was found.
    pub resolved: Option<Text<'a>>,
    /// The rule that decided, where one did.
    pub rule: Option<&'a str>,
    /// `public` or `local-only`.
    pub visibility: &'a str,
    /// The local-only sources that what it sends depends on.
    pub labels: &'a [&'a str],
    /// Who approved it, where it had to be.
    pub approver: Option<&'a str>,
}

impl Call<'_> {
    fn fields(&self, to: &mut Fields<'_>) {
        to.number("id", self.id);
        to.text("capability", self.capability);
        to.text("call", self.call);
        to.number("line", u64::from(self.line));
        to.text("target", self.target);
        to.maybe_text("resolved", self.resolved);
        to.maybe_text("rule", self.rule);
        to.text("visibility", self.visibility);
        if !self.labels.is_empty() {
            to.texts("labels", self.labels);
        }
        to.maybe_text("approver", self.approver);
    }
}

/// How an effect ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectResult<'a> {
    /// It was done.
    Ok,
    /// It failed, with the stable name of the error.
    Error(&'a str),
}

impl EffectResult<'_> {
    pub(crate) fn fields(self, to: &mut Fields<'_>) {
        match self {
            EffectResult::Ok => to.text("result", "ok"),
            EffectResult::Error(code) => {
                to.text("result", "error");
                to.text("code", code);
            }
        }
    }
}

/// `effect`: the one record of an effect that changes nothing; written before its content is handed out.
#[derive(Debug, Clone, Copy)]
pub struct Effect<'a> {
    /// The effect.
    pub call: Call<'a>,
    /// How it ended.
    pub result: EffectResult<'a>,
    /// Bytes read, where it read some.
    pub bytes: Option<u64>,
}

impl Record for Effect<'_> {
    fn kind(&self) -> &'static str {
        "effect"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        self.call.fields(to);
        self.result.fields(to);
        if let Some(bytes) = self.bytes {
            to.number("bytes", bytes);
        }
    }
}

/// `effect.intent`: written before the effect is carried out.
#[derive(Debug, Clone, Copy)]
pub struct EffectIntent<'a> {
    /// The effect.
    pub call: Call<'a>,
}

impl Record for EffectIntent<'_> {
    fn kind(&self) -> &'static str {
        "effect.intent"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        self.call.fields(to);
    }
}

/// `effect.outcome`: what became of an intent.
#[derive(Debug, Clone, Copy)]
pub struct EffectOutcome<'a> {
    /// Of the intent.
    pub id: u64,
    /// How it ended.
    pub result: EffectResult<'a>,
    /// Bytes written, sent or received.
    pub bytes: u64,
    /// From intent to end.
    pub took: Duration,
    /// What the operator may want to know (an HTTP status, an exit code, the system's error).
    pub detail: Option<Text<'a>>,
}

impl Record for EffectOutcome<'_> {
    fn kind(&self) -> &'static str {
        "effect.outcome"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.number("id", self.id);
        self.result.fields(to);
        to.number("bytes", self.bytes);
        to.milliseconds("ms", self.took);
        to.maybe_text("detail", self.detail);
    }
}

/// `denied`: an effect that did not happen.
#[derive(Debug, Clone, Copy)]
pub struct Denied<'a> {
    /// The effect.
    pub call: Call<'a>,
    /// Why, for people.
    pub reason: Text<'a>,
    /// The stable name of the error (`policy_denied`, `flow_denied`, ...).
    pub code: &'a str,
}

impl Record for Denied<'_> {
    fn kind(&self) -> &'static str {
        "denied"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        self.call.fields(to);
        to.text("reason", self.reason);
        to.text("code", self.code);
    }
}

/// `verifier.refused`: a script that was not started.
#[derive(Debug, Clone, Copy)]
pub struct VerifierRefused<'a> {
    /// The script's file name.
    pub script: Text<'a>,
    /// Of its text.
    pub script_sha256: Sha256Digest,
    /// All that was found.
    pub findings: &'a [Finding<'a>],
}

/// One finding of the verifier.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a> {
    /// From 1.
    pub line: u32,
    /// Its stable name.
    pub code: &'a str,
    /// For people.
    pub message: Text<'a>,
}

impl Record for VerifierRefused<'_> {
    fn kind(&self) -> &'static str {
        "verifier.refused"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.text("script", self.script);
        to.digest("script_sha256", &self.script_sha256);
        to.objects("findings", self.findings, |finding, to| {
            to.number("line", u64::from(finding.line));
            to.text("code", finding.code);
            to.text("message", finding.message);
        });
    }
}

/// `approval`: what was answered to a question.
#[derive(Debug, Clone, Copy)]
pub struct Approval<'a> {
    /// Of the effect.
    pub id: u64,
    /// `yes`, `no`, or why there was no answer.
    pub answer: &'a str,
    /// Who answered: `terminal`, `--yes`, `mcp`, `hook`.
    pub by: &'a str,
    /// Of the request as it was shown.
    pub request_sha256: Option<Sha256Digest>,
}

impl Record for Approval<'_> {
    fn kind(&self) -> &'static str {
        "approval"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.number("id", self.id);
        to.text("answer", self.answer);
        to.text("by", self.by);
        if let Some(digest) = &self.request_sha256 {
            to.digest("request_sha256", digest);
        }
    }
}

/// `session.start`: a program that asks for effects of its own is connected.
#[derive(Debug, Clone, Copy)]
pub struct SessionStart<'a> {
    /// How it is connected (`stdio`, `http`).
    pub transport: &'a str,
    /// SHA-256 of the policy in force.
    pub policy_sha256: Sha256Digest,
    /// The files that it was made of.
    pub policy_files: &'a [PolicyFile<'a>],
    /// What the policy takes back of presets.
    pub weakened: &'a [&'a str],
    /// Who is asked for approvals (`elicitation`, `nobody`).
    pub approvals: &'a str,
    /// Of Aegis.
    pub version: &'a str,
    /// Who runs it.
    pub user: Text<'a>,
    /// Where.
    pub host: Text<'a>,
    /// Of this process.
    pub pid: u32,
}

impl Record for SessionStart<'_> {
    fn kind(&self) -> &'static str {
        "session.start"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.text("transport", self.transport);
        to.digest("policy_sha256", &self.policy_sha256);
        to.objects("policy_files", self.policy_files, |file, to| {
            to.text("name", file.name);
            to.digest("sha256", &file.sha256);
        });
        to.texts("weakened", self.weakened);
        to.text("approvals", self.approvals);
        to.text("version", self.version);
        to.text("user", self.user);
        to.text("host", self.host);
        to.number("pid", u64::from(self.pid));
    }
}

/// `session.end`: it is gone, and so is everything it started.
#[derive(Debug, Clone, Copy)]
pub struct SessionEnd<'a> {
    /// Why (`closed`, `signal`, `budget`).
    pub why: &'a str,
    /// Calls that were begun.
    pub calls: u64,
    /// From the start on.
    pub took: Duration,
}

impl Record for SessionEnd<'_> {
    fn kind(&self) -> &'static str {
        "session.end"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.text("why", self.why);
        to.number("calls", self.calls);
        to.milliseconds("ms", self.took);
    }
}

/// `call.start`: a program asks for something; the records of this run up to `call.end` are what came of it.
#[derive(Debug, Clone, Copy)]
pub struct CallStart<'a> {
    /// The run that began the session.
    pub session: &'a str,
    /// The program's own name for itself.
    pub client: Text<'a>,
    /// Its version, as it says.
    pub client_version: Text<'a>,
    /// What it asked for (`aegis_run`).
    pub tool: &'a str,
    /// SHA-256 of the arguments as they came.
    pub arguments_sha256: Sha256Digest,
    /// SHA-256 of the script, where it is one.
    pub script_sha256: Option<Sha256Digest>,
    /// SHA-256 of the policy in force.
    pub policy_sha256: Sha256Digest,
}

impl Record for CallStart<'_> {
    fn kind(&self) -> &'static str {
        "call.start"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.text("session", self.session);
        to.text("client", self.client);
        to.text("client_version", self.client_version);
        to.text("tool", self.tool);
        to.digest("arguments_sha256", &self.arguments_sha256);
        if let Some(digest) = &self.script_sha256 {
            to.digest("script_sha256", digest);
        }
        to.digest("policy_sha256", &self.policy_sha256);
    }
}

/// `call.end`: what the program was told.
#[derive(Debug, Clone, Copy)]
pub struct CallEnd<'a> {
    /// `ok`, or the stable name of an error.
    pub status: &'a str,
    /// Effects done.
    pub effects: u64,
    /// Effects denied.
    pub denied: u64,
    /// Effects that failed.
    pub failed: u64,
    /// Size of the answer's text.
    pub bytes: u64,
    /// From the start on.
    pub took: Duration,
}

impl Record for CallEnd<'_> {
    fn kind(&self) -> &'static str {
        "call.end"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.text("status", self.status);
        to.number("effects", self.effects);
        to.number("denied", self.denied);
        to.number("failed", self.failed);
        to.number("bytes", self.bytes);
        to.milliseconds("ms", self.took);
    }
}

/// `declassified`: a labelled value became public, by a rule of the policy.
#[derive(Debug, Clone, Copy)]
pub struct Declassified<'a> {
    /// The sources it depended on.
    pub labels: &'a [&'a str],
    /// The script's words.
    pub reason: Text<'a>,
    /// The rule that allows it.
    pub rule: &'a str,
    /// The shape it was held to (`int`, `bool`, `one-of`, `regex`).
    pub shape: &'a str,
    /// Size of what became public.
    pub bytes: u64,
}

impl Record for Declassified<'_> {
    fn kind(&self) -> &'static str {
        "declassified"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.texts("labels", self.labels);
        to.text("reason", self.reason);
        to.text("rule", self.rule);
        to.text("shape", self.shape);
        to.number("bytes", self.bytes);
    }
}

/// `limit`: a limit of the run was reached.
#[derive(Debug, Clone, Copy)]
pub struct Limit<'a> {
    /// Its key in the policy (`max_seconds`).
    pub name: &'a str,
    /// Its value, in the key's unit.
    pub limit: u64,
    /// How much was used or asked for, in the same unit.
    pub used: u64,
}

impl Record for Limit<'_> {
    fn kind(&self) -> &'static str {
        "limit"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.text("name", self.name);
        to.number("limit", self.limit);
        to.number("used", self.used);
    }
}

/// `output`: what left the run, by length and hash, not as text.
#[derive(Debug, Clone, Copy)]
pub struct Output<'a> {
    /// `stdout`, `result`, `error`.
    pub sink: &'a str,
    /// Its length.
    pub bytes: u64,
    /// Of its bytes.
    pub sha256: Sha256Digest,
}

impl Record for Output<'_> {
    fn kind(&self) -> &'static str {
        "output"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.text("sink", self.sink);
        to.number("bytes", self.bytes);
        to.digest("sha256", &self.sha256);
    }
}

/// `redacted`: a known secret was taken out of a text of our own making.
#[derive(Debug, Clone, Copy)]
pub struct Redacted<'a> {
    /// Which text (`error`, `detail`, `hook command`).
    pub place: &'a str,
    /// The names of the secrets' sources, never content.
    pub sources: &'a [&'a str],
    /// How often.
    pub count: u64,
}

impl Record for Redacted<'_> {
    fn kind(&self) -> &'static str {
        "redacted"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.text("place", self.place);
        to.texts("sources", self.sources);
        to.number("count", self.count);
    }
}

/// `run.end`: how a run ended. A run without one was cut short.
#[derive(Debug, Clone, Copy)]
pub struct RunEnd<'a> {
    /// `ok`, or the stable name of what ended it.
    pub status: &'a str,
    /// The exit code of the program.
    pub exit_code: i32,
    /// Effects carried out.
    pub effects: u64,
    /// Effects denied.
    pub denied: u64,
    /// Effects that failed.
    pub failed: u64,
    /// From start to end.
    pub took: Duration,
}

impl Record for RunEnd<'_> {
    fn kind(&self) -> &'static str {
        "run.end"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.text("status", self.status);
        to.signed("exit_code", i64::from(self.exit_code));
        to.number("effects", self.effects);
        to.number("denied", self.denied);
        to.number("failed", self.failed);
        to.milliseconds("ms", self.took);
    }
}

/// `repair`: a torn last line was set aside. Only the journal itself writes it.
#[derive(Debug, Clone, Copy)]
pub struct Repair<'a> {
    /// Length of the torn line.
    pub torn_bytes: u64,
    /// Of the torn line.
    pub torn_sha256: Sha256Digest,
    /// The run it belongs to, where it is long enough to tell.
    pub torn_run: Option<&'a str>,
    /// Name of the file that holds it now, in the journal's directory.
    pub set_aside: Text<'a>,
}

impl Record for Repair<'_> {
    fn kind(&self) -> &'static str {
        "repair"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.number("torn_bytes", self.torn_bytes);
        to.digest("torn_sha256", &self.torn_sha256);
        to.maybe_text("torn_run", self.torn_run);
        to.text("set_aside", self.set_aside);
    }
}
