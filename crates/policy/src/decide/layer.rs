//! One policy file with all it inherits, compiled into matchers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::Answer;
use super::arguments::PREFIX as ARGUMENT;
use super::commands::{ArgSet, CommandSet};
use super::hosts::list_of;
use super::path_rules::{PathKind, PathRules};
use crate::access::Capability;
use crate::control;
use crate::decision::{Atom, Reason, Verdict};
use crate::load_error::{LoadCode, LoadError};
use crate::merged::{DeclassifyEntry, Entry, FlowEntry, Merged, Shape, Unlisted};
use crate::pattern::{HostPattern, HostSet, IpSet, NameSet, PatternError, parse_ip_range};
use crate::rule::{Rule, RuleRef, Text};
use crate::shape::whole_match;

/// What the compiler needs to know of the machine.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Neither read nor written, whatever a list says: Aegis's state directory, journals, their keys, the trust store.
    pub sealed: Vec<PathBuf>,
    /// Not written or deleted, whatever a list says: the policy files themselves, the running binary.
    pub guarded: Vec<PathBuf>,
    /// What is judged is judged now, before anybody could make a link on account of it: where links lead is looked up when the first path
    /// is judged, or by [`Policy::look_up_all`](crate::Policy::look_up_all).
    pub at_once: bool,
}

/// Matchers of one policy.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) paths: PathRules,
    approvals: HashMap<Capability, RuleRef>,

    pub(crate) deny_hosts: HostSet<RuleRef>,
    pub(crate) local_only_hosts: HostSet<(RuleRef, Atom)>,
    pub(crate) http_allow: HashMap<Capability, HostSet<RuleRef>>,
    pub(crate) http_ask: HashMap<Capability, HostSet<RuleRef>>,
    pub(crate) no_echo_hosts: HostSet<RuleRef>,
    pub(crate) plain_http_hosts: HostSet<RuleRef>,
    pub(crate) connect_hosts: HostSet<RuleRef>,
    pub(crate) allow_ips: IpSet<RuleRef>,
    pub(crate) deny_ips: IpSet<RuleRef>,

    pub(crate) allow_vars: NameSet<RuleRef>,
    pub(crate) local_only_vars: NameSet<(RuleRef, Atom)>,
    pub(crate) deny_vars: NameSet<RuleRef>,
    pub(crate) ask_vars: NameSet<RuleRef>,
    pub(crate) allow_reserved: NameSet<RuleRef>,
    pub(crate) flow_vars: HashMap<Text, Atom>,

    pub(crate) allow_commands: CommandSet<()>,
    pub(crate) ask_commands: CommandSet<()>,
    pub(crate) local_only_commands: CommandSet<Atom>,
    pub(crate) deny_commands: CommandSet<()>,
    pub(crate) deny_args: ArgSet,
    pub(crate) ask_args: ArgSet,
    pub(crate) ask_exec: CommandSet<()>,

    pub(crate) allow_tools: NameSet<RuleRef>,
    pub(crate) ask_tools: NameSet<RuleRef>,
    pub(crate) deny_tools: NameSet<RuleRef>,
    pub(crate) unlisted: Unlisted,

    pub(crate) declassify: Vec<DeclassifyEntry>,
    pub(crate) ask_declassify: NameSet<RuleRef>,

    /// Indexes of its atoms, and where each narrowed source may go (indexes of sinks).
    first_atom: usize,
    after_last_atom: usize,
    narrowed: HashMap<usize, HashSet<usize>>,
}

