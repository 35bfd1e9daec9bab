//! A command line as the policy sees it.

use std::path::{Path, PathBuf};

use serde::Serialize;

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

/// An argument that names a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileArgument {
    /// Read or written.
    pub op: PathOp,
    /// As it stands in the argv.
    pub raw: String,
    /// Absolute; lexical at first, resolved by the gate.
    pub path: PathBuf,
}

/// An option that runs programs, changes configuration or reaches the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hazard {
    /// Normalised: `-c`, `--upload-pack`.
    pub option: String,
    /// `Exec`, `Config` or `Net`.
    pub role: Role,
}

/// An argv, read by the grammar of its command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExecRequest {
    pub(crate) argv: Vec<String>,
    pub(crate) cwd: PathBuf,
    pub(crate) binary: Option<PathBuf>,
    pub(crate) files: Vec<FileArgument>,
    pub(crate) hazards: Vec<Hazard>,
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
}
