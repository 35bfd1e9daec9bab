//! The agents as a table: where their hooks stand, and the shape that one has there.
//!
//! Files, events and keys are those that the makers' documents of 2026 name; what Claude Code 2.1.328, Codex 0.169.0 and Copilot CLI 1.0.102
//! were seen to do with them stands before the documents.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::host::{Host, Places, Scope};

/// What is known of an agent's hooks.
#[derive(Debug)]
pub(crate) struct HookFacts {
    /// The agent in our own command line.
    pub(crate) word: &'static str,
    /// Its directory below the home, and the variable that names another.
    directory: &'static str,
    /// Others by which it is known that the agent was ever started.
    traces: &'static [&'static str],
    moved: Option<(&'static str, &'static str)>,
    /// The file in that directory, and the one in a project.
    file: &'static str,
    project: &'static str,
    pub(crate) form: Form,
}

/// What a file with hooks is.
#[derive(Debug)]
pub(crate) enum Form {
    /// JSON in which our entries stand among others.
    Shared(&'static JsonHooks),
    /// JSON that is ours alone.
    Alone(&'static JsonHooks),
    /// A program of the agent's own language, ours alone.
    Plugin,
}

/// Hooks in JSON.
#[derive(Debug)]
pub(crate) struct JsonHooks {
    pub(crate) sections: &'static [Section],
    /// Whether the file begins with `"version": 1`.
    pub(crate) has_version: bool,
    pub(crate) reader: Reader,
}

/// The hooks of one agent.
#[derive(Debug)]
pub(crate) struct Section {
    /// The objects around the events.
    pub(crate) path: &'static [&'static str],
    /// The agent in our own command line.
    pub(crate) host: &'static str,
    /// Each event by its key here and by its name in our own command line.
    pub(crate) events: &'static [(&'static str, &'static str)],
    /// Whether entries stand in groups, which say for which tools they are.
    pub(crate) is_grouped: bool,
    /// What a group of ours says, and what else means all tools; nothing said always does.
    pub(crate) matcher: Option<&'static str>,
    pub(crate) all_tools: &'static [&'static str],
    pub(crate) entry: &'static [(&'static str, Field)],
}

/// What a member of an entry holds.
#[derive(Debug)]
pub(crate) enum Field {
    Command,
    Text(&'static str),
    Seconds(u32),
    Milliseconds(u32),
    True,
}

/// What an agent reads; what it does not read switches every hook of the file off.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) name: &'static str,
    pub(crate) comments: bool,
    pub(crate) byte_order_mark: bool,
    pub(crate) rules: Rules,
}

/// Which members must have a certain form for the file to count.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rules {
    Claude,
    Codex,
    None,
}

impl Section {
    /// The members of an entry, in their order.
    pub(crate) fn fields(&self, command: &str) -> Vec<(&'static str, Value)> {
        let value = |field: &Field| match field {
            Field::Command => json!(command),
            Field::Text(text) => json!(text),
            Field::Seconds(number) | Field::Milliseconds(number) => json!(number),
            Field::True => json!(true),
        };
        self.entry.iter().map(|(key, field)| (*key, value(field))).collect()
    }

    /// The key of the command.
    pub(crate) fn command_key(&self) -> &'static str {
        self.entry.iter().find(|(_, field)| matches!(field, Field::Command)).map_or("", |(key, _)| key)
    }

    /// How long an entry gives the hook.
    pub(crate) fn timeout(&self, entry: &Value) -> Option<Duration> {
        self.entry.iter().find_map(|(key, field)| {
            let unit = match field {
                Field::Seconds(_) => 1.0,
                Field::Milliseconds(_) => 0.001,
                _ => return None,
            };
            Duration::try_from_secs_f64(entry.get(key)?.as_f64()? * unit).ok()
        })
    }
}

impl HookFacts {
    /// The agent's directory; it is there where the agent was ever started.
    pub(crate) fn directory(&self, places: &Places<'_>) -> PathBuf {
        let moved = self.moved.and_then(|(variable, below)| Some(places.moved(variable)?.join(below)));
        moved.unwrap_or_else(|| places.home.join(self.directory))
    }