/// Compiles one merged policy. `atoms` are the names of the atoms of all layers so far.
pub(crate) fn compile(merged: &Merged, home: Option<&Path>, around: &Surroundings, atoms: &mut Vec<Text>) -> Result<Layer, LoadError> {
    let mut c = Compiler { atoms, known: HashMap::new(), first_atom: 0 };
    c.first_atom = c.atoms.len();
    let lists = &merged.lists;

    let of_paths = [
        (PathKind::ControlException, &lists.allow_control_files),
        (PathKind::Deny, &lists.fs_deny),
        (PathKind::Read, &lists.read_allow),
        (PathKind::Write, &lists.write_allow),
        (PathKind::Delete, &lists.delete_allow),
        (PathKind::LocalRead, &lists.local_only_read),
        (PathKind::LocalWrite, &lists.local_only_write),
        (PathKind::Exec, &lists.exec_allow),
        (PathKind::Socket, &lists.unix_sockets),
    ];
    let built_in = control::SEALED.len() + control::GUARDED.len();
    let mut paths = PathRules::of_home(home, built_in + of_paths.iter().map(|(_, list)| list.len()).sum::<usize>());
    for entry in control::SEALED {
        paths.add_built_in(PathKind::Sealed, entry);
    }
    for entry in control::GUARDED {
        paths.add_built_in(PathKind::Guarded, entry);
    }
    for path in &around.sealed {
        paths.add_object(PathKind::Sealed, path);
    }
    for path in around.guarded.iter().chain(merged.files.iter().filter_map(|f| f.path.as_ref())) {
        paths.add_object(PathKind::Guarded, path);
    }
    for path in [&merged.settings.audit_path, &merged.settings.audit_key].into_iter().flatten() {
        paths.add_object(PathKind::Sealed, path);
    }
    for (kind, list) in of_paths {
        for entry in list {
            let atom = match kind {
                PathKind::LocalRead | PathKind::LocalWrite => Some(c.atom("file", entry.rule.pattern())?),
                _ => None,
            };
            paths.add(kind, None, entry, atom).map_err(|e| refuse_pattern(entry, &e))?;
        }
    }
    let mut approvals = HashMap::new();
    let mut http_ask: HashMap<Capability, HostSet<RuleRef>> = HashMap::new();
    let mut ask_vars = NameSet::default();
    let mut ask_exec = CommandSet::default();
    let mut ask_declassify = NameSet::default();
    for approval in &lists.requires_approval {
        let entry = &approval.entry;
        let Some(pattern) = approval.pattern.as_deref() else {
            approvals.entry(approval.capability).or_insert_with(|| entry.rule.clone());
            continue;
        };
        let ask = |paths: &mut PathRules, kind| paths.add(kind, Some(pattern), entry, None).map_err(|e| refuse_pattern(entry, &e));
        match approval.capability {
            Capability::FsRead => ask(&mut paths, PathKind::AskRead)?,
            Capability::FsWrite => ask(&mut paths, PathKind::AskWrite)?,
            Capability::FsDelete => ask(&mut paths, PathKind::AskDelete)?,
            Capability::EnvRead => ask_vars.insert(&pattern.into(), entry.rule.clone()).map_err(|e| refuse_pattern(entry, &e))?,
            Capability::Declassify => {
                ask_declassify.insert(&pattern.into(), entry.rule.clone()).map_err(|e| refuse_pattern(entry, &e))?;
            }
            Capability::SubprocessExec => ask_exec.push_text(Some(pattern), &entry.rule, ()).map_err(|e| refuse(entry, &e))?,
            net => http_ask.entry(net).or_default().push(HostPattern::parse(pattern).map_err(|e| refuse(entry, &e))?, entry.rule.clone()),
        }
    }

    let mut http_allow = HashMap::new();
    for (capability, list) in [
        (Capability::NetHttpGet, &lists.http_get_allow),
        (Capability::NetHttpPost, &lists.http_post_allow),
        (Capability::NetHttpPut, &lists.http_put_allow),
        (Capability::NetHttpPatch, &lists.http_patch_allow),
        (Capability::NetHttpDelete, &lists.http_delete_allow),
    ] {
        if !list.is_empty() {
            http_allow.insert(capability, hosts(list)?);
        }
    }
    let mut local_only_hosts = HostSet::default();
    for entry in &lists.local_only_hosts {
        let atom = c.atom("host", entry.rule.pattern())?;
        let pattern = HostPattern::parse(entry.rule.pattern()).map_err(|e| refuse(entry, &e))?;
        local_only_hosts.push(pattern, (entry.rule.clone(), atom));
    }

    let mut local_only_vars = NameSet::default();
    for entry in &lists.local_only_vars {
        let atom = c.atom("env", entry.rule.pattern())?;
        local_only_vars.insert(&entry.rule.pattern, (entry.rule.clone(), atom)).map_err(|e| refuse_pattern(entry, &e))?;
    }
    let mut flow_vars = HashMap::with_capacity(lists.flows.len());
    c.known.reserve(lists.flows.len());
    for flow in &lists.flows {
        if let Some(name) = flow.entry.rule.pattern.without_prefix("env:").filter(|name| !name.contains('*')) {
            flow_vars.insert(name, c.atom_called(&flow.entry.rule.pattern)?);
        }
    }

    // arguments of a run are in no list: what is said of one makes it known
    let of_arguments = lists.flows.iter().map(|flow| &flow.entry.rule).chain(lists.declassify.iter().map(|entry| &entry.entry.rule));
    for rule in of_arguments.filter(|rule| rule.pattern().starts_with(ARGUMENT)) {
        c.atom_called(&rule.pattern)?;
    }

    let mut local_only_commands = CommandSet::default();
    for entry in &lists.local_only_commands {
        let atom = c.atom("command", entry.rule.pattern())?;
        local_only_commands.push(&entry.rule, atom).map_err(|e| refuse(entry, &e))?;
    }
    let narrowed = c.flows(&lists.flows)?;
    let declassify = c.declassifications(&lists.declassify)?;

    let (first_atom, after_last_atom) = (c.first_atom, c.atoms.len());
    Ok(Layer {
        paths: paths.asked(around.at_once),
        approvals,
        deny_hosts: hosts(&lists.deny_hosts)?,
        local_only_hosts,
        http_allow,
        http_ask,
        no_echo_hosts: hosts(&lists.no_echo_hosts)?,
        plain_http_hosts: hosts(&lists.allow_plain_http)?,
        connect_hosts: hosts(&lists.connect_hosts)?,
        allow_ips: addresses(&lists.allow_ips)?,
        deny_ips: addresses(&lists.deny_ips)?,
        allow_vars: names(&lists.allow_vars)?,
        local_only_vars,
        deny_vars: names(&lists.deny_vars)?,
        ask_vars,
        allow_reserved: names(&lists.allow_reserved)?,
        flow_vars,
        allow_commands: commands_of(&lists.allow_commands, &merged.settings.root)?,
        ask_commands: commands_of(&lists.ask_commands, &merged.settings.root)?,
        local_only_commands,
        deny_commands: commands(&lists.deny_commands)?,
        deny_args: arguments(&lists.deny_args)?,
        ask_args: arguments(&lists.requires_approval_args)?,
        ask_exec,
        allow_tools: names(&lists.allow_tools)?,
        ask_tools: names(&lists.ask_tools)?,
        deny_tools: names(&lists.deny_tools)?,
        unlisted: merged.settings.unlisted,
        declassify,
        ask_declassify,
        first_atom,
        after_last_atom,
        narrowed,
    })
}

