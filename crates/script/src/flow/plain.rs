//! Values with everything labelled in them put in, and what the result depends on.

use std::borrow::Cow;

use aegis_effect::{EffectError, ErrorCode, Label};
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::list::{AllocList, ListRef};
use starlark::values::structs::{AllocStruct, StructRef};
use starlark::values::tuple::{AllocTuple, TupleRef};
use starlark::values::{Heap, Value, ValueLike};

use super::LocalOnly;
use super::data::Data;
use super::reference::{Base, Form, Stretch, is_short};
use super::sealed::Sealed;
use super::secrets::Secrets;
use crate::worker::{JsonWalk, fail};

/// What something depends on. Labels are joined over all its parts, also after one of them failed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Join {
    pub(crate) label: Label,
    /// A part is a delayed error.
    pub(crate) failed: bool,
}

/// Shared and cyclic containers make a walk long: nodes are bounded as well as depth.
struct Bound {
    nodes: usize,
    depth: usize,
}

const NODES: usize = 200_000;
const DEPTH: usize = 64;

impl Secrets {
    /// Whether a value is labelled or holds something that is.
    pub(crate) fn touch(&self, value: Value<'_>) -> bool {
        self.exist() && self.touch_within(value, &mut Bound { nodes: NODES, depth: DEPTH })
    }

    fn touch_within(&self, value: Value<'_>, bound: &mut Bound) -> bool {
        if holds_nothing(value) {
            return false;
        }
        if let Some(text) = value.unpack_str() {
            return self.stand_in(text.as_bytes());
        }
        if value.downcast_ref::<LocalOnly>().is_some() {
            return true;
        }
        if bound.depth == 0 || bound.nodes == 0 {
            // Not seen to the end: taken for labelled, so that nothing is missed.
            return true;
        }
        bound.depth -= 1;
        bound.nodes -= 1;
        let found = if let Some(list) = ListRef::from_value(value) {
            list.iter().any(|v| self.touch_within(v, bound))
        } else if let Some(tuple) = TupleRef::from_value(value) {
            tuple.iter().any(|v| self.touch_within(v, bound))
        } else if let Some(dict) = DictRef::from_value(value) {
            dict.iter().any(|(k, v)| self.touch_within(k, bound) || self.touch_within(v, bound))
        } else if let Some(fields) = StructRef::from_value(value) {
            fields.iter().any(|(_, v)| self.touch_within(v, bound))
        } else {
            false
        };
        bound.depth += 1;
        found
    }

    /// The value with everything labelled put in; what holds nothing labelled stays what it is. A delayed error becomes None and is noted.
    ///
    /// # Errors
    /// The worker may not see the content, or the value is too large or deep.
    pub(crate) fn plain<'v>(&self, value: Value<'v>, heap: Heap<'v>, join: &mut Join) -> starlark::Result<Value<'v>> {
        self.plain_within(value, heap, join, &mut Bound { nodes: NODES, depth: DEPTH })
    }

    fn plain_within<'v>(&self, value: Value<'v>, heap: Heap<'v>, join: &mut Join, bound: &mut Bound) -> starlark::Result<Value<'v>> {
        if holds_nothing(value) {
            return Ok(value);
        }
        if let Some(text) = value.unpack_str() {
            if !self.stand_in(text.as_bytes()) {
                return Ok(value);
            }
            let text = self.text(text, heap, join)?;
            return Ok(heap.alloc_str(&text).to_value());
        }
        if let Some(secret) = value.downcast_ref::<LocalOnly>() {
            return self.unsealed(secret.sealed(), heap, join);
        }
        let plain = if let Some(list) = ListRef::from_value(value) {
            self.plain_items(list.content(), heap, join, bound)?.map(|items| heap.alloc(AllocList(items)))
        } else if let Some(tuple) = TupleRef::from_value(value) {
            self.plain_items(tuple.content(), heap, join, bound)?.map(|items| heap.alloc(AllocTuple(items)))
        } else if let Some(dict) = DictRef::from_value(value) {
            let pairs: Vec<Value<'v>> = dict.iter().flat_map(|(key, value)| [key, value]).collect();
            let pair = |pair: &[Value<'v>]| Some((*pair.first()?, *pair.get(1)?));
            self.plain_items(&pairs, heap, join, bound)?
                .map(|pairs| heap.alloc(AllocDict(pairs.chunks_exact(2).filter_map(pair).collect::<Vec<_>>())))
        } else if let Some(fields) = StructRef::from_value(value) {
            let (names, values): (Vec<_>, Vec<_>) = fields.iter().map(|(name, value)| (name.as_str(), value)).unzip();
            self.plain_items(&values, heap, join, bound)?.map(|values| heap.alloc(AllocStruct(names.into_iter().zip(values))))
        } else {
            None
        };
        Ok(plain.unwrap_or(value))
    }

    /// The same for some values; none if all of them stay what they are.
    fn plain_items<'v>(
        &self,
        items: &[Value<'v>],
        heap: Heap<'v>,
        join: &mut Join,
        bound: &mut Bound,
    ) -> starlark::Result<Option<Vec<Value<'v>>>> {
        if items.iter().all(|item| holds_nothing(*item)) {
            return Ok(None);
        }
        bound.nodes = bound.nodes.checked_sub(1).ok_or_else(too_large)?;
        bound.depth = bound.depth.checked_sub(1).ok_or_else(too_large)?;
        let mut changed: Option<Vec<Value<'v>>> = None;
        for (i, item) in items.iter().enumerate() {
            let plain = self.plain_within(*item, heap, join, bound)?;
            match &mut changed {
                Some(changed) => changed.push(plain),
                None if plain.ptr_eq(*item) => {}
                None => {
                    let mut begun = Vec::with_capacity(items.len());
                    begun.extend(items.iter().take(i));
                    begun.push(plain);
                    changed = Some(begun);
                }
            }
        }
        bound.depth += 1;
        Ok(changed)
    }