    /// Whether the agent was ever started here.
    pub(crate) fn was_started(&self, places: &Places<'_>) -> bool {
        self.directory(places).is_dir() || self.traces.iter().any(|trace| places.home.join(trace).is_dir())
    }

    pub(crate) fn file(&self, scope: Scope, places: &Places<'_>) -> PathBuf {
        match scope {
            Scope::User => self.directory(places).join(self.file),
            Scope::Project => places.project.join(self.project),
        }
    }
}

impl Host {
    /// What is known of its hooks; nothing where it has none.
    pub(crate) fn hooks(self) -> Option<&'static HookFacts> {
        match self {
            Host::Claude => Some(&CLAUDE),
            Host::Codex => Some(&CODEX),
            Host::OpenCode => Some(&OPENCODE),
            Host::Gemini => Some(&GEMINI),
            Host::Antigravity => Some(&ANTIGRAVITY),
            Host::Copilot => Some(&COPILOT),
            Host::Cursor => Some(&CURSOR),
            Host::VsCode => None,
        }
    }
}

const CLAUDE: HookFacts = HookFacts {
    word: "claude",
    directory: ".claude",
    traces: &[],
    moved: Some(("CLAUDE_CONFIG_DIR", "")),
    file: "settings.json",
    project: ".claude/settings.json",
    form: Form::Shared(&JsonHooks {
        sections: &[Section {
            path: &["hooks"],
            host: "claude",
            events: &[("PreToolUse", "PreToolUse"), ("PermissionRequest", "PermissionRequest")],
            is_grouped: true,
            matcher: None,
            all_tools: &["", "*", ".*"],
            entry: &[
                ("type", Field::Text("command")),
                ("command", Field::Command),
                ("timeout", Field::Seconds(30)),
                ("onFailure", Field::Text("block")),
            ],
        }],
        has_version: false,
        reader: Reader { name: "Claude Code", comments: false, byte_order_mark: true, rules: Rules::Claude },
    }),
};

const CODEX: HookFacts = HookFacts {
    word: "codex",
    directory: ".codex",
    traces: &[],
    moved: Some(("CODEX_HOME", "")),
    file: "hooks.json",
    project: ".codex/hooks.json",
    form: Form::Shared(&JsonHooks {
        sections: &[Section {
            path: &["hooks"],
            host: "codex",
            events: &[("PreToolUse", "PreToolUse"), ("PermissionRequest", "PermissionRequest")],
            is_grouped: true,
            matcher: None,
            all_tools: &["", "*", ".*"],
            entry: &[("type", Field::Text("command")), ("command", Field::Command), ("timeout", Field::Seconds(30))],
        }],
        has_version: false,
        reader: Reader { name: "Codex", comments: false, byte_order_mark: false, rules: Rules::Codex },
    }),
};

const OPENCODE: HookFacts = HookFacts {
    word: "opencode",
    directory: ".config/opencode",
    traces: &[],
    moved: Some(("XDG_CONFIG_HOME", "opencode")),
    file: "plugins/aegis.js",
    project: ".opencode/plugins/aegis.js",
    form: Form::Plugin,
};

const GEMINI: HookFacts = HookFacts {
    word: "gemini",
    directory: ".gemini",
    traces: &[],
    moved: Some(("GEMINI_CLI_HOME", ".gemini")),
    file: "settings.json",
    project: ".gemini/settings.json",
    form: Form::Shared(&JsonHooks {
        sections: &[Section {
            path: &["hooks"],
            host: "gemini",
            events: &[("BeforeTool", "BeforeTool")],
            is_grouped: true,
            matcher: Some(".*"),
            all_tools: &["", "*", ".*"],
            entry: &[
                ("type", Field::Text("command")),
                ("name", Field::Text("aegis")),
                ("command", Field::Command),
                ("timeout", Field::Milliseconds(30_000)),
            ],
        }],
        has_version: false,
        reader: Reader { name: "Gemini CLI", comments: true, byte_order_mark: false, rules: Rules::None },
    }),
};

