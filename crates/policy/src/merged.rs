//! The checked entries of a policy file and all it inherits, before they become matchers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::access::Capability;
use crate::rule::{RuleRef, Text};

/// One entry of a list: its rule (with the pattern as written) and the directory that relative patterns start from.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub rule: RuleRef,
    /// Canonical absolute directory; `/` for presets.
    pub base: Arc<Path>,
}

/// One entry of `deny_args` or `requires_approval_args`: the command it is about, and the words.
#[derive(Debug, Clone)]
pub(crate) struct ArgEntry {
    pub command: Text,
    pub entry: Entry,
}

/// One entry of `requires_approval`: a capability, or one with a pattern of that capability's list.
#[derive(Debug, Clone)]
pub(crate) struct ApprovalEntry {
    pub capability: Capability,
    /// The part behind the capability; none asks for every access of it.
    pub pattern: Option<String>,
    pub entry: Entry,
}

/// `[[flow]]`: where data of one source may go. The source (the pattern of the entry) and `to` are written as `env:NAME`, `file:PATTERN`, `host:PATTERN`, `command:PATTERN`.
#[derive(Debug, Clone)]
pub(crate) struct FlowEntry {
    pub to: Vec<String>,
    pub entry: Entry,
}

/// What a declassified value must look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Any text.
    Text,
    /// A decimal integer.
    Int,
    /// `True` or `False`.
    Bool,
    /// One of these words.
    OneOf(Vec<String>),
    /// A match of this whole expression.
    Regex(String),
}

/// `[[declassify]]`.
#[derive(Debug, Clone)]
pub(crate) struct DeclassifyEntry {
    pub from: String,
    pub reason: String,
    pub max_bytes: u64,
    pub shape: Shape,
    pub entry: Entry,
}

/// `[tools.NAME]` or `NAME = [...]` under `[tools]`.
#[derive(Debug, Clone, Serialize)]
pub struct ToolHint {
    /// The capabilities the tool stands for.
    pub capabilities: Vec<Capability>,
    /// Where the tool's request would go.
    pub backend_url: Option<String>,
    /// With which method.
    pub backend_method: Option<String>,
    /// For people and models.
    pub description: Option<String>,
}

impl FlowEntry {
    pub(crate) fn source(&self) -> &str {
        self.entry.rule.pattern()
    }
}

/// `[[test]]`. The pattern of its entry is an access as `aegis why` takes it: `exec git push --force`, `fs.read /etc/shadow`.
#[derive(Debug, Clone)]
pub(crate) struct TestEntry {
    pub expect: crate::Verdict,
    pub entry: Entry,
}

/// All lists, merged: own entries behind inherited ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lists {
    pub read_allow: Vec<Entry>,
    pub local_only_read: Vec<Entry>,
    pub write_allow: Vec<Entry>,
    pub local_only_write: Vec<Entry>,
    pub delete_allow: Vec<Entry>,
    pub fs_deny: Vec<Entry>,
    pub allow_control_files: Vec<Entry>,

    pub http_get_allow: Vec<Entry>,
    pub http_post_allow: Vec<Entry>,
    pub http_put_allow: Vec<Entry>,
    pub http_patch_allow: Vec<Entry>,
    pub http_delete_allow: Vec<Entry>,
    pub local_only_hosts: Vec<Entry>,
    pub deny_hosts: Vec<Entry>,
    pub allow_ips: Vec<Entry>,
    pub deny_ips: Vec<Entry>,
    pub no_echo_hosts: Vec<Entry>,
    pub allow_plain_http: Vec<Entry>,

    pub allow_vars: Vec<Entry>,
    pub local_only_vars: Vec<Entry>,
    pub deny_vars: Vec<Entry>,
    pub allow_reserved: Vec<Entry>,

    pub allow_commands: Vec<Entry>,
    pub ask_commands: Vec<Entry>,
    pub local_only_commands: Vec<Entry>,
    pub deny_commands: Vec<Entry>,
    pub deny_args: Vec<ArgEntry>,
    pub requires_approval_args: Vec<ArgEntry>,
    pub exec_allow: Vec<Entry>,
    pub connect_hosts: Vec<Entry>,
    pub unix_sockets: Vec<Entry>,

    pub requires_approval: Vec<ApprovalEntry>,
    pub flows: Vec<FlowEntry>,
    pub declassify: Vec<DeclassifyEntry>,

    pub allow_tools: Vec<Entry>,
    pub ask_tools: Vec<Entry>,
    pub deny_tools: Vec<Entry>,

    pub tools: BTreeMap<String, ToolHint>,
    pub tests: Vec<TestEntry>,
}

