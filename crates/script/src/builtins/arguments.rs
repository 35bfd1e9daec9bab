//! Types of arguments: which of them may be local-only values.

use aegis_effect::Payload;
use starlark::typing::Ty;
use starlark::values::bytes::StarlarkBytes;
use starlark::values::type_repr::StarlarkTypeRepr;
use starlark::values::{UnpackValue, Value, ValueLike};

use super::LocalOnly;

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
            return secret.refuse("this use");
        }
        Ok(value.unpack_str().map(Text))
    }
}

/// Content: text, bytes, or a local-only value whole.
#[derive(Debug, Clone)]
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
}

fn payload(value: Value<'_>) -> Option<Payload> {
    if let Some(s) = value.unpack_str() {
        return Some(Payload::from(s));
    }
    if let Some(bytes) = value.downcast_ref::<StarlarkBytes>() {
        return Some(Payload::from(bytes.as_bytes().to_vec()));
    }
    value.downcast_ref::<LocalOnly>().map(|secret| Payload::labelled(secret.handle()))
}

/// Bytes of text or bytes, which must be public.
#[derive(Debug, Clone, Copy)]
pub(super) struct Data<'v>(pub(super) &'v [u8]);

impl StarlarkTypeRepr for Data<'_> {
    type Canonical = Data<'static>;

    fn starlark_type_repr() -> Ty {
        Ty::union2(String::starlark_type_repr(), <StarlarkBytes as StarlarkTypeRepr>::starlark_type_repr())
    }
}

impl<'v> UnpackValue<'v> for Data<'v> {
    type Error = starlark::Error;

    fn unpack_value_impl(value: Value<'v>) -> starlark::Result<Option<Self>> {
        if let Some(secret) = value.downcast_ref::<LocalOnly>() {
            return secret.refuse("this use");
        }
        if let Some(s) = value.unpack_str() {
            return Ok(Some(Data(s.as_bytes())));
        }
        Ok(value.downcast_ref::<StarlarkBytes>().map(|b| Data(b.as_bytes())))
    }
}
