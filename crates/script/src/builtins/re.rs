//! `re.*`: regular expressions without backtracking, so that no pattern takes exponential time.

use aegis_effect::{EffectError, ErrorCode};
use regex_automata::meta::{Config, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::list::AllocList;
use starlark::values::none::NoneOr;
use starlark::values::tuple::AllocTuple;
use starlark::values::{Heap, Value, ValueOfUnchecked};

use super::arguments::{Liftable, lifted, text_of};
use super::outcome::text_list;
use crate::worker::fail;

/// The compiled size of a pattern, in bytes.
const LARGEST: usize = 1 << 20;

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// The match of the pattern at the start of the text, as a list of the whole match and its groups (None where a group is not part
    /// of it), or None.
    fn r#match<'v>(
        #[starlark(require = pos)] pattern: Liftable<'v>,
        #[starlark(require = pos)] text: Liftable<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, NoneOr<Value<'static>>>> {
        let heap = eval.heap();
        let call = "re.match";
        lifted([pattern.0, text.0], eval, |[pattern, text]| matched(text_of(pattern, call)?, text_of(text, call)?, heap))
            .map(ValueOfUnchecked::new)
    }

    /// Every match of the pattern: a list of str, of the group if the pattern has one, of tuples if it has more.
    fn findall<'v>(
        #[starlark(require = pos)] pattern: Liftable<'v>,
        #[starlark(require = pos)] text: Liftable<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        let call = "re.findall";
        lifted([pattern.0, text.0], eval, |[pattern, text]| found(text_of(pattern, call)?, text_of(text, call)?, heap))
    }

    /// The text with every match of the pattern replaced; `\1` or `\g<name>` in the replacement is a group. `count` replaces only the
    /// first so many.
    fn sub<'v>(
        #[starlark(require = pos)] pattern: Liftable<'v>,
        #[starlark(require = pos)] replacement: Liftable<'v>,
        #[starlark(require = pos)] text: Liftable<'v>,
        #[starlark(require = named, default = 0)] count: u32,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, String>> {
        let heap = eval.heap();
        let most = if count == 0 { usize::MAX } else { usize::try_from(count).unwrap_or(usize::MAX) };
        let call = "re.sub";
        lifted([pattern.0, replacement.0, text.0], eval, |[pattern, replacement, text]| {
            let done = substituted(text_of(pattern, call)?, text_of(replacement, call)?, text_of(text, call)?, most)?;
            Ok(heap.alloc_str(&done).to_value())
        })
        .map(ValueOfUnchecked::new)
    }
}

fn matched<'v>(pattern: &str, text: &str, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    let compiled = compile("re.match", &format!("^(?:{pattern})"), pattern)?;
    let mut found = compiled.create_captures();
    compiled.captures(text, &mut found);
    if !found.is_match() {
        return Ok(Value::new_none());
    }
    let groups = (0..found.group_len()).map(|i| match group(&found, i, text) {
        Some(part) => heap.alloc_str(part).to_value(),
        None => Value::new_none(),
    });
    Ok(heap.alloc(AllocList(groups)))
}

fn found<'v>(pattern: &str, text: &str, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    let compiled = compile("re.findall", pattern, pattern)?;
    Ok(match compiled.captures_len() {
        1 => text_list(compiled.find_iter(text).map(|m| text.get(m.range()).unwrap_or_default()), heap),
        2 => text_list(compiled.captures_iter(text).map(|c| group(&c, 1, text).unwrap_or_default()), heap),
        _ => {
            let parts = |c: Captures| (1..c.group_len()).map(|i| group(&c, i, text).unwrap_or_default()).collect::<Vec<_>>();
            let all: Vec<Value<'v>> = compiled.captures_iter(text).map(|c| heap.alloc(AllocTuple(parts(c)))).collect();
            heap.alloc(AllocList(all))
        }
    })
}

fn substituted(pattern: &str, replacement: &str, text: &str, most: usize) -> starlark::Result<String> {
    let compiled = compile("re.sub", pattern, pattern)?;
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for found in compiled.captures_iter(text).take(most) {
        let Some(whole) = found.get_match() else { continue };
        out.push_str(text.get(done..whole.start()).unwrap_or_default());
        expand(replacement, &found, text, &mut out);
        done = whole.end();
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Ok(out)
}

fn compile(call: &str, pattern: &str, shown: &str) -> starlark::Result<Regex> {
    let bounds = Config::new().nfa_size_limit(Some(LARGEST)).hybrid_cache_capacity(LARGEST);
    Regex::builder().configure(bounds).syntax(syntax::Config::new().nest_limit(100)).build(pattern).map_err(|e| {
        let reason = match e.size_limit() {
            Some(_) => "the pattern is too large".to_owned(),
            // Where the pattern is wrong, with a drawing; its last line says what.
            None => {
                let full = e.syntax_error().map_or_else(|| e.to_string(), ToString::to_string);
                full.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
            }
        };
        fail(EffectError::new(ErrorCode::BadArgument, format!("{call}: `{shown}`: {reason}")))
    })
}

fn group<'t>(found: &Captures, index: usize, text: &'t str) -> Option<&'t str> {
    found.get_group(index).and_then(|span| text.get(span.range()))
}

/// A replacement in Python's notation.
fn expand(replacement: &str, found: &Captures, text: &str, out: &mut String) {
    let mut rest = replacement;
    while let Some(at) = rest.find('\\') {
        let (plain, after) = rest.split_at(at);
        out.push_str(plain);
        let after = after.get(1..).unwrap_or_default();
        if let Some((name, tail)) = after.strip_prefix("g<").and_then(|a| a.split_once('>')) {
            let span = name.parse::<usize>().map_or_else(|_| found.get_group_by_name(name), |n| found.get_group(n));
            out.push_str(span.and_then(|span| text.get(span.range())).unwrap_or_default());
            rest = tail;
            continue;
        }
        let mut chars = after.chars();
        match chars.next() {
            Some(d) if d.is_ascii_digit() => {
                let n = usize::try_from(d.to_digit(10).unwrap_or(0)).unwrap_or(0);
                out.push_str(group(found, n, text).unwrap_or_default());
            }
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some(c) => out.push(c),
            None => out.push('\\'),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}
