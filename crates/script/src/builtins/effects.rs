//! The builtins that are effects, with what the verifier must know of each: one table for `try_`, verifier and documentation.

use aegis_policy::{Capability, Method, PathOp};

/// A builtin that asks the broker for something.
#[derive(Debug)]
pub(crate) struct EffectBuiltin {
    /// `fs.read`.
    pub name: &'static str,
    /// Where its target stands.
    pub target: TargetIn,
}

/// Where a call's target stands: the name and, in parentheses of the variants' docs, the position of the parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TargetIn {
    /// A path in `path` (0).
    Path(PathOp),
    /// A pattern in `pattern` (0), which no single access stands for.
    Pattern,
    /// A URL in `url` (0).
    Url(Method),
    /// A method in `method` (0) and a URL in `url` (1).
    MethodAndUrl,
    /// A variable in `name` (0).
    Variable,
    /// A list in `argv` (0).
    Argv,
    /// Words in `reason` (1), which only a run can judge: what a value depends on is not in the text.
    Reason,
    /// None.
    Nothing,
}

impl EffectBuiltin {
    /// The capability it needs, as far as its name tells; the method of `net.request` is an argument.
    pub(crate) fn capability(&self) -> Option<Capability> {
        match self.target {
            TargetIn::Path(op) => Some(op.capability()),
            TargetIn::Pattern => Some(Capability::FsRead),
            TargetIn::Url(method) => Some(method.capability()),
            TargetIn::Variable => Some(Capability::EnvRead),
            TargetIn::Argv => Some(Capability::SubprocessExec),
            TargetIn::Reason => Some(Capability::Declassify),
            TargetIn::MethodAndUrl | TargetIn::Nothing => None,
        }
    }

    /// The effect of that name.
    pub(crate) fn named(name: &str) -> Option<&'static EffectBuiltin> {
        EFFECTS.iter().find(|e| e.name == name)
    }
}

/// All of them.
pub(crate) const EFFECTS: &[EffectBuiltin] = &[
    EffectBuiltin { name: "fs.read", target: TargetIn::Path(PathOp::Read) },
    EffectBuiltin { name: "fs.read_range", target: TargetIn::Path(PathOp::Read) },
    EffectBuiltin { name: "fs.read_bytes", target: TargetIn::Path(PathOp::Read) },
    EffectBuiltin { name: "fs.write", target: TargetIn::Path(PathOp::Write) },
    EffectBuiltin { name: "fs.append", target: TargetIn::Path(PathOp::Write) },
    EffectBuiltin { name: "fs.replace", target: TargetIn::Path(PathOp::Write) },
    EffectBuiltin { name: "fs.delete", target: TargetIn::Path(PathOp::Delete) },
    EffectBuiltin { name: "fs.mkdir", target: TargetIn::Path(PathOp::Write) },
    EffectBuiltin { name: "fs.exists", target: TargetIn::Path(PathOp::Read) },
    EffectBuiltin { name: "fs.stat", target: TargetIn::Path(PathOp::Read) },
    EffectBuiltin { name: "fs.list", target: TargetIn::Path(PathOp::Read) },
    EffectBuiltin { name: "fs.list_local", target: TargetIn::Path(PathOp::Read) },
    EffectBuiltin { name: "fs.glob", target: TargetIn::Pattern },
    EffectBuiltin { name: "net.http_get", target: TargetIn::Url(Method::Get) },
    EffectBuiltin { name: "net.http_post", target: TargetIn::Url(Method::Post) },
    EffectBuiltin { name: "net.http_put", target: TargetIn::Url(Method::Put) },
    EffectBuiltin { name: "net.http_patch", target: TargetIn::Url(Method::Patch) },
    EffectBuiltin { name: "net.http_delete", target: TargetIn::Url(Method::Delete) },
    EffectBuiltin { name: "net.request", target: TargetIn::MethodAndUrl },
    EffectBuiltin { name: "env.read", target: TargetIn::Variable },
    EffectBuiltin { name: "subprocess.exec", target: TargetIn::Argv },
    EffectBuiltin { name: "subprocess.run", target: TargetIn::Argv },
    EffectBuiltin { name: "declassify", target: TargetIn::Reason },
    EffectBuiltin { name: "time.now", target: TargetIn::Nothing },
];
