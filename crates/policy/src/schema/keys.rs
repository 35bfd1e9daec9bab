//! Every section and key of a policy file: the one table that parsing, suggestions, the JSON schema and the reference come from.

use std::path::PathBuf;
use std::time::Duration;

use crate::merged::{ArgEntry, ChildNetwork, Confine, Durability, Entry, Lists, Settings, Unlisted};

/// How a section is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Keys at the top, before any section.
    Root,
    /// `[name]`.
    Table,
    /// `[[name]]`, any number of times.
    Repeated,
    /// `[name]`, whose keys are names that the operator chooses.
    Named,
}

/// A section and its keys.
#[derive(Debug)]
pub(crate) struct Section {
    pub name: &'static str,
    pub form: Form,
    pub doc: &'static str,
    pub keys: &'static [Key],
}

impl Section {
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// As it is written in a file.
    pub(crate) fn title(&self) -> String {
        match self.form {
            Form::Root => "the top of the file".to_owned(),
            Form::Table | Form::Named => format!("[{}]", self.name),
            Form::Repeated => format!("[[{}]]", self.name),
        }
    }
}

/// A key: what it takes, how it merges, and what it means.
#[derive(Debug)]
pub(crate) struct Key {
    pub name: &'static str,
    /// `[section].key`.
    pub place: &'static str,
    pub kind: Kind,
    pub merge: Merge,
    pub set: Set,
    /// As it would be written; empty where there is none.
    pub default: &'static str,
    pub doc: &'static str,
}

/// What the entries of a list are patterns of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Paths,
    Hosts,
    Addresses,
    Variables,
    Commands,
    Tools,
}

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// The number 1.
    Version,
    /// A preset or file, or a list of them.
    Inherits,
    /// A string of one line.
    Text,
    /// A string of any number of lines.
    Prose,
    /// A path: absolute, below `~/`, or relative to the file.
    Path,
    /// One of these words; with [`Merge::Stricter`] from weak to strict.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number from 1 up to this one, in this unit.
    Limit(&'static str, u64),
    /// A table of capability and number of calls.
    Calls,
    /// A list of patterns.
    Entries(Of, fn(&mut Lists) -> &mut Vec<Entry>),
    /// A table of command and list of argument words.
    Arguments(fn(&mut Lists) -> &mut Vec<ArgEntry>),
    /// A list of capabilities, each alone or with a pattern.
    Approval,
    /// A string or a list of strings.
    Names,
    /// A list of capabilities.
    Capabilities,
    /// Whatever the agent takes: a table per agent.
    Native,
}

/// What happens when an inherited file states the key too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merge {
    /// Entries of both; `"!x"` removes an inherited `x`.
    Union,
    /// The nearer file wins.
    Nearer,
    /// The smaller number wins, unless `[runtime] override = true` in the same file.
    Smaller,
    /// The stricter word wins, unless `override = true` in the same section.
    Stricter,
    /// It counts for the file that states it, and is not inherited.
    NotInherited,
}

/// Where a single value goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Set {
    /// Not into the settings: lists and keys that steer the loader.
    Elsewhere,
    Text(fn(&mut Settings, &str)),
    Path(fn(&mut Settings, PathBuf)),
    Number(fn(&mut Settings, u64)),
}

/// Words of `confine`, from weak to strict.
pub(crate) const CONFINE: &[&str] = &["off", "auto", "required"];

/// The key of a section that exists; only for places that name a key of the table in code.
pub(crate) fn key(section: &str, name: &str) -> Option<&'static Key> {
    SECTIONS.iter().find(|s| s.name == section).and_then(|s| s.key(name))
}

macro_rules! place {
    ("", $name:literal) => {
        $name
    };
    ($section:tt, $name:literal) => {
        concat!("[", $section, "].", $name)
    };
}

macro_rules! list {
    ($section:tt, $name:literal, $of:ident, $field:ident, $doc:literal) => {
        Key {
            name: $name,
            place: place!($section, $name),
            kind: Kind::Entries(Of::$of, |lists| &mut lists.$field),
            merge: Merge::Union,
            set: Set::Elsewhere,
            default: "[]",
            doc: $doc,
        }
    };
}