impl Layer {
    pub(super) fn path_answer(&self, verdict: Verdict, reason: Reason, rule: u32) -> Answer {
        Answer::new(verdict, reason, self.paths.rule(rule).map(|r| r.rule.clone()))
    }

    pub(super) fn path_atom(&self, rule: u32) -> Option<Atom> {
        self.paths.rule(rule).and_then(|r| r.atom)
    }

    /// The rule that puts the whole capability under approval.
    pub(super) fn asks_for(&self, capability: Capability) -> Option<&RuleRef> {
        self.approvals.get(&capability)
    }

    pub(super) const fn has_atom(&self, index: usize) -> bool {
        self.first_atom <= index && index < self.after_last_atom
    }

    /// Whether a `[[flow]]` says where a source may go.
    pub(super) fn is_narrowed(&self, source: &str, atoms: &[Text]) -> bool {
        self.narrowed.keys().any(|index| atoms.get(*index).is_some_and(|name| **name == *source))
    }

    pub(super) fn flow_allows(&self, source: usize, sink: usize) -> bool {
        self.narrowed.get(&source).is_none_or(|to| to.contains(&sink))
    }

    /// Whether some list grants this capability for something.
    pub(crate) fn has_capability(&self, capability: Capability) -> bool {
        let grants = |kinds: &[PathKind]| self.paths.has(kinds);
        match capability {
            Capability::FsRead => grants(&[PathKind::Read, PathKind::LocalRead]),
            Capability::FsWrite => grants(&[PathKind::Write, PathKind::LocalWrite]),
            Capability::FsDelete => grants(&[PathKind::Delete]),
            Capability::EnvRead => !self.allow_vars.is_empty() || !self.local_only_vars.is_empty(),
            Capability::SubprocessExec => {
                !self.allow_commands.is_empty() || !self.ask_commands.is_empty() || !self.local_only_commands.is_empty()
            }
            Capability::Declassify => !self.declassify.is_empty(),
            net => self.http_allow.contains_key(&net) || !self.local_only_hosts.is_empty(),
        }
    }
}

