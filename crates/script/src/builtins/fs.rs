//! `fs.*`: files and directories, as far as the policy allows.

use aegis_effect::{Effect, Outcome};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::bytes::StarlarkBytes;
use starlark::values::list::ListType;
use starlark::values::none::NoneType;
use starlark::values::structs::StructRef;
use starlark::values::{Value, ValueOfUnchecked};

use super::arguments::{Content, Text};
use super::outcome::value;
use crate::worker::Context;

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// The whole file as text. A local-only file gives a local-only value.
    fn read<'v>(path: Text<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<ValueOfUnchecked<'v, String>> {
        done(Effect::FsRead { path: path.0.to_owned() }, eval).map(ValueOfUnchecked::new)
    }

    /// At most `limit` bytes from byte `offset`, cut to whole characters.
    fn read_range<'v>(
        path: Text<'v>,
        offset: u64,
        limit: u64,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, String>> {
        done(Effect::FsReadRange { path: path.0.to_owned(), offset, limit }, eval).map(ValueOfUnchecked::new)
    }

    /// The whole file as bytes.
    fn read_bytes<'v>(path: Text<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<ValueOfUnchecked<'v, StarlarkBytes>> {
        done(Effect::FsReadBytes { path: path.0.to_owned() }, eval).map(ValueOfUnchecked::new)
    }

    /// Makes the content the file's own, at once or not at all. Missing directories are made.
    fn write<'v>(path: Text<'v>, content: Content, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<NoneType> {
        act(Effect::FsWrite { path: path.0.to_owned(), content: content.0 }, eval)
    }

    /// Adds the content at the end of the file.
    fn append<'v>(path: Text<'v>, content: Content, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<NoneType> {
        act(Effect::FsAppend { path: path.0.to_owned(), content: content.0 }, eval)
    }

    /// Puts `new` where `old` stands in the file. `old` must stand there exactly once.
    fn replace<'v>(path: Text<'v>, old: Content, new: Content, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<NoneType> {
        act(Effect::FsReplace { path: path.0.to_owned(), old: old.0, new: new.0 }, eval)
    }

    /// Deletes a file, a link itself, or an empty directory.
    fn delete<'v>(path: Text<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<NoneType> {
        act(Effect::FsDelete { path: path.0.to_owned() }, eval)
    }

    /// Makes a directory and its missing parents.
    fn mkdir<'v>(path: Text<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<NoneType> {
        act(Effect::FsMkdir { path: path.0.to_owned() }, eval)
    }

    /// Whether there is such a file or directory.
    fn exists<'v>(path: Text<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<ValueOfUnchecked<'v, bool>> {
        done(Effect::FsExists { path: path.0.to_owned() }, eval).map(ValueOfUnchecked::new)
    }

    /// A struct of `kind` (`"file"`, `"dir"`, `"other"`), `size` in bytes, `modified` in seconds since 1970, `executable`.
    fn stat<'v>(path: Text<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<ValueOfUnchecked<'v, StructRef<'static>>> {
        done(Effect::FsStat { path: path.0.to_owned() }, eval).map(ValueOfUnchecked::new)
    }

    /// The names in a directory, sorted; directories end in `/`. Only what may be read.
    fn list<'v>(path: Text<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<ValueOfUnchecked<'v, ListType<String>>> {
        done(Effect::FsList { path: path.0.to_owned() }, eval).map(ValueOfUnchecked::new)
    }

    /// The names in a directory that are local-only, as a local-only list.
    fn list_local<'v>(path: Text<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<ValueOfUnchecked<'v, ListType<String>>> {
        done(Effect::FsListLocal { path: path.0.to_owned() }, eval).map(ValueOfUnchecked::new)
    }

    /// The paths that match a pattern such as `src/**/*.py`, sorted. Only what may be read.
    fn glob<'v>(pattern: Text<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<ValueOfUnchecked<'v, ListType<String>>> {
        done(Effect::FsGlob { pattern: pattern.0.to_owned() }, eval).map(ValueOfUnchecked::new)
    }
}

/// Performs an effect that gives a value.
fn done<'v>(effect: Effect, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<Value<'v>> {
    let context = Context::of(eval)?;
    let outcome = context.perform(effect, eval)?;
    Ok(value(outcome, context, eval.heap()))
}

/// Performs an effect that gives nothing. A labelled outcome of one says only that it was tried.
fn act(effect: Effect, eval: &mut Evaluator<'_, '_, '_>) -> starlark::Result<NoneType> {
    let _: Outcome = Context::of(eval)?.perform(effect, eval)?;
    Ok(NoneType)
}
