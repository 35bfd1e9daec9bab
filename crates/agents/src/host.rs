//! The coding agents that Aegis knows: where their settings lie and what an MCP server looks like there.
//!
//! Files, shapes and variables are those that the makers' documents of 2026 name. OpenCode 2 moved its servers from `mcp` to `mcp.servers`.

use std::path::{Path, PathBuf};

/// A coding agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// Claude Code
    Claude,
    /// Codex CLI
    Codex,
    /// OpenCode
    OpenCode,
    /// Gemini CLI
    Gemini,
    /// Antigravity, its successor
    Antigravity,
    /// Cursor
    Cursor,
    /// GitHub Copilot CLI
    Copilot,
    /// Visual Studio Code
    VsCode,
}

/// For whom an entry counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The user, in all projects
    User,
    /// Whoever works in the project
    Project,
}

/// What the paths of settings depend on.
pub struct Places<'a> {
    /// The user's home directory.
    pub home: &'a Path,
    /// The project's top directory.
    pub project: &'a Path,
    /// The environment. Only the variables that an agent's maker documents are asked for.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Places<'_> {
    /// The directory that a variable names; a path that is not absolute names none.
    pub(crate) fn moved(&self, variable: &str) -> Option<PathBuf> {
        (self.variable)(variable).map(PathBuf::from).filter(|directory| directory.is_absolute())
    }
}

/// What is known of one agent.
pub(crate) struct Facts {
    pub(crate) user: &'static [&'static str],
    pub(crate) project: &'static [&'static str],
    /// A variable that names a directory, and what stands there in the place of `user`.
    pub(crate) moved: Option<(&'static str, &'static [&'static str])>,
    pub(crate) shape: Shape,
    pub(crate) look: &'static str,
}

/// How a file holds an MCP server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Toml,
    Json(&'static JsonShape),
}

#[derive(Debug)]
pub(crate) struct JsonShape {
    /// The objects around the entry.
    pub(crate) sections: &'static [&'static str],
    /// Where an older version has the entries; taken for a file that has one there and no newer section.
    pub(crate) older: Option<&'static [&'static str]>,
    /// `type` of a server on stdio.
    pub(crate) kind: Option<&'static str>,
    /// Whether `command` holds program and arguments, and there is no `args`.
    pub(crate) command_is_argv: bool,
    /// Whether an entry names the tools that may be used.
    pub(crate) names_tools: bool,
}

const SERVERS: JsonShape =
    JsonShape { sections: &["mcpServers"], older: None, kind: Some("stdio"), command_is_argv: false, names_tools: false };

const CLAUDE: Facts = Facts {
    user: &[".claude.json"],
    project: &[".mcp.json"],
    moved: Some(("CLAUDE_CONFIG_DIR", &[".claude.json"])),
    shape: Shape::Json(&SERVERS),
    look: "claude mcp list",
};

const CODEX: Facts = Facts {
    user: &[".codex/config.toml"],
    project: &[".codex/config.toml"],
    moved: Some(("CODEX_HOME", &["config.toml"])),
    shape: Shape::Toml,
    look: "codex mcp list",
};

const OPENCODE: Facts = Facts {
    user: &[".config/opencode/opencode.json", ".config/opencode/opencode.jsonc"],
    project: &["opencode.json", "opencode.jsonc"],
    moved: Some(("XDG_CONFIG_HOME", &["opencode/opencode.json", "opencode/opencode.jsonc"])),
    shape: Shape::Json(&JsonShape {
        sections: &["mcp", "servers"],
        older: Some(&["mcp"]),
        kind: Some("local"),
        command_is_argv: true,
        names_tools: false,
    }),
    look: "opencode mcp list",
};

const GEMINI: Facts = Facts {
    user: &[".gemini/settings.json"],
    project: &[".gemini/settings.json"],
    moved: Some(("GEMINI_CLI_HOME", &[".gemini/settings.json"])),
    shape: Shape::Json(&JsonShape { kind: None, ..SERVERS }),
    look: "gemini mcp list",
};

/// The application and the command line share these files.
const ANTIGRAVITY: Facts = Facts {
    user: &[".gemini/config/mcp_config.json"],
    project: &[".agents/mcp_config.json"],
    moved: None,
    shape: Shape::Json(&JsonShape { kind: None, ..SERVERS }),
    look: "agy mcp list",
};

const CURSOR: Facts = Facts {
    user: &[".cursor/mcp.json"],
    project: &[".cursor/mcp.json"],
    moved: None,
    shape: Shape::Json(&SERVERS),
    look: "cursor-agent mcp list",
};

/// In a project Copilot reads `.mcp.json` too, but that is Claude Code's as well: an entry taken out for one would be gone for the other.
const COPILOT: Facts = Facts {
    user: &[".copilot/mcp-config.json"],
    project: &[".github/mcp.json"],
    moved: Some(("COPILOT_HOME", &["mcp-config.json"])),
    shape: Shape::Json(&JsonShape { kind: Some("local"), names_tools: true, ..SERVERS }),
    look: "/mcp show in copilot",
};

