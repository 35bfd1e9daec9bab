//! `load("//lib.star", "name")`: other script files, asked from the broker, parsed with the same checks.

use std::collections::HashMap;

use aegis_effect::{Effect, EffectError, ErrorCode, Outcome};
use starlark::environment::{FrozenModule, Module};
use starlark::eval::{Evaluator, FileLoader};
use starlark::values::FrozenHeapName;

use super::evaluate::{arguments, parse, set_up};
use super::{Context, fail};
use crate::builtins::Builtins;
use crate::error::ScriptError;
use crate::source::Source;
use crate::wire::Start;

/// What was loaded so far.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    modules: HashMap<String, FrozenModule>,
    open: Vec<String>,
    /// Steps that loaded files used.
    pub(super) steps: u64,
}

/// Nested `load`s; each takes its part of the stack.
const DEEPEST: usize = 32;

/// The loader of one run.
pub(super) struct Loads<'a> {
    pub(super) context: &'a Context,
    pub(super) builtins: &'a Builtins,
    pub(super) start: &'a Start,
}

impl FileLoader for Loads<'_> {
    fn load(&self, asked: &str) -> starlark::Result<FrozenModule> {
        let Some(path) = asked.strip_prefix("//").filter(|p| !p.is_empty()) else {
            return Err(fail(
                EffectError::new(ErrorCode::BadArgument, format!("load(\"{asked}\"): a path starts with //"))
                    .suggest("write load(\"//lib.star\", \"name\"); // is the policy root"),
            ));
        };
        {
            let loaded = self.context.loaded.borrow();
            if let Some(module) = loaded.modules.get(path) {
                return Ok(module.clone());
            }
            if loaded.open.iter().any(|open| open == path) {
                let way = loaded.open.iter().map(String::as_str).chain([path]).collect::<Vec<_>>().join(" -> ");
                return Err(fail(EffectError::new(ErrorCode::BadArgument, format!("load cycle: {way}"))));
            }
            if loaded.open.len() >= DEEPEST {
                return Err(fail(EffectError::new(ErrorCode::BadArgument, format!("more than {DEEPEST} nested loads"))));
            }
        }
        let text = match self.context.perform_at(Effect::Load { path: path.to_owned() }, 0)? {
            Outcome::Text(text) => text,
            Outcome::Labelled(_) => {
                return Err(fail(EffectError::new(ErrorCode::FlowDenied, format!("load(\"{asked}\"): a local-only file is not a script"))));
            }
            _ => return Err(fail(EffectError::new(ErrorCode::Io, format!("load(\"{asked}\"): not text")))),
        };
        self.context.loaded.borrow_mut().open.push(path.to_owned());
        let module = self.evaluate(asked, text);
        let mut loaded = self.context.loaded.borrow_mut();
        loaded.open.pop();
        let module = module?;
        loaded.modules.insert(path.to_owned(), module.clone());
        Ok(module)
    }
}

impl Loads<'_> {
    fn evaluate(&self, name: &str, text: String) -> starlark::Result<FrozenModule> {
        let source = Source::new(name, text);
        let mut ast = parse(&source, &self.start.limits).map_err(|e| in_loaded(name, &e))?;
        if self.start.local_only {
            self.builtins.compare_strictly(&mut ast);
        }
        Module::with_temp_heap(|module| {
            module.set("args", arguments(self.context, self.start, module.heap()));
            {
                let mut eval = Evaluator::new(&module);
                let used = self.context.loaded.borrow().steps;
                set_up(&mut eval, self.context, used).map_err(|e| in_loaded(name, &e))?;
                eval.set_loader(self);
                let evaluated = eval.eval_module(ast, self.builtins.globals());
                self.context.loaded.borrow_mut().steps += eval.get_total_tick_count();
                evaluated?;
            }
            Ok(module.freeze_named(FrozenHeapName::User(Box::new(name.to_owned())))?)
        })
    }
}

/// A loaded file's text that does not parse ends the script that loads it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct LoadFailure(String);

fn in_loaded(name: &str, error: &ScriptError) -> starlark::Error {
    let hint = error.suggestion.as_ref().map(|s| format!("; {s}")).unwrap_or_default();
    starlark::Error::new_other(LoadFailure(format!("{name}:{}:{}: {}{hint}", error.line, error.column, error.message)))
}
