//! What the worker tells the broker about a script.

use aegis_policy::{Capability, Method, PathOp};
use serde::{Deserialize, Serialize};
use starlark::syntax::AstModule;

use super::finding::Severity;
use super::types;
use super::walk::Walk;
use crate::builtins::Builtins;
use crate::source::Source;

/// A part of the script's text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Span {
    pub start: u32,
    pub end: u32,
}

/// What the verifier found in the syntax tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// What is wrong under any policy.
    pub problems: Vec<Problem>,
    /// Where capabilities are used.
    pub uses: Vec<CapabilityUse>,
    /// Effects with literal targets.
    pub calls: Vec<LiteralCall>,
    /// Values of one literal target that are given whole to another.
    pub flows: Vec<LiteralFlow>,
}

/// Something that is wrong under any policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Problem {
    pub severity: Severity,
    pub code: String,
    pub message: String,
    pub suggestion: Option<String>,
    pub span: Span,
}

/// A mention of a capability, by call or by reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CapabilityUse {
    pub capability: Capability,
    /// As written or resolved, `fs.read`.
    pub name: String,
    pub span: Span,
}

/// An effect whose target stands in the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiteralCall {
    /// The builtin, `fs.read`.
    pub name: String,
    /// What it acts on.
    pub target: Target,
    /// Whether the statement runs whenever the script does: not in a branch, loop, function or `try_`.
    pub always_runs: bool,
    /// The whole call.
    pub(crate) span: Span,
    /// What is called: where a mention of the capability stands.
    pub(crate) callee: Span,
}

/// A value that a literal effect gave, given whole to another literal effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiteralFlow {
    /// Where the value comes from.
    pub from: Target,
    /// The builtin that it is given to.
    pub name: String,
    /// What that acts on.
    pub to: Target,
    /// As [`LiteralCall::always_runs`].
    pub always_runs: bool,
    pub(crate) span: Span,
}

/// What a call acts on, as the script gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// A path, relative to the policy root.
    Path {
        /// What is done.
        op: PathOp,
        /// As given.
        path: String,
    },
    /// A URL.
    Url {
        /// The method.
        method: Method,
        /// As given.
        url: String,
    },
    /// A variable.
    Env {
        /// Its name.
        name: String,
    },
    /// A program with all its arguments.
    Argv {
        /// Program and arguments.
        argv: Vec<String>,
    },
}

/// The facts of a script that parses.
pub(crate) fn facts(ast: &AstModule, source: &Source, builtins: &Builtins) -> Facts {
    let mut walk = Walk::new(builtins);
    walk.module(ast.statement());
    // A wrong name makes every type that depends on it unknown.
    if walk.facts.problems.is_empty() {
        types::check(ast, source, &mut walk, builtins);
    }
    walk.facts
}
