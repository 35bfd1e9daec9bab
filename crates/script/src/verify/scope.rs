//! Names: what they are bound to where it is known, and which of them exist.

use std::collections::HashMap;

use starlark::syntax::ast::{AssignTarget, AstAssignTarget, AstExpr, AstStmt, Expr, ForClause, Parameter, Stmt};

use super::facts::Target;
use crate::builtins::EffectBuiltin;

/// What is known of a name or an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Known {
    /// Nothing.
    Nothing,
    /// A namespace of builtins.
    Namespace(&'static str),
    /// An effect.
    Effect(&'static str),
    /// Text.
    Text(String),
    /// What a reading effect with this literal target gave.
    From(Box<Target>),
}

impl Known {
    pub(super) fn effect(&self) -> Option<&'static EffectBuiltin> {
        match self {
            Known::Effect(name) => EffectBuiltin::named(name),
            _ => None,
        }
    }
}

/// The names of one function, comprehension or module.
#[derive(Debug, Default)]
pub(super) struct Scope {
    names: HashMap<String, Bound>,
}

#[derive(Debug)]
struct Bound {
    times: usize,
    known: Known,
}

impl Scope {
    /// Adds a name whose value is not known.
    pub(super) fn bind(&mut self, name: &str) {
        let bound = self.names.entry(name.to_owned()).or_insert(Bound { times: 0, known: Known::Nothing });
        bound.times += 1;
        bound.known = Known::Nothing;
    }

    /// Says what a name is, unless it is bound more than once: then it may be anything.
    pub(super) fn learn(&mut self, name: &str, known: Known) {
        if let Some(bound) = self.names.get_mut(name).filter(|b| b.times == 1) {
            bound.known = known;
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Known> {
        self.names.get(name).map(|b| &b.known)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Binds what a body binds, but not what functions inside it bind.
    pub(super) fn bind_body(&mut self, stmt: &AstStmt) {
        match &stmt.node {
            Stmt::Assign(assign) => self.bind_target(&assign.lhs),
            Stmt::AssignModify(target, _, _) => self.bind_target(target),
            Stmt::For(f) => {
                self.bind_target(&f.var);
                self.bind_body(&f.body);
            }
            Stmt::Def(def) => self.bind(&def.name.ident),
            Stmt::Load(load) => load.args.iter().for_each(|arg| self.bind(&arg.local.ident)),
            _ => stmt.node.visit_stmt(|inner| self.bind_body(inner)),
        }
    }

    pub(super) fn bind_parameters<'a>(&mut self, parameters: impl Iterator<Item = &'a Parameter>) {
        for name in parameters.filter_map(Parameter::ident) {
            self.bind(&name.ident);
        }
    }

    pub(super) fn bind_clause(&mut self, clause: &ForClause) {
        self.bind_target(&clause.var);
    }

    fn bind_target(&mut self, target: &AstAssignTarget) {
        match &target.node {
            AssignTarget::Identifier(name) => self.bind(&name.ident),
            AssignTarget::Tuple(parts) => parts.iter().for_each(|part| self.bind_target(part)),
            AssignTarget::Index(_) | AssignTarget::Dot(..) => {}
        }
    }
}

/// The name of an expression that is only a name.
pub(super) fn identifier(expr: &AstExpr) -> Option<&str> {
    match &expr.node {
        Expr::Identifier(name) => Some(&name.ident),
        _ => None,
    }
}

/// The nearest of some names, if one is near enough to be meant.
pub(super) fn nearest<'a>(name: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let bound = if name.chars().count() <= 4 { 1 } else { 2 };
    among.map(|other| (distance(name, other), other)).filter(|(d, _)| *d > 0 && *d <= bound).min().map(|(_, other)| other)
}

/// Optimal string alignment distance: insertions, deletions, replacements, and neighbours that changed places.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let at = |row: &Vec<usize>, j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, j) + usize::from(ca != cb)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(cb) && b.get(j - 1) == Some(ca) {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_one_that_could_be_meant() {
        let names = ["read", "read_bytes", "write", "list"];
        assert_eq!(nearest("raed", names.into_iter()), Some("read"));
        assert_eq!(nearest("wriet", names.into_iter()), Some("write"));
        assert_eq!(nearest("open", names.into_iter()), None);
    }
}
