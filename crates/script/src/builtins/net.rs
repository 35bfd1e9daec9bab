//! `net.*`: HTTP, as far as the policy allows.
#![expect(clippy::too_many_arguments, reason = "they are the parameters that a script sees")]

use std::time::Duration;

use aegis_effect::{Effect, EffectError, ErrorCode, HttpBody, HttpRequest};
use aegis_policy::Method;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::none::NoneOr;
use starlark::values::{Value, ValueOfUnchecked};

use super::arguments::{Content, Fields, Maybe, Seconds, Text, json_body};
use super::{FrozenResponse, outcome};
use crate::worker::{Context, fail};

#[starlark_module]
pub(super) fn members(builder: &mut GlobalsBuilder) {
    /// The body of a GET. A status of 400 or more is an error. `params` are added to the query; header and parameter values may be
    /// local-only values.
    fn http_get<'v>(
        url: Text<'v>,
        #[starlark(default = Fields::default())] headers: Fields,
        #[starlark(default = Fields::default())] params: Fields,
        #[starlark(require = named, default = Maybe::default())] timeout: Maybe<Seconds>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, String>> {
        body_of(request(Method::Get, url, params, headers, HttpBody::Empty, timeout), eval)
    }

    /// The body of the answer to a POST of `body`, or of `json` as JSON. A status of 400 or more is an error. The body, header values
    /// and values inside `json` may be local-only values.
    fn http_post<'v>(
        url: Text<'v>,
        #[starlark(default = Content::default())] body: Content,
        #[starlark(default = NoneOr::None)] json: NoneOr<Value<'v>>,
        #[starlark(default = Fields::default())] headers: Fields,
        #[starlark(require = named, default = Fields::default())] params: Fields,
        #[starlark(require = named, default = Maybe::default())] timeout: Maybe<Seconds>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, String>> {
        body_of(request(Method::Post, url, params, headers, http_body(body, json, eval)?, timeout), eval)
    }

    /// The same as PUT.
    fn http_put<'v>(
        url: Text<'v>,
        #[starlark(default = Content::default())] body: Content,
        #[starlark(default = NoneOr::None)] json: NoneOr<Value<'v>>,
        #[starlark(default = Fields::default())] headers: Fields,
        #[starlark(require = named, default = Fields::default())] params: Fields,
        #[starlark(require = named, default = Maybe::default())] timeout: Maybe<Seconds>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, String>> {
        body_of(request(Method::Put, url, params, headers, http_body(body, json, eval)?, timeout), eval)
    }

    /// The same as PATCH.
    fn http_patch<'v>(
        url: Text<'v>,
        #[starlark(default = Content::default())] body: Content,
        #[starlark(default = NoneOr::None)] json: NoneOr<Value<'v>>,
        #[starlark(default = Fields::default())] headers: Fields,
        #[starlark(require = named, default = Fields::default())] params: Fields,
        #[starlark(require = named, default = Maybe::default())] timeout: Maybe<Seconds>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, String>> {
        body_of(request(Method::Patch, url, params, headers, http_body(body, json, eval)?, timeout), eval)
    }

    /// The same as DELETE.
    fn http_delete<'v>(
        url: Text<'v>,
        #[starlark(default = Content::default())] body: Content,
        #[starlark(default = NoneOr::None)] json: NoneOr<Value<'v>>,
        #[starlark(default = Fields::default())] headers: Fields,
        #[starlark(require = named, default = Fields::default())] params: Fields,
        #[starlark(require = named, default = Maybe::default())] timeout: Maybe<Seconds>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, String>> {
        body_of(request(Method::Delete, url, params, headers, http_body(body, json, eval)?, timeout), eval)
    }

    /// The whole answer: `status`, `headers` (names in lower case), `body`, and `.json()`. No status is an error. `method` is one of
    /// GET, HEAD, POST, PUT, PATCH, DELETE.
    fn request<'v>(
        method: Text<'v>,
        url: Text<'v>,
        #[starlark(default = Content::default())] body: Content,
        #[starlark(default = NoneOr::None)] json: NoneOr<Value<'v>>,
        #[starlark(default = Fields::default())] headers: Fields,
        #[starlark(require = named, default = Fields::default())] params: Fields,
        #[starlark(require = named, default = Maybe::default())] timeout: Maybe<Seconds>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<ValueOfUnchecked<'v, FrozenResponse>> {
        let Some(method) = Method::from_name(method.0) else {
            let message = format!("net.request: no method `{}`; use GET, HEAD, POST, PUT, PATCH or DELETE", method.0);
            return Err(fail(EffectError::new(ErrorCode::BadArgument, message)));
        };
        let mut asked = request(method, url, params, headers, http_body(body, json, eval)?, timeout);
        asked.fail_on_status = false;
        let context = Context::of(eval)?;
        let answer = context.perform(Effect::Http(asked), eval)?;
        Ok(ValueOfUnchecked::new(outcome::value(answer, context, eval.heap())))
    }
}

fn request(method: Method, url: Text<'_>, params: Fields, headers: Fields, body: HttpBody, timeout: Maybe<Seconds>) -> HttpRequest {
    let timeout: Option<Duration> = timeout.0.map(|s| s.0);
    HttpRequest { method, url: url.0.to_owned(), params: params.0, headers: headers.0, body, fail_on_status: true, timeout }
}

fn http_body<'v>(body: Content, json: NoneOr<Value<'v>>, eval: &Evaluator<'v, '_, '_>) -> starlark::Result<HttpBody> {
    match (body.0.is_empty(), json) {
        (true, NoneOr::None) => Ok(HttpBody::Empty),
        (false, NoneOr::None) => Ok(HttpBody::Raw(body.0)),
        (true, NoneOr::Other(value)) => json_body(value, eval).map(HttpBody::Json),
        (false, NoneOr::Other(_)) => Err(fail(EffectError::new(ErrorCode::BadArgument, "give body or json, not both"))),
    }
}

fn body_of<'v>(request: HttpRequest, eval: &Evaluator<'v, '_, '_>) -> starlark::Result<ValueOfUnchecked<'v, String>> {
    let context = Context::of(eval)?;
    let answer = context.perform(Effect::Http(request), eval)?;
    Ok(ValueOfUnchecked::new(outcome::body(answer, context, eval.heap())))
}