/// By what several people saw its command line 1.1 and 1.2 do: events stand in an object with a name of its owner's choice. What it does not
/// understand of the file switches off all of it, and it says so nowhere.
const ANTIGRAVITY: HookFacts = HookFacts {
    word: "antigravity",
    directory: ".gemini/config",
    traces: &[".gemini/antigravity-cli"],
    moved: None,
    file: "hooks.json",
    project: ".agents/hooks.json",
    form: Form::Shared(&JsonHooks {
        sections: &[Section {
            path: &["aegis"],
            host: "antigravity",
            events: &[("PreToolUse", "PreToolUse")],
            is_grouped: true,
            matcher: Some(""),
            all_tools: &["", "*", ".*"],
            entry: &[("type", Field::Text("command")), ("command", Field::Command), ("timeout", Field::Seconds(30))],
        }],
        has_version: false,
        reader: Reader { name: "Antigravity", comments: false, byte_order_mark: false, rules: Rules::None },
    }),
};

const COPILOT: HookFacts = HookFacts {
    word: "copilot",
    directory: ".copilot",
    traces: &[],
    moved: Some(("COPILOT_HOME", "")),
    file: "hooks/aegis.json",
    project: ".github/hooks/aegis.json",
    form: Form::Alone(&JsonHooks {
        sections: &[Section {
            path: &["hooks"],
            host: "copilot",
            events: &[("preToolUse", "preToolUse")],
            is_grouped: false,
            matcher: None,
            all_tools: &[],
            entry: &[("type", Field::Text("command")), ("bash", Field::Command), ("timeoutSec", Field::Seconds(30))],
        }],
        has_version: true,
        reader: Reader { name: "Copilot CLI", comments: false, byte_order_mark: false, rules: Rules::None },
    }),
};

const CURSOR: HookFacts = HookFacts {
    word: "cursor",
    directory: ".cursor",
    traces: &[],
    moved: None,
    file: "hooks.json",
    project: ".cursor/hooks.json",
    form: Form::Shared(&JsonHooks {
        sections: &[Section {
            path: &["hooks"],
            host: "cursor",
            events: &[
                ("beforeShellExecution", "beforeShellExecution"),
                ("beforeReadFile", "beforeReadFile"),
                ("beforeMCPExecution", "beforeMCPExecution"),
                ("preToolUse", "preToolUse"),
            ],
            is_grouped: false,
            matcher: None,
            all_tools: &[],
            entry: &[("command", Field::Command), ("timeout", Field::Seconds(30)), ("failClosed", Field::True)],
        }],
        has_version: true,
        reader: Reader { name: "Cursor", comments: false, byte_order_mark: false, rules: Rules::None },
    }),
};

/// What rulesync makes the hooks of several agents from. It knows no `onFailure`; the command itself blocks where its program fails.
pub(crate) const RULESYNC: JsonHooks = JsonHooks {
    sections: &[
        rulesync(
            &["claudecode", "hooks"],
            "claude",
            &[("preToolUse", "PreToolUse"), ("permissionRequest", "PermissionRequest")],
            &[
                ("type", Field::Text("command")),
                ("command", Field::Command),
                ("matcher", Field::Text("*")),
                ("timeout", Field::Seconds(30)),
            ],
        ),
        rulesync(
            &["codexcli", "hooks"],
            "codex",
            &[("preToolUse", "PreToolUse"), ("permissionRequest", "PermissionRequest")],
            &[
                ("type", Field::Text("command")),
                ("command", Field::Command),
                ("matcher", Field::Text(".*")),
                ("timeout", Field::Seconds(30)),
            ],
        ),
        rulesync(
            &["geminicli", "hooks"],
            "gemini",
            &[("preToolUse", "BeforeTool")],
            &[
                ("type", Field::Text("command")),
                ("command", Field::Command),
                ("matcher", Field::Text(".*")),
                ("timeout", Field::Milliseconds(30_000)),
            ],
        ),
    ],
    has_version: true,
    reader: Reader { name: "rulesync", comments: false, byte_order_mark: false, rules: Rules::None },
};

const fn rulesync(
    path: &'static [&'static str],
    host: &'static str,
    events: &'static [(&'static str, &'static str)],
    entry: &'static [(&'static str, Field)],
) -> Section {
    Section { path, host, events, is_grouped: false, matcher: None, all_tools: &[], entry }
}
