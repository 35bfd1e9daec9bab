//! Wrong arity and types, through the interpreter's typechecker.
//!
//! It checks only functions, so the script is made one: `def` on a line before it, one space before each of its lines. `load` stands
//! only at the top of a module; what a script loads becomes parameters, of which nothing is known.

use std::collections::HashMap;

use starlark::syntax::AstModule;
use starlark::syntax::ast::{AstStmt, Stmt};
use starlark::typing::AstModuleTypecheck;

use super::facts::{Problem, Span};
use super::finding::Severity;
use super::walk::{Walk, place};
use crate::builtins::Builtins;
use crate::flow::OWN_METHODS;
use crate::source::Source;
use crate::worker::DIALECT;

/// Type errors above this number are left out.
const MOST: usize = 200;

pub(super) fn check(ast: &AstModule, source: &Source, walk: &mut Walk<'_>, builtins: &Builtins) {
    let mut text = source.text().to_owned();
    let mut loaded = vec!["args".to_owned()];
    for stmt in top(ast.statement()) {
        if let Stmt::Load(load) = &stmt.node {
            loaded.extend(load.args.iter().map(|arg| arg.local.ident.clone()));
            let span = place(stmt.span);
            blank(&mut text, span);
        }
    }
    loaded.sort();
    loaded.dedup();
    let mut wrapped = format!("def __script__({}):\n", loaded.join(", "));
    wrapped.reserve(text.len() + text.len() / 8);
    for line in text.split_inclusive('\n') {
        wrapped.push(' ');
        wrapped.push_str(line);
    }
    wrapped.push_str("\n pass\n");
    let Ok(module) = AstModule::parse(source.name(), wrapped, &DIALECT) else { return };
    let (errors, ..) = module.typecheck(builtins.globals(), &HashMap::new());
    for error in errors.iter().take(MOST) {
        let Some(at) = error.span().map(|s| s.resolve_span()) else { continue };
        let from = |line: usize, column: usize| {
            // One line and one column of the wrapping are taken off; both count from 0 there and from 1 here.
            let line = u32::try_from(line).unwrap_or(u32::MAX);
            source.offset(line, u32::try_from(column).unwrap_or(u32::MAX))
        };
        let span = Span { start: from(at.begin.line, at.begin.column), end: from(at.end.line, at.end.column) };
        let message = one_line(&error.without_diagnostic().to_string());
        if walk.compared.contains(&span) || is_of_labelled(&message) {
            continue;
        }
        let always = !walk.sometimes.iter().any(|s| s.start <= span.start && span.end <= s.end);
        // The checker knows less of what lies in lists, dicts and variables than the script does.
        let certain = walk.rigid.contains(&span) || ARITY.iter().any(|start| message.starts_with(start));
        walk.facts.problems.push(Problem {
            severity: if always && certain { Severity::Error } else { Severity::Warning },
            code: "type".to_owned(),
            message,
            suggestion: None,
            span,
        });
    }
}

/// How messages about the number and names of arguments begin.
const ARITY: [&str; 3] = ["Missing required parameter", "Unexpected parameter named", "Too many positional arguments"];

/// Whether a missing attribute is one that the value has where it is local-only, which its type does not say.
fn is_of_labelled(message: &str) -> bool {
    let Some(rest) = message.strip_prefix("The attribute `") else { return false };
    rest.split_once('`').is_some_and(|(name, _)| OWN_METHODS.contains(&name))
}

/// The statements of a module.
fn top(stmt: &AstStmt) -> Vec<&AstStmt> {
    match &stmt.node {
        Stmt::Statements(all) => all.iter().flat_map(top).collect(),
        _ => vec![stmt],
    }
}

/// Puts `pass` where a statement stood, keeping its lines.
fn blank(text: &mut String, span: Span) {
    let range = usize::try_from(span.start).unwrap_or(0)..usize::try_from(span.end).unwrap_or(0);
    let Some(part) = text.get(range.clone()) else { return };
    let blanked: String = part
        .chars()
        .enumerate()
        .map(|(i, c)| match ("pass".as_bytes().get(i), c) {
            (_, '\n') => '\n',
            (Some(p), _) => char::from(*p),
            _ => ' ',
        })
        .collect();
    text.replace_range(range, &blanked);
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