macro_rules! limit {
    ($section:tt, $name:literal, $unit:literal, $max:expr, $default:literal, $set:expr, $doc:literal) => {
        Key {
            name: $name,
            place: place!($section, $name),
            kind: Kind::Limit($unit, $max),
            merge: Merge::Smaller,
            set: Set::Number($set),
            default: $default,
            doc: $doc,
        }
    };
}

macro_rules! key {
    ($section:tt, $name:literal, $kind:expr, $merge:ident, $set:expr, $default:literal, $doc:literal) => {
        Key { name: $name, place: place!($section, $name), kind: $kind, merge: Merge::$merge, set: $set, default: $default, doc: $doc }
    };
}

macro_rules! overriding {
    ($section:tt, $doc:literal) => {
        key!($section, "override", Kind::Flag, NotInherited, Set::Elsewhere, "false", $doc)
    };
}

/// The sections, in the order of the documentation.
pub(crate) static SECTIONS: &[Section] = &[
    Section { name: "", form: Form::Root, doc: "What the file is, and what it builds on.", keys: ROOT },
    Section { name: "filesystem", form: Form::Table, doc: "Files and directories.", keys: FILESYSTEM },
    Section { name: "network", form: Form::Table, doc: "Hosts and addresses.", keys: NETWORK },
    Section { name: "environment", form: Form::Table, doc: "Variables of the operator's environment.", keys: ENVIRONMENT },
    Section { name: "subprocess", form: Form::Table, doc: "Programs, and what holds them.", keys: SUBPROCESS },
    Section { name: "runtime", form: Form::Table, doc: "Bounds of a run.", keys: RUNTIME },
    Section { name: "mcp", form: Form::Table, doc: "Bounds of a session of `aegis mcp`, on top of those of each call.", keys: MCP },
    Section {
        name: "flow",
        form: Form::Repeated,
        doc: "Narrows where data of one local-only source may go; without one it may go to every local-only sink.",
        keys: FLOW,
    },
    Section {
        name: "declassify",
        form: Form::Repeated,
        doc: "The only way a labelled value becomes public; each use is journalled.",
        keys: DECLASSIFY,
    },
    Section { name: "audit", form: Form::Table, doc: "The journal.", keys: AUDIT },
    Section { name: "agents", form: Form::Table, doc: "Tools of coding agents and of MCP servers, by name.", keys: AGENTS },
    Section {
        name: "tools",
        form: Form::Named,
        doc: "What a host's tool stands for: a list of capabilities, or a table with these keys.",
        keys: TOOLS,
    },
    Section { name: "test", form: Form::Repeated, doc: "What the policy must answer; checked by `aegis policy test`.", keys: TEST },
];

const ROOT: &[Key] = &[
    key!("", "version", Kind::Version, NotInherited, Set::Elsewhere, "1", "Version of the format."),
    key!(
        "",
        "inherits",
        Kind::Inherits,
        NotInherited,
        Set::Elsewhere,
        "[]",
        "Presets by name, files by `./team.toml` (relative to this file); later over earlier, this file over all."
    ),
    key!("", "name", Kind::Text, NotInherited, Set::Text(|s, v| s.name = Some(v.to_owned())), "", "Name of the policy, for people."),
    key!("", "description", Kind::Prose, NotInherited, Set::Text(|s, v| s.description = Some(v.to_owned())), "", "What the policy is for."),
    key!(
        "",
        "root",
        Kind::Text,
        NotInherited,
        Set::Elsewhere,
        "\".\"",
        "What relative paths of scripts start from: `.` (the directory of this file), `git` (the git root above it), or a path."
    ),
    key!(
        "",
        "requires_approval",
        Kind::Approval,
        Union,
        Set::Elsewhere,
        "[]",
        "What a person must approve each time: a capability, or one with a pattern (`fs.write src/**`)."
    ),
];

const FILESYSTEM: &[Key] = &[
    list!("filesystem", "read_allow", Paths, read_allow, "What may be read."),
    list!("filesystem", "local_only_read", Paths, local_only_read, "What may be read with a label: the content stays local."),
    list!("filesystem", "write_allow", Paths, write_allow, "What may be written."),
    list!(
        "filesystem",
        "local_only_write",
        Paths,
        local_only_write,
        "What may receive labelled data; reading it back, where that is allowed, is labelled."
    ),
    list!("filesystem", "delete_allow", Paths, delete_allow, "What may be deleted."),
    list!("filesystem", "deny", Paths, fs_deny, "What nobody reads, writes or deletes, with everything below it."),
    list!("filesystem", "allow_control_files", Paths, allow_control_files, "Exceptions from the built-in control files, one by one."),
];

