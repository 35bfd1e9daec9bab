//! Values as JSON text, by a walk with bounds. The interpreter's own conversion uses stack quadratic in the depth and is never called.

use starlark::values::Value;
use starlark::values::dict::DictRef;
use starlark::values::float::UnpackFloat;
use starlark::values::list::ListRef;
use starlark::values::structs::StructRef;
use starlark::values::tuple::TupleRef;
use starlark::values::{UnpackValue, ValueLike};

use crate::builtins::Response;
use crate::error::{LimitKind, Phase, ScriptError};
use crate::flow::{LocalOnly, REDACTED, Secrets};

/// Why a value has no JSON text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JsonError {
    #[error("nested deeper than {MAX_DEPTH} levels")]
    Deep,
    #[error("more than {MAX_NODES} values")]
    Large,
    #[error("more than {0} bytes")]
    Long(usize),
    #[error("a value of type {0} has no JSON form")]
    Type(&'static str),
    #[error("a key of type {0} has no JSON form; use str keys")]
    Key(&'static str),
    #[error("a float that is not finite has no JSON form")]
    Float,
}

const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 200_000;

/// One conversion.
#[derive(Debug)]
pub(crate) struct JsonWalk<'s> {
    out: Vec<u8>,
    nodes: usize,
    bound: usize,
    /// Where local-only values become references; else they are `"[REDACTED]"`.
    secrets: Option<&'s Secrets>,
}

impl<'s> JsonWalk<'s> {
    /// A conversion to at most that many bytes.
    pub(crate) fn new(bound: usize) -> JsonWalk<'s> {
        JsonWalk { out: Vec::new(), nodes: 0, bound, secrets: None }
    }

    /// For people: local-only values are `"[REDACTED]"`.
    pub(crate) fn text(mut self, value: Value<'_>) -> Result<String, JsonError> {
        self.value(value, 0)?;
        Ok(finished(self.out))
    }

    /// For the script itself: local-only values are references.
    pub(crate) fn encoded(mut self, value: Value<'_>, secrets: &'s Secrets) -> Result<String, JsonError> {
        self.secrets = Some(secrets);
        self.value(value, 0)?;
        Ok(finished(self.out))
    }

    fn value(&mut self, value: Value<'_>, depth: usize) -> Result<(), JsonError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(JsonError::Large);
        }
        if depth > MAX_DEPTH {
            return Err(JsonError::Deep);
        }
        if self.out.len() > self.bound {
            return Err(JsonError::Long(self.bound));
        }
        if value.is_none() {
            self.out.extend_from_slice(b"null");
        } else if let Some(b) = value.unpack_bool() {
            self.out.extend_from_slice(if b { b"true" } else { b"false" });
        } else if let Some(i) = value.unpack_i32() {
            self.out.extend_from_slice(i.to_string().as_bytes());
        } else if let Some(s) = value.unpack_str() {
            self.string(s)?;
        } else if let Some(list) = ListRef::from_value(value) {
            self.sequence(list.iter(), depth)?;
        } else if let Some(tuple) = TupleRef::from_value(value) {
            self.sequence(tuple.iter(), depth)?;
        } else if let Some(dict) = DictRef::from_value(value) {
            self.out.push(b'{');
            for (i, (k, v)) in dict.iter().enumerate() {
                let key = match k.unpack_str() {
                    Some(key) => key.to_owned(),
                    None if k.get_type() == "int" => k.to_str(),
                    None => return Err(JsonError::Key(k.get_type())),
                };
                self.member(i, &key, v, depth)?;
            }
            self.out.push(b'}');
        } else if let Some(fields) = StructRef::from_value(value) {
            self.out.push(b'{');
            for (i, (k, v)) in fields.iter().enumerate() {
                self.member(i, k.as_str(), v, depth)?;
            }
            self.out.push(b'}');
        } else if let Some(secret) = value.downcast_ref::<LocalOnly>() {
            self.local_only(secret)?;
        } else if let Some(response) = Response::from_value(value) {
            self.out.push(b'{');
            for (i, (k, v)) in response.fields().into_iter().enumerate() {
                self.member(i, k, v, depth)?;
            }
            self.out.push(b'}');
        } else if value.get_type() == "int" {
            self.out.extend_from_slice(value.to_str().as_bytes());
        } else if let Ok(Some(UnpackFloat(f))) = UnpackFloat::unpack_value(value) {
            if !f.is_finite() {
                return Err(JsonError::Float);
            }
            serde_json::to_writer(&mut self.out, &f).map_err(|_| JsonError::Float)?;
        } else {
            return Err(JsonError::Type(value.get_type()));
        }
        Ok(())
    }

    fn sequence<'v>(&mut self, items: impl Iterator<Item = Value<'v>>, depth: usize) -> Result<(), JsonError> {
        self.out.push(b'[');
        for (i, item) in items.enumerate() {
            if i > 0 {
                self.out.push(b',');
            }
            self.value(item, depth + 1)?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn member(&mut self, i: usize, key: &str, value: Value<'_>, depth: usize) -> Result<(), JsonError> {
        if i > 0 {
            self.out.push(b',');
        }
        self.string(key)?;
        self.out.push(b':');
        self.value(value, depth + 1)
    }

    fn string(&mut self, s: &str) -> Result<(), JsonError> {
        if s.len() > self.bound {
            return Err(JsonError::Long(self.bound));
        }
        let deeper = match self.secrets.filter(|secrets| secrets.stand_in(s.as_bytes())) {
            Some(secrets) => Some(secrets.one_deeper(s).ok_or(JsonError::Deep)?),
            None => None,
        };
        serde_json::to_writer(&mut self.out, deeper.as_deref().unwrap_or(s)).map_err(|_| JsonError::Type("string"))
    }

    fn local_only(&mut self, secret: &LocalOnly) -> Result<(), JsonError> {
        if self.secrets.is_none() {
            return self.string(REDACTED);
        }
        self.out.extend_from_slice(secret.json().as_bytes());
        Ok(())
    }
}

/// What was written is UTF-8: it came from strings and from serde_json.
fn finished(out: Vec<u8>) -> String {
    String::from_utf8(out).unwrap_or_default()
}

/// Why a run's result cannot be handed out.
pub(super) fn result_text(error: &JsonError) -> ScriptError {
    let phase = match error {
        JsonError::Deep | JsonError::Large | JsonError::Long(_) => Phase::Limit(LimitKind::Result),
        _ => Phase::Script,
    };
    ScriptError::new(phase, format!("the result: {error}"))
}
