//! What coding agents ask, and are told.

use std::time::Duration;

use crate::digest::Sha256Digest;
use crate::fields::Fields;
use crate::record::Record;
use crate::text::Text;

/// `hook.decision`: a coding agent asked before it used a tool, and was told this.
#[derive(Debug, Clone, Copy)]
pub struct HookDecision<'a> {
    /// The agent (`claude`, `codex`, ...).
    pub host: &'a str,
    /// Its name for the event.
    pub event: Text<'a>,
    /// Its name for the session.
    pub session: Option<&'a str>,
    /// Its word for how much it asks.
    pub mode: Option<&'a str>,
    /// Where it works.
    pub cwd: Text<'a>,
    /// The tool.
    pub tool: Text<'a>,
    /// What the policy says: `allow`, `none`, `ask`, `deny`.
    pub verdict: &'a str,
    /// What the agent was told; stricter where nobody would be asked, and `allow` where a person had approved this very call.
    pub told: &'a str,
    /// Why, in words.
    pub cause: Text<'a>,
    /// The rule that decided, as `file:line`.
    pub rule: Option<&'a str>,
    /// Everything that the call would do, as it was judged: commands with their words, files, addresses. Without what looks like a secret.
    pub parts: &'a [Text<'a>],
    /// Of the call as it is approved; none where nobody is needed.
    pub request_sha256: Option<Sha256Digest>,
    /// Of the policy in force, all files merged; none where it could not be loaded.
    pub policy_sha256: Option<Sha256Digest>,
    /// From the start of the process on.
    pub took: Duration,
}

impl Record for HookDecision<'_> {
    fn kind(&self) -> &'static str {
        "hook.decision"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.text("host", self.host);
        to.text("event", self.event);
        to.maybe_text("session", self.session);
        to.maybe_text("mode", self.mode);
        to.text("cwd", self.cwd);
        to.text("tool", self.tool);
        to.text("verdict", self.verdict);
        to.text("told", self.told);
        to.text("cause", self.cause);
        to.maybe_text("rule", self.rule);
        to.texts("parts", self.parts);
        if let Some(digest) = &self.request_sha256 {
            to.digest("request_sha256", digest);
        }
        if let Some(digest) = &self.policy_sha256 {
            to.digest("policy_sha256", digest);
        }
        to.milliseconds("ms", self.took);
    }
}
