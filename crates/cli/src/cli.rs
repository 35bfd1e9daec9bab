//! The command line: one definition, from which parser, help, man page and completions come.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Lets AI agents do real work only as one policy file allows.
#[derive(Debug, Parser)]
#[command(name = "aegis", bin_name = "aegis", version, disable_help_subcommand = true, arg_required_else_help = true)]
#[command(after_help = "Examples:\n  aegis init --lang python\n  aegis run release-notes.star")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Reads the command line.
///
/// Describing every verb to the parser takes longer than reading one. So the verbs that people wait for most are tried alone first, and
/// whatever is not plainly right is left to the parser of all, which says what is wrong.
pub(crate) fn parse(argv: &[OsString]) -> Result<Verb, clap::Error> {
    /// One verb, in the place of the program.
    #[derive(Parser)]
    #[command(disable_version_flag = true)]
    struct Alone<A: Args> {
        #[command(flatten)]
        args: A,
    }
    fn alone<A: Args>(words: &[OsString]) -> Option<A> {
        Alone::try_parse_from(words).ok().map(|alone: Alone<A>| alone.args)
    }
    let words = argv.get(1..).unwrap_or_default();
    let verb = match words.first().and_then(|verb| verb.to_str()) {
        Some("exec") => alone(words).map(Verb::Exec),
        Some("run") => alone(words).map(Verb::Run),
        _ => None,
    };
    verb.map_or_else(|| Cli::try_parse_from(argv).map(|cli| cli.verb), Ok)
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a script under a policy
    #[command(after_help = "Example:\n  aegis run --policy aegis.toml --arg since=v1.2 release-notes.star")]
    Run(Run),
    /// Run any command, held by the kernel to the policy
    #[command(after_help = "Examples:\n  aegis exec -- make test\n  aegis exec --dry-run -- true")]
    Exec(Exec),
    /// Verify a script without running it
    #[command(after_help = "Example:\n  aegis check release-notes.star")]
    Check(Check),
    /// Write a starter policy for a language
    #[command(after_help = "Example:\n  aegis init --lang rust")]
    Init(Init),
    /// Look at, check and change policy files
    #[command(subcommand, after_help = "Example:\n  aegis policy show")]
    Policy(PolicyVerb),
    /// Say what the policy decides about one access, and by which rule
    #[command(
        after_help = "Examples:\n  aegis why fs.write src/main.rs\n  aegis why exec git push -f\n  aegis why net.http_get https://api.example.com/v1/users"
    )]
    Why(Why),
    /// Look at shell text
    #[command(subcommand, after_help = "Example:\n  aegis shell explain 'git status && rm -rf build'")]
    Shell(ShellVerb),
    /// Serve the policy's effects to an MCP client, as tools
    #[command(
        after_help = "Examples:\n  aegis mcp --policy aegis.toml\n  aegis mcp --http 127.0.0.1:8765 --token-file ~/.config/aegis/mcp.token\n  aegis mcp install --host claude --scope project"
    )]
    Mcp(Mcp),
    /// Put the policy's hook into the settings of coding agents, or take it out
    #[command(subcommand, after_help = "Examples:\n  aegis agents install\n  aegis agents status")]
    Agents(AgentsVerb),
    /// Verify and show journals
    #[command(subcommand, after_help = "Example:\n  aegis audit show --kind denied")]
    Audit(AuditVerb),
    /// Say what this machine gives to hold commands, and whether the policy's demands can be kept
    #[command(after_help = "Example:\n  aegis doctor")]
    Doctor(Doctor),
    /// Answer a coding agent that asks before it uses a tool
    #[command(after_help = "Example:\n  aegis hook --host claude --event PreToolUse < event.json")]
    Hook(Hook),
    /// Let through once what an agent asked for and nobody could be asked about
    #[command(after_help = "Example:\n  aegis approve")]
    Approve(Approve),
    /// Trust a policy file as it is now
    #[command(after_help = "Example:\n  aegis trust aegis.toml")]
    Trust(Trust),
    /// Print completions for a shell
    #[command(after_help = "Example:\n  aegis completions bash > ~/.local/share/bash-completion/completions/aegis")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example:\n  aegis man | man -l -")]
    Man,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyChoice {
    /// Policy file; without it, aegis.toml upward from here
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct JournalChoice {
    /// Journal file, instead of the policy's or the default one
    #[arg(long, value_name = "FILE", conflicts_with = "no_audit")]
    pub(crate) audit: Option<PathBuf>,
    /// Write no journal
    #[arg(long)]
    pub(crate) no_audit: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) policy: PolicyChoice,
    #[command(flatten)]
    pub(crate) journal: JournalChoice,
    /// An argument of the script, as `args.KEY`
    #[arg(long = "arg", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) args: Vec<(String, String)>,
    /// A local-only argument, as `args.KEY`; nothing public can depend on it, but the list of processes shows it
    #[arg(long = "local-only-arg", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) local_only_args: Vec<(String, String)>,
    /// Add all output to a file, with what is withheld after a branch on local-only data
    #[arg(long, value_name = "FILE")]
    pub(crate) operator_log: Option<PathBuf>,
    /// Approve everything that the policy puts under approval
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print one JSON object instead of the script's output
    #[arg(long)]
    pub(crate) json: bool,
    /// The script, or - for standard input
    pub(crate) script: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Exec {
    #[command(flatten)]
    pub(crate) policy: PolicyChoice,
    #[command(flatten)]
    pub(crate) journal: JournalChoice,
    /// Approve every change of a file that the policy puts under approval
    #[arg(long)]
    pub(crate) yes: bool,
    /// Show what the command would see, and run nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Also tell what the command looked for and was not given to read; makes it slow
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) trace: bool,
    /// What was denied, as one JSON object on standard error; the rules of --dry-run, as one on standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// The command and its arguments, behind `--`
    #[arg(required = true, last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// Read by the hook itself (`aegis_hook`), which is started too often to wait for a parser of all verbs; this is its help.
#[derive(Debug, Args)]
pub(crate) struct Hook {
    /// The agent: claude, codex, opencode, gemini, antigravity, copilot or cursor; auto finds out
    #[arg(long, value_name = "HOST", required = true)]
    pub(crate) host: Option<String>,
    /// The agent's own name for the event; auto takes the one that the question names
    #[arg(long, value_name = "EVENT", required = true)]
    pub(crate) event: Option<String>,
    /// The user's policy, in the place of ~/.config/aegis/policy.toml; an absolute path
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// Only show what waits
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) policy: PolicyChoice,
    /// Print findings as JSON
    #[arg(long, conflicts_with = "sarif")]
    pub(crate) json: bool,
    /// Print findings as SARIF 2.1.0
    #[arg(long)]
    pub(crate) sarif: bool,
    /// The script, or - for standard input
    pub(crate) script: PathBuf,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Mcp {
    #[command(subcommand)]
    pub(crate) verb: Option<McpVerb>,
    #[command(flatten)]
    pub(crate) policy: PolicyChoice,
    #[command(flatten)]
    pub(crate) journal: JournalChoice,
    /// Who is asked where the policy wants approval
    #[arg(long, value_name = "WHO", default_value = "elicit")]
    pub(crate) approvals: Approvals,
    /// Serve streamable HTTP at this address of this machine, instead of standard input and output
    #[arg(long, value_name = "ADDRESS:PORT", requires = "token_file")]
    pub(crate) http: Option<std::net::SocketAddr>,
    /// The file with the token that HTTP clients must have; made if it is missing, readable by its owner only
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum McpVerb {
    /// Put the server into the settings of a coding agent, or take it out
    #[command(
        after_help = "Examples:\n  aegis mcp install --host claude --policy ~/.config/aegis/policy.toml\n  aegis mcp install --host codex --scope project --dry-run\n  aegis mcp install --host claude --uninstall"
    )]
    Install(McpInstall),
}

