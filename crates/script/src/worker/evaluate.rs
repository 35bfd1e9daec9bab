//! One run inside the worker: check, parse, verify, evaluate, result.

use std::collections::BTreeMap;

use starlark::environment::Module;
use starlark::eval::Evaluator;
use starlark::syntax::AstModule;
use starlark::values::structs::AllocStruct;
use starlark::values::{Heap, Value};

use super::failure::{described, evaluation};
use super::json::{JsonWalk, result_text};
use super::loader::Loads;
use super::{Context, DIALECT, precheck};
use crate::builtins::Builtins;
use crate::error::{LimitKind, Phase, ScriptError};
use crate::flow::LocalOnly;
use crate::limits::Limits;
use crate::source::Source;
use crate::verify;
use crate::wire::Start;

/// The script's result as JSON text. `steps` is what it used, also if it failed.
pub(super) fn evaluate(context: &Context, builtins: &Builtins, start: &Start, steps: &mut u64) -> Result<Option<String>, Box<ScriptError>> {
    let source = Source::new(start.name.clone(), start.text.clone());
    let mut ast = parse(&source, &start.limits)?;
    let facts = verify::facts(&ast, &source, builtins);
    if !context.is_judged_fit(facts) {
        return Ok(None);
    }
    if start.local_only {
        builtins.compare_strictly(&mut ast);
    }
    let globals = builtins.globals();
    Module::with_temp_heap(|module| {
        module.set("args", arguments(context, start, module.heap()));
        let loads = Loads { context, builtins, start };
        let mut eval = Evaluator::new(&module);
        set_up(&mut eval, context, 0)?;
        eval.set_loader(&loads);
        let evaluated = eval.eval_module(ast, globals);
        *steps = eval.get_total_tick_count() + context.loaded.borrow().steps;
        let last = evaluated.map_err(|e| Box::new(evaluation(&e, context, &start.name)))?;
        if let Some(misuse) = context.secrets().pending() {
            let mut error = ScriptError::new(Phase::Effect(misuse.code), misuse.message);
            error.suggestion = misuse.suggestion;
            return Err(Box::new(error));
        }
        let result = module.get("result").unwrap_or(last);
        if result.is_none() {
            return Ok(None);
        }
        let bound = usize::try_from(start.limits.output_bytes).unwrap_or(usize::MAX);
        let text = JsonWalk::new(bound).text(result).map_err(|e| Box::new(result_text(&e)))?;
        Ok(Some(context.redact(&text).into_owned()))
    })
}

/// Source check and parser, the same for scripts and loaded files.
pub(super) fn parse(source: &Source, limits: &Limits) -> Result<AstModule, Box<ScriptError>> {
    precheck::check(source, limits)?;
    AstModule::parse(source.name(), source.text().to_owned(), &DIALECT).map_err(|e| {
        let mut error = described(&e, source.name());
        error.phase = Phase::Syntax;
        Box::new(error)
    })
}

/// Gives an evaluator the limits and the context of the run; `used` steps are gone already.
pub(super) fn set_up<'a>(eval: &mut Evaluator<'_, 'a, '_>, context: &'a Context, used: u64) -> Result<(), Box<ScriptError>> {
    let limits = context.limits();
    let steps = limits
        .steps
        .checked_sub(used)
        .filter(|left| *left > 0)
        .ok_or_else(|| Box::new(ScriptError::new(Phase::Limit(LimitKind::Steps), format!("more than {} steps", limits.steps))))?;
    let callstack = usize::try_from(limits.callstack).unwrap_or(usize::MAX).max(1);
    let heap = usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX).max(1);
    // These fail only when set twice or to zero.
    let set =
        eval.set_max_callstack_size(callstack).and_then(|()| eval.set_max_heap_size(heap)).and_then(|()| eval.set_max_tick_count(steps));
    set.map_err(|e| Box::new(ScriptError::new(Phase::Internal, e.to_string())))?;
    eval.extra = Some(context);
    eval.set_check_cancelled(Box::new(|| {
        context.send_stale();
        context.deadline().is_over() || context.secrets().pending().is_some()
    }));
    Ok(())
}

/// `args`. Of a name given twice the last counts; a local-only one over any other.
pub(super) fn arguments<'v>(context: &Context, start: &Start, heap: Heap<'v>) -> Value<'v> {
    let mut all: BTreeMap<&str, Value<'v>> = BTreeMap::new();
    for (name, text) in &start.args {
        all.insert(name, heap.alloc_str(text).to_value());
    }
    for (name, labelled) in &start.local_only_args {
        all.insert(name, heap.alloc(LocalOnly::new(labelled.clone(), context.secrets())));
    }
    heap.alloc(AllocStruct(all))
}

/// Everything that happens to a script before it is evaluated; for fuzz targets.
pub(crate) fn inspect(source: &Source, limits: &Limits) {
    if let Ok(ast) = parse(source, limits) {
        let _ = verify::facts(&ast, source, &Builtins::new());
    }
}