impl Lists {
    /// The entries whose patterns may be relative paths.
    pub(crate) fn path_entries(&mut self) -> impl Iterator<Item = &mut Entry> {
        let lists = [
            &mut self.read_allow,
            &mut self.local_only_read,
            &mut self.write_allow,
            &mut self.local_only_write,
            &mut self.delete_allow,
            &mut self.fs_deny,
            &mut self.allow_control_files,
            &mut self.exec_allow,
            &mut self.unix_sockets,
        ];
        lists.into_iter().flatten().chain(self.requires_approval.iter_mut().map(|approval| &mut approval.entry))
    }

    /// The rules of all lists, in the order of the schema.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &RuleRef> {
        let plain = [
            &self.read_allow,
            &self.local_only_read,
            &self.write_allow,
            &self.local_only_write,
            &self.delete_allow,
            &self.fs_deny,
            &self.allow_control_files,
            &self.http_get_allow,
            &self.http_post_allow,
            &self.http_put_allow,
            &self.http_patch_allow,
            &self.http_delete_allow,
            &self.local_only_hosts,
            &self.deny_hosts,
            &self.allow_ips,
            &self.deny_ips,
            &self.no_echo_hosts,
            &self.allow_plain_http,
            &self.allow_vars,
            &self.local_only_vars,
            &self.deny_vars,
            &self.allow_reserved,
            &self.allow_commands,
            &self.ask_commands,
            &self.local_only_commands,
            &self.deny_commands,
            &self.exec_allow,
            &self.connect_hosts,
            &self.unix_sockets,
            &self.allow_tools,
            &self.ask_tools,
            &self.deny_tools,
        ];
        let of_args = self.deny_args.iter().chain(&self.requires_approval_args).map(|a| &a.entry.rule);
        let of_approvals = self.requires_approval.iter().map(|a| &a.entry.rule);
        let of_flows = self.flows.iter().map(|f| &f.entry.rule);
        plain.into_iter().flatten().map(|e| &e.rule).chain(of_args).chain(of_approvals).chain(of_flows)
    }
}

/// Kernel confinement of children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confine {
    /// None.
    Off,
    /// What this machine offers, reported.
    Auto,
    /// In force, or the policy does not load.
    Required,
}

impl Confine {
    /// As a policy says it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Confine::Off => "off",
            Confine::Auto => "auto",
            Confine::Required => "required",
        }
    }
}

/// What children may reach. Ordered from weak to strict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildNetwork {
    /// The hosts of the policy, through the broker.
    Proxy,
    /// Nothing.
    Deny,
}

/// When a journal record counts as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// When the operating system has it.
    Os,
    /// When the disk has it.
    Fsync,
}

/// What happens to tools of agents that no rule names. Ordered from weak to strict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unlisted {
    /// The host decides.
    None,
    /// A person decides.
    Ask,
    /// It does not happen.
    Deny,
}

/// Every number that bounds a run. Merging takes the smaller of two.
#[derive(Debug, Clone, Serialize)]
pub struct Limits {
    /// `[runtime] max_seconds`: wall clock of a run.
    pub max_time: Duration,
    /// `[runtime] max_steps`: evaluator ticks.
    pub max_steps: u64,
    /// `[runtime] max_memory_bytes`: of the worker.
    pub max_memory_bytes: u64,
    /// `[runtime] max_output_bytes`: of `print` and the result.
    pub max_output_bytes: u64,
    /// `[runtime] max_callstack_size`.
    pub max_callstack_size: u32,
    /// `[runtime] max_total_calls`: gated effects of a run.
    pub max_total_calls: u64,
    /// `[runtime] max_calls_per_capability`.
    pub max_calls: BTreeMap<Capability, u64>,
    /// `[network] timeout_seconds`: of one request.
    pub net_timeout: Duration,
    /// `[network] max_response_bytes`: of one decompressed body.
    pub max_response_bytes: u64,
    /// `[subprocess] timeout_seconds`: of one child.
    pub child_timeout: Duration,
    /// `[subprocess] max_output_bytes`: stdout and stderr of one child together.
    pub max_child_output_bytes: u64,
    /// `[subprocess] max_memory_bytes`: of one process of a child, without what it only reserves.
    pub max_child_memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_time: Duration::from_secs(60),
            max_steps: 100_000_000,
            max_memory_bytes: 1 << 30,
            max_output_bytes: 10 << 20,
            max_callstack_size: 200,
            max_total_calls: 10_000,
            max_calls: BTreeMap::new(),
            net_timeout: Duration::from_secs(30),
            max_response_bytes: 10 << 20,
            child_timeout: Duration::from_secs(120),
            max_child_output_bytes: 10 << 20,
            max_child_memory_bytes: 8 << 30,
        }
    }
}

/// `[mcp]`: bounds of a server's session, on top of those of each call.
#[derive(Debug, Clone, Serialize)]
pub struct SessionLimits {
    /// `max_concurrent`: calls under way at once.
    pub max_concurrent: u32,
    /// `max_session_calls`.
    pub max_session_calls: u64,
    /// `max_session_effects`: of all calls together.
    pub max_session_effects: u64,
}