const VSCODE: Facts = Facts {
    user: &[".config/Code/User/mcp.json"],
    project: &[".vscode/mcp.json"],
    moved: Some(("XDG_CONFIG_HOME", &["Code/User/mcp.json"])),
    shape: Shape::Json(&JsonShape { sections: &["servers"], ..SERVERS }),
    look: "MCP: List Servers in VS Code",
};

impl Host {
    /// All of them.
    pub const ALL: [Host; 8] =
        [Host::Claude, Host::Codex, Host::OpenCode, Host::Gemini, Host::Antigravity, Host::Cursor, Host::Copilot, Host::VsCode];

    pub(crate) fn facts(self) -> &'static Facts {
        match self {
            Host::Claude => &CLAUDE,
            Host::Codex => &CODEX,
            Host::OpenCode => &OPENCODE,
            Host::Gemini => &GEMINI,
            Host::Antigravity => &ANTIGRAVITY,
            Host::Cursor => &CURSOR,
            Host::Copilot => &COPILOT,
            Host::VsCode => &VSCODE,
        }
    }

    /// How one sees in the agent which servers it has.
    #[must_use]
    pub fn look(self) -> &'static str {
        self.facts().look
    }

    /// The file with its MCP servers: of those it reads, the first that is there, else the one it would make.
    #[must_use]
    pub fn settings(self, scope: Scope, places: &Places<'_>) -> PathBuf {
        let facts = self.facts();
        let moved = facts.moved.and_then(|(name, files)| Some((places.moved(name)?, files)));
        let (directory, files) = match (scope, moved) {
            (Scope::Project, _) => (places.project.to_path_buf(), facts.project),
            (Scope::User, Some(moved)) => moved,
            (Scope::User, None) => (places.home.to_path_buf(), facts.user),
        };
        let is_there = |file: &&&str| std::fs::symlink_metadata(directory.join(file)).is_ok();
        let file = files.iter().find(is_there).or(files.first()).copied().unwrap_or_default();
        directory.join(file)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(host: Host, scope: Scope, variables: &[(&str, &str)]) -> String {
        let variable = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        let places = Places { home: Path::new("/no/home"), project: Path::new("/no/project"), variable: &variable };
        host.settings(scope, &places).to_str().unwrap().to_owned()
    }

    #[test]
    fn files() {
        for (host, user, project) in [
            (Host::Claude, "/no/home/.claude.json", "/no/project/.mcp.json"),
            (Host::Codex, "/no/home/.codex/config.toml", "/no/project/.codex/config.toml"),
            (Host::OpenCode, "/no/home/.config/opencode/opencode.json", "/no/project/opencode.json"),
            (Host::Gemini, "/no/home/.gemini/settings.json", "/no/project/.gemini/settings.json"),
            (Host::Antigravity, "/no/home/.gemini/config/mcp_config.json", "/no/project/.agents/mcp_config.json"),
            (Host::Cursor, "/no/home/.cursor/mcp.json", "/no/project/.cursor/mcp.json"),
            (Host::Copilot, "/no/home/.copilot/mcp-config.json", "/no/project/.github/mcp.json"),
            (Host::VsCode, "/no/home/.config/Code/User/mcp.json", "/no/project/.vscode/mcp.json"),
        ] {
            assert_eq!(at(host, Scope::User, &[]), user);
            assert_eq!(at(host, Scope::Project, &[]), project);
        }
    }

    #[test]
    fn the_hosts_own_variables_move_the_users_file_only() {
        for (host, name, user) in [
            (Host::Claude, "CLAUDE_CONFIG_DIR", "/else/.claude.json"),
            (Host::Codex, "CODEX_HOME", "/else/config.toml"),
            (Host::OpenCode, "XDG_CONFIG_HOME", "/else/opencode/opencode.json"),
            (Host::Gemini, "GEMINI_CLI_HOME", "/else/.gemini/settings.json"),
            (Host::Copilot, "COPILOT_HOME", "/else/mcp-config.json"),
            (Host::VsCode, "XDG_CONFIG_HOME", "/else/Code/User/mcp.json"),
        ] {
            assert_eq!(at(host, Scope::User, &[(name, "/else")]), user);
            assert_eq!(at(host, Scope::User, &[(name, "else")]), at(host, Scope::User, &[]), "not absolute");
            assert_eq!(at(host, Scope::Project, &[(name, "/else")]), at(host, Scope::Project, &[]));
            assert_eq!(at(host, Scope::User, &[("HOME", "/else")]), at(host, Scope::User, &[]));
        }
    }

    #[test]
    fn of_two_names_the_one_that_is_there() {
        let top = tempfile::tempdir().unwrap();
        let places = Places { home: top.path(), project: top.path(), variable: &|_| None };
        std::fs::write(top.path().join("opencode.jsonc"), "{}").unwrap();
        assert!(Host::OpenCode.settings(Scope::Project, &places).ends_with("opencode.jsonc"));
        std::fs::write(top.path().join("opencode.json"), "{}").unwrap();
        assert!(Host::OpenCode.settings(Scope::Project, &places).ends_with("opencode.json"));
    }
}
