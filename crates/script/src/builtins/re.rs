//! `re.*`: regular expressions without backtracking, so that no pattern takes exponential time.

use aegis_effect::{EffectError, ErrorCode};
use regex::{Captures, Regex, RegexBuilder};
use starlark::environment::GlobalsBuilder;
use starlark::starlark_module;
use starlark::values::list::AllocList;
use starlark::values::none::NoneOr;
use starlark::values::tuple::AllocTuple;
use starlark::values::{Heap, Value};

use super::arguments::Text;
use super::outcome::text_list;
use crate::worker::fail;

/// The compiled size of a pattern, in bytes.
const LARGEST: usize = 1 << 20;

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// The match of the pattern at the start of the text, as a list of the whole match and its groups (None where a group is not part
    /// of it), or None.
    fn r#match<'v>(
        #[starlark(require = pos)] pattern: Text<'v>,
        #[starlark(require = pos)] text: Text<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<NoneOr<Value<'v>>> {
        let compiled = compile("re.match", &format!("^(?:{})", pattern.0), pattern.0)?;
        Ok(match compiled.captures(text.0) {
            None => NoneOr::None,
            Some(found) => NoneOr::Other(heap.alloc(AllocList(groups(&found, heap)))),
        })
    }

    /// Every match of the pattern: a list of str, of the group if the pattern has one, of tuples if it has more.
    fn findall<'v>(
        #[starlark(require = pos)] pattern: Text<'v>,
        #[starlark(require = pos)] text: Text<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let compiled = compile("re.findall", pattern.0, pattern.0)?;
        Ok(match compiled.captures_len() {
            1 => text_list(compiled.find_iter(text.0).map(|m| m.as_str()), heap),
            2 => text_list(compiled.captures_iter(text.0).map(|c| c.get(1).map_or("", |m| m.as_str())), heap),
            _ => {
                let all: Vec<Value<'v>> = compiled
                    .captures_iter(text.0)
                    .map(|c| {
                        let parts: Vec<&str> = c.iter().skip(1).map(|m| m.map_or("", |m| m.as_str())).collect();
                        heap.alloc(AllocTuple(parts))
                    })
                    .collect();
                heap.alloc(AllocList(all))
            }
        })
    }

    /// The text with every match of the pattern replaced; `\1` or `\g<name>` in the replacement is a group. `count` replaces only the
    /// first so many.
    fn sub<'v>(
        #[starlark(require = pos)] pattern: Text<'v>,
        #[starlark(require = pos)] replacement: Text<'v>,
        #[starlark(require = pos)] text: Text<'v>,
        #[starlark(require = named, default = 0)] count: u32,
    ) -> starlark::Result<String> {
        let compiled = compile("re.sub", pattern.0, pattern.0)?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(compiled.replacen(text.0, count, |found: &Captures<'_>| expand(replacement.0, found)).into_owned())
    }
}

fn compile(call: &str, pattern: &str, shown: &str) -> starlark::Result<Regex> {
    RegexBuilder::new(pattern).size_limit(LARGEST).dfa_size_limit(LARGEST).nest_limit(100).build().map_err(|e| {
        let reason = match e {
            regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
            other => other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        };
        fail(EffectError::new(ErrorCode::BadArgument, format!("{call}: `{shown}`: {reason}")))
    })
}

fn groups<'v>(found: &Captures<'_>, heap: Heap<'v>) -> Vec<Value<'v>> {
    found.iter().map(|m| m.map_or_else(Value::new_none, |m| heap.alloc_str(m.as_str()).to_value())).collect()
}

/// A replacement in Python's notation.
fn expand(replacement: &str, found: &Captures<'_>) -> String {
    let mut out = String::with_capacity(replacement.len());
    let mut rest = replacement;
    while let Some(at) = rest.find('\\') {
        let (plain, after) = rest.split_at(at);
        out.push_str(plain);
        let after = after.get(1..).unwrap_or_default();
        if let Some((name, tail)) = after.strip_prefix("g<").and_then(|a| a.split_once('>')) {
            let group = name.parse::<usize>().map_or_else(|_| found.name(name), |n| found.get(n));
            out.push_str(group.map_or("", |m| m.as_str()));
            rest = tail;
            continue;
        }
        let mut chars = after.chars();
        match chars.next() {
            Some(d) if d.is_ascii_digit() => {
                let n = usize::try_from(d.to_digit(10).unwrap_or(0)).unwrap_or(0);
                out.push_str(found.get(n).map_or("", |m| m.as_str()));
            }
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some(c) => out.push(c),
            None => out.push('\\'),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}