    /// The same outside the interpreter's heap; none for what cannot be content (a function), or is too large or deep.
    ///
    /// # Errors
    /// The worker may not see the content.
    pub(crate) fn copied(&self, value: Value<'_>, join: &mut Join) -> starlark::Result<Option<Data>> {
        self.copied_within(value, join, &mut Bound { nodes: NODES, depth: DEPTH })
    }

    fn copied_within(&self, value: Value<'_>, join: &mut Join, bound: &mut Bound) -> starlark::Result<Option<Data>> {
        if let Some(secret) = value.downcast_ref::<LocalOnly>() {
            join.label.join(&secret.sealed().label);
            let data = self.data(secret.sealed())?;
            join.failed |= data.is_none();
            return Ok(Some(data.map_or(Data::None, Cow::into_owned)));
        }
        if let Some(text) = value.unpack_str().filter(|text| self.stand_in(text.as_bytes())) {
            return Heap::temp(|heap| self.text(text, heap, join)).map(|text| Some(Data::Str(text)));
        }
        if !self.touch(value) {
            return Ok(Data::of(value));
        }
        let (Some(nodes), Some(depth)) = (bound.nodes.checked_sub(1), bound.depth.checked_sub(1)) else { return Err(too_large()) };
        (bound.nodes, bound.depth) = (nodes, depth);
        let copied = if let Some(list) = ListRef::from_value(value) {
            self.all(list.iter(), join, bound)?.map(Data::List)
        } else if let Some(tuple) = TupleRef::from_value(value) {
            self.all(tuple.iter(), join, bound)?.map(Data::Tuple)
        } else if let Some(dict) = DictRef::from_value(value) {
            let keys = self.all(dict.keys(), join, bound)?;
            let values = self.all(dict.values(), join, bound)?;
            keys.zip(values).map(|(keys, values)| Data::Dict(keys.into_iter().zip(values).collect()))
        } else if let Some(fields) = StructRef::from_value(value) {
            let names: Vec<String> = fields.iter().map(|(name, _)| name.as_str().to_owned()).collect();
            self.all(fields.iter().map(|(_, v)| v), join, bound)?.map(|values| Data::Struct(names.into_iter().zip(values).collect()))
        } else {
            None
        };
        bound.depth += 1;
        Ok(copied)
    }

    fn all<'v>(&self, values: impl Iterator<Item = Value<'v>>, join: &mut Join, bound: &mut Bound) -> starlark::Result<Option<Vec<Data>>> {
        let mut all = Some(Vec::new());
        // To the end, also where one cannot be copied: what it depends on is all of them.
        for value in values {
            match (self.copied_within(value, join, bound)?, &mut all) {
                (Some(data), Some(all)) => all.push(data),
                _ => all = None,
            }
        }
        Ok(all)
    }

    pub(super) fn unsealed<'v>(&self, sealed: &Sealed, heap: Heap<'v>, join: &mut Join) -> starlark::Result<Value<'v>> {
        join.label.join(&sealed.label);
        Ok(match self.data(sealed)? {
            Some(data) => data.alloc(heap),
            None => {
                join.failed = true;
                Value::new_none()
            }
        })
    }

    /// The text with the content in place of references. A damaged one stays as it is: what is left of it holds no content.
    fn text(&self, text: &str, heap: Heap<'_>, join: &mut Join) -> starlark::Result<String> {
        let mut out = String::with_capacity(text.len());
        for stretch in self.take_apart(text) {
            match stretch {
                Stretch::Text(text) | Stretch::Damaged(text) => out.push_str(text),
                Stretch::Reference(reference) => {
                    let Some(sealed) = self.get(reference.index) else { continue };
                    join.label.join(&sealed.label);
                    match self.rendered(&sealed, reference.form, heap)? {
                        Some(text) => out.push_str(&text),
                        None => join.failed = true,
                    }
                }
            }
        }
        Ok(out)
    }

    /// The content in a form of text; none for a delayed error.
    pub(super) fn rendered(&self, sealed: &Sealed, form: Form, heap: Heap<'_>) -> starlark::Result<Option<String>> {
        let Some(data) = self.data(sealed)? else { return Ok(None) };
        let mut text = match (&*data, form.base) {
            (Data::Str(text), Base::Text) => text.clone(),
            (_, Base::Text) => data.alloc(heap).to_str(),
            (_, Base::Json) => match JsonWalk::new(8 << 20).text(data.alloc(heap)) {
                Ok(text) => text,
                Err(_) => return Ok(None),
            },
        };
        for _ in 0..form.nesting {
            let quoted = serde_json::to_string(&text).unwrap_or_default();
            text = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned();
        }
        Ok(Some(text))
    }
}

/// Whether it is one of the values met most often in which nothing labelled can be, in any run.
pub(crate) fn holds_nothing(value: Value<'_>) -> bool {
    value.unpack_i32().is_some() || is_single(value) || value.unpack_str().is_some_and(is_short)
}

/// Whether it is None, True or False: equal to itself alone.
pub(crate) fn is_single(value: Value<'_>) -> bool {
    value.is_none() || value.unpack_bool().is_some()
}

fn too_large() -> starlark::Error {
    fail(EffectError::new(ErrorCode::BadArgument, "a value with local-only parts is too large or too deep"))
}
