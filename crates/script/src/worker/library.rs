//! A script's own functions, frozen: what `compute` calls. A frozen function can change nothing outside itself, since all that it can
//! reach is frozen too. The interpreter freezes whole modules only, so the functions are evaluated once more as a module of their own: the
//! source with everything else blanked out, so that places in it stay what they are.

use std::collections::HashMap;

use starlark::environment::{FrozenModule, Module};
use starlark::eval::Evaluator;
use starlark::syntax::ast::{AssignTarget, AstAssignTarget, AstStmt, Expr, Stmt};
use starlark::values::FrozenHeapName;

use super::Context;
use super::evaluate::{parse, set_up};
use crate::source::Source;

/// A definition at the top level.
struct Definition {
    name: String,
    start: usize,
    end: usize,
}

/// The functions and literal constants of a script that are bound once, at the top level, and mention nothing else of the script's. None
/// if there are none.
pub(super) fn library(context: &Context, name: &str, text: &str) -> Option<FrozenModule> {
    let source = Source::new(name, text.to_owned());
    let ast = parse(&source, context.limits()).ok()?;
    let mut definitions = Vec::new();
    let mut bound = HashMap::new();
    collect(ast.statement(), true, &mut definitions, &mut bound);
    definitions.retain(|definition| bound.get(definition.name.as_str()) == Some(&1));
    while !definitions.is_empty() {
        match evaluated(context, name, &blanked(text, &definitions)) {
            Ok(module) => return Some(module),
            Err(message) => {
                // One that mentions what is not here cannot be here either.
                let missing = message.split('`').nth(1)?.to_owned();
                let before = definitions.len();
                definitions.retain(|definition| !mentions(text.get(definition.start..definition.end).unwrap_or_default(), &missing));
                if definitions.len() == before {
                    return None;
                }
            }
        }
    }
    None
}

fn evaluated(context: &Context, name: &str, text: &str) -> Result<FrozenModule, String> {
    let ast = parse(&Source::new(name, text.to_owned()), context.limits()).map_err(|e| e.message)?;
    Module::with_temp_heap(|module| {
        {
            let mut eval = Evaluator::new(&module);
            set_up(&mut eval, context, 0).map_err(|e| e.message)?;
            eval.eval_module(ast, context.globals()).map_err(|e| e.without_diagnostic().to_string())?;
        }
        module.freeze_named(FrozenHeapName::User(Box::new(name.to_owned()))).map_err(|_| String::new())
    })
}

fn collect(stmt: &AstStmt, top: bool, definitions: &mut Vec<Definition>, bound: &mut HashMap<String, usize>) {
    let span = (stmt.span.begin().get() as usize, stmt.span.end().get() as usize);
    let mut define = |name: &str, is_fit: bool| {
        *bound.entry(name.to_owned()).or_insert(0) += 1;
        if top && is_fit {
            definitions.push(Definition { name: name.to_owned(), start: span.0, end: span.1 });
        }
    };
    match &stmt.node {
        Stmt::Statements(all) => all.iter().for_each(|inner| collect(inner, top, definitions, bound)),
        Stmt::Def(def) => define(&def.name.ident, true),
        Stmt::Assign(assign) => match &assign.lhs.node {
            AssignTarget::Identifier(name) => define(&name.ident, matches!(assign.rhs.node, Expr::Literal(_))),
            _ => bind(&assign.lhs, bound),
        },
        Stmt::AssignModify(target, _, _) => bind(target, bound),
        Stmt::For(each) => {
            bind(&each.var, bound);
            collect(&each.body, false, definitions, bound);
        }
        Stmt::Load(load) => load.args.iter().for_each(|arg| *bound.entry(arg.local.ident.clone()).or_insert(0) += 1),
        _ => stmt.node.visit_stmt(|inner| collect(inner, false, definitions, bound)),
    }
}

fn bind(target: &AstAssignTarget, bound: &mut HashMap<String, usize>) {
    match &target.node {
        AssignTarget::Identifier(name) => *bound.entry(name.ident.clone()).or_insert(0) += 1,
        AssignTarget::Tuple(parts) => parts.iter().for_each(|part| bind(part, bound)),
        AssignTarget::Index(_) | AssignTarget::Dot(..) => {}
    }
}

/// The text with nothing but the definitions in it; lines and columns stay.
fn blanked(text: &str, definitions: &[Definition]) -> String {
    let kept = |at: usize| definitions.iter().any(|d| (d.start..d.end).contains(&at));
    text.char_indices()
        .flat_map(|(at, c)| {
            // As many bytes as before, so that every place stays.
            let (c, count) = if c == '\n' || kept(at) { (c, 1) } else { (' ', c.len_utf8()) };
            std::iter::repeat_n(c, count)
        })
        .collect()
}

/// Whether a name stands in some text as a word.
fn mentions(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|t| t.chars().next());
        !before.is_some_and(word) && !after.is_some_and(word)
    })
}
