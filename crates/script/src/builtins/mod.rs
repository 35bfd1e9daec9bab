//! What a script can call. Types and doc strings here are what `aegis check` and the reference documentation use.

mod arguments;
mod compare;
mod fs;
mod json;
mod local_only;
mod outcome;
mod print;
mod response;

use std::collections::HashMap;

use starlark::environment::{Globals, GlobalsBuilder, LibraryExtension};
use starlark::syntax::AstModule;

pub(crate) use local_only::LocalOnly;
pub(crate) use response::Response;

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
        builder.namespace("json", json::members);
        print::members(&mut builder);
        compare::members(&mut builder);
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

/// The reference of all builtins in Markdown.
#[must_use]
pub fn builtin_reference() -> String {
    String::new()
}