#[derive(Debug, Args)]
pub(crate) struct McpInstall {
    /// The coding agent
    #[arg(long)]
    pub(crate) host: Host,
    /// For all projects of yours, or for this one
    #[arg(long, value_name = "FOR", default_value = "user")]
    pub(crate) scope: Scope,
    /// Policy file; without it your own, or with --scope project the one that holds here
    #[arg(long, value_name = "FILE", conflicts_with = "uninstall")]
    pub(crate) policy: Option<PathBuf>,
    /// Print the entry and write nothing
    #[arg(long, conflicts_with_all = ["dry_run", "uninstall"])]
    pub(crate) print: bool,
    /// Print what would change and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take the entry out again
    #[arg(long)]
    pub(crate) uninstall: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AgentsVerb {
    /// Have the agents ask the policy before each tool call
    #[command(
        after_help = "Without --host, for every agent that has a directory of its own, such as ~/.claude.\n\nExamples:\n  aegis agents install --dry-run\n  aegis agents install --host claude --policy ~/.config/aegis/policy.toml"
    )]
    Install(AgentsInstall),
    /// Take out what `install` put in, and nothing else
    #[command(after_help = "Example:\n  aegis agents uninstall --host codex")]
    Uninstall(AgentsUninstall),
    /// Say for each agent whether the hook is installed, and what keeps it from running
    #[command(after_help = "Example:\n  aegis agents status --json")]
    Status(AgentsStatus),
}

