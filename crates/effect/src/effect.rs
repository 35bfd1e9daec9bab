//! Effects: what a script asks for, as data.

use std::time::Duration;

use aegis_policy::{Capability, Method};
use serde::{Deserialize, Serialize};

use crate::label::Label;
use crate::payload::{Handle, Payload};

/// One effect with the place in the script that asked for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// What is asked.
    pub effect: Effect,
    /// Line of the call in the script, from 1; 0 where there is no script.
    pub line: u32,
    /// What the run's going on depends on by now: public, until the script has branched on a labelled value.
    pub current: Label,
}

/// Everything a script can do to the world. Paths, names and URLs are as the script gave them: nothing is resolved yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// `fs.read`: the whole file as UTF-8 text.
    FsRead {
        /// As given.
        path: String,
    },
    /// `fs.read_bytes`: the whole file as bytes.
    FsReadBytes {
        /// As given.
        path: String,
    },
    /// `fs.read_range`: at most `limit` bytes from `offset`, cut to whole UTF-8 characters.
    FsReadRange {
        /// As given.
        path: String,
        /// In bytes.
        offset: u64,
        /// In bytes.
        limit: u64,
    },
    /// `fs.write`: the file's new content, atomically.
    FsWrite {
        /// As given.
        path: String,
        /// The new content.
        content: Payload,
    },
    /// `fs.append`.
    FsAppend {
        /// As given.
        path: String,
        /// What is added.
        content: Payload,
    },
    /// `fs.replace`: the one occurrence of `old` becomes `new`.
    FsReplace {
        /// As given.
        path: String,
        /// Must stand in the file exactly once.
        old: Payload,
        /// What stands there afterwards.
        new: Payload,
    },
    /// `fs.delete`: a file, a link itself, or an empty directory.
    FsDelete {
        /// As given.
        path: String,
    },
    /// `fs.mkdir`: the directory and its missing parents.
    FsMkdir {
        /// As given.
        path: String,
    },
    /// `fs.exists`.
    FsExists {
        /// As given.
        path: String,
    },
    /// `fs.stat`.
    FsStat {
        /// As given.
        path: String,
    },
    /// `fs.list`: names in a directory, sorted; directories end in `/`.
    FsList {
        /// As given.
        path: String,
    },
    /// `fs.list_local`: the local-only names in a directory, as a labelled list.
    FsListLocal {
        /// As given.
        path: String,
    },
    /// `fs.glob`: paths that match, sorted, relative to the policy root where the pattern is.
    FsGlob {
        /// As given.
        pattern: String,
    },
    /// `load("//lib.star")`: a script file that the policy lets the script read.
    Load {
        /// As given, without the leading `//`.
        path: String,
    },
    /// `net.*`.
    Http(HttpRequest),
    /// `env.read`.
    EnvRead {
        /// The variable.
        name: String,
        /// What stands for it if it is not set: a local-only variable does not tell whether it is.
        default: Option<String>,
    },
    /// `subprocess.*`.
    Exec(Child),
    /// `time.now()`.
    Now,
    /// `declassify`: a labelled value becomes public, by a rule of the policy.
    Declassify {
        /// The value.
        value: Payload,
        /// The rule's words.
        reason: String,
    },
    /// The content of a labelled value, which the worker computes with. Not a call of a script's.
    Reveal {
        /// The value.
        handle: Handle,
    },
}

