//! Types of arguments: which of them may be local-only values.

use std::time::Duration;

use aegis_effect::{EffectError, ErrorCode, Payload};
use starlark::eval::Evaluator;
use starlark::typing::Ty;
use starlark::values::bytes::StarlarkBytes;
use starlark::values::dict::{DictRef, DictType};
use starlark::values::float::UnpackFloat;
use starlark::values::list::{ListRef, ListType};
use starlark::values::none::NoneOr;
use starlark::values::tuple::TupleRef;
use starlark::values::type_repr::StarlarkTypeRepr;
use starlark::values::{UnpackValue, Value, ValueLike};

use crate::flow::{LocalOnly, lift};
use crate::worker::{Context, JsonWalk, fail};

/// Text that must be public: a path, a name, a URL. A local-only value is a flow error, not a type error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'v>(pub(super) &'v str);

impl StarlarkTypeRepr for Text<'_> {
    type Canonical = <String as StarlarkTypeRepr>::Canonical;

    fn starlark_type_repr() -> Ty {
        String::starlark_type_repr()
    }
}

impl<'v> UnpackValue<'v> for Text<'v> {
    type Error = starlark::Error;

    fn unpack_value_impl(value: Value<'v>) -> starlark::Result<Option<Self>> {
        if let Some(secret) = value.downcast_ref::<LocalOnly>() {
            return secret.refuse();
        }
        Ok(value.unpack_str().map(Text))
    }

    fn unpack_named_param(value: Value<'v>, name: &str) -> starlark::Result<Self> {
        named(value, name)
    }
}

/// `None`, or an argument.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maybe<T>(pub(super) Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Maybe(None)
    }
}

impl<T: StarlarkTypeRepr> StarlarkTypeRepr for Maybe<T> {
    type Canonical = <NoneOr<T> as StarlarkTypeRepr>::Canonical;

    fn starlark_type_repr() -> Ty {
        NoneOr::<T>::starlark_type_repr()
    }
}

impl<'v, T: UnpackValue<'v>> UnpackValue<'v> for Maybe<T> {
    type Error = T::Error;

    fn unpack_value_impl(value: Value<'v>) -> Result<Option<Self>, T::Error> {
        if value.is_none() { Ok(Some(Maybe(None))) } else { Ok(T::unpack_value_impl(value)?.map(|t| Maybe(Some(t)))) }
    }

    fn unpack_named_param(value: Value<'v>, name: &str) -> starlark::Result<Self> {
        named(value, name)
    }
}

/// An argument of the wrong type.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` must be {expected}, not {actual}")]
struct WrongType {
    name: String,
    expected: Ty,
    actual: &'static str,
}

/// Unpacks an argument. The interpreter's own way wraps errors in text, and an effect's error would lose its code.
fn named<'v, T: UnpackValue<'v>>(value: Value<'v>, name: &str) -> starlark::Result<T> {
    T::unpack_value(value)?.ok_or_else(|| {
        starlark::Error::new_value(WrongType { name: name.to_owned(), expected: T::starlark_type_repr(), actual: value.get_type() })
    })
}

/// Content: text, bytes, or a local-only value whole.
#[derive(Debug, Clone, Default)]
pub(super) struct Content(pub(super) Payload);

impl StarlarkTypeRepr for Content {
    type Canonical = Content;

    fn starlark_type_repr() -> Ty {
        Ty::union2(
            Ty::union2(String::starlark_type_repr(), <StarlarkBytes as StarlarkTypeRepr>::starlark_type_repr()),
            <LocalOnly as StarlarkTypeRepr>::starlark_type_repr(),
        )
    }
}

impl<'v> UnpackValue<'v> for Content {
    type Error = std::convert::Infallible;

    fn unpack_value_impl(value: Value<'v>) -> Result<Option<Self>, Self::Error> {
        Ok(payload(value).map(Content))
    }

    fn unpack_named_param(value: Value<'v>, name: &str) -> starlark::Result<Self> {
        named(value, name)
    }
}

fn payload(value: Value<'_>) -> Option<Payload> {
    if let Some(s) = value.unpack_str() {
        return Some(Payload::from(s));
    }
    if let Some(bytes) = value.downcast_ref::<StarlarkBytes>() {
        return Some(Payload::from(bytes.as_bytes().to_vec()));
    }
    // Its reference; what stands for it is put in when the effect goes out.
    value.downcast_ref::<LocalOnly>().map(|secret| Payload::from(secret.text()))
}

/// Text or bytes, or a labelled value of these: what is computed from it is labelled too.
#[derive(Debug, Clone, Copy)]
pub(super) struct Liftable<'v>(pub(super) Value<'v>);

impl StarlarkTypeRepr for Liftable<'_> {
    type Canonical = Liftable<'static>;

    fn starlark_type_repr() -> Ty {
        Ty::union2(String::starlark_type_repr(), <StarlarkBytes as StarlarkTypeRepr>::starlark_type_repr())
    }
}

impl<'v> UnpackValue<'v> for Liftable<'v> {
    type Error = std::convert::Infallible;

    fn unpack_value_impl(value: Value<'v>) -> Result<Option<Self>, Self::Error> {
        let fits =
            value.unpack_str().is_some() || value.downcast_ref::<StarlarkBytes>().is_some() || value.downcast_ref::<LocalOnly>().is_some();
        Ok(fits.then_some(Liftable(value)))
    }

    fn unpack_named_param(value: Value<'v>, name: &str) -> starlark::Result<Self> {
        named(value, name)
    }
}

