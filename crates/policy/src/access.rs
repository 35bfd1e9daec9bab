//! What a policy is asked: a capability and its target.

use std::net::IpAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::command::ExecRequest;
use crate::pattern::RequestUrl;

/// A kind of effect that a policy can grant. The names are those of the policy file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Capability {
    /// `fs.read`: read, exists, stat, list, glob.
    #[serde(rename = "fs.read")]
    FsRead,
    /// `fs.write`: write, append, replace, mkdir.
    #[serde(rename = "fs.write")]
    FsWrite,
    /// `fs.delete`.
    #[serde(rename = "fs.delete")]
    FsDelete,
    /// `net.http_get`, also HEAD.
    #[serde(rename = "net.http_get")]
    NetHttpGet,
    /// `net.http_post`.
    #[serde(rename = "net.http_post")]
    NetHttpPost,
    /// `net.http_put`.
    #[serde(rename = "net.http_put")]
    NetHttpPut,
    /// `net.http_patch`.
    #[serde(rename = "net.http_patch")]
    NetHttpPatch,
    /// `net.http_delete`.
    #[serde(rename = "net.http_delete")]
    NetHttpDelete,
    /// `env.read`.
    #[serde(rename = "env.read")]
    EnvRead,
    /// `subprocess.exec`: exec, run.
    #[serde(rename = "subprocess.exec")]
    SubprocessExec,
    /// `declassify`: a labelled value becomes public.
    #[serde(rename = "declassify")]
    Declassify,
}

impl Capability {
    /// Every capability, in the order of the documentation.
    pub const ALL: [Capability; 11] = [
        Capability::FsRead,
        Capability::FsWrite,
        Capability::FsDelete,
        Capability::NetHttpGet,
        Capability::NetHttpPost,
        Capability::NetHttpPut,
        Capability::NetHttpPatch,
        Capability::NetHttpDelete,
        Capability::EnvRead,
        Capability::SubprocessExec,
        Capability::Declassify,
    ];

    /// The name in policy files, journals and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Capability::FsRead => "fs.read",
            Capability::FsWrite => "fs.write",
            Capability::FsDelete => "fs.delete",
            Capability::NetHttpGet => "net.http_get",
            Capability::NetHttpPost => "net.http_post",
            Capability::NetHttpPut => "net.http_put",
            Capability::NetHttpPatch => "net.http_patch",
            Capability::NetHttpDelete => "net.http_delete",
            Capability::EnvRead => "env.read",
            Capability::SubprocessExec => "subprocess.exec",
            Capability::Declassify => "declassify",
        }
    }

    /// The capability of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Capability> {
        Capability::ALL.into_iter().find(|c| c.name() == name)
    }
}

/// What is done to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathOp {
    /// Content, existence, metadata or a listing is read.
    Read,
    /// Content or a directory is made or changed.
    Write,
    /// The name is removed.
    Delete,
}

impl PathOp {
    /// The capability that covers this operation.
    #[must_use]
    pub const fn capability(self) -> Capability {
        match self {
            PathOp::Read => Capability::FsRead,
            PathOp::Write => Capability::FsWrite,
            PathOp::Delete => Capability::FsDelete,
        }
    }
}

/// The HTTP methods a script may use (RFC 9110).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are those of RFC 9110")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The capability that covers this method; HEAD is covered by `net.http_get`.
    #[must_use]
    pub const fn capability(self) -> Capability {
        match self {
            Method::Get | Method::Head => Capability::NetHttpGet,
            Method::Post => Capability::NetHttpPost,
            Method::Put => Capability::NetHttpPut,
            Method::Patch => Capability::NetHttpPatch,
            Method::Delete => Capability::NetHttpDelete,
        }
    }

    /// The name on the wire, upper case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// The method of that name in any case, if it is one of the six.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Method> {
        [Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch, Method::Delete]
            .into_iter()
            .find(|m| m.name().eq_ignore_ascii_case(name))
    }
}

/// One question to [`crate::Policy::decide`]. Targets are resolved objects, or names where nothing is resolved yet.
#[derive(Debug, Clone, Copy)]
pub enum Access<'a> {
    /// An operation on a resolved absolute path, without `.` or `..` components.
    Path {
        /// What is done.
        op: PathOp,
        /// The resolved absolute path.
        path: &'a Path,
    },
    /// The same before anything is opened: only the control files and the deny lists are consulted, so that what they
    /// name answers the same whether it exists or not. `allow` here grants nothing.
    PathName {
        /// What is done.
        op: PathOp,
        /// The absolute path as asked, lexically normalised.
        path: &'a Path,
    },
    /// A request to a host, before its name is resolved.
    Http {
        /// The method.
        method: Method,
        /// The parsed, serialised target.
        url: &'a RequestUrl,
    },
    /// A tunnel for a confined child to a host and port, before its name is resolved. Neither verb nor path shows in it.
    Connect {
        /// Host and port; its scheme, path and query say nothing.
        url: &'a RequestUrl,
    },
    /// A connection to one resolved address.
    Address {
        /// The address that would be connected to.
        ip: IpAddr,
    },
    /// Reading a variable of the operator's environment.
    Env {
        /// Its name.
        name: &'a str,
    },
    /// Passing a variable of the operator's environment to a child.
    ChildEnv {
        /// Its name.
        name: &'a str,
    },
    /// Starting a program.
    Exec(&'a ExecRequest),
    /// A tool of a coding agent or an MCP server, by name.
    Tool {
        /// The tool's name, for example `mcp__memory__store`.
        name: &'a str,
    },
    /// Making something public that depends on a local-only source. What it depends on takes one question for each source.
    Declassify {
        /// The name of the source, for example `env:TOKEN`.
        source: &'a str,
        /// The script's words; those of the rule that it means.
        reason: &'a str,
    },
}