struct Compiler<'a> {
    atoms: &'a mut Vec<Text>,
    /// Those of this layer, by name.
    known: HashMap<Text, usize>,
    first_atom: usize,
}

impl Compiler<'_> {
    /// The atom of that name in this layer, made where it is new.
    fn atom(&mut self, kind: &str, pattern: &str) -> Result<Atom, LoadError> {
        self.atom_called(&Text::from(format!("{kind}:{pattern}")))
    }

    fn atom_called(&mut self, name: &Text) -> Result<Atom, LoadError> {
        let index = match self.known.get(name) {
            Some(index) => *index,
            None => {
                let index = self.atoms.len();
                self.atoms.push(name.clone());
                self.known.insert(name.clone(), index);
                index
            }
        };
        u16::try_from(index).map(Atom).map_err(|_| of_policy("more than 65535 local-only rules"))
    }

    /// Where each narrowed source may go. Several flows of one source add up.
    fn flows(&mut self, flows: &[FlowEntry]) -> Result<HashMap<usize, HashSet<usize>>, LoadError> {
        let mut narrowed: HashMap<usize, HashSet<usize>> = HashMap::with_capacity(flows.len());
        for flow in flows {
            let Some(from) = self.find(flow.source()) else {
                return Err(at_rule(
                    &flow.entry.rule,
                    format!("[[flow]] from \"{}\" names no local-only rule; list it as local-only first", flow.source()),
                ));
            };
            let sinks = narrowed.entry(from).or_default();
            for to in &flow.to {
                let Some(to_index) = self.find(to) else {
                    return Err(at_rule(
                        &flow.entry.rule,
                        format!("[[flow]] to \"{to}\" names no local-only rule; list it as local-only first"),
                    ));
                };
                sinks.insert(to_index);
            }
        }
        Ok(narrowed)
    }

    /// Each names a source of its own policy and means one thing only.
    fn declassifications(&self, entries: &[DeclassifyEntry]) -> Result<Vec<DeclassifyEntry>, LoadError> {
        let mut known = HashSet::new();
        for entry in entries {
            let rule = &entry.entry.rule;
            if self.find(&entry.from).is_none() {
                let message = format!("[[declassify]] from \"{}\" names no local-only rule; list it as local-only first", entry.from);
                return Err(at_rule(rule, message));
            }
            if !known.insert((&entry.from, &entry.reason)) {
                let message = format!("a second [[declassify]] from \"{}\" for the reason \"{}\"", entry.from, entry.reason);
                return Err(LoadError::about(LoadCode::Contradiction, rule, message));
            }
            if let Shape::Regex(expression) = &entry.shape {
                whole_match(expression).map_err(|e| at_rule(rule, format!("[declassify].regex: {e}")))?;
            }
        }
        Ok(entries.to_vec())
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.known.get(name).copied()
    }
}

