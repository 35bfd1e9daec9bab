//! What an effect gave back.

use serde::{Deserialize, Serialize};

use crate::label::Label;
use crate::payload::{Handle, bytes};

/// The answer to one effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// Done, nothing to say.
    Unit,
    /// Yes or no.
    Bool(bool),
    /// Text.
    Text(String),
    /// A whole number of any size, in decimal digits.
    Int(String),
    /// Bytes.
    Bytes(#[serde(with = "bytes")] Vec<u8>),
    /// A variable that is not set.
    Unset,
    /// Names or paths, sorted.
    Names(Vec<String>),
    /// Metadata.
    Stat(Stat),
    /// An HTTP answer.
    Response(HttpResponse),
    /// A finished child.
    Exec(ExecOutput),
    /// Seconds since the Unix epoch.
    Time(f64),
    /// A labelled value: its content stays with the broker.
    Labelled(Labelled),
    /// A struct of labelled values, by field (`status`, `headers`, `body`; `exit_code`, `stdout`, `stderr`).
    LabelledFields(Vec<(String, Labelled)>),
}

/// A labelled value, as a script holds it: a handle, never content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labelled {
    /// What the broker knows it by.
    pub handle: Handle,
    /// What kind of value it stands for.
    pub shape: Shape,
    /// What it depends on.
    pub label: Label,
    /// The names of those sources, for messages (`env:TOKEN`). Names of rules, never content.
    pub sources: Vec<String>,
}

/// The type of a labelled value. A fact of the call that made it, never of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// `str`
    Text,
    /// `bytes`
    Bytes,
    /// `int`
    Int,
    /// `bool`
    Bool,
    /// A dict of header fields.
    Headers,
    /// A list of `str`; held as a JSON array.
    Names,
    /// A struct of metadata.
    Stat,
    /// Nothing.
    Unit,
}

/// What a directory entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A FIFO, socket or device.
    Other,
}

/// Metadata of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stat {
    /// What it is.
    pub kind: FileKind,
    /// In bytes; 0 for directories.
    pub size: u64,
    /// Last change of content, seconds since the Unix epoch; 0 for directories.
    pub modified: f64,
    /// Whether it may be executed by someone.
    pub executable: bool,
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpResponse {
    /// 100 to 599.
    pub status: u16,
    /// Names in lower case; repeated fields joined by `, `.
    pub headers: Vec<(String, String)>,
    /// Decompressed, UTF-8 with replacement characters where it is not.
    pub body: String,
}

/// A finished child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecOutput {
    /// The exit code; 128 + signal where one ended it.
    pub exit_code: i32,
    /// All of it; larger output is an error.
    #[serde(with = "bytes")]
    pub stdout: Vec<u8>,
    /// All of it.
    #[serde(with = "bytes")]
    pub stderr: Vec<u8>,
}