const NETWORK: &[Key] = &[
    list!("network", "http_get_allow", Hosts, http_get_allow, "Hosts for GET and HEAD."),
    list!("network", "http_post_allow", Hosts, http_post_allow, "Hosts for POST."),
    list!("network", "http_put_allow", Hosts, http_put_allow, "Hosts for PUT."),
    list!("network", "http_patch_allow", Hosts, http_patch_allow, "Hosts for PATCH."),
    list!("network", "http_delete_allow", Hosts, http_delete_allow, "Hosts for DELETE."),
    list!(
        "network",
        "local_only_hosts",
        Hosts,
        local_only_hosts,
        "Hosts for every verb that may receive labelled data; the response is labelled."
    ),
    list!("network", "deny_hosts", Hosts, deny_hosts, "Hosts that nobody reaches."),
    list!("network", "allow_ips", Addresses, allow_ips, "Opens addresses that are closed by default (loopback, private)."),
    list!("network", "deny_ips", Addresses, deny_ips, "Addresses that nobody reaches."),
    list!(
        "network",
        "no_echo_hosts",
        Hosts,
        no_echo_hosts,
        "Local-only hosts that never send back what they were sent: their response to a whole secret in a header is public."
    ),
    list!("network", "allow_plain_http", Hosts, allow_plain_http, "Hosts that labelled data may go to without TLS."),
    limit!(
        "network",
        "timeout_seconds",
        "seconds",
        MOST_SECONDS,
        "30",
        |s, n| s.limits.net_timeout = Duration::from_secs(n),
        "Longest time of one request."
    ),
    limit!(
        "network",
        "max_response_bytes",
        "bytes",
        MOST,
        "10485760",
        |s, n| s.limits.max_response_bytes = n,
        "Largest decompressed body of one response."
    ),
];

const ENVIRONMENT: &[Key] = &[
    list!("environment", "allow_vars", Variables, allow_vars, "Variables that may be read and passed to children."),
    list!("environment", "local_only_vars", Variables, local_only_vars, "Variables whose content is labelled."),
    list!("environment", "deny_vars", Variables, deny_vars, "Variables that nobody reads or passes."),
    list!(
        "environment",
        "allow_reserved",
        Variables,
        allow_reserved,
        "Exceptions from the built-in reserved names (loaders, interpreters), one by one."
    ),
];

const SUBPROCESS: &[Key] = &[
    list!("subprocess", "allow_commands", Commands, allow_commands, "Commands that may run."),
    list!("subprocess", "ask_commands", Commands, ask_commands, "Commands that run when a person approves."),
    list!(
        "subprocess",
        "local_only_commands",
        Commands,
        local_only_commands,
        "Commands that may receive labelled data; their output is labelled."
    ),
    list!("subprocess", "deny_commands", Commands, deny_commands, "Commands that nobody runs."),
    key!(
        "subprocess",
        "deny_args",
        Kind::Arguments(|lists| &mut lists.deny_args),
        Union,
        Set::Elsewhere,
        "{}",
        "Arguments that a command never gets: `{ git = [\"push --force\"] }`."
    ),
    key!(
        "subprocess",
        "requires_approval_args",
        Kind::Arguments(|lists| &mut lists.requires_approval_args),
        Union,
        Set::Elsewhere,
        "{}",
        "Arguments that a command gets when a person approves."
    ),
    list!("subprocess", "exec_allow", Paths, exec_allow, "Programs that confined children may start."),
    list!("subprocess", "connect_hosts", Hosts, connect_hosts, "Hosts that confined children may tunnel to."),
    list!("subprocess", "unix_sockets", Paths, unix_sockets, "Sockets that confined children may connect to."),
    key!(
        "subprocess",
        "confine",
        Kind::Word(CONFINE),
        Stricter,
        Set::Text(|s, v| {
            s.confine = match v {
                "off" => Confine::Off,
                "auto" => Confine::Auto,
                _ => Confine::Required,
            }
        }),
        "\"auto\"",
        "Kernel confinement of children: none, what this machine offers, or no start without it."
    ),
    key!(
        "subprocess",
        "sandbox",
        Kind::Word(&["none", "bwrap", "landlock"]),
        NotInherited,
        Set::Elsewhere,
        "",
        "Older name of `confine`: `none` is `auto`, the others are `required`."
    ),
    key!(
        "subprocess",
        "network",
        Kind::Word(&["proxy", "deny"]),
        Stricter,
        Set::Text(|s, v| {
            s.child_network = match v {
                "proxy" => ChildNetwork::Proxy,
                _ => ChildNetwork::Deny,
            }
        }),
        "\"deny\"",
        "What confined children may reach: the hosts of the policy through the broker, or nothing."
    ),
    limit!(
        "subprocess",
        "timeout_seconds",
        "seconds",
        MOST_SECONDS,
        "120",
        |s, n| s.limits.child_timeout = Duration::from_secs(n),
        "Longest time of one child."
    ),
    limit!(
        "subprocess",
        "max_output_bytes",
        "bytes",
        MOST,
        "10485760",
        |s, n| s.limits.max_child_output_bytes = n,
        "Most output of one child, both streams together."
    ),
    limit!(
        "subprocess",
        "max_memory_bytes",
        "bytes",
        MOST,
        "8589934592",
        |s, n| s.limits.max_child_memory_bytes = n,
        "Most memory of one process of a child, without what it only reserves."
    ),
    overriding!("subprocess", "Lets this file loosen an inherited `confine` or `network`; reported."),
];

