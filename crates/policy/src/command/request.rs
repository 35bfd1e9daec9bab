//! A command line as the policy sees it.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::grammar::OptionSpec;
use crate::access::PathOp;

/// What an option or a word of a known command stands for. The data is in `policies/commands/*.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Nothing the policy cares about.
    Plain,
    /// A file or directory that is read.
    PathIn,
    /// A file or directory that is written.
    PathOut,
    /// A program that is run.
    Exec,
    /// Configuration that can change what the command does.
    Config,
    /// A host or address that is reached.
    Net,
}

impl Role {
    /// The name in grammars, journals and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Role::Plain => "plain",
            Role::PathIn => "path-in",
            Role::PathOut => "path-out",
            Role::Exec => "exec",
            Role::Config => "config",
            Role::Net => "net",
        }
    }
}

/// How sure it is that an argument names a file, and that the operation is the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The grammar says so: the operation must be allowed.
    Certain,
    /// It is written like a path, but the command's use of it is not known. It is listed as a read and must be allowed as one;
    /// it must also not be a file that may never be written. Writes are left to the confinement of the child.
    Likely,
    /// Any word can name a file of the working directory. What a deny list or a control-file rule names is refused; otherwise
    /// it counts only if such a file exists.
    Possible,
}

/// An argument that names a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileArgument {
    /// Read, written or removed.
    pub op: PathOp,
    /// As it stands in the argv.
    pub raw: String,
    /// Absolute; lexical at first, resolved by the gate.
    pub path: PathBuf,
    /// The same with its `..` components, which the system resolves after links; this is what a gate opens.
    pub asked: PathBuf,
    /// How sure that is.
    pub certainty: Certainty,
}

/// An option that runs programs, changes configuration or reaches the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hazard {
    /// Normalised: `-c`, `--upload-pack`; for a command that is run, its name.
    pub option: String,
    /// `Exec`, `Config` or `Net`.
    pub role: Role,
    /// What was given to the option: its value, or the words of the command it runs.
    pub words: Vec<String>,
}

/// An option as it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OptionArgument {
    /// Canonical: `--force` for `-f`, `--forc` and `+main`.
    pub name: String,
    /// Its value, if it has one.
    pub value: Option<String>,
    /// The words of the command it runs (`find -exec`).
    pub command: Vec<String>,
    /// How many subcommands stand before it.
    pub depth: usize,
}

/// An argv, read by the grammar of its command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExecRequest {
    pub(crate) argv: Vec<String>,
    pub(crate) cwd: PathBuf,
    pub(crate) binary: Option<PathBuf>,
    pub(crate) files: Vec<FileArgument>,
    pub(crate) hazards: Vec<Hazard>,
    pub(super) program: String,
    pub(super) subcommand: Vec<String>,
    pub(super) words: Vec<String>,
    pub(super) options: Vec<OptionArgument>,
    /// For each option, what the grammar says about it.
    #[serde(skip)]
    pub(super) specs: Vec<Option<&'static OptionSpec>>,
    /// For each word of a command without a grammar, whether it may be the value of the option before it.
    #[serde(skip)]
    pub(super) may_be_values: Vec<bool>,
    pub(super) inner: Vec<ExecRequest>,
    pub(super) built_in_deny: Option<String>,
    pub(super) malformed: Option<&'static str>,
    /// The first name of the grammar that was used.
    pub(super) family: Option<&'static str>,
    /// Texts that a shell reads for it.
    #[serde(skip)]
    pub(super) texts: Vec<String>,
    /// Whether it adds nothing to what it runs.
    #[serde(skip)]
    pub(super) through: bool,
    /// Whether it adds words to what it runs.
    #[serde(skip)]
    pub(super) appends: bool,
    /// Whether some word is only partly known.
    #[serde(skip)]
    pub(super) partly: bool,
    #[serde(skip)]
    pub(super) may_have_options: bool,
}

impl ExecRequest {
    /// The argv as given.
    #[must_use]
    pub fn argv(&self) -> &[String] {
        &self.argv
    }
    /// The working directory, absolute.
    #[must_use]
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }
    /// The resolved program, once it is known.
    #[must_use]
    pub fn binary(&self) -> Option<&Path> {
        self.binary.as_deref()
    }
    /// The arguments that name files.
    #[must_use]
    pub fn files(&self) -> &[FileArgument] {
        &self.files
    }
    /// The options that run programs, change configuration or reach the network.
    #[must_use]
    pub fn hazards(&self) -> &[Hazard] {
        &self.hazards
    }
    /// The name of the program: the last component of `argv[0]`, or the applet of a multi-call binary (`rm` of `busybox rm`).
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }
    /// The subcommands in order: `remote`, `add`.
    #[must_use]
    pub fn subcommand(&self) -> &[String] {
        &self.subcommand
    }
    /// The positional words behind the subcommands, in order.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }
    /// The options, canonical.
    #[must_use]
    pub fn options(&self) -> &[OptionArgument] {
        &self.options
    }
    /// The commands this one runs, as far as its words show them (`env`, `xargs`, `find -exec`).
    #[must_use]
    pub fn inner(&self) -> &[ExecRequest] {
        &self.inner
    }
    /// The texts that a shell reads for it: behind `sh -c`, `eval`, `ssh host`.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }
    /// Whether it adds nothing to what it runs: what `nice` does is what the command behind it does.
    #[must_use]
    pub const fn is_transparent(&self) -> bool {
        self.through
    }
    /// Whether it adds words to the command it runs, which its own words do not show (`xargs`).
    #[must_use]
    pub const fn appends_words(&self) -> bool {
        self.appends
    }
    /// The same command without what its arguments name and run: what the lists say of the command line itself.
    #[must_use]
    pub fn by_its_words(&self) -> ExecRequest {
        ExecRequest { files: Vec::new(), hazards: Vec::new(), ..self.clone() }
    }
    /// The words of a built-in deny that match; no list opens it.
    #[must_use]
    pub fn built_in_deny(&self) -> Option<&str> {
        self.built_in_deny.as_deref()
    }
    /// What is wrong with the argv itself, if something is; such a request is denied.
    #[must_use]
    pub const fn malformed(&self) -> Option<&'static str> {
        self.malformed
    }
    /// Whether there is a grammar for the command.
    #[must_use]
    pub const fn has_grammar(&self) -> bool {
        self.family.is_some()
    }
    /// Replaces the path of one file argument by the resolved one. An index out of range changes nothing.
    pub fn set_file_path(&mut self, index: usize, path: PathBuf) {
        if let Some(file) = self.files.get_mut(index) {
            file.path = path;
        }
    }

    /// Replaces every file argument by what it leads to: the real path, and whether something is there. A bare word that names no
    /// file of the working directory is no file argument; one that does is.
    pub fn resolve_files(&mut self, leads_to: impl Fn(&Path) -> (PathBuf, bool)) {
        for file in &mut self.files {
            let (path, exists) = leads_to(&file.asked);
            if file.certainty == Certainty::Possible && exists {
                file.certainty = Certainty::Likely;
            }
            file.path = path;
        }
    }
}
