//! Content of labelled values in the worker. It lives outside the interpreter's heap, and nothing shows it: no `Debug`, no `Display`.

use aegis_effect::Shape;
use num_bigint::BigInt;
use starlark::values::bytes::StarlarkBytes;
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::float::UnpackFloat;
use starlark::values::list::{AllocList, ListRef};
use starlark::values::structs::{AllocStruct, StructRef};
use starlark::values::tuple::{AllocTuple, TupleRef};
use starlark::values::{Heap, UnpackValue, Value, ValueLike};

/// A value without anything labelled in it.
#[derive(Clone)]
pub(crate) enum Data {
    None,
    Bool(bool),
    Int(BigInt),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
    List(Vec<Data>),
    Tuple(Vec<Data>),
    Dict(Vec<(Data, Data)>),
    Struct(Vec<(String, Data)>),
}

/// One operation yields at most this much, in bytes; beyond it is a delayed error.
const LARGEST: usize = 1 << 20;
const DEEPEST: usize = 64;

impl Data {
    /// What the broker holds, by its shape. None where the content does not fit it: text that is not UTF-8.
    pub(super) fn of_shape(shape: Shape, content: Vec<u8>) -> Option<Data> {
        Some(match shape {
            Shape::Text => Data::Str(String::from_utf8(content).ok()?),
            Shape::Bytes => Data::Bytes(content),
            Shape::Int => Data::Int(std::str::from_utf8(&content).ok()?.parse().ok()?),
            Shape::Bool => Data::Bool(content == b"True"),
            Shape::Unit => Data::None,
            Shape::Headers => {
                let fields: std::collections::BTreeMap<String, String> = serde_json::from_slice(&content).ok()?;
                Data::Dict(fields.into_iter().map(|(name, value)| (Data::Str(name), Data::Str(value))).collect())
            }
            Shape::Names => {
                let names: Vec<String> = serde_json::from_slice(&content).ok()?;
                Data::List(names.into_iter().map(Data::Str).collect())
            }
            Shape::Stat => {
                let text = String::from_utf8(content).ok()?;
                let mut fields = text.split(' ');
                let kind = Data::Str(fields.next()?.to_owned());
                let size = Data::Int(fields.next()?.parse().ok()?);
                let modified = Data::Float(fields.next()?.parse().ok()?);
                let executable = Data::Bool(fields.next()? == "true");
                let named = [("kind", kind), ("size", size), ("modified", modified), ("executable", executable)];
                Data::Struct(named.map(|(name, data)| (name.to_owned(), data)).into())
            }
        })
    }

    /// A value of the interpreter that holds nothing labelled. None if it is too large or deep, or of a type that cannot be labelled.
    pub(super) fn of(value: Value<'_>) -> Option<Data> {
        let mut left = LARGEST;
        Data::within(value, &mut left, DEEPEST)
    }

    fn within(value: Value<'_>, left: &mut usize, depth: usize) -> Option<Data> {
        let depth = depth.checked_sub(1)?;
        let mut take = |bytes: usize| {
            *left = left.checked_sub(bytes)?;
            Some(())
        };
        take(8)?;
        if value.is_none() {
            return Some(Data::None);
        }
        if let Some(b) = value.unpack_bool() {
            return Some(Data::Bool(b));
        }
        if let Some(s) = value.unpack_str() {
            take(s.len())?;
            return Some(Data::Str(s.to_owned()));
        }
        if let Some(small) = value.unpack_i32() {
            return Some(Data::Int(small.into()));
        }
        if value.get_type() == "int" {
            let text = value.to_str();
            take(text.len())?;
            return text.parse().ok().map(Data::Int);
        }
        if let Some(bytes) = value.downcast_ref::<StarlarkBytes>() {
            take(bytes.as_bytes().len())?;
            return Some(Data::Bytes(bytes.as_bytes().to_vec()));
        }
        if let Some(list) = ListRef::from_value(value) {
            return list.iter().map(|v| Data::within(v, left, depth)).collect::<Option<_>>().map(Data::List);
        }
        if let Some(tuple) = TupleRef::from_value(value) {
            return tuple.iter().map(|v| Data::within(v, left, depth)).collect::<Option<_>>().map(Data::Tuple);
        }
        if let Some(dict) = DictRef::from_value(value) {
            let pairs = dict.iter().map(|(k, v)| Some((Data::within(k, left, depth)?, Data::within(v, left, depth)?)));
            return pairs.collect::<Option<_>>().map(Data::Dict);
        }
        if let Some(fields) = StructRef::from_value(value) {
            let pairs = fields.iter().map(|(k, v)| Some((k.as_str().to_owned(), Data::within(v, left, depth)?)));
            return pairs.collect::<Option<_>>().map(Data::Struct);
        }
        if value.get_type() == "float"
            && let Ok(Some(UnpackFloat(f))) = UnpackFloat::unpack_value(value)
        {
            return Some(Data::Float(f));
        }
        None
    }

    /// The same as a value of the interpreter. For the eyes of an operation only.
    pub(crate) fn alloc<'v>(&self, heap: Heap<'v>) -> Value<'v> {
        match self {
            Data::None => Value::new_none(),
            Data::Bool(b) => Value::new_bool(*b),
            Data::Int(i) => heap.alloc(i.clone()),
            Data::Float(f) => heap.alloc(*f),
            Data::Str(s) => heap.alloc_str(s).to_value(),
            Data::Bytes(bytes) => heap.alloc(StarlarkBytes::from_vec(bytes.clone())),
            Data::List(items) => heap.alloc(AllocList(items.iter().map(|d| d.alloc(heap)).collect::<Vec<_>>())),
            Data::Tuple(items) => heap.alloc(AllocTuple(items.iter().map(|d| d.alloc(heap)).collect::<Vec<_>>())),
            Data::Dict(pairs) => heap.alloc(AllocDict(pairs.iter().map(|(k, v)| (k.alloc(heap), v.alloc(heap))).collect::<Vec<_>>())),
            Data::Struct(fields) => heap.alloc(AllocStruct(fields.iter().map(|(k, v)| (k.as_str(), v.alloc(heap))).collect::<Vec<_>>())),
        }
    }
}