const RUNTIME: &[Key] = &[
    limit!(
        "runtime",
        "max_seconds",
        "seconds",
        MOST_SECONDS,
        "60",
        |s, n| s.limits.max_time = Duration::from_secs(n),
        "Longest time of a run."
    ),
    limit!("runtime", "max_steps", "steps", MOST, "100000000", |s, n| s.limits.max_steps = n, "Most evaluator ticks of a run."),
    limit!("runtime", "max_memory_bytes", "bytes", MOST, "1073741824", |s, n| s.limits.max_memory_bytes = n, "Most memory of the worker."),
    limit!(
        "runtime",
        "max_output_bytes",
        "bytes",
        MOST,
        "10485760",
        |s, n| s.limits.max_output_bytes = n,
        "Most output of a run: `print` and the result."
    ),
    limit!(
        "runtime",
        "max_callstack_size",
        "calls",
        u32::MAX as u64,
        "200",
        |s, n| s.limits.max_callstack_size = u32::try_from(n).unwrap_or(u32::MAX),
        "Deepest nesting of calls in a script."
    ),
    limit!("runtime", "max_total_calls", "calls", MOST, "10000", |s, n| s.limits.max_total_calls = n, "Most effects of a run."),
    key!(
        "runtime",
        "max_calls_per_capability",
        Kind::Calls,
        Smaller,
        Set::Elsewhere,
        "{}",
        "Most effects of a run by capability: `{ \"net.http_post\" = 20 }`."
    ),
    key!(
        "runtime",
        "timing",
        Kind::Word(&["plain", "padded"]),
        Stricter,
        Set::Text(|s, v| s.padded_timing = v == "padded"),
        "\"plain\"",
        "When the end of a run that depends on labelled data is delivered: at once, or at fixed steps."
    ),
    key!(
        "runtime",
        "reveal",
        Kind::Word(&["allow", "deny"]),
        Stricter,
        Set::Text(|s, v| s.reveal_denied = v == "deny"),
        "\"allow\"",
        "Whether labelled content may enter the worker to be computed on."
    ),
    overriding!("runtime", "Lets this file raise inherited limits of every section, and loosen `timing` and `reveal`; reported."),
];

const MCP: &[Key] = &[
    limit!(
        "mcp",
        "max_concurrent",
        "calls",
        64,
        "4",
        |s, n| s.mcp.max_concurrent = u32::try_from(n).unwrap_or(u32::MAX),
        "Most calls under way at once; more wait."
    ),
    limit!("mcp", "max_session_calls", "calls", MOST, "100000", |s, n| s.mcp.max_session_calls = n, "Most calls of a session."),
    limit!(
        "mcp",
        "max_session_effects",
        "effects",
        MOST,
        "1000000",
        |s, n| s.mcp.max_session_effects = n,
        "Most effects of all calls of a session together."
    ),
];

