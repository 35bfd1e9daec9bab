//! What a script can call. Types and doc strings here are what `aegis check` and the reference documentation use.

mod arguments;
mod base64;
mod compare;
mod compute;
mod declassify;
mod effects;
mod env;
mod fs;
mod hash;
mod json;
mod log;
mod net;
mod outcome;
mod print;
mod re;
mod reference;
mod response;
mod subprocess;
mod time;
mod try_;

use std::collections::HashMap;

use starlark::environment::{Globals, GlobalsBuilder, LibraryExtension};
use starlark::syntax::AstModule;

pub(crate) use effects::{EFFECTS, EffectBuiltin, TargetIn};
pub(crate) use json::decode as decode_json;
pub use reference::builtin_reference;
pub(crate) use response::{FrozenResponse, Response};

/// The globals of every script.
#[derive(Debug)]
pub(crate) struct Builtins {
    globals: Globals,
}

impl Builtins {
    pub(crate) fn new() -> Builtins {
        let mut builder = GlobalsBuilder::extended_by(&[
            LibraryExtension::StructType,
            LibraryExtension::Partial,
            LibraryExtension::Map,
            LibraryExtension::Filter,
            LibraryExtension::SetType,
        ]);
        builder.namespace("fs", fs::members);
        builder.namespace("net", net::members);
        builder.namespace("env", env::members);
        builder.namespace("subprocess", subprocess::members);
        builder.namespace("json", json::members);
        builder.namespace("hash", hash::members);
        builder.namespace("base64", base64::members);
        builder.namespace("time", time::members);
        builder.namespace("re", re::members);
        builder.namespace("log", log::members);
        try_::members(&mut builder);
        print::members(&mut builder);
        compare::members(&mut builder);
        compute::members(&mut builder);
        declassify::members(&mut builder);
        Builtins { globals: builder.build() }
    }

    pub(crate) fn globals(&self) -> &Globals {
        &self.globals
    }

    /// Makes `==`, `!=`, `in` and `not in` see local-only values: the interpreter compares strings without asking them.
    pub(crate) fn compare_strictly(&self, ast: &mut AstModule) {
        let operators = compare::OPERATORS.iter().map(|(operator, function)| ((*operator).to_owned(), (*function).to_owned()));
        ast.replace_binary_operators(&operators.collect::<HashMap<_, _>>());
    }
}