impl Default for SessionLimits {
    fn default() -> Self {
        SessionLimits { max_concurrent: 4, max_session_calls: 100_000, max_session_effects: 1_000_000 }
    }
}

/// Everything in a policy that is not a list.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// What relative paths of scripts start from: absolute, canonical.
    pub root: PathBuf,
    /// `[runtime]`, and the limits of `[network]` and `[subprocess]`.
    pub limits: Limits,
    /// `[mcp]`.
    pub mcp: SessionLimits,
    /// `[subprocess] confine`.
    pub confine: Confine,
    /// `[subprocess] network`.
    pub child_network: ChildNetwork,
    /// `[audit] path`, `~` expanded, absolute.
    pub audit_path: Option<PathBuf>,
    /// `[audit] key`, `~` expanded, absolute.
    pub audit_key: Option<PathBuf>,
    /// `[audit] durability`.
    pub durability: Durability,
    /// `[agents] unlisted`.
    pub unlisted: Unlisted,
    /// `[runtime] timing = "padded"`.
    pub padded_timing: bool,
    /// `[runtime] reveal = "deny"`: labelled content never enters the worker.
    pub reveal_denied: bool,
}

impl Settings {
    /// Takes the stricter of both, and the other's root: relative paths are those of the project.
    pub(crate) fn tighten(&mut self, project: &Settings) {
        self.root.clone_from(&project.root);
        self.name.clone_from(&project.name);
        self.description.clone_from(&project.description);
        let (mine, theirs) = (&mut self.limits, &project.limits);
        mine.max_time = mine.max_time.min(theirs.max_time);
        mine.max_steps = mine.max_steps.min(theirs.max_steps);
        mine.max_memory_bytes = mine.max_memory_bytes.min(theirs.max_memory_bytes);
        mine.max_output_bytes = mine.max_output_bytes.min(theirs.max_output_bytes);
        mine.max_callstack_size = mine.max_callstack_size.min(theirs.max_callstack_size);
        mine.max_total_calls = mine.max_total_calls.min(theirs.max_total_calls);
        mine.net_timeout = mine.net_timeout.min(theirs.net_timeout);
        mine.max_response_bytes = mine.max_response_bytes.min(theirs.max_response_bytes);
        mine.child_timeout = mine.child_timeout.min(theirs.child_timeout);
        mine.max_child_output_bytes = mine.max_child_output_bytes.min(theirs.max_child_output_bytes);
        mine.max_child_memory_bytes = mine.max_child_memory_bytes.min(theirs.max_child_memory_bytes);
        for (capability, most) in &theirs.max_calls {
            let limit = mine.max_calls.entry(*capability).or_insert(*most);
            *limit = (*limit).min(*most);
        }
        let (mine, theirs) = (&mut self.mcp, &project.mcp);
        mine.max_concurrent = mine.max_concurrent.min(theirs.max_concurrent);
        mine.max_session_calls = mine.max_session_calls.min(theirs.max_session_calls);
        mine.max_session_effects = mine.max_session_effects.min(theirs.max_session_effects);
        self.confine = self.confine.max(project.confine);
        self.child_network = self.child_network.max(project.child_network);
        self.durability = self.durability.max(project.durability);
        self.unlisted = self.unlisted.max(project.unlisted);
        self.padded_timing |= project.padded_timing;
        self.reveal_denied |= project.reveal_denied;
    }
}

/// One file (or preset) that went into a policy.
#[derive(Debug, Clone, Serialize)]
pub struct SourceFile {
    /// As shown to people.
    pub name: Arc<str>,
    /// Where it lies; none for presets.
    pub path: Option<PathBuf>,
    /// Lower-case hex SHA-256 of the very bytes that were used.
    pub sha256: String,
}

/// Something an own file took away from, or loosened in, what it inherits.
#[derive(Debug, Clone, Serialize)]
pub struct Weakening {
    /// What was taken away: the inherited rule, or the setting that was overridden.
    pub what: String,
    /// Where: `file:line`.
    pub by: String,
}

/// Something that an operator should know about a policy, but that is no error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What it is.
    pub what: String,
    /// Where: `file:line`.
    pub by: String,
}

/// A policy file with all it inherits, merged and checked, not yet compiled.
#[derive(Debug, Clone)]
pub(crate) struct Merged {
    pub lists: Lists,
    pub settings: Settings,
    /// Own file first, then what it inherits, in reading order.
    pub files: Vec<SourceFile>,
    pub weakened: Vec<Weakening>,
    /// What was read otherwise than it looks: older keys, statements without effect.
    pub notes: Vec<Note>,
    /// `[agents] native.NAME`: settings of agents, handed through unread.
    #[allow(dead_code, reason = "for `agents generate`")]
    pub native: BTreeMap<String, toml::Table>,
    /// SHA-256 (lower-case hex) over the file and all it inherits; what `aegis trust` records.
    pub trust_hash: String,
}