const FLOW: &[Key] = &[
    key!(
        "flow",
        "from",
        Kind::Names,
        Union,
        Set::Elsewhere,
        "",
        "The source, or a list: `env:NAME`, `arg:NAME` (of `--local-only-arg`), or `file:`, `host:`, `command:` with a pattern of a local-only list."
    ),
    key!("flow", "to", Kind::Names, Union, Set::Elsewhere, "", "The sinks: `host:`, `command:`, `file:` with a pattern; `[]` is nothing."),
];

const DECLASSIFY: &[Key] = &[
    key!("declassify", "from", Kind::Text, Union, Set::Elsewhere, "", "The source, as in `[[flow]]`."),
    key!("declassify", "reason", Kind::Text, Union, Set::Elsewhere, "", "Why; the script states it, the journal records it."),
    key!("declassify", "max_bytes", Kind::Limit("bytes", MOST), Union, Set::Elsewhere, "", "Most bytes per source and day."),
    key!(
        "declassify",
        "shape",
        Kind::Word(&["text", "int", "bool", "one-of", "regex"]),
        Union,
        Set::Elsewhere,
        "",
        "What the value must look like."
    ),
    key!("declassify", "one_of", Kind::Names, Union, Set::Elsewhere, "", "The words of the shape `one-of`."),
    key!(
        "declassify",
        "regex",
        Kind::Text,
        Union,
        Set::Elsewhere,
        "",
        "The expression of the shape `regex`; it must match the whole value."
    ),
];

const AUDIT: &[Key] = &[
    key!("audit", "path", Kind::Path, Nearer, Set::Path(|s, p| s.audit_path = Some(p)), "", "The journal's file."),
    key!("audit", "key", Kind::Path, Nearer, Set::Path(|s, p| s.audit_key = Some(p)), "", "The key that seals the journal."),
    key!(
        "audit",
        "durability",
        Kind::Word(&["os", "fsync"]),
        Stricter,
        Set::Text(|s, v| {
            s.durability = match v {
                "os" => Durability::Os,
                _ => Durability::Fsync,
            }
        }),
        "\"os\"",
        "When a record counts as written: when the system has it, or the disk."
    ),
    overriding!("audit", "Lets this file loosen an inherited `durability`; reported."),
];

const AGENTS: &[Key] = &[
    list!("agents", "allow_tools", Tools, allow_tools, "Tools that may run."),
    list!("agents", "ask_tools", Tools, ask_tools, "Tools that run when a person approves."),
    list!("agents", "deny_tools", Tools, deny_tools, "Tools that never run."),
    key!(
        "agents",
        "unlisted",
        Kind::Word(&["none", "ask", "deny"]),
        Stricter,
        Set::Text(|s, v| {
            s.unlisted = match v {
                "none" => Unlisted::None,
                "ask" => Unlisted::Ask,
                _ => Unlisted::Deny,
            }
        }),
        "\"ask\"",
        "What happens to tools that no list names: the host decides, a person decides, or they do not run."
    ),
    key!(
        "agents",
        "native",
        Kind::Native,
        Nearer,
        Set::Elsewhere,
        "{}",
        "Settings of one agent, handed through by `generate`: `native.claude.KEY`."
    ),
    overriding!("agents", "Lets this file loosen an inherited `unlisted`; reported."),
];

const TOOLS: &[Key] = &[
    key!("tools", "capabilities", Kind::Capabilities, Nearer, Set::Elsewhere, "", "The capabilities that the tool stands for."),
    key!("tools", "backend_url", Kind::Text, Nearer, Set::Elsewhere, "", "Where the tool's request would go."),
    key!(
        "tools",
        "backend_method",
        Kind::Word(&["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
        Nearer,
        Set::Elsewhere,
        "",
        "With which method."
    ),
    key!("tools", "description", Kind::Prose, Nearer, Set::Elsewhere, "", "For people and models."),
];

const TEST: &[Key] = &[
    key!("test", "access", Kind::Text, NotInherited, Set::Elsewhere, "", "An access as `aegis why` takes it: `exec git push --force`."),
    key!("test", "expect", Kind::Word(&["allow", "ask", "deny"]), NotInherited, Set::Elsewhere, "", "The verdict."),
];

/// The largest TOML integer.
const MOST: u64 = i64::MAX as u64;
/// A hundred years: longer times overflow what clocks can add.
const MOST_SECONDS: u64 = 3_155_760_000;
