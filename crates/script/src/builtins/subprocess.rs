//! `subprocess.*`: programs, as far as the policy allows. There is no shell: argv is a list.

use aegis_effect::{Child, Effect};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::ValueOfUnchecked;
use starlark::values::structs::StructRef;

use super::arguments::{Argv, Content, Fields, Maybe, Seconds, Text};
use super::outcome;
use crate::worker::Context;

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// Runs a program and gives its standard output. An exit code other than 0 is an error. `stdin`, arguments and values of `env` may
    /// be local-only values where the command is.
    fn exec<'v>(
        argv: Argv,
        #[starlark(default = Content::default())] stdin: Content,
        #[starlark(default = Maybe::default())] cwd: Maybe<Text<'v>>,
        #[starlark(default = Maybe::default())] timeout: Maybe<Seconds>,
        #[starlark(require = named, default = Fields::default())] env: Fields,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, String>> {
        let context = Context::of(eval)?;
        let answer = context.perform(Effect::Exec(child(argv, stdin, cwd, timeout, env, true)), eval)?;
        Ok(ValueOfUnchecked::new(outcome::stdout(answer, context, eval.heap())))
    }

    /// Runs a program and gives `exit_code`, `stdout` and `stderr`.
    fn run<'v>(
        argv: Argv,
        #[starlark(default = Content::default())] stdin: Content,
        #[starlark(default = Maybe::default())] cwd: Maybe<Text<'v>>,
        #[starlark(default = Maybe::default())] timeout: Maybe<Seconds>,
        #[starlark(require = named, default = Fields::default())] env: Fields,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, StructRef<'static>>> {
        let context = Context::of(eval)?;
        let answer = context.perform(Effect::Exec(child(argv, stdin, cwd, timeout, env, false)), eval)?;
        Ok(ValueOfUnchecked::new(outcome::value(answer, context, eval.heap())))
    }
}

fn child(argv: Argv, stdin: Content, cwd: Maybe<Text<'_>>, timeout: Maybe<Seconds>, env: Fields, fail_on_exit: bool) -> Child {
    Child { argv: argv.0, stdin: stdin.0, cwd: cwd.0.map(|c| c.0.to_owned()), env: env.0, timeout: timeout.0.map(|s| s.0), fail_on_exit }
}