/// The bytes of plain text or bytes.
pub(super) fn data_of<'v>(value: Value<'v>) -> Option<&'v [u8]> {
    match value.unpack_str() {
        Some(text) => Some(text.as_bytes()),
        None => value.downcast_ref::<StarlarkBytes>().map(StarlarkBytes::as_bytes),
    }
}

/// A plain value as text.
pub(super) fn text_of<'v>(plain: Value<'v>, call: &str) -> starlark::Result<&'v str> {
    plain.unpack_str().ok_or_else(|| bad(format!("{call}: not text")))
}

/// Calls a function with arguments that may be labelled: with a labelled one its result is labelled.
pub(super) fn lifted<'v, const N: usize>(
    arguments: [Value<'v>; N],
    eval: &Evaluator<'v, '_, '_>,
    function: impl FnOnce([Value<'v>; N]) -> starlark::Result<Value<'v>>,
) -> starlark::Result<Value<'v>> {
    let secrets = Context::of(eval)?.secrets();
    if arguments.iter().any(|argument| secrets.touch(*argument)) {
        return lift(secrets, arguments, eval.heap(), function);
    }
    function(arguments)
}

/// Header fields or query parameters: a dict of str to str, number, bool or local-only value.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(pub(super) Vec<(String, Payload)>);

impl StarlarkTypeRepr for Fields {
    type Canonical = Fields;

    fn starlark_type_repr() -> Ty {
        DictType::<String, Value<'static>>::starlark_type_repr()
    }
}

impl<'v> UnpackValue<'v> for Fields {
    type Error = starlark::Error;

    fn unpack_value_impl(value: Value<'v>) -> starlark::Result<Option<Self>> {
        if let Some(secret) = value.downcast_ref::<LocalOnly>() {
            return secret.refuse();
        }
        if value.is_none() {
            return Ok(Some(Fields::default()));
        }
        let Some(dict) = DictRef::from_value(value) else { return Ok(None) };
        let mut fields = Vec::with_capacity(dict.len());
        for (key, value) in dict.iter() {
            let Some(key) = key.unpack_str() else {
                return Err(bad(format!("a name must be str, not {}", key.get_type())));
            };
            let text = match value.get_type() {
                "int" | "float" => Some(Payload::from(value.to_str())),
                "bool" => Some(Payload::from(if value.to_bool() { "true" } else { "false" })),
                _ => payload(value),
            };
            let text = text.ok_or_else(|| bad(format!("the value of `{key}` must be str, not {}", value.get_type())))?;
            fields.push((key.to_owned(), text));
        }
        Ok(Some(Fields(fields)))
    }

    fn unpack_named_param(value: Value<'v>, name: &str) -> starlark::Result<Self> {
        named(value, name)
    }
}

/// Program and arguments: a list of str or local-only values.
#[derive(Debug, Clone)]
pub(super) struct Argv(pub(super) Vec<Payload>);

impl StarlarkTypeRepr for Argv {
    type Canonical = Argv;

    fn starlark_type_repr() -> Ty {
        ListType::<Value<'static>>::starlark_type_repr()
    }
}

impl<'v> UnpackValue<'v> for Argv {
    type Error = starlark::Error;

    fn unpack_value_impl(value: Value<'v>) -> starlark::Result<Option<Self>> {
        if value.unpack_str().is_some() {
            return Err(bad("argv is a list, there is no shell: [\"git\", \"status\"]".to_owned()));
        }
        let items = ListRef::from_value(value).map(|l| l.content()).or_else(|| TupleRef::from_value(value).map(|t| t.content()));
        let Some(items) = items else { return Ok(None) };
        if items.is_empty() {
            return Err(bad("argv is empty".to_owned()));
        }
        let mut argv = Vec::with_capacity(items.len());
        for item in items {
            let word = match item.get_type() {
                "int" => Some(Payload::from(item.to_str())),
                _ => payload(*item),
            };
            argv.push(word.ok_or_else(|| bad(format!("an argument must be str, not {}", item.get_type())))?);
        }
        Ok(Some(Argv(argv)))
    }

    fn unpack_named_param(value: Value<'v>, name: &str) -> starlark::Result<Self> {
        named(value, name)
    }
}

/// A length of time in seconds: an int or float above 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seconds(pub(super) Duration);

impl StarlarkTypeRepr for Seconds {
    type Canonical = <UnpackFloat as StarlarkTypeRepr>::Canonical;

    fn starlark_type_repr() -> Ty {
        UnpackFloat::starlark_type_repr()
    }
}

impl<'v> UnpackValue<'v> for Seconds {
    type Error = starlark::Error;

    fn unpack_value_impl(value: Value<'v>) -> starlark::Result<Option<Self>> {
        let Some(UnpackFloat(seconds)) = UnpackFloat::unpack_value(value)? else { return Ok(None) };
        match Duration::try_from_secs_f64(seconds) {
            Ok(time) if !time.is_zero() => Ok(Some(Seconds(time))),
            _ => Err(bad(format!("not a time in seconds: {seconds}"))),
        }
    }

    fn unpack_named_param(value: Value<'v>, name: &str) -> starlark::Result<Self> {
        named(value, name)
    }
}

/// A value as JSON; local-only values in it are left to the broker.
pub(super) fn json_body<'v>(value: Value<'v>, eval: &Evaluator<'v, '_, '_>) -> starlark::Result<Payload> {
    let context = Context::of(eval)?;
    let bound = usize::try_from(context.limits().memory_bytes).unwrap_or(usize::MAX);
    JsonWalk::new(bound).encoded(value, context.secrets()).map(Payload::from).map_err(|e| bad(format!("json: {e}")))
}

fn bad(message: String) -> starlark::Error {
    fail(EffectError::new(ErrorCode::BadArgument, message))
}