impl Effect {
    /// Everything in it that may hold labelled values.
    pub fn payloads_mut(&mut self) -> Vec<&mut Payload> {
        match self {
            Effect::FsWrite { content, .. } | Effect::FsAppend { content, .. } => vec![content],
            Effect::FsReplace { old, new, .. } => vec![old, new],
            Effect::Declassify { value, .. } => vec![value],
            Effect::Http(http) => {
                let body = match &mut http.body {
                    HttpBody::Empty => None,
                    HttpBody::Raw(body) | HttpBody::Json(body) => Some(body),
                };
                let fields = http.headers.iter_mut().chain(&mut http.params).map(|(_, value)| value);
                fields.chain(body).collect()
            }
            Effect::Exec(child) => {
                let env = child.env.iter_mut().map(|(_, value)| value);
                child.argv.iter_mut().chain([&mut child.stdin]).chain(env).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The capability the effect is counted and judged under; none for `time.now()`.
    #[must_use]
    pub fn capability(&self) -> Option<Capability> {
        match self {
            Effect::FsRead { .. }
            | Effect::FsReadBytes { .. }
            | Effect::FsReadRange { .. }
            | Effect::FsExists { .. }
            | Effect::FsStat { .. }
            | Effect::FsList { .. }
            | Effect::FsListLocal { .. }
            | Effect::FsGlob { .. }
            | Effect::Load { .. } => Some(Capability::FsRead),
            Effect::FsWrite { .. } | Effect::FsAppend { .. } | Effect::FsReplace { .. } | Effect::FsMkdir { .. } => {
                Some(Capability::FsWrite)
            }
            Effect::FsDelete { .. } => Some(Capability::FsDelete),
            Effect::Http(request) => Some(request.method.capability()),
            Effect::EnvRead { .. } => Some(Capability::EnvRead),
            Effect::Exec(_) => Some(Capability::SubprocessExec),
            Effect::Declassify { .. } => Some(Capability::Declassify),
            Effect::Now | Effect::Reveal { .. } => None,
        }
    }

    /// The builtin's name, as scripts and journals have it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Effect::FsRead { .. } => "fs.read",
            Effect::FsReadBytes { .. } => "fs.read_bytes",
            Effect::FsReadRange { .. } => "fs.read_range",
            Effect::FsWrite { .. } => "fs.write",
            Effect::FsAppend { .. } => "fs.append",
            Effect::FsReplace { .. } => "fs.replace",
            Effect::FsDelete { .. } => "fs.delete",
            Effect::FsMkdir { .. } => "fs.mkdir",
            Effect::FsExists { .. } => "fs.exists",
            Effect::FsStat { .. } => "fs.stat",
            Effect::FsList { .. } => "fs.list",
            Effect::FsListLocal { .. } => "fs.list_local",
            Effect::FsGlob { .. } => "fs.glob",
            Effect::Load { .. } => "load",
            Effect::Http(request) if request.fail_on_status => request.method.capability().name(),
            Effect::Http(_) => "net.request",
            Effect::EnvRead { .. } => "env.read",
            Effect::Exec(child) if child.fail_on_exit => "subprocess.exec",
            Effect::Exec(_) => "subprocess.run",
            Effect::Now => "time.now",
            Effect::Declassify { .. } => "declassify",
            Effect::Reveal { .. } => "reveal",
        }
    }
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// One of the six methods.
    pub method: Method,
    /// As given.
    pub url: String,
    /// Added to the URL's query, percent-encoded by the gate.
    pub params: Vec<(String, Payload)>,
    /// Header fields in order; values may be labelled.
    pub headers: Vec<(String, Payload)>,
    /// The body.
    pub body: HttpBody,
    /// Whether a status of 400 or more is an error (`http_get` and the like) or an answer (`net.request`).
    pub fail_on_status: bool,
    /// The script's own limit, never above the policy's.
    pub timeout: Option<Duration>,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum HttpBody {
    /// None.
    Empty,
    /// As given.
    Raw(Payload),
    /// JSON text; sets `Content-Type: application/json` unless a header says otherwise.
    Json(Payload),
}

/// A child process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Child {
    /// Program and arguments; arguments may be labelled for local-only commands.
    pub argv: Vec<Payload>,
    /// What the child reads; empty means that its stdin is closed.
    pub stdin: Payload,
    /// Working directory as given; none is the policy root.
    pub cwd: Option<String>,
    /// Variables set for the child beside the allowed ones of the policy; values may be labelled for local-only commands.
    pub env: Vec<(String, Payload)>,
    /// The script's own limit, never above the policy's.
    pub timeout: Option<Duration>,
    /// Whether an exit code other than 0 is an error (`subprocess.exec`) or an answer (`subprocess.run`).
    pub fail_on_exit: bool,
}
