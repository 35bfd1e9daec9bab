//! The walk over the syntax tree that finds names, members, capabilities and literal calls.

use std::collections::HashSet;

use aegis_policy::{Method, PathOp};
use starlark::codemap;
use starlark::syntax::ast::{Argument, AssignTarget, AstArgument, AstExpr, AstLiteral, AstStmt, BinOp, Clause, Expr, Stmt};

use super::facts::{CapabilityUse, Facts, LiteralCall, LiteralFlow, Problem, Span, Target};
use super::finding::Severity;
use super::scope::{Known, Scope, identifier, nearest};
use crate::builtins::{Builtins, EFFECTS, EffectBuiltin, TargetIn};
use crate::worker::name_hint;

/// Facts of one kind above this number are left out.
const MOST: usize = 5_000;

/// The state of a walk.
pub(super) struct Walk<'a> {
    builtins: &'a Builtins,
    globals: HashSet<&'a str>,
    scopes: Vec<Scope>,
    /// Whether what is walked runs whenever the script does.
    always: bool,
    /// What does not always run.
    pub(super) sometimes: Vec<Span>,
    /// What has the type that it seems to have: literals, displays, results of effects; members and operators of such.
    pub(super) rigid: HashSet<Span>,
    /// Operands of `==`, and `in` expressions: unlike types there are no error, only never equal.
    pub(super) compared: HashSet<Span>,
    pub(super) facts: Facts,
}