/// An error at the place of a rule.
pub(crate) fn at_rule(rule: &Rule, message: String) -> LoadError {
    LoadError::about(LoadCode::BadValue, rule, message)
}

fn of_policy(message: impl Into<String>) -> LoadError {
    LoadError::new(LoadCode::BadValue, &Arc::from("policy"), message)
}

fn refuse(entry: &Entry, error: &dyn std::fmt::Display) -> LoadError {
    at_rule(&entry.rule, format!("{} \"{}\": {error}", entry.rule.list(), entry.rule.pattern()))
}

/// As [`refuse`], with the code of what is wrong.
fn refuse_pattern(entry: &Entry, error: &PatternError) -> LoadError {
    let code = if error.is_never() { LoadCode::NeverMatches } else { LoadCode::BadValue };
    LoadError::about(code, &entry.rule, format!("{} \"{}\": {error}", entry.rule.list(), entry.rule.pattern()))
}

fn commands(list: &[Entry]) -> Result<CommandSet<()>, LoadError> {
    let mut set = CommandSet::with_capacity(list.len());
    for entry in list {
        set.push(&entry.rule, ()).map_err(|e| refuse(entry, &e))?;
    }
    Ok(set)
}

/// Commands that a list opens: a path in front of them that is not absolute is one below the root.
fn commands_of(list: &[Entry], root: &Path) -> Result<CommandSet<()>, LoadError> {
    let mut set = CommandSet::with_capacity(list.len());
    for entry in list {
        let pattern = entry.rule.pattern();
        let name = pattern.split(' ').next().unwrap_or_default();
        let is_below = name.contains('/') && !name.starts_with(['/', '~', '\'', '"', '\\', '*']);
        let pushed = if is_below { set.push_below(root, &entry.rule, ()) } else { set.push(&entry.rule, ()) };
        pushed.map_err(|e| refuse(entry, &e))?;
    }
    Ok(set)
}

fn arguments(list: &[crate::merged::ArgEntry]) -> Result<ArgSet, LoadError> {
    let mut set = ArgSet::default();
    for item in list {
        set.push(&item.command, &item.entry.rule).map_err(|e| refuse(&item.entry, &e))?;
    }
    Ok(set)
}

fn hosts(list: &[Entry]) -> Result<HostSet<RuleRef>, LoadError> {
    let mut set = HostSet::default();
    for entry in list {
        set.push(HostPattern::parse(entry.rule.pattern()).map_err(|e| refuse(entry, &e))?, entry.rule.clone());
    }
    Ok(set)
}

fn addresses(list: &[Entry]) -> Result<IpSet<RuleRef>, LoadError> {
    let mut set = IpSet::default();
    for entry in list {
        set.push(parse_ip_range(entry.rule.pattern()).map_err(|e| refuse(entry, &e))?, entry.rule.clone());
    }
    Ok(set)
}

fn names(list: &[Entry]) -> Result<NameSet<RuleRef>, LoadError> {
    let mut set = NameSet::default();
    for entry in list {
        set.insert(&entry.rule.pattern, entry.rule.clone()).map_err(|e| refuse_pattern(entry, &e))?;
    }
    Ok(set)
}

/// The list that would have to name a request of this capability.
pub(crate) const fn list_for(capability: Capability) -> &'static str {
    match capability {
        Capability::FsRead => "[filesystem].read_allow",
        Capability::FsWrite => "[filesystem].write_allow",
        Capability::FsDelete => "[filesystem].delete_allow",
        Capability::EnvRead => "[environment].allow_vars",
        Capability::SubprocessExec => "[subprocess].allow_commands",
        Capability::Declassify => "[[declassify]]",
        net => list_of(net),
    }
}
