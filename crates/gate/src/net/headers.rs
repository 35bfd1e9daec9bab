//! Which header fields a script may set.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use super::error::NetError;

/// Most fields of a request.
const MAX_FIELDS: usize = 100;
/// Most bytes of names and values of a request.
const MAX_BYTES: usize = 64 << 10;

/// Fields that frame the message, or speak for a proxy.
const REFUSED: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Fields that may lead a server to another method, host or path than what was judged.
const LEADING_ELSEWHERE: &[&str] = &["forwarded", "x-host", "x-method-override", "x-real-ip", "x-rewrite-url"];

/// The same, by beginning: `X-HTTP-Method-Override`, `X-Original-URL`.
const LEADING_ELSEWHERE_PREFIXES: &[&str] = &["x-forwarded-", "x-http-method", "x-original-"];

/// Whether a field of that name, in lower case and with `-` for `_`, may lead a server past what was judged.
pub(crate) fn leads_elsewhere(folded: &str) -> bool {
    LEADING_ELSEWHERE.contains(&folded) || LEADING_ELSEWHERE_PREFIXES.iter().any(|p| folded.starts_with(p))
}

/// Header fields that were checked and may be sent.
#[derive(Debug, Clone)]
pub struct RequestHeaders(HeaderMap);

impl RequestHeaders {
    /// Checks every field and adds `User-Agent` where it is missing.
    ///
    /// # Errors
    /// [`NetError::Header`] for the first refused field, [`NetError::RequestHeaders`] for too many of them.
    pub fn check(fields: &[(String, Vec<u8>)]) -> Result<RequestHeaders, NetError> {
        let bytes: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        if fields.len() > MAX_FIELDS || bytes > MAX_BYTES {
            return Err(NetError::RequestHeaders);
        }
        let mut map = HeaderMap::with_capacity(fields.len() + 3);
        for (name, value) in fields {
            let (name, value) = check_field(name, value)?;
            map.append(name, value);
        }
        map.entry(USER_AGENT).or_insert(HeaderValue::from_static(concat!("aegis/", env!("CARGO_PKG_VERSION"))));
        Ok(RequestHeaders(map))
    }

    pub(super) fn into_map(self) -> HeaderMap {
        self.0
    }
}

fn check_field(name: &str, value: &[u8]) -> Result<(HeaderName, HeaderValue), NetError> {
    let refused = |name: &str, why| NetError::Header { name: name.to_owned(), why };
    let token = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused("", "its name is not a token"))?;
    // Some servers read `_` in a name as `-`.
    let folded = token.as_str().replace('_', "-");
    if REFUSED.contains(&folded.as_str()) || folded.starts_with("proxy-") || leads_elsewhere(&folded) {
        return Err(refused(name, "it frames or routes the message"));
    }
    let mut value = HeaderValue::from_bytes(value).map_err(|_| refused(name, "its value has a control character"))?;
    value.set_sensitive(true);
    Ok((token, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &[u8]) -> Result<RequestHeaders, NetError> {
        RequestHeaders::check(&[(name.to_owned(), value.to_vec())])
    }

    #[test]
    fn framing_and_routing_fields_are_refused() {
        for name in [
            "Host",
            "host",
            "hOsT",
            "Content-Length",
            "content_length",
            "Transfer-Encoding",
            "TRANSFER_ENCODING",
            "Connection",
            "Keep-Alive",
            "Upgrade",
            "TE",
            "Trailer",
            "Expect",
            "Via",
            "Forwarded",
            "Proxy-Authorization",
            "Proxy-Connection",
            "proxy-anything",
            "X-HTTP-Method",
            "X-HTTP-Method-Override",
            "x_http_method_override",
            "X-Method-Override",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Original-URL",
            "X-Rewrite-URL",
            "X-Host",
            "X-Real-IP",
            "HTTP2-Settings",
            "Accept-Encoding",
        ] {
            assert!(matches!(check(name, b"x"), Err(NetError::Header { name: n, .. }) if n == name), "{name}");
        }
    }

    #[test]
    fn names_are_tokens_and_values_have_no_line_ends() {
        for name in ["", "a b", "a:b", "a\r\nHost", "Host ", " Host", "Host\t", "é", "a\0", "(a)"] {
            let error = check(name, b"x").unwrap_err();
            assert_eq!(error.to_string(), "header `` cannot be set: its name is not a token", "{name:?}");
        }
        for value in [b"a\r\nX: y".as_slice(), b"a\nb", b"a\rb", b"\0", b"\x7f", b"\x1b[2J"] {
            assert!(matches!(check("X-A", value), Err(NetError::Header { .. })), "{value:?}");
        }
    }

    #[test]
    fn other_fields_pass_and_the_user_agent_is_ours_unless_given() {
        let headers = RequestHeaders::check(&[("Authorization".into(), b"Bearer t".to_vec()), ("X-A".into(), vec![0xff])]).unwrap().0;
        assert_eq!(headers["authorization"], "Bearer t");
        assert_eq!(headers["x-a"].as_bytes(), [0xff]);
        assert_eq!(headers["user-agent"], concat!("aegis/", env!("CARGO_PKG_VERSION")));
        assert!(!format!("{headers:?}").contains("Bearer"));
        assert_eq!(check("User-Agent", b"mine").unwrap().0["user-agent"], "mine");
    }

    #[test]
    fn too_many_or_too_long() {
        let one = ("a".to_owned(), b"b".to_vec());
        assert!(RequestHeaders::check(&vec![one.clone(); 100]).is_ok());
        assert!(RequestHeaders::check(&vec![one; 101]).is_err());
        assert!(check("a", &[b'x'; MAX_BYTES]).is_err());
    }
}