impl<'a> Walk<'a> {
    pub(super) fn new(builtins: &'a Builtins) -> Walk<'a> {
        let globals = builtins.globals().iter().map(|(name, _)| name).chain(["args"]).collect();
        Walk {
            builtins,
            globals,
            scopes: Vec::new(),
            always: true,
            sometimes: Vec::new(),
            rigid: HashSet::new(),
            compared: HashSet::new(),
            facts: Facts::default(),
        }
    }

    pub(super) fn module(&mut self, stmt: &AstStmt) {
        let mut module = Scope::default();
        module.bind_body(stmt);
        self.scopes.push(module);
        self.stmt(stmt);
    }

    fn stmt(&mut self, stmt: &AstStmt) {
        match &stmt.node {
            Stmt::Statements(all) => all.iter().for_each(|s| self.stmt(s)),
            Stmt::Expression(e) => self.expr(e),
            Stmt::Assign(assign) => {
                self.target_expressions(&assign.lhs.node);
                self.expr(&assign.rhs);
                if let AssignTarget::Identifier(name) = &assign.lhs.node {
                    let known = self.known(&assign.rhs);
                    if let Some(scope) = self.scopes.last_mut() {
                        scope.learn(&name.ident, known);
                    }
                }
            }
            Stmt::AssignModify(target, _, value) => {
                self.target_expressions(&target.node);
                self.expr(value);
            }
            Stmt::If(condition, then) => {
                self.expr(condition);
                self.sometimes(then.span, |walk| walk.stmt(then));
            }
            Stmt::IfElse(condition, branches) => {
                self.expr(condition);
                self.sometimes(branches.0.span, |walk| walk.stmt(&branches.0));
                self.sometimes(branches.1.span, |walk| walk.stmt(&branches.1));
            }
            Stmt::For(f) => {
                self.expr(&f.over);
                self.target_expressions(&f.var.node);
                self.sometimes(f.body.span, |walk| walk.stmt(&f.body));
            }
            Stmt::Def(def) => {
                for parameter in &def.params {
                    // Types are the interpreter's to check; defaults are evaluated where the function is.
                    if let (_, _, Some(default)) = parameter.split() {
                        self.expr(default);
                    }
                }
                let mut scope = Scope::default();
                scope.bind_body(&def.body);
                scope.bind_parameters(def.params.iter().map(|p| &p.node));
                self.inside(scope, def.body.span, |walk| walk.stmt(&def.body));
            }
            Stmt::Return(Some(e)) => self.expr(e),
            Stmt::Return(None) | Stmt::Break | Stmt::Continue | Stmt::Pass | Stmt::Load(_) => {}
        }
    }

    fn target_expressions(&mut self, target: &AssignTarget) {
        match target {
            AssignTarget::Tuple(parts) => parts.iter().for_each(|p| self.target_expressions(&p.node)),
            AssignTarget::Index(pair) => {
                self.expr(&pair.0);
                self.expr(&pair.1);
            }
            AssignTarget::Dot(base, _) => self.expr(base),
            AssignTarget::Identifier(_) => {}
        }
    }

    fn expr(&mut self, expr: &AstExpr) {
        self.note_types(expr);
        match &expr.node {
            Expr::Identifier(name) => {
                self.name_exists(&name.ident, expr.span);
                self.mention(expr);
            }
            Expr::Dot(base, member) => {
                if let Known::Namespace(namespace) = self.known(base) {
                    self.member_exists(namespace, member, expr.span);
                }
                self.mention(expr);
                self.expr(base);
            }
            Expr::Call(called, args) => self.call(expr, called, &args.args),
            Expr::Lambda(lambda) => {
                for parameter in &lambda.params {
                    if let (_, _, Some(default)) = parameter.split() {
                        self.expr(default);
                    }
                }
                let mut scope = Scope::default();
                scope.bind_parameters(lambda.params.iter().map(|p| &p.node));
                self.inside(scope, lambda.body.span, |walk| walk.expr(&lambda.body));
            }
            Expr::ListComprehension(item, first, clauses) => {
                self.expr(&first.over);
                self.comprehension(first, clauses, expr, |walk| walk.expr(item));
            }
            Expr::DictComprehension(pair, first, clauses) => {
                self.expr(&first.over);
                self.comprehension(first, clauses, expr, |walk| {
                    walk.expr(&pair.0);
                    walk.expr(&pair.1);
                });
            }
            Expr::If(parts) => {
                let (condition, then, otherwise) = &**parts;
                self.expr(condition);
                self.sometimes(then.span, |walk| walk.expr(then));
                self.sometimes(otherwise.span, |walk| walk.expr(otherwise));
            }
            Expr::Op(left, BinOp::And | BinOp::Or, right) => {
                self.expr(left);
                self.sometimes(right.span, |walk| walk.expr(right));
            }
            other => other.visit_expr(|inner| self.expr(inner)),
        }
    }

    fn note_types(&mut self, expr: &AstExpr) {
        if self.is_rigid(expr) {
            self.rigid.insert(place(expr.span));
        }
        match &expr.node {
            Expr::Dot(base, member) if self.is_rigid(base) => {
                self.rigid.insert(place(member.span));
            }
            Expr::Op(left, BinOp::Equal | BinOp::NotEqual, right) => {
                self.compared.extend([place(left.span), place(right.span)]);
            }
            Expr::Op(_, BinOp::In | BinOp::NotIn, _) => {
                self.compared.insert(place(expr.span));
            }
            Expr::Op(left, _, right) if self.is_rigid(left) && self.is_rigid(right) => {
                self.rigid.insert(place(expr.span));
            }
            _ => {}
        }
    }

    fn is_rigid(&self, expr: &AstExpr) -> bool {
        match &expr.node {
            Expr::Literal(_) | Expr::List(_) | Expr::Tuple(_) | Expr::Dict(_) | Expr::FString(_) => true,
            Expr::Call(called, _) => self.known(called).effect().is_some(),
            _ => false,
        }
    }

    fn comprehension(
        &mut self,
        first: &starlark::syntax::ast::ForClause,
        clauses: &[Clause],
        whole: &AstExpr,
        body: impl FnOnce(&mut Walk<'a>),
    ) {
        let mut scope = Scope::default();
        scope.bind_clause(first);
        for clause in clauses {
            if let Clause::For(clause) = clause {
                scope.bind_clause(clause);
            }
        }
        self.inside(scope, whole.span, |walk| {
            for clause in clauses {
                match clause {
                    Clause::For(clause) => walk.expr(&clause.over),
                    Clause::If(condition) => walk.expr(condition),
                }
            }
            body(walk);
        });
    }

    fn call(&mut self, whole: &AstExpr, called: &AstExpr, args: &[AstArgument]) {
        if identifier(called) == Some("try_") && self.is_global("try_") {
            // What `try_` calls may fail without an end.
            self.expr(called);
            let effect = args.first().map(|a| self.known(a.expr())).and_then(|k| k.effect());
            self.sometimes(whole.span, |walk| {
                args.iter().for_each(|a| walk.expr(a.expr()));
                if let Some(effect) = effect {
                    walk.literal_call(
                        effect,
                        args.get(1..).unwrap_or_default(),
                        whole.span,
                        args.first().map_or(whole.span, |a| a.expr().span),
                    );
                }
            });
            return;
        }
        let known = self.known(called);
        if let Some(effect) = known.effect() {
            self.literal_call(effect, args, whole.span, called.span);
        }
        // `getattr(fs, "read")` is a mention like `fs.read`.
        if identifier(called) == Some("getattr") && self.known(whole) != Known::Nothing {
            self.mention(whole);
        }
        if let (Some("getattr"), Some(Known::Namespace(namespace)), Some(Known::Text(member)), 2) =
            (identifier(called), args.first().map(|a| self.known(a.expr())), args.get(1).map(|a| self.known(a.expr())), args.len())
        {
            self.member_exists(namespace, &member, whole.span);
        }
        self.expr(called);
        args.iter().for_each(|a| self.expr(a.expr()));
    }

    /// What an expression is, as far as the text tells.
    fn known(&self, expr: &AstExpr) -> Known {
        match &expr.node {
            Expr::Identifier(name) => match self.scopes.iter().rev().find_map(|s| s.get(&name.ident)) {
                Some(known) => known.clone(),
                None => namespace(&name.ident).map_or_else(|| global_effect(&name.ident), Known::Namespace),
            },
            Expr::Dot(base, member) => match self.known(base) {
                Known::Namespace(space) => effect(space, member),
                _ => Known::Nothing,
            },
            Expr::Call(called, args) if identifier(called) == Some("getattr") && self.is_global("getattr") => {
                match (args.args.first().map(|a| self.known(a.expr())), args.args.get(1).map(|a| self.known(a.expr()))) {
                    (Some(Known::Namespace(space)), Some(Known::Text(member))) => effect(space, &member),
                    _ => Known::Nothing,
                }
            }
            Expr::Call(called, args) => self.reads(called, &args.args),
            Expr::Literal(AstLiteral::String(text)) => Known::Text(text.node.clone()),
            Expr::Op(left, BinOp::Add, right) => match (self.known(left), self.known(right)) {
                (Known::Text(a), Known::Text(b)) if a.len() + b.len() < 4096 => Known::Text(a + &b),
                _ => Known::Nothing,
            },
            _ => Known::Nothing,
        }
    }

    fn is_global(&self, name: &str) -> bool {
        self.scopes.iter().all(|s| s.get(name).is_none())
    }

    fn name_exists(&mut self, name: &str, span: codemap::Span) {
        if self.globals.contains(name) || !self.is_global(name) {
            return;
        }
        let near =
            nearest(name, self.globals.iter().copied().chain(self.scopes.iter().flat_map(Scope::names)).filter(|n| !n.starts_with("__")));
        let suggestion = name_hint(name).map(str::to_owned).or_else(|| near.map(|n| format!("did you mean {n}?")));
        // The interpreter refuses the whole script for it, wherever it stands.
        self.problem(Severity::Error, "unknown_name", format!("no such name: {name}"), suggestion, span);
    }

    fn member_exists(&mut self, namespace: &str, member: &str, span: codemap::Span) {
        let Some((_, space)) = self.builtins.globals().iter().find(|(name, _)| *name == namespace) else { return };
        let members = space.to_value().dir_attr();
        if members.iter().any(|m| m == member) {
            return;
        }
        let full = format!("{namespace}.{member}");
        let near = nearest(member, members.iter().map(String::as_str));
        let suggestion = name_hint(&full).map(str::to_owned).or_else(|| near.map(|n| format!("did you mean {namespace}.{n}?")));
        let severity = if self.always { Severity::Error } else { Severity::Warning };
        self.problem(severity, "unknown_member", format!("no such member: {full}"), suggestion, span);
    }

    /// A capability that is named, called or not.
    fn mention(&mut self, expr: &AstExpr) {
        let Some(effect) = self.known(expr).effect() else { return };
        if let Some(capability) = effect.capability().filter(|_| self.facts.uses.len() < MOST) {
            self.facts.uses.push(CapabilityUse { capability, name: effect.name.to_owned(), span: place(expr.span) });
        }
    }

    fn literal_call(&mut self, effect: &EffectBuiltin, args: &[AstArgument], span: codemap::Span, callee: codemap::Span) {
        let text = |walk: &Walk<'_>, position: usize, name: &str| match argument(args, position, name).map(|e| walk.known(e)) {
            Some(Known::Text(text)) => Some(text),
            _ => None,
        };
        let target = match effect.target {
            TargetIn::Path(op) => text(self, 0, "path").map(|path| Target::Path { op, path }),
            TargetIn::Url(method) => text(self, 0, "url").map(|url| Target::Url { method, url }),
            TargetIn::MethodAndUrl => {
                let method = text(self, 0, "method").and_then(|m| Method::from_name(&m));
                if let Some(method) = method.filter(|_| self.facts.uses.len() < MOST) {
                    let name = format!("net.request {}", method.name());
                    self.facts.uses.push(CapabilityUse { capability: method.capability(), name, span: place(callee) });
                }
                method.zip(text(self, 1, "url")).map(|(method, url)| Target::Url { method, url })
            }
            TargetIn::Variable => text(self, 0, "name").map(|name| Target::Env { name }),
            TargetIn::Argv => argument(args, 0, "argv").and_then(|e| self.words(e)).map(|argv| Target::Argv { argv }),
            TargetIn::Pattern | TargetIn::Reason | TargetIn::Nothing => None,
        };
        if let Some(target) = &target {
            self.flows(effect, args, target);
        }
        if let Some(target) = target.filter(|_| self.facts.calls.len() < MOST) {
            self.facts.calls.push(LiteralCall {
                name: effect.name.to_owned(),
                target,
                always_runs: self.always,
                span: place(span),
                callee: place(callee),
            });
        }
    }

    /// Arguments, and values in lists and dicts of arguments, that came straight from a reading effect.
    fn flows(&mut self, effect: &EffectBuiltin, args: &[AstArgument], to: &Target) {
        let mut given: Vec<&AstExpr> = args.iter().map(|a| a.node.expr()).collect();
        while let Some(expr) = given.pop() {
            match &expr.node {
                Expr::Dict(pairs) => given.extend(pairs.iter().map(|(_, value)| value)),
                Expr::List(items) | Expr::Tuple(items) => given.extend(items),
                _ => {
                    if let Known::From(from) = self.known(expr)
                        && self.facts.flows.len() < MOST
                    {
                        let flow = LiteralFlow {
                            from: *from,
                            name: effect.name.to_owned(),
                            to: to.clone(),
                            always_runs: self.always,
                            span: place(expr.span),
                        };
                        self.facts.flows.push(flow);
                    }
                }
            }
        }
    }

    /// What a call reads, where its target is literal.
    fn reads(&self, called: &AstExpr, args: &[AstArgument]) -> Known {
        let text = |name| match argument(args, 0, name).map(|e| self.known(e)) {
            Some(Known::Text(text)) => Some(text),
            _ => None,
        };
        let target = match self.known(called).effect().map(|e| e.target) {
            Some(TargetIn::Path(PathOp::Read)) => text("path").map(|path| Target::Path { op: PathOp::Read, path }),
            Some(TargetIn::Url(method)) => text("url").map(|url| Target::Url { method, url }),
            Some(TargetIn::Variable) => text("name").map(|name| Target::Env { name }),
            _ => None,
        };
        target.map_or(Known::Nothing, |target| Known::From(Box::new(target)))
    }

    /// A list of literal words.
    fn words(&self, expr: &AstExpr) -> Option<Vec<String>> {
        let (Expr::List(items) | Expr::Tuple(items)) = &expr.node else { return None };
        let words: Option<Vec<String>> = items
            .iter()
            .map(|item| match self.known(item) {
                Known::Text(word) => Some(word),
                _ => None,
            })
            .collect();
        words.filter(|w| !w.is_empty())
    }

    fn problem(&mut self, severity: Severity, code: &str, message: String, suggestion: Option<String>, span: codemap::Span) {
        if self.facts.problems.len() < MOST {
            self.facts.problems.push(Problem { severity, code: code.to_owned(), message, suggestion, span: place(span) });
        }
    }

    fn sometimes(&mut self, span: codemap::Span, walk: impl FnOnce(&mut Walk<'a>)) {
        let before = std::mem::replace(&mut self.always, false);
        if before {
            self.sometimes.push(place(span));
        }
        walk(self);
        self.always = before;
    }

    fn inside(&mut self, scope: Scope, span: codemap::Span, walk: impl FnOnce(&mut Walk<'a>)) {
        self.scopes.push(scope);
        self.sometimes(span, walk);
        self.scopes.pop();
    }
}

fn argument<'e>(args: &'e [AstArgument], position: usize, name: &str) -> Option<&'e AstExpr> {
    // After `*args` positions are not known.
    let positional = args.iter().take_while(|a| matches!(a.node, Argument::Positional(_))).nth(position);
    positional.or_else(|| args.iter().find(|a| a.node.name() == Some(name))).map(|a| a.node.expr())
}

fn namespace(name: &str) -> Option<&'static str> {
    const SPACES: [&str; 10] = ["fs", "net", "env", "subprocess", "json", "hash", "base64", "time", "re", "log"];
    SPACES.into_iter().find(|space| *space == name)
}

/// An effect that is in no namespace.
fn global_effect(name: &str) -> Known {
    EffectBuiltin::named(name).filter(|e| !e.name.contains('.')).map_or(Known::Nothing, |e| Known::Effect(e.name))
}

fn effect(space: &str, member: &str) -> Known {
    let named = EFFECTS.iter().find(|e| e.name.split_once('.') == Some((space, member)));
    named.map_or(Known::Nothing, |e| Known::Effect(e.name))
}

pub(super) fn place(span: codemap::Span) -> Span {
    Span { start: span.begin().get(), end: span.end().get() }
}