#[derive(Debug, Args)]
pub(crate) struct AgentsInstall {
    #[command(flatten)]
    pub(crate) chosen: AgentsChoice,
    /// Policy file that the hook is told; without it your own, where you have one
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AgentsUninstall {
    #[command(flatten)]
    pub(crate) chosen: AgentsChoice,
}

#[derive(Debug, Args)]
pub(crate) struct AgentsChoice {
    /// The coding agent; may be given again for another
    #[arg(long)]
    pub(crate) host: Vec<HookHost>,
    /// For all projects of yours, or for this one
    #[arg(long, value_name = "FOR", default_value = "user")]
    pub(crate) scope: Scope,
    /// Into which files
    #[arg(long, default_value = "auto")]
    pub(crate) mode: AgentsMode,
    /// Print what would change and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AgentsStatus {
    /// The coding agent; may be given again for another
    #[arg(long)]
    pub(crate) host: Vec<HookHost>,
    /// Only for all projects of yours, or only for this one
    #[arg(long, value_name = "FOR")]
    pub(crate) scope: Option<Scope>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AgentsMode {
    /// As rulesync where you have ~/.rulesync/hooks.json, for the agents that it knows; else direct
    Auto,
    /// Into each agent's own settings
    Direct,
    /// Into ~/.rulesync/hooks.json, from which rulesync makes the agents' settings
    Rulesync,
}

/// A coding agent with hooks.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum HookHost {
    /// Claude Code
    Claude,
    /// Codex CLI
    Codex,
    /// OpenCode
    #[value(name = "opencode")]
    OpenCode,
    /// Gemini CLI
    Gemini,
    /// Antigravity
    Antigravity,
    /// GitHub Copilot CLI
    Copilot,
    /// Cursor
    Cursor,
}

/// A coding agent.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Host {
    /// Claude Code
    Claude,
    /// Codex CLI
    Codex,
    /// OpenCode
    #[value(name = "opencode")]
    OpenCode,
    /// Gemini CLI
    Gemini,
    /// Antigravity
    Antigravity,
    /// Cursor
    Cursor,
    /// GitHub Copilot CLI
    Copilot,
    /// Visual Studio Code
    #[value(name = "vscode")]
    VsCode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scope {
    /// The settings in your home directory
    User,
    /// The settings in the project
    Project,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Approvals {
    /// The person behind the client
    Elicit,
    /// Nobody: what needs approval is refused
    Deny,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Lang {
    Python,
    Node,
    Ruby,
    Rust,
    Go,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Language of the project
    #[arg(long)]
    pub(crate) lang: Lang,
    /// Where to write, or - for standard output
    #[arg(long, short, value_name = "FILE", default_value = "aegis.toml")]
    pub(crate) output: PathBuf,
    /// Replace an existing file
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyVerb {
    /// Check a policy file
    #[command(after_help = "Example:\n  aegis policy validate aegis.toml")]
    Validate {
        /// The file; without it, the one that would be used here
        file: Option<PathBuf>,
    },
    /// Show a policy with all it inherits
    #[command(after_help = "Example:\n  aegis policy show --json")]
    Show {
        /// The file; without it, the one that would be used here
        file: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of policy files
    #[command(after_help = "Example:\n  aegis policy schema > aegis.schema.json")]
    Schema,
    /// Edit a policy with $VISUAL or $EDITOR; it is validated before it replaces the old one
    #[command(after_help = "Example:\n  aegis policy edit")]
    Edit {
        /// The file; without it, the one that would be used here
        file: Option<PathBuf>,
    },
    /// Rewrite a policy of an older shape to version 1
    #[command(after_help = "Example:\n  aegis policy migrate old.toml --write")]
    Migrate {
        /// The file
        file: PathBuf,
        /// Replace the file instead of printing
        #[arg(long)]
        write: bool,
    },
    /// Run the [[test]] entries of a policy
    #[command(after_help = "Example:\n  aegis policy test aegis.toml")]
    Test {
        /// The file; without it, the one that would be used here
        file: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) policy: PolicyChoice,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    #[command(flatten)]
    pub(crate) policy: PolicyChoice,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// fs.read|fs.write|fs.delete PATH, net.http_get|post|put|patch|delete URL, env.read NAME, exec COMMAND...
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "ACCESS")]
    pub(crate) access: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShellVerb {
    /// Say which commands a text would run, with which words and files, and what the policy says of each; runs nothing
    #[command(after_help = "Example:\n  aegis shell explain 'cd docs && cat *.md > all.txt'")]
    Explain(ShellExplain),
}

#[derive(Debug, Args)]
pub(crate) struct ShellExplain {
    #[command(flatten)]
    pub(crate) policy: PolicyChoice,
    /// The shell that would read it
    #[arg(long, value_name = "SHELL", default_value = "bash")]
    pub(crate) dialect: ShellDialect,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// The text
    #[arg(allow_hyphen_values = true)]
    pub(crate) text: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ShellDialect {
    /// GNU bash
    Bash,
    /// POSIX sh
    Sh,
    /// zsh
    Zsh,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditVerb {
    /// Verify the chain of a journal
    #[command(after_help = "Example:\n  aegis audit verify audit.jsonl --min-seq 120")]
    Verify {
        /// The journal; without it, the one of the policy here
        log: Option<PathBuf>,
        /// The journal of what coding agents asked here
        #[arg(long, conflicts_with = "log")]
        hooks: bool,
        /// The journal must hold at least this many records
        #[arg(long, value_name = "N")]
        min_seq: Option<u64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show records of a journal
    #[command(after_help = "Example:\n  aegis audit show --kind denied")]
    Show {
        /// The journal; without it, the one of the policy here
        log: Option<PathBuf>,
        /// The journal of what coding agents asked here
        #[arg(long, conflicts_with = "log")]
        hooks: bool,
        /// Only this run
        #[arg(long, value_name = "ID")]
        run: Option<String>,
        /// Only this kind of record
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// Go on as records come
        #[arg(long)]
        follow: bool,
        /// Print the records as they stand
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Trust {
    /// Take trust back
    #[arg(long)]
    pub(crate) revoke: bool,
    /// The policy file
    pub(crate) file: PathBuf,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    let mut chars = key.chars();
    let begins = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !begins || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!("`{key}` is no name: letters, digits and _ only"));
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_tried_alone_is_read_as_by_the_parser_of_all() {
        let mut read = 0;
        for line in [
            "exec -- true",
            "exec --yes --trace --policy p.toml -- make -j 4 -- x",
            "exec --dry-run --json -- true",
            "exec --trace --dry-run -- true",
            "exec true",
            "exec",
            "exec --help",
            "exec -h -- x",
            "exec --version -- x",
            "exec -V",
            "exec -- -V",
            "exec --no-audit -- a --help",
            "exec --nope -- true",
            "run x.star",
            "run - --arg a=b --json",
            "run --policy p.toml --arg a=b --arg c=d x.star",
            "run",
            "run --help",
            "run -V",
            "run x.star y",
            "--version",
            "help exec",
        ] {
            let argv: Vec<OsString> = ["aegis"].into_iter().chain(line.split(' ')).map(OsString::from).collect();
            let whole = Cli::try_parse_from(&argv).map(|cli| format!("{:?}", cli.verb)).map_err(|e| e.render().to_string());
            let parsed = parse(&argv).map(|verb| format!("{verb:?}")).map_err(|e| e.render().to_string());
            assert_eq!(parsed, whole, "{line}");
            read += usize::from(whole.is_ok());
        }
        assert_eq!(read, 8);
    }
}
